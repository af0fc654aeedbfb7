-- Nothing becomes active without a recorded decision of a person on exactly that text: docs/approvals.md says it, this holds it.

-- What our own parts are called decides nothing, and a name is more than blanks, seen or unseen.
create function assay_is_person(name text) returns boolean
language sql immutable parallel safe
as $$
    select coalesce(
        btrim(name, E' \t\n\r\f\v\u00a0\u200b\u200c\u200d\u2060\ufeff') <> ''
        and lower(btrim(name, E' \t\n\r\f\v\u00a0\u200b\u200c\u200d\u2060\ufeff')) not in (
            'supervisor', 'profiler', 'recommender', 'validator', 'statistics', 'memory', 'model', 'offline',
            'assay worker', 'langgraph server'),
        false)
$$;

alter table decisions add constraint decisions_by_a_person check (assay_is_person(actor));

create trigger decisions_not_emptied before truncate on decisions
    for each statement execute function assay_append_only();

-- What a person sees is what is decided about.
create trigger proposals_append_only before update or delete on proposals
    for each row execute function assay_append_only();
create trigger proposals_not_emptied before truncate on proposals
    for each statement execute function assay_append_only();

-- A decision is made now, and only where one was asked for and is still awaited.
create function assay_decide_in_time() returns trigger
language plpgsql
as $$
declare
    ends timestamptz;
    state text;
begin
    new.decided_at := now();
    if new.proposal_id is null then
        return new;
    end if;
    select a.expires_at, r.status into ends, state
    from proposals p join runs r on r.id = p.run_id left join approvals a on a.run_id = p.run_id
    where p.id = new.proposal_id;
    if ends is null then
        raise exception 'no decision was asked for' using errcode = 'integrity_constraint_violation';
    elsif ends <= now() then
        raise exception 'the time to decide ended at %', ends using errcode = 'integrity_constraint_violation';
    elsif state in ('done', 'cancelled') then
        raise exception 'the run is %', state using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
create trigger decisions_in_time before insert on decisions
    for each row execute function assay_decide_in_time();

-- One decision makes one rule: what was disabled needs a new one.
create unique index dq_rules_of_decision on dq_rules (decision_id);

create function assay_guard_rule() returns trigger
language plpgsql
as $$
declare
    decided decisions;
begin
    if tg_op <> 'INSERT' and old.status <> 'draft' then
        if tg_op = 'DELETE' then
            raise exception 'a rule is disabled, not deleted' using errcode = 'integrity_constraint_violation';
        elsif new.status <> old.status and new.status <> 'disabled' then
            raise exception 'a % rule does not become % again', old.status, new.status
                using errcode = 'integrity_constraint_violation';
        elsif (new.id, new.number, new.dataset_id, new.rule_type, new.rule_expression, new.threshold, new.columns,
                new.dimension, new.fingerprint, new.decision_id, new.approved_by, new.approved_at)
            is distinct from (old.id, old.number, old.dataset_id, old.rule_type, old.rule_expression, old.threshold,
                old.columns, old.dimension, old.fingerprint, old.decision_id, old.approved_by, old.approved_at) then
            raise exception 'a rule that was approved is not changed' using errcode = 'integrity_constraint_violation';
        elsif old.status = 'disabled' and (new.disabled_by, new.disabled_reason, new.disabled_at)
            is distinct from (old.disabled_by, old.disabled_reason, old.disabled_at) then
            raise exception 'who disabled a rule, when and why, stays' using errcode = 'integrity_constraint_violation';
        elsif new.status <> old.status then
            new.disabled_at := now();
        end if;
        return new;
    end if;
    if tg_op = 'DELETE' then
        return old;
    elsif new.status <> 'approved' then
        return new;
    end if;
    select * into decided from decisions d where d.id = new.decision_id and d.action <> 'reject';
    if (decided.rule, decided.dataset_id, decided.actor, decided.rule_type, decided.threshold, decided.columns,
            decided.dimension, decided.fingerprint)
        is distinct from (new.rule_expression, new.dataset_id, new.approved_by, new.rule_type, new.threshold,
            new.columns, new.dimension, new.fingerprint) then
        raise exception 'no person decided on exactly this rule' using errcode = 'integrity_constraint_violation';
    elsif exists (select from dq_rules r where r.dataset_id = new.dataset_id and r.fingerprint = new.fingerprint
            and r.disabled_at >= decided.decided_at) then
        raise exception 'the rule was disabled after that decision' using errcode = 'integrity_constraint_violation';
    end if;
    new.approved_at := decided.decided_at;
    return new;
end $$;
create trigger dq_rules_guarded before insert or update or delete on dq_rules
    for each row execute function assay_guard_rule();
create trigger dq_rules_not_emptied before truncate on dq_rules
    for each statement execute function assay_append_only();

-- Put off, which decides nothing: the proposal goes on waiting.
create table skips (
    id bigint generated always as identity primary key,
    proposal_id uuid not null references proposals,
    reason text,
    actor text not null check (assay_is_person(actor)),
    skipped_at timestamptz not null default now()
);
create index skips_of_proposal on skips (proposal_id, id desc);
create trigger skips_append_only before update or delete on skips
    for each row execute function assay_append_only();

-- How long people may take, if whoever started the run said so.
alter table runs add column approval_seconds double precision check (approval_seconds > 0);
