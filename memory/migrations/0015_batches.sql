-- Batches: what landed, where each is now, and why.

create table batches (
    id text primary key,
    arrival_id bigint unique references arrivals on delete set null,
    watch_id bigint references watches,
    dataset_id uuid not null references datasets,
    -- Where it landed: a path, an object, a state of a table.
    source text not null,
    -- Of a table: the branch that it landed on.
    branch text,
    arrived_at timestamptz not null default now(),
    landed_at timestamptz not null,
    -- Nothing is moved in 'waiting' (nothing to judge by), 'passed' and 'failed' (judged only) and 'diverged' (main moved).
    state text not null check (state in
        ('waiting', 'passed', 'failed', 'moving', 'trusted', 'quarantined', 'diverged', 'replaced', 'superseded')),
    -- Where it is, and what it is told by there.
    place text not null,
    size bigint,
    stamp text not null,
    -- What is to be carried out while it is moving: the decision comes first, then what it says.
    target text check (target in ('trusted', 'quarantined')),
    destination text,
    move json,
    -- In the hands of whoever looks after it.
    held_until timestamptz,
    run_id text references runs on delete set null,
    -- What its profile and its points in the history are stored under.
    version text not null default '',
    rows bigint,
    total double precision,
    -- Why it did not pass, and what is unlike the batches before it.
    reasons json not null default '[]',
    findings json not null default '[]',
    forced_by text,
    forced_reason text,
    decided_at timestamptz,
    settled_at timestamptz,
    check ((forced_by is null) = (forced_reason is null)),
    check (state <> 'moving' or (target is not null and held_until is not null))
);
-- Two batches never move to one place at once.
create unique index batches_moving on batches (md5(destination)) where state = 'moving';
create index batches_left on batches (held_until) where state = 'moving';
create index batches_of_dataset on batches (dataset_id, landed_at desc);
create index batches_at on batches (md5(destination)) where state = 'trusted';
create index batches_run on batches (run_id);
create index batches_source on batches (md5(source));
create index batches_on_branch on batches (watch_id, branch) where state in ('quarantined', 'diverged');
create index batches_waiting on batches (dataset_id) where state = 'waiting';
