-- What is to be told to others: written with what it tells of, delivered afterwards, at least once.
create table outbox (
    id bigint generated always as identity primary key,
    -- Who delivers it: `lineage` into the lineage of this store, `openlineage` to a backend.
    kind text not null,
    dedupe text not null,
    payload json not null,
    state text not null default 'pending' check (state in ('pending', 'sent', 'given up')),
    attempts integer not null default 0,
    created_at timestamptz not null default now(),
    -- Before that nobody takes it up: it waits after a failure, or is in somebody's hands.
    next_attempt_at timestamptz not null default now(),
    done_at timestamptz,
    error text,
    unique (kind, dedupe)
);
create index outbox_due on outbox (kind, next_attempt_at) where state = 'pending';
create index outbox_done on outbox (done_at) where state = 'sent';

-- The run of a scheduler or pipeline that a run was started by: namespace/job/uuid.
alter table runs add column parent text;

-- Whoever starts or ends a run, it is announced in the same transaction. Assay's own lineage takes its end with all that it found.
create function assay_announce_run() returns trigger
language plpgsql
as $$
declare
    event text := case new.status when 'done' then 'COMPLETE' when 'failed' then 'FAIL' when 'cancelled' then 'ABORT' else 'START' end;
    -- A run that is resumed after it failed ends again.
    dedupe text := concat_ws(' ', new.id, event, case when event <> 'START' then new.lease_token end);
    payload json := json_build_object('run', new.id, 'event', event, 'at', clock_timestamp(), 'error', new.error);
begin
    if event <> 'START' then
        insert into outbox (kind, dedupe, payload) values ('lineage', dedupe, payload) on conflict do nothing;
    end if;
    if exists (select from settings where name = 'openlineage' and value::text = 'true') then
        insert into outbox (kind, dedupe, payload) values ('openlineage', dedupe, payload) on conflict do nothing;
    end if;
    return null;
end $$;
create trigger runs_start_announced after insert on runs
    for each row execute function assay_announce_run();
create trigger runs_end_announced after update of status on runs
    for each row when (new.status in ('done', 'failed', 'cancelled') and old.status <> new.status)
    execute function assay_announce_run();
