-- What was measured, so that later validations can compare with it.

-- Statistics, analyzers without one, and all that was measured; null in results of before.
alter table evaluations add column measured json;

create table metric_points (
    number bigint generated always as identity primary key,
    dataset_id uuid not null references datasets,
    key text not null,
    -- A key may hold the SQL of a rule, which is longer than an index takes.
    key_hash text not null generated always as (assay_text_hash(key)) stored,
    value double precision not null check (value not in ('NaN', 'Infinity', '-Infinity')),
    version text not null,
    measured_at timestamptz not null default now(),
    run_id text not null references runs,
    evaluation_id uuid not null references evaluations,
    -- One version of the data is one point, however often it is validated.
    unique (dataset_id, key_hash, version)
);
create index metric_points_history on metric_points (dataset_id, key_hash, measured_at desc);

-- What people said about points: the last word on each counts.
create table metric_decisions (
    id bigint generated always as identity primary key,
    point bigint not null references metric_points,
    verdict text not null check (verdict in ('exclude', 'normal', 'include')),
    reason text not null check (btrim(reason) <> ''),
    actor text not null check (btrim(actor) <> ''),
    decided_at timestamptz not null default now()
);
create index metric_decisions_of_point on metric_decisions (point, id desc);
create trigger metric_decisions_append_only before update or delete on metric_decisions
    for each row execute function assay_append_only();
