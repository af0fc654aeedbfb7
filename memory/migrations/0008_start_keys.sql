-- Runs that were asked for under a key, so that asking again starts nothing twice.

create table start_keys (
    actor text not null,
    key text not null,
    -- HMAC-SHA-256 of what was asked for, under the key of the audit log: it may have held a password.
    digest text not null,
    -- The key is written before its run, so that of two that come at once one waits for the other.
    run_id text not null references runs deferrable initially deferred,
    primary key (actor, key)
);
