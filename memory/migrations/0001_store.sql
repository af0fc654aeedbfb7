-- Payloads that are read back whole are json, not jsonb: json keeps the order of keys, so an example row keeps the order of its columns.

create extension if not exists vector;

-- Immutable, so that generated columns may use it.
create function assay_text_hash(content text) returns text
language sql immutable strict parallel safe
as $$ select encode(sha256(convert_to(content, 'UTF8')), 'hex') $$;

create function assay_append_only() returns trigger
language plpgsql
as $$ begin raise exception '% is append-only', tg_table_name using errcode = 'integrity_constraint_violation'; end $$;

-- The catalog, named by the OpenLineage conventions.

create table datasets (
    id uuid primary key default gen_random_uuid(),
    namespace text not null,
    name text not null,
    short_name text not null,
    uri text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (namespace, name)
);

create table dataset_fields (
    dataset_id uuid not null references datasets on delete cascade,
    position integer not null,
    name text not null,
    type text not null,
    kind text not null,
    primary key (dataset_id, position)
);

create table profiles (
    id uuid primary key default gen_random_uuid(),
    dataset_id uuid not null references datasets,
    version text not null,
    profile json not null,
    created_at timestamptz not null default now(),
    unique (dataset_id, version)
);

-- Runs, their leases and what they tell.

create table runs (
    id text primary key,
    kind text not null,
    goal text not null,
    sources text[] not null,
    model text not null,
    graph_version text not null,
    requested_by text not null,
    status text not null default 'queued'
        check (status in ('queued', 'running', 'waiting', 'done', 'failed', 'cancelled')),
    error text,
    attempt integer not null default 0,
    lease_owner text,
    lease_until timestamptz,
    lease_token bigint not null default 0,
    wake boolean not null default false,
    cancel_requested boolean not null default false,
    last_event bigint not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    finished_at timestamptz,
    check ((status = 'running') = (lease_owner is not null and lease_until is not null))
);
create index runs_recent on runs (created_at desc);
create index runs_to_do on runs (created_at) where status in ('queued', 'running');

create table run_events (
    run_id text not null references runs,
    seq bigint not null,
    kind text not null,
    agent text,
    key text,
    data json not null,
    at timestamptz not null default now(),
    primary key (run_id, seq),
    unique (run_id, key)
);

-- What was proposed, and what people decided about it.

create table proposals (
    id uuid primary key default gen_random_uuid(),
    run_id text not null references runs,
    number integer not null,
    dataset_id uuid not null references datasets,
    rule text not null,
    rule_hash text not null generated always as (assay_text_hash(rule)) stored,
    rule_type text not null,
    columns text[] not null,
    dimension text not null,
    fingerprint text not null,
    reasoning text not null,
    evidence json not null,
    dry_run json not null,
    confidence double precision not null check (confidence between 0 and 1),
    source text not null check (source in ('statistics', 'memory', 'model')),
    created_at timestamptz not null default now(),
    unique (run_id, number),
    unique (run_id, dataset_id, fingerprint),
    unique (id, dataset_id),
    unique (id, rule_hash)
);

create table approvals (
    run_id text primary key references runs,
    requested_at timestamptz not null default now(),
    window_seconds double precision not null,
    expires_at timestamptz not null
);

create table decisions (
    id uuid primary key default gen_random_uuid(),
    proposal_id uuid unique,
    dataset_id uuid not null references datasets,
    action text not null check (action in ('approve', 'edit', 'reject', 'import')),
    rule text,
    rule_hash text generated always as (assay_text_hash(rule)) stored,
    approved_hash text generated always as (case when action = 'approve' then assay_text_hash(rule) end) stored,
    rule_type text,
    threshold text,
    columns text[],
    dimension text,
    fingerprint text,
    reason text,
    actor text not null check (btrim(actor) <> ''),
    decided_at timestamptz not null default now(),
    check ((proposal_id is null) = (action = 'import')),
    check ((rule is null) = (action = 'reject')),
    check (action <> 'reject' or btrim(coalesce(reason, '')) <> ''),
    check (action = 'reject' or (rule_type is not null and columns is not null and dimension is not null and fingerprint is not null)),
    foreign key (proposal_id, dataset_id) references proposals (id, dataset_id),
    -- Whoever approves, approves the text that was proposed; another text is an edit.
    foreign key (proposal_id, approved_hash) references proposals (id, rule_hash),
    unique (id, dataset_id, rule_hash)
);
create index decisions_of_dataset on decisions (dataset_id, fingerprint);
create trigger decisions_append_only before update or delete on decisions
    for each row execute function assay_append_only();

create table dq_rules (
    id uuid primary key default gen_random_uuid(),
    number integer generated always as identity unique,
    dataset_id uuid not null references datasets,
    rule_type text not null,
    rule_expression text not null,
    rule_hash text not null generated always as (assay_text_hash(rule_expression)) stored,
    threshold text,
    columns text[] not null,
    dimension text not null,
    fingerprint text not null,
    reasoning text not null,
    status text not null default 'draft' check (status in ('draft', 'approved', 'disabled')),
    decision_id uuid,
    created_by text not null,
    approved_by text,
    approved_at timestamptz,
    disabled_by text,
    disabled_reason text,
    disabled_at timestamptz,
    created_at timestamptz not null default now(),
    -- No rule is active without a person's decision about exactly this text on exactly this dataset.
    check (status <> 'approved' or (decision_id is not null and btrim(coalesce(approved_by, '')) <> '')),
    foreign key (decision_id, dataset_id, rule_hash) references decisions (id, dataset_id, rule_hash)
);
create unique index dq_rules_active on dq_rules (dataset_id, fingerprint) where status = 'approved';

-- What is remembered for the next recommendation. Vectors of several models live side by side, hence no fixed dimension.

create table rule_memory (
    id uuid primary key default gen_random_uuid(),
    decision_id uuid not null references decisions,
    meaning text not null,
    embedding vector not null,
    embedding_model text not null,
    created_at timestamptz not null default now(),
    unique (decision_id, embedding_model)
);

-- Validation results.

create table evaluations (
    id uuid primary key default gen_random_uuid(),
    run_id text not null references runs,
    dataset_id uuid not null references datasets,
    version text not null,
    rows bigint not null,
    queries integer not null,
    passed boolean not null,
    total double precision check (total between 0 and 1),
    measured_at timestamptz not null default now(),
    unique (run_id, dataset_id)
);
create index evaluations_history on evaluations (dataset_id, measured_at desc);

create table rule_results (
    evaluation_id uuid not null references evaluations on delete cascade,
    position integer not null,
    rule_id uuid references dq_rules,
    rule text not null,
    rule_type text not null,
    outcome text not null check (outcome in ('Passed', 'Failed', 'Error')),
    dimension text not null,
    failed_rows bigint,
    result json not null,
    primary key (evaluation_id, position)
);

create table quality_scores (
    id bigint generated always as identity primary key,
    dataset_id uuid not null references datasets,
    field text,
    dimension text not null,
    score double precision not null check (score between 0 and 1),
    rule_id uuid references dq_rules,
    run_id text not null references runs,
    measured_at timestamptz not null default now()
);
create index quality_scores_history on quality_scores (dataset_id, measured_at desc);
