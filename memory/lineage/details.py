"""What a picture of the graph tells besides its edges: tags and types of columns, where datasets and jobs are known."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from memory.db import Connection
from memory.lineage import reading
from memory.lineage.arrays import columns
from memory.lineage.nodes import COLUMN
from tools.lineage.observed import ColumnId, DatasetId, JobId, Owner

SAYINGS_READ = 50
"""Of a job, the newest sayings that are looked through for its SQL."""


@dataclass(frozen=True)
class Marks:
    """Of some columns and their datasets."""

    tags: dict[ColumnId, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """Key and value of the tags that a column carries, declared or come along."""
    types: dict[ColumnId, str] = field(default_factory=dict)
    """Of the schema that was said last."""
    catalog: dict[DatasetId, UUID] = field(default_factory=dict)
    """The ids in Assay's catalog."""
    owners: dict[DatasetId, tuple[Owner, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class JobRun:
    """A run of a job, as far as its events told."""

    run: str
    state: str
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class JobDetails:
    """What is known of a job. A dataset that speaks for itself is known as a job of its own name."""

    job: JobId
    sql: str | None = None
    """The newest SQL that an event of it carried."""
    dialect: str | None = None
    runs: tuple[JobRun, ...] = ()
    """The newest first; declarations and scans are not among them."""
    owners: tuple[Owner, ...] = ()


def marks(connection: Connection, wanted: Collection[ColumnId]) -> Marks:
    """The tags and types of columns, and the ids and owners of their datasets."""
    ids = _datasets(connection, {column.dataset for column in wanted})
    if not ids:
        return Marks()
    names = {id_: name for name, id_ in ids.items()}
    found = connection.execute(
        """select c.dataset_id, c.name, t.key, t.value from unnest(%s::bigint[], %s::text[]) w (dataset_id, name)
            join lineage_columns c on c.dataset_id = w.dataset_id and c.role = %s and md5(c.name) = md5(w.name)
            join lineage_tagged t on t.node = c.id order by t.key, t.value""",
        [*columns([(ids[one.dataset], one.column) for one in wanted if one.dataset in ids]), COLUMN],
    ).fetchall()
    tags: dict[ColumnId, tuple[tuple[str, str], ...]] = {}
    for row in found:
        column = ColumnId(names[row["dataset_id"]], row["name"])
        tags[column] = (*tags.get(column, ()), (row["key"], row["value"]))
    owned = reading.owners(connection, "dataset", names)
    return Marks(
        tags,
        _types(connection, names, set(wanted)),
        _catalog(connection, names),
        {names[id_]: owners for id_, owners in owned.items()},
    )


def _datasets(connection: Connection, wanted: Iterable[DatasetId]) -> dict[DatasetId, int]:
    sought = sorted(wanted)
    if not sought:
        return {}
    rows = connection.execute(
        """select d.id, d.shown_namespace, d.shown_name
        from unnest(%s::text[], %s::text[]) w (namespace, name)
            join lineage_datasets d on d.id = assay_lineage_dataset(w.namespace, w.name, 'infinity')""",
        columns(sought),
    )
    return {DatasetId(row["shown_namespace"], row["shown_name"]): row["id"] for row in rows}


def _types(connection: Connection, names: dict[int, DatasetId], wanted: set[ColumnId]) -> dict[ColumnId, str]:
    rows = connection.execute(
        """select l.id, f.said ->> 0 as name, f.said ->> 1 as type
        from lineage_labels l cross join lateral json_array_elements(l.content) f (said)
        where l.id = any(%s) and l.subject = 'dataset' and l.what = 'schema' order by l.at""",
        [list(names)],
    )
    found = {ColumnId(names[row["id"]], row["name"]): row["type"] for row in rows}
    return {column: type_ for column, type_ in found.items() if type_ and column in wanted}


def _catalog(connection: Connection, names: dict[int, DatasetId]) -> dict[DatasetId, UUID]:
    rows = connection.execute(
        """select distinct on (a.root) a.root as id, k.id as catalog
        from lineage_datasets a join lineage_names n on n.dataset_id = a.id
            join datasets k on (k.namespace, k.name) = (n.namespace, n.name)
        where a.root = any(%s) order by a.root, n.valid_from desc""",
        [list(names)],
    )
    return {names[row["id"]]: row["catalog"] for row in rows}


def job(connection: Connection, job: JobId, shown: int) -> JobDetails:
    """What is known of a job; nothing but its name where there is none of that name."""
    rows = connection.execute(
        "select id from lineage_jobs where namespace = %s and name = %s order by kind desc", [*job]
    ).fetchall()
    if not rows:
        return JobDetails(job)
    id_: int = rows[0]["id"]
    said = connection.execute(
        """select e.raw #>> '{job,facets,sql,query}' as sql, e.raw #>> '{job,facets,sql,dialect}' as dialect
        from (select key, at from lineage_sayings where job_id = %s order by at desc limit %s) s
            join lineage_events e using (key)
        where e.raw #>> '{job,facets,sql,query}' is not null order by s.at desc limit 1""",
        [id_, SAYINGS_READ],
    ).fetchone()
    runs = connection.execute(
        """select run, state, first_at, last_at from lineage_runs
        where job_id = %s and run not like 'declared %%' order by last_at desc limit %s""",
        [id_, shown],
    )
    owners = reading.owners(connection, "job", [id_]).get(id_, ())
    text, dialect = (said["sql"], said["dialect"]) if said else (None, None)
    return JobDetails(job, text, dialect, tuple(JobRun(**row) for row in runs), owners)


def newest(connection: Connection, limit: int) -> list[ColumnId]:
    """The datasets that were met last."""
    rows = connection.execute(
        """select shown_namespace, shown_name from lineage_datasets d
        where id = root and exists (select from lineage_columns c where c.dataset_id = d.id)
        order by id desc limit %s""",
        [limit],
    )
    return [ColumnId(DatasetId(row["shown_namespace"], row["shown_name"])) for row in rows]
