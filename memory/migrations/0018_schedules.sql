-- What is done at times that come again, in the name of whoever added it.
create table schedules (
    number integer generated always as identity primary key,
    cron text not null,
    zone text not null,
    action text not null check (action in ('validate', 'profile', 'run', 'metrics')),
    -- A source without a password; for metrics the place that they go to.
    source text not null,
    goal text,
    added_by text not null check (btrim(added_by) <> ''),
    created_at timestamptz not null default now(),
    paused boolean not null default false,
    removed_at timestamptz,
    -- When it is due next; null where it is not.
    next_at timestamptz,
    check ((next_at is null) = (paused or removed_at is not null))
);
create index schedules_due on schedules (next_at) where next_at is not null;

-- Each time that it was due and taken up. Times that were missed are one.
create table schedule_firings (
    id bigint generated always as identity primary key,
    schedule integer not null references schedules,
    due_at timestamptz not null,
    -- Who had it done out of turn; null where it was due.
    asked_by text,
    begun_at timestamptz not null default now(),
    ended_at timestamptz,
    tries integer not null default 1,
    owner text not null,
    lease_until timestamptz not null,
    outcome text check (outcome in ('passed', 'failed', 'done', 'started', 'error')),
    said text,
    run_id text references runs,
    check ((ended_at is null) = (outcome is null))
);
-- One at a time, however many workers there are.
create unique index schedule_firings_open on schedule_firings (schedule) where ended_at is null;
create unique index schedule_firings_once on schedule_firings (schedule, due_at) where asked_by is null;
create index schedule_firings_recent on schedule_firings (schedule, id desc);
