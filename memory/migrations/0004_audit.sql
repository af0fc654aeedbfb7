-- What people and models did, one entry after the other, and settings that a store carries with it.

create table audit_log (
    seq bigint primary key,
    at timestamptz not null,
    actor text not null,
    action text not null,
    run_id text,
    subject text not null,
    -- Text, not json: the code over an entry is taken over these very characters.
    data text not null,
    prev text not null,
    key_id text not null,
    mac text not null
);
create index audit_log_of_run on audit_log (run_id, seq);
create trigger audit_log_append_only before update or delete on audit_log
    for each row execute function assay_append_only();
create trigger audit_log_not_emptied before truncate on audit_log
    for each statement execute function assay_append_only();

-- The end of the chain. Whoever adds an entry holds this row until the transaction ends.
create table audit_head (
    one boolean primary key default true check (one),
    chain text not null default '',
    seq bigint not null default 0,
    mac text not null default '',
    key_id text not null default '',
    seal text not null default ''
);
insert into audit_head default values;

create function assay_audit_forward() returns trigger
language plpgsql
as $$
begin
    if new.seq <= old.seq then
        raise exception 'the audit log only grows' using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
create trigger audit_head_forward before update on audit_head
    for each row execute function assay_audit_forward();
create trigger audit_head_kept before delete on audit_head
    for each row execute function assay_append_only();
create trigger audit_head_not_emptied before truncate on audit_head
    for each statement execute function assay_append_only();

create table settings (
    name text primary key,
    value json not null,
    changed_by text not null check (btrim(changed_by) <> ''),
    changed_at timestamptz not null default now()
);

-- Where two people are asked for, the second one is another person: whatever code asks.
create function assay_two_people() returns trigger
language plpgsql
as $$
declare author text;
begin
    -- A rejection accepts no rule.
    if new.rule is null
        or not exists (select from settings where name = 'approver_differs' and value::text = 'true') then
        return new;
    end if;
    select r.requested_by into author from proposals p join runs r on r.id = p.run_id where p.id = new.proposal_id;
    if new.action <> 'approve' or lower(btrim(author)) = lower(btrim(new.actor)) then
        raise exception 'whoever approves must differ from the author'
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
create trigger decisions_by_two_people before insert on decisions
    for each row execute function assay_two_people();
