-- Lineage: what was said (events, sayings), and what follows from it (edges, propagated tags), which can be computed anew from the former.

create table lineage_state (
    one boolean primary key default true check (one),
    -- Grows with each change of the graph; copies in memory are refreshed by it.
    version bigint not null default 0,
    -- The last version that changed more than by adding edges and ending current ones.
    rewritten bigint not null default 0,
    -- Grows with each change of what columns are tagged.
    tags bigint not null default 0,
    -- History before is not kept.
    history_from timestamptz not null default '0002-01-01 00:00:00+00'
);
insert into lineage_state default values;

-- A dataset is known by the name it was born with and since when; a name means another dataset after a rename.
create table lineage_datasets (
    id bigint generated always as identity primary key,
    namespace text not null,
    name text not null,
    born timestamptz not null default '0002-01-01 00:00:00+00',
    -- The dataset that symlinks make it one with; itself where there are none.
    root bigint not null,
    shown_namespace text not null,
    shown_name text not null,
    unique (namespace, name, born)
);
create index lineage_datasets_root on lineage_datasets (root);
create index lineage_datasets_shown on lineage_datasets (lower(shown_name));

create table lineage_names (
    namespace text not null,
    name text not null,
    valid_from timestamptz not null,
    dataset_id bigint not null references lineage_datasets,
    primary key (namespace, name, valid_from)
);
create index lineage_names_dataset on lineage_names (dataset_id);

create function assay_lineage_dataset(of_namespace text, of_name text, at timestamptz) returns bigint
language sql stable strict
as $$
    select d.root from lineage_names n join lineage_datasets d on d.id = n.dataset_id
    where n.namespace = of_namespace and n.name = of_name and n.valid_from <= at order by n.valid_from desc limit 1
$$;

-- Nodes. Role 0 is a column; 1 is the whole dataset as a target (and its rows as a source), 2 all its columns as a source.
create table lineage_columns (
    id bigint generated always as identity primary key,
    dataset_id bigint not null references lineage_datasets,
    role smallint not null,
    name text not null
);
create unique index lineage_columns_named on lineage_columns (dataset_id, role, md5(name));
create index lineage_columns_found on lineage_columns (left(lower(name), 200) text_pattern_ops) where role = 0;
create index lineage_columns_wide on lineage_columns (dataset_id) where role > 0;

create table lineage_jobs (
    id integer generated always as identity primary key,
    -- A dataset that is spoken of without a job speaks for itself.
    kind text not null check (kind in ('job', 'dataset')),
    namespace text not null,
    name text not null,
    -- Some of its edges ended because a dataset was dropped.
    cut boolean not null default false,
    unique (kind, namespace, name)
);

create table lineage_runs (
    id bigint generated always as identity primary key,
    job_id integer not null references lineage_jobs,
    run text not null,
    state text not null,
    first_at timestamptz not null,
    last_at timestamptz not null,
    unique (job_id, run)
);

create table lineage_events (
    key bytea primary key,
    at timestamptz not null,
    received_at timestamptz not null default now(),
    origin text not null,
    raw json
);
create index lineage_events_received on lineage_events (received_at) where raw is not null;

-- The same edges, said in run after run, are kept once.
create table lineage_statements (
    id bigint generated always as identity primary key,
    hash bytea not null unique,
    said json not null
);

create table lineage_sayings (
    job_id integer not null references lineage_jobs,
    at timestamptz not null,
    key bytea not null,
    run_id bigint not null references lineage_runs,
    completes boolean not null,
    statement_id bigint references lineage_statements,
    primary key (job_id, at, key)
);
create index lineage_sayings_run on lineage_sayings (run_id, at);
create index lineage_sayings_statement on lineage_sayings (statement_id);

create table lineage_io (
    job_id integer not null references lineage_jobs,
    namespace text not null,
    name text not null,
    dataset_id bigint not null,
    output boolean not null,
    last_at timestamptz not null,
    primary key (job_id, output, namespace, name)
);
create index lineage_io_dataset on lineage_io (dataset_id);

create table lineage_changes (
    key bytea not null,
    change text not null check (change in ('DROP', 'RENAME')),
    namespace text not null,
    name text not null,
    old_namespace text,
    old_name text,
    at timestamptz not null,
    dataset_id bigint,
    primary key (namespace, name, change, at, key)
);
create index lineage_changes_dataset on lineage_changes (dataset_id) where change = 'DROP';

-- What an origin said last of a dataset or job: tags, owners, schema.
create table lineage_labels (
    subject text not null check (subject in ('dataset', 'job')),
    namespace text not null,
    name text not null,
    origin text not null,
    what text not null check (what in ('tags', 'owners', 'schema')),
    at timestamptz not null,
    -- Of the dataset or job.
    id bigint,
    content json not null,
    primary key (subject, namespace, name, origin, what)
);
create index lineage_labels_of on lineage_labels (id, subject, what);

-- Edges that hold now, and apart from them those that held once. Below kind 16 they are direct (memory/lineage/kinds.py).
create table lineage_edges (
    job_id integer not null,
    src bigint not null,
    dst bigint not null,
    kind smallint not null,
    valid_from timestamptz not null,
    run_id bigint not null,
    confidence real not null,
    version bigint not null,
    primary key (job_id, src, dst, kind)
);
create index lineage_edges_down on lineage_edges (src, kind) include (dst, valid_from, job_id);
create index lineage_edges_up on lineage_edges (dst, kind) include (src, valid_from, job_id);
-- Written in order, mostly: ranges of pages are enough to find the newest.
create index lineage_edges_newest on lineage_edges using brin (version, valid_from) with (pages_per_range = 32, autosummarize = on);

create table lineage_past_edges (
    job_id integer not null,
    src bigint not null,
    dst bigint not null,
    kind smallint not null,
    valid_from timestamptz not null,
    valid_to timestamptz not null,
    run_id bigint not null,
    confidence real not null,
    version bigint not null
);
create index lineage_past_edges_job on lineage_past_edges (job_id, valid_to);
create index lineage_past_edges_down on lineage_past_edges (src, kind) include (dst, valid_from, valid_to, job_id);
create index lineage_past_edges_up on lineage_past_edges (dst, kind) include (src, valid_from, valid_to, job_id);
create index lineage_past_edges_newest on lineage_past_edges
    using brin (version, valid_from, valid_to) with (pages_per_range = 32, autosummarize = on);

-- Tags that columns carry, each with the column that it came from: one step of one way to where it was declared.
create table lineage_tagged (
    node bigint not null,
    key text not null,
    value text not null,
    witness bigint,
    primary key (node, key, value)
);
create index lineage_tagged_witness on lineage_tagged (witness);

-- Nodes whose tags may have changed.
create table lineage_stale (
    node bigint not null
);
