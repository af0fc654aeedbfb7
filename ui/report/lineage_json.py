"""Answers of the lineage as JSON: the same for the command line's ``--json`` and the HTTP API."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from ui.report import lineage

if TYPE_CHECKING:
    from memory.lineage.answers import Completeness, Diff, Impact, Path, Reach, Step, TagReport
    from tools.lineage.observed import ColumnId, DatasetId, Owner


def node(column: ColumnId) -> dict[str, Any]:
    """A column or, as column `*`, a dataset; `node` is its full name, as every question takes it."""
    from memory.lineage.meaning import spelled

    return {"node": spelled(column), **dataset(column.dataset), "column": column.column}


def dataset(found: DatasetId) -> dict[str, str]:
    """The OpenLineage name."""
    return {"namespace": found.namespace, "name": found.name}


def step(found: Step) -> dict[str, Any]:
    """An edge."""
    made_by = {"namespace": found.job.namespace, "name": found.job.name} if found.job else None
    return {
        **{"source": node(found.source), "target": node(found.target), "type": found.type, "subtype": found.subtype},
        **{"masking": found.masking, "job": made_by, "run": found.run, "confidence": found.confidence},
        "since": found.since.isoformat() if found.since and found.since.year > 2 else None,
    }


def _whole(found: Completeness) -> dict[str, Any]:
    return {"complete": found.complete, "cut": found.cut}


def reached(asked: ColumnId, found: Reach, direction: str, *, explain: bool) -> dict[str, Any]:
    """The columns above or below a node; `edge` is the one by which each was reached, `way` all to the node."""
    edges = lineage.tree(found.steps, direction)
    columns = [
        {
            **node(one.column),
            "distance": one.distance,
            "edge": step(edges[one.column]) if one.column in edges else None,
            **({"way": [step(each) for each in lineage.way(one.column, edges, direction)]} if explain else {}),
        }
        for one in found.columns
    ]
    return {**_whole(found), "node": node(asked), "direction": direction, "columns": columns}


def impact(asked: ColumnId, found: Impact, wider: Impact | None) -> dict[str, Any]:
    """What breaks; counts are of all, lists begin with what matters most."""
    counts = {"columns": found.column_count, "tables": found.table_count, "jobs": found.job_count}
    tables = [
        {
            **dataset(one.dataset),
            **{"columns": one.columns, "distance": one.distance, "owners": [_owner(owner) for owner in one.owners]},
            **{"tags": [list(tag) for tag in one.tags], "dataset_id": str(one.catalog) if one.catalog else None},
        }
        for one in found.tables
    ]
    jobs = [
        {"namespace": one.job.namespace, "name": one.job.name, "edges": one.edges, "owners": [*map(_owner, one.owners)]}
        for one in found.jobs
    ]
    indirect = {"columns": wider.column_count, "tables": wider.table_count, "jobs": wider.job_count} if wider else None
    return {
        **_whole(found),
        **{"node": node(asked), "counts": counts, "with_indirect": indirect, "tables": tables, "jobs": jobs},
        "columns": [{**node(one.column), "distance": one.distance} for one in found.columns],
        "owners": [{**_owner(owner), "tables": tables_of} for owner, tables_of in found.owners],
        "tags": [{"key": key, "value": value, "columns": columns} for (key, value), columns in found.tags],
    }


def _owner(owner: Owner) -> dict[str, str]:
    return {"name": owner.name, "type": owner.type}


def path(source: ColumnId, target: ColumnId, found: Path) -> dict[str, Any]:
    """One shortest way."""
    steps = [step(one) for one in found.steps]
    return {**_whole(found), "source": node(source), "target": node(target), "found": found.found, "steps": steps}


def diff(before: datetime, after: datetime, found: Diff) -> dict[str, Any]:
    """The edges that came and went."""
    added, removed = ([step(one) for one in side] for side in (found.added, found.removed))
    return {
        **_whole(found),
        **{"from": before.isoformat(), "to": after.isoformat(), "added": added, "removed": removed},
    }


def tagged(key: str, value: str | None, found: TagReport) -> dict[str, Any]:
    """Where a tag goes."""
    columns = [
        {
            **node(one.column),
            **{"key": one.key, "value": one.value, "from": node(one.came_from) if one.came_from else None},
        }
        for one in found.columns
    ]
    perhaps = [node(one) for one in found.perhaps]
    return {**_whole(found), "key": key, "value": value, "total": found.total, "columns": columns, "perhaps": perhaps}


def witness(asked: ColumnId, key: str, value: str | None, found: Path) -> dict[str, Any]:
    """How a tag came to a column; no steps where it was declared there, or never came."""
    steps = [step(one) for one in found.steps]
    return {**_whole(found), "key": key, "value": value, "node": node(asked), "found": found.found, "steps": steps}
