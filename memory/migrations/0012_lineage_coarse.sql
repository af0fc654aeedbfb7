-- What a job says of datasets only, of what it reads and writes: it counts until the job says something finer.

alter table lineage_sayings add column coarse boolean not null default false;

-- Since when a job says more than what it reads and writes, and whether it ever said just that.
alter table lineage_jobs add column fine_from timestamptz;
alter table lineage_jobs add column coarse boolean not null default false;
update lineage_jobs j set fine_from = (
    select min(s.at) from lineage_sayings s where s.job_id = j.id and s.statement_id is not null);
