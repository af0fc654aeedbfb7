-- What is remembered of each decision: a number that people call it by, what its columns were, and what people said about it since.

create table memories (
    number integer generated always as identity primary key,
    decision_id uuid not null unique references decisions,
    dataset_id uuid not null references datasets,
    -- Statistics of the columns, without values; null until vectors are made.
    traits json,
    -- What counts instead of what was decided, since a person corrected it.
    outcome text check (outcome in ('approve', 'reject')),
    reason text,
    corrected_by text check (corrected_by is null or assay_is_person(corrected_by)),
    corrected_at timestamptz,
    -- A forgotten one stays as a mark, so that it is not remembered again.
    forgotten_by text check (forgotten_by is null or assay_is_person(forgotten_by)),
    forgotten_at timestamptz,
    check (forgotten_at is null or (traits is null and outcome is null and reason is null))
);
create index memories_of_dataset on memories (dataset_id);
insert into memories (decision_id, dataset_id) select id, dataset_id from decisions order by decided_at, id;

create function assay_remember() returns trigger
language plpgsql
as $$
begin
    insert into memories (decision_id, dataset_id) values (new.id, new.dataset_id);
    return null;
end $$;
create trigger decisions_remembered after insert on decisions
    for each row execute function assay_remember();

-- Vectors are made of decisions, and made anew when they are next asked for.
delete from rule_memory;
alter table rule_memory
    add column memory integer not null references memories (number),
    -- What kind of rule it is, columns and bounds aside: only such rules are compared.
    add column form text not null;
create index rule_memory_of_form on rule_memory (embedding_model, form);
create index rule_memory_of_memory on rule_memory (memory);

create function assay_not_forgotten() returns trigger
language plpgsql
as $$
begin
    if exists (select from memories where number = new.memory and forgotten_at is not null) then
        raise exception 'what was forgotten is not remembered again' using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
create trigger rule_memory_not_forgotten before insert or update on rule_memory
    for each row execute function assay_not_forgotten();

create index rule_results_of_rule on rule_results (rule_id);
