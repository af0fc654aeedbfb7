"""Names and details of nodes, datasets, jobs and edges, many at a time."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, LiteralString

import numpy as np

from memory.db import Connection
from memory.errors import NotFound
from memory.lineage.answers import Step
from memory.lineage.arrays import array
from memory.lineage.kinds import decode
from memory.lineage.nodes import ALL_COLUMNS, COLUMN, WHOLE
from memory.lineage.walking import Direction, Ids, Terms
from tools.lineage.model import DATASET
from tools.lineage.observed import ColumnId, DatasetId, JobId, Owner

Labelled = dict[int, tuple[Owner, ...]]


def starts(connection: Connection, node: ColumnId, direction: Direction, at: datetime | None) -> Ids:
    """The nodes that a question is about. Raises NotFound.

    A whole dataset is all its columns; a column that nobody named is what is said of all columns of its dataset.
    """
    name = f"{node.dataset.namespace} {node.dataset.name}"
    row = connection.execute(
        "select assay_lineage_dataset(%s, %s, coalesce(%s::timestamptz, 'infinity')) as id", [*node.dataset, at]
    ).fetchone()
    if row is None or row["id"] is None:
        raise NotFound(f"There is no dataset {name} in the lineage.", hint="Names are those of OpenLineage.")
    rows = connection.execute(
        "select id, role, name from lineage_columns where dataset_id = %s", [row["id"]]
    ).fetchall()
    found = [row for row in rows if node.column == DATASET or (row["role"], row["name"]) == (COLUMN, node.column)]
    if not found:
        found = [row for row in rows if row["role"] == (ALL_COLUMNS if direction == "down" else WHOLE)]
    if not found and node.column != DATASET:
        known = ", ".join(sorted(row["name"] for row in rows if row["role"] == COLUMN)[:10])
        raise NotFound(
            f"There is no column {node.column} of {name} in the lineage.", hint=f"Known are: {known or 'none'}."
        )
    return np.array([row["id"] for row in found], np.int64)


def columns(connection: Connection, nodes: Sequence[int]) -> dict[int, ColumnId]:
    """What nodes are called."""
    rows = connection.execute(
        """select c.id, c.role, c.name, d.shown_namespace, d.shown_name
        from lineage_columns c join lineage_datasets d on d.id = c.dataset_id where c.id = any(%s::bigint[])""",
        [array(nodes)],
    )
    return {
        row["id"]: ColumnId(
            DatasetId(row["shown_namespace"], row["shown_name"]), DATASET if row["role"] else row["name"]
        )
        for row in rows
    }


def jobs(connection: Connection, ids: Iterable[int]) -> dict[int, JobId]:
    """What jobs are called."""
    rows = connection.execute("select id, namespace, name from lineage_jobs where id = any(%s)", [sorted(ids)])
    return {row["id"]: JobId(row["namespace"], row["name"]) for row in rows}


def owners(connection: Connection, subject: str, ids: Iterable[int]) -> Labelled:
    """Who owns datasets or jobs, whoever said so."""
    rows = connection.execute(
        """select id, content from lineage_labels where subject = %s and what = 'owners' and id = any(%s)
        order by id, origin, name""",
        [subject, list(ids)],
    )
    found: dict[int, dict[Owner, None]] = {}
    for row in rows:
        found.setdefault(row["id"], {}).update(dict.fromkeys(Owner(*owner) for owner in row["content"]))
    return {id_: tuple(named) for id_, named in found.items()}


def owner_counts(connection: Connection, datasets: Sequence[int]) -> list[tuple[Owner, int]]:
    """Who owns some datasets and how many, most first."""
    # Many datasets have the same owners: JSON is taken apart once for all of them.
    rows = connection.execute(
        """select said, count(*) as datasets from (
            select array_agg(l.content::text order by l.origin, l.name) as said
            from unnest(%s::bigint[]) w (id) join lineage_labels l
                on l.id = w.id and l.subject = 'dataset' and l.what = 'owners'
            group by l.id) o group by said""",
        [array(datasets)],
    )
    counted: Counter[Owner] = Counter()
    for row in rows:
        for owner in {Owner(*named) for text in row["said"] for named in json.loads(text)}:
            counted[owner] += row["datasets"]
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))


def steps_between(connection: Connection, nodes: Ids, terms: Terms) -> list[Step]:
    """All edges from one of some nodes to another."""
    return _steps(connection, "e.src = any(%(src)s) and e.dst = any(%(src)s)", {"src": nodes.tolist()}, terms)


def steps_along(connection: Connection, way: Sequence[int], terms: Terms) -> list[Step]:
    """One edge, the plainest, for each step of a way."""
    return steps_for(connection, list(pairwise(way)), terms)


def steps_for(connection: Connection, pairs: Sequence[tuple[int, int]], terms: Terms) -> list[Step]:
    """One edge, the plainest, from the first to the second node of each pair; none within a dataset's own nodes."""
    sources, targets = [a for a, _ in pairs], [b for _, b in pairs]
    condition: LiteralString = "(e.src, e.dst) in (select * from unnest(%(src)s::bigint[], %(dst)s::bigint[]))"
    found = _steps(connection, condition, {"src": sources, "dst": targets}, terms)
    names = columns(connection, [*sources, *targets])
    plainest: dict[tuple[ColumnId, ColumnId], Step] = {}
    for step in found:
        plainest.setdefault((step.source, step.target), step)
    named = [(names[a], names[b]) for a, b in pairs]
    return [plainest[pair] for pair in named if pair in plainest]


def steps_of(connection: Connection, rows: Sequence[dict[str, Any]]) -> list[Step]:
    """Edges as answers tell them; those within one dataset's own nodes (`*` to `*`) are left out."""
    names = columns(connection, sorted({row[end] for row in rows for end in ("src", "dst")}))
    made_by = jobs(connection, {row["job_id"] for row in rows})
    return [
        Step(
            names[row["src"]], names[row["dst"]], *decode(row["kind"]), made_by.get(row["job_id"]), row["run"],
            round(row["confidence"], 6), row["valid_from"] if row["job_id"] else None,
        )
        for row in rows
        if names[row["src"]] != names[row["dst"]] or row["src"] == row["dst"]
    ]  # fmt: skip


_WITH_RUNS: LiteralString = """
    select e.*, r.run from (
        select job_id, src, dst, kind, valid_from, run_id, confidence from lineage_edges
        where valid_from <= coalesce(%(at)s::timestamptz, 'infinity')
        union all
        select job_id, src, dst, kind, valid_from, run_id, confidence from lineage_past_edges
        where valid_from <= %(at)s::timestamptz and valid_to > %(at)s::timestamptz) e
    left join lineage_runs r on r.id = e.run_id where
"""
_IN_ORDER: LiteralString = " and e.kind < %(below)s order by e.src, e.dst, e.kind, e.job_id"


def _steps(connection: Connection, condition: LiteralString, given: dict[str, Any], terms: Terms) -> list[Step]:
    given = {**given, "below": terms.kinds_below, "at": terms.at}
    return steps_of(connection, connection.execute(_WITH_RUNS + condition + _IN_ORDER, given).fetchall())


_FIND: LiteralString = """
    with named as (
        select d.id, d.shown_namespace as namespace, d.shown_name as name from lineage_datasets d
        where d.id = d.root and exists (select from lineage_columns c where c.dataset_id = d.id)),
    found as (
        select 0 as rank, namespace, name, '*' as column from named
        where lower(name) = lower(%(text)s) or lower(name) similar to '%%[./]' || lower(%(pattern)s)
        union all
        select 1, d.namespace, d.name, c.name from named d join lineage_columns c on c.dataset_id = d.id and c.role = 0
        where lower(c.name) = lower(%(column)s)
            and (lower(d.name) = lower(%(table)s) or lower(d.name) similar to '%%[./]' || lower(%(table_pattern)s))
        union all
        select 2, namespace, name, '*' from named
        where lower(name) similar to '(%%[./])?' || lower(%(pattern)s) || '[^./]*'
            or lower(name) similar to '%%/' || lower(%(pattern)s) || '[^/]*'
        union all
        select 3, d.namespace, d.name, c.name from named d join lineage_columns c on c.dataset_id = d.id and c.role = 0
        where lower(c.name) like lower(%(column_start)s)
            and (lower(d.name) = lower(%(table)s) or lower(d.name) similar to '%%[./]' || lower(%(table_pattern)s))
        union all
        select 4, d.namespace, d.name, c.name from lineage_columns c join named d on d.id = c.dataset_id
        where c.role = 0 and left(lower(c.name), 200) like left(lower(%(start)s), 200))
    select distinct on (rank, name, namespace, "column") namespace, name, "column" from found
    order by rank, name, namespace, "column" limit %(limit)s
"""


def find(connection: Connection, text: str, limit: int) -> list[ColumnId]:
    """Datasets and columns that a text may mean."""
    table, _, column = text.rpartition(".")
    given = {
        **{"text": text, "pattern": _literal(text), "table": table, "table_pattern": _literal(table)},
        **{"column": column, "column_start": _literal(column) + "%", "start": _literal(text) + "%", "limit": limit},
    }
    rows = connection.execute(_FIND, given).fetchall() if text else []
    return list(dict.fromkeys(ColumnId(DatasetId(row["namespace"], row["name"]), row["column"]) for row in rows))


def _literal(text: str) -> str:
    """The text as a pattern that matches nothing else."""
    return re.sub(r"([\\%_|*+?{}()\[\].^$])", r"\\\1", text)
