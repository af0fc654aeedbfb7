-- Runs that were asked for one after the other in one conversation. A run that is not here is one of its own.

create table conversation_runs (
    run_id text primary key references runs on delete cascade,
    first_run text not null references runs on delete cascade
);
create index conversation_runs_first on conversation_runs (first_run);
