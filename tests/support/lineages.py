"""Short ways to write lineage: `table.column` in one namespace, times in hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from psycopg import sql

from memory import Memory
from memory.lineage.answers import Reach
from tools.lineage.observed import ColumnId, DatasetId, JobId, Mode, Observed, ObservedDataset, ObservedEdge

DIRECT = ("IDENTITY", "TRANSFORMATION", "AGGREGATION")
TABLES = (
    *("tagged", "stale", "edges", "past_edges", "io", "labels", "changes", "sayings", "statements", "runs", "events"),
    *("names", "columns", "jobs", "datasets"),
)
"""Those that refer to others come first."""


def at(hours: float) -> datetime:
    """A time in the past."""
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)


def dataset(name: str) -> DatasetId:
    """A dataset."""
    return DatasetId("db", name)


def column(text: str) -> ColumnId:
    """A column."""
    table, _, name = text.rpartition(".")
    return ColumnId(dataset(table), name)


def edge(source: str, target: str, subtype: str = "IDENTITY", *, masking: bool = False) -> ObservedEdge:
    """An edge of the type that the subtype belongs to."""
    return ObservedEdge(column(source), column(target), "DIRECT" if subtype in DIRECT else "INDIRECT", subtype, masking)


def event(
    hours: float, job: str, run: str, *edges: ObservedEdge, completes: bool = False, confidence: float = 1.0
) -> Observed:
    """One event of a run."""
    said = JobId("jobs", job)
    return Observed(at(hours), "test", said, run, completes=completes, edges=edges, confidence=confidence)


def declared(hours: float, job: str, *edges: ObservedEdge) -> Observed:
    """All that a job does."""
    return Observed(at(hours), "test", JobId("jobs", job), mode=Mode.REPLACE, edges=edges)


def seen(name: str, **said: object) -> ObservedDataset:
    """Something about a dataset."""
    return ObservedDataset(dataset(name), **said)  # type: ignore[arg-type]


def names(reach: Reach) -> list[tuple[str, int]]:
    """The columns as text, with their distances."""
    return [(f"{c.dataset.name}.{c.column}", distance) for c, distance in reach.columns]


def emptied(memory: Memory) -> None:
    """Takes all lineage out of a store."""
    with memory.db.transaction() as connection:
        for table in TABLES:
            connection.execute(sql.SQL("delete from {}").format(sql.Identifier(f"lineage_{table}")))
        connection.execute(
            """update lineage_state set version = version + 1, rewritten = version + 1, tags = tags + 1,
                history_from = '0002-01-01 00:00:00+00'"""
        )


def below(memory: Memory, node: ColumnId) -> set[ColumnId]:
    """All columns that are made of a node."""
    return {one.column for one in memory.lineage.downstream(node).columns}
