-- Each call of a language model that a run made, and what the run may spend on them.

create table model_calls (
    run_id text not null references runs,
    call_id text not null,
    agent text not null,
    model text not null,
    -- Those that came from the prompt cache or went into it are counted apart. Null where the provider did not tell.
    input_tokens bigint check (input_tokens >= 0),
    output_tokens bigint check (output_tokens >= 0),
    cache_read_tokens bigint check (cache_read_tokens >= 0),
    cache_write_tokens bigint check (cache_write_tokens >= 0),
    latency_ms bigint not null check (latency_ms >= 0),
    stop_reason text not null,
    failed boolean not null default false,
    -- Null where no price is known.
    cost_usd numeric check (cost_usd >= 0),
    at timestamptz not null default now(),
    primary key (run_id, call_id)
);

create table run_budgets (
    run_id text primary key references runs,
    usd numeric check (usd > 0),
    tokens bigint check (tokens > 0)
);
