-- What people should know of: opened when it is first found, continued while it stays, resolved when it is over.

create table alerts (
    number bigint generated always as identity primary key,
    kind text not null,
    -- What is the same trouble has the same key; it may hold a rule, which is longer than an index takes.
    key text not null,
    key_hash text not null generated always as (assay_text_hash(key)) stored,
    dataset_id uuid references datasets,
    -- The rule, the name of the score, or what else is in trouble.
    what text not null,
    said text not null,
    detail json not null,
    -- Where examples are read from; a trouble of another kind has none.
    evaluation_id uuid references evaluations on delete set null,
    position integer,
    times integer not null default 1,
    opened_at timestamptz not null default now(),
    opened_run text references runs,
    last_at timestamptz not null default now(),
    last_run text references runs,
    resolved_at timestamptz,
    -- Null where the trouble went away by itself.
    resolved_by text,
    resolution text,
    check ((resolved_at is null) = (resolution is null))
);
create unique index alerts_open on alerts (key_hash) where resolved_at is null;
create index alerts_of_dataset on alerts (dataset_id) where resolved_at is null;

-- What is to be told of alerts, until it was put into messages to channels.
create table alert_news (
    id bigint generated always as identity primary key,
    alert bigint not null references alerts,
    change text not null check (change in ('opened', 'reminded', 'resolved')),
    run_id text references runs,
    at timestamptz not null default now(),
    gathered_at timestamptz,
    -- The channels that it went to; empty where nobody is to be told.
    told text[] not null default '{}'
);
create index alert_news_due on alert_news (id) where gathered_at is null;
create index alert_news_of_alert on alert_news (alert, id);

-- Who does not want to hear of a trouble, or of a whole dataset, until when. The last word on each counts.
create table alert_snoozes (
    id bigint generated always as identity primary key,
    key_hash text,
    dataset_id uuid references datasets,
    until timestamptz not null,
    reason text not null check (btrim(reason) <> ''),
    actor text not null check (btrim(actor) <> ''),
    at timestamptz not null default now(),
    check ((key_hash is null) <> (dataset_id is null))
);
create index alert_snoozes_of_key on alert_snoozes (key_hash, id desc) where key_hash is not null;
create index alert_snoozes_of_dataset on alert_snoozes (dataset_id, id desc) where dataset_id is not null;

create function assay_snoozed(of_key_hash text, of_dataset uuid) returns table (until timestamptz, reason text, actor text)
language sql stable
as $$
    select s.until, s.reason, s.actor from alert_snoozes s
    where s.until > now() and s.id in (
        (select id from alert_snoozes where key_hash = of_key_hash order by id desc limit 1)
        union all (select id from alert_snoozes where dataset_id = of_dataset order by id desc limit 1))
    order by s.until desc limit 1
$$;

-- The least that a score may be: of one dataset, or of all that have none of their own; in total, or of a dimension.
create table alert_thresholds (
    dataset_id uuid references datasets,
    dimension text not null default '',
    least double precision not null check (least between 0 and 1),
    changed_by text not null,
    changed_at timestamptz not null default now()
);
create unique index alert_thresholds_of on alert_thresholds
    (coalesce(dataset_id, '00000000-0000-0000-0000-000000000000'), dimension);

-- Where messages go. Secrets are references: ${NAME} or secret://name#key.
create table alert_channels (
    name text primary key,
    kind text not null check (kind in ('webhook', 'email', 'sns', 'eventbridge')),
    target text not null,
    options json not null default '{}',
    -- Of datasets with one of these owners, of these tags, and named like one of these; all, where there are none.
    owners text[] not null default '{}',
    tags text[] not null default '{}',
    datasets text[] not null default '{}',
    added_by text not null,
    added_at timestamptz not null default now()
);
