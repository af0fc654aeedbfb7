"""What breaks if a column changes: columns, tables, jobs, owners and tags below it, what matters most first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from memory.db import Connection
from memory.lineage import reading
from memory.lineage.answers import AffectedJob, AffectedTable, Impact, Reached
from memory.lineage.arrays import array
from memory.lineage.copy import Array, TagName
from memory.lineage.graphs import Walked
from memory.lineage.walking import Terms, Walk
from tools.lineage.observed import DatasetId, Owner

OWN_JOBS = "assay"
"""The namespace of Assay's own jobs: that it reads a table to check it is no reason to leave the table as it is."""


@dataclass
class Tables:
    """The datasets of the nodes that were reached, ranked; arrays of one length."""

    ids: Array
    columns: Array
    distances: Array
    tags: list[tuple[TagName, ...]]


def impact(connection: Connection, walked: Walked, terms: Terms, shown: int) -> Impact:
    """Adds up a walk; lists have up to `shown` entries, counts are of all."""
    met = walked.walk
    datasets, is_column = walked.facts.datasets(met.nodes)
    reached = made(met, datasets, is_column) & others(connection, datasets)
    nodes, distances = met.nodes[reached], met.distances[reached]
    datasets, is_column = datasets[reached], is_column[reached]
    tagged = walked.facts.tags(nodes)
    tables = ranked(datasets, is_column, distances, tagged)
    jobs = _jobs(connection, walked, terms)
    names = reading.columns(connection, nodes[is_column][:shown].tolist())
    columns = zip(nodes[is_column][:shown].tolist(), distances[is_column].tolist(), strict=False)
    return Impact(
        cut=met.cut,
        column_count=int(is_column.sum()),
        table_count=len(tables.ids),
        job_count=len(jobs),
        columns=tuple(Reached(names[node], distance) for node, distance in columns),
        tables=_shown_tables(connection, tables, shown),
        jobs=_shown_jobs(connection, jobs, shown),
        owners=tuple(reading.owner_counts(connection, tables.ids.tolist())),
        tags=tuple(sorted((tag, int((here & is_column).sum())) for tag, here in tagged.items())),
    )


def made(met: Walk, datasets: Array, is_column: Array) -> Array:
    """Which nodes of a walk are made of its starts: the whole of a dataset is not made of its own columns."""
    own = np.isin(datasets, datasets[met.distances == 0])
    return np.asarray((met.distances > 0) & (is_column | ~own), np.bool_)


def others(connection: Connection, datasets: Array) -> Array:
    """Which nodes are not of a dataset that Assay alone writes, such as rows set aside: no harm if these change."""
    rows = connection.execute(
        """select i.dataset_id from lineage_io i join lineage_jobs j on j.id = i.job_id
        where i.output and i.dataset_id = any(%s::bigint[]) group by i.dataset_id
        having bool_and(j.namespace = %s)""",
        [array(np.unique(datasets).tolist()), OWN_JOBS],
    )
    return np.asarray(~np.isin(datasets, [row["dataset_id"] for row in rows]), np.bool_)


def jobs_of(connection: Connection, walked: Walked, terms: Terms) -> dict[int, int]:
    """The jobs but Assay's own that made edges of a walk, and how many."""
    made_by = walked.facts.jobs(walked.walk.nodes, terms)
    rows = connection.execute(
        "select id from lineage_jobs where id = any(%s) and namespace <> %s", [[*made_by], OWN_JOBS]
    )
    return {row["id"]: made_by[row["id"]] for row in rows}


def ranked(datasets: Array, is_column: Array, distances: Array, tagged: dict[TagName, Array]) -> Tables:
    """The datasets of some nodes, what matters most first; one entry for each node, the nearest first."""
    # Nodes come in the order of their distance: the first of a dataset is its nearest.
    ids, first, which = np.unique(datasets, return_index=True, return_inverse=True)
    columns = np.bincount(which, weights=is_column, minlength=len(ids)).astype(np.int64)
    tags: list[tuple[TagName, ...]] = [() for _ in ids]
    for tag, here in sorted(tagged.items()):
        for place in np.unique(which[here]).tolist():
            tags[place] += (tag,)
    plain = np.array([not found for found in tags], np.bool_)
    order = np.lexsort((ids, distances[first], -columns, plain))
    return Tables(ids[order], columns[order], distances[first][order], [tags[place] for place in order.tolist()])


def _jobs(connection: Connection, walked: Walked, terms: Terms) -> list[tuple[int, int]]:
    """Jobs with how many of their edges lead on, most first; then those that only read what is affected."""
    datasets = np.unique(walked.facts.datasets(walked.walk.nodes)[0])
    rows = connection.execute(
        """select distinct i.job_id from lineage_io i join lineage_jobs j on j.id = i.job_id
        where i.dataset_id = any(%s::bigint[]) and not i.output and j.namespace <> %s""",
        [array(datasets.tolist()), OWN_JOBS],
    )
    found = {row["job_id"]: 0 for row in rows} | jobs_of(connection, walked, terms)
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))


def _shown_tables(connection: Connection, tables: Tables, shown: int) -> tuple[AffectedTable, ...]:
    ids: Sequence[int] = tables.ids[:shown].tolist()
    names, catalog = names_of(connection, ids)
    owned = reading.owners(connection, "dataset", ids)
    rows = zip(ids, tables.columns.tolist(), tables.distances.tolist(), tables.tags, strict=False)
    return tuple(
        AffectedTable(names[id_], columns, distance, owned.get(id_, ()), tags, catalog.get(id_))
        for id_, columns, distance, tags in rows
    )


def names_of(connection: Connection, ids: Sequence[int]) -> tuple[dict[int, DatasetId], dict[int, UUID]]:
    """What datasets are called, and their ids in Assay's catalog where they are there."""
    rows = connection.execute(
        """select d.id, d.shown_namespace, d.shown_name, (
            select k.id from lineage_datasets a join lineage_names n on n.dataset_id = a.id
                join datasets k on (k.namespace, k.name) = (n.namespace, n.name)
            where a.root = d.id order by n.valid_from desc limit 1) as catalog
        from lineage_datasets d where d.id = any(%s)""",
        [list(ids)],
    ).fetchall()
    names = {row["id"]: DatasetId(row["shown_namespace"], row["shown_name"]) for row in rows}
    return names, {row["id"]: row["catalog"] for row in rows if row["catalog"]}


def _shown_jobs(connection: Connection, jobs: list[tuple[int, int]], shown: int) -> tuple[AffectedJob, ...]:
    ids = [job for job, _ in jobs[:shown]]
    names = reading.jobs(connection, ids)
    owned: dict[int, tuple[Owner, ...]] = reading.owners(connection, "job", ids)
    return tuple(AffectedJob(names[job], edges, owned.get(job, ())) for job, edges in jobs[:shown])
