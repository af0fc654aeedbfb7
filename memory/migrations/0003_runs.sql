-- Runs that a person has taken up again.

-- Whether a person asked to try again the tables that were given up.
alter table runs add column retry boolean not null default false;
