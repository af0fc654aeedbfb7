-- Metrics are given out by day, and only the days that changed.

create index evaluations_by_time on evaluations (measured_at);
create index metric_points_by_time on metric_points (measured_at);
create index metric_points_of_evaluation on metric_points (evaluation_id);
create index metric_decisions_by_time on metric_decisions (decided_at);
create index profiles_by_time on profiles (created_at);
create index runs_by_change on runs (updated_at);

-- Which store this is, for what it keeps elsewhere: two stores may share a place.
create table store_identity (
    the_one boolean primary key default true check (the_one),
    id uuid not null default gen_random_uuid()
);
insert into store_identity default values;

-- A large profile is an object elsewhere: where, under which key, what digest it has, and the names of its columns.
alter table profiles alter column profile drop not null, add column overflow json,
    add check ((profile is null) = (overflow is not null));
create index profiles_elsewhere on profiles ((overflow ->> 'place'), (overflow ->> 'key')) where overflow is not null;
