-- What is watched for new data, and what came.

-- A standing order: where data arrives, and what is done with it.
create table watches (
    id bigint generated always as identity primary key,
    kind text not null check (kind in ('folder', 's3', 'iceberg', 'table')),
    source text not null,
    -- Of an Iceberg table: the branch that is written to and audited.
    branch text,
    suffixes text[] not null default '{}',
    -- Whose rules and history apply.
    rules_of text not null,
    trusted text,
    quarantine text,
    recommend boolean not null default false,
    -- How often the place is looked at; null where events tell.
    every_seconds double precision check (every_seconds > 0),
    paused boolean not null default false,
    created_by text not null,
    created_at timestamptz not null default now(),
    removed_at timestamptz,
    -- The worker that looks, for all of them.
    watcher text,
    watcher_until timestamptz,
    -- How the last look went.
    looked_at timestamptz,
    trouble text,
    -- Somebody was told that there is something to see.
    look_soon boolean not null default false
);
create unique index watches_once on watches (source, coalesce(branch, '')) where removed_at is null;

-- One version of an object, one snapshot of a table, or an event that nobody can read (of no watch, and dead).
create table arrivals (
    id bigint generated always as identity primary key,
    watch_id bigint references watches,
    -- A digest of what makes it the same, however often and by whatever way it is told.
    identity text not null,
    -- The object or table, and what is opened: with the snapshot where there is one.
    location text not null,
    source text not null,
    version text not null default '',
    size bigint,
    landed_at timestamptz,
    taken_in_at timestamptz not null default now(),
    state text not null default 'waiting' check (state in ('waiting', 'working', 'done', 'dead')),
    tries integer not null default 0,
    due_at timestamptz not null default now(),
    lease_owner text,
    lease_until timestamptz,
    lease_token integer not null default 0,
    verdict text check (verdict in ('trusted', 'quarantined', 'passed', 'failed', 'none')),
    reason text,
    run_id text references runs on delete set null,
    finished_at timestamptz,
    -- Of an event that nobody can read: its beginning.
    raw text,
    check ((state = 'done') = (verdict is not null))
);
create unique index arrivals_once on arrivals (coalesce(watch_id, 0), identity);
create index arrivals_open on arrivals (id) where state in ('waiting', 'working');
create index arrivals_working on arrivals (lease_owner) where state = 'working';
create index arrivals_place on arrivals (watch_id, md5(location)) where state in ('waiting', 'working');
create index arrivals_dead on arrivals (id) where state = 'dead';
