-- Names of a column that differ in case only are one column: engines fold names, and their users write them as they like.

-- One expression, so that no other index is taken for it: the dataset alone would be a poor one.
create index lineage_columns_spelled on lineage_columns (md5(dataset_id::text || lower(name))) where role = 0;

insert into lineage_edges (job_id, src, dst, kind, valid_from, run_id, confidence, version)
select 0, a.id, b.id, 8, '0002-01-01 00:00:00+00', 0, 1, s.version + 1
from lineage_state s, lineage_columns a
    join lineage_columns b on md5(b.dataset_id::text || lower(b.name)) = md5(a.dataset_id::text || lower(a.name))
        and b.dataset_id = a.dataset_id and b.role = 0 and b.id <> a.id
where a.role = 0
on conflict do nothing;

update lineage_state set version = version + 1, rewritten = version + 1;
