-- Who waits outside for the end of a run: a task of AWS Step Functions, which goes on when its token comes back.
create table task_tokens (
    run_id text primary key references runs on delete cascade,
    token text not null,
    -- When the task was last told that its run is in good hands.
    beat_at timestamptz not null default now()
);

-- However a run ends, the task is told of it once: a token is of no use afterwards, also where the run is taken up again.
create function assay_answer_task() returns trigger
language plpgsql
as $$
begin
    with answered as (delete from task_tokens where run_id = new.id returning token)
    insert into outbox (kind, dedupe, payload)
    select 'task-token', new.id, json_build_object('run', new.id, 'token', token, 'status', new.status, 'error', new.error)
    from answered
    on conflict do nothing;
    return null;
end $$;
create trigger runs_end_answered after update of status on runs
    for each row when (new.status in ('done', 'failed', 'cancelled') and old.status <> new.status)
    execute function assay_answer_task();
