"""What the lineage store answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from tools.lineage.observed import ColumnId, DatasetId, JobId, Owner


@dataclass(frozen=True)
class Completeness:
    """Whether an answer is all there is."""

    cut: str | None = None
    """Why it is not; None where it is."""

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return self.cut is None


class Reached(NamedTuple):
    """A column, and how many edges away it is."""

    column: ColumnId
    distance: int


@dataclass(frozen=True)
class Reach(Completeness):
    """The columns above or below a node, the nearest first, without the node itself."""

    columns: tuple[Reached, ...] = ()
    steps: tuple[Step, ...] = ()
    """Where it was asked for, the edge by which each column was reached: together a shortest way for each."""


@dataclass(frozen=True)
class Step:
    """An edge of an answer."""

    source: ColumnId
    target: ColumnId
    type: str
    subtype: str
    masking: bool
    job: JobId | None = None
    """Who made it; None between a column and its whole dataset."""
    run: str | None = None
    confidence: float = 1.0
    since: datetime | None = None


@dataclass(frozen=True)
class Path(Completeness):
    """One shortest way from a source to a target. No steps: they are the same, or there is none (`found`)."""

    found: bool = False
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Neighbourhood(Completeness):
    """The columns around a node with all edges between them: what a picture of the graph shows."""

    columns: tuple[Reached, ...] = ()
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class AffectedTable:
    """A dataset that something flows into."""

    dataset: DatasetId
    columns: int
    """How many of its columns."""
    distance: int
    """Of the nearest of them."""
    owners: tuple[Owner, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    """Key and value of the tags that the columns in question carry."""
    catalog: UUID | None = None
    """Its id in Assay's catalog, where it is there."""


@dataclass(frozen=True)
class AffectedJob:
    """A job that makes something of what is affected, or reads it."""

    job: JobId
    edges: int
    """Of those that it made, how many lead on from what is affected; 0 for one that is known to read only."""
    owners: tuple[Owner, ...] = ()


@dataclass(frozen=True)
class Impact(Completeness):
    """What depends on a node.

    The counts are of all that was reached; `columns`, `tables` and `jobs` begin with what matters most. Tables: first
    those with tagged columns, then by how many columns are affected, then the nearest. Jobs: by edges.
    """

    column_count: int = 0
    table_count: int = 0
    job_count: int = 0
    columns: tuple[Reached, ...] = ()
    tables: tuple[AffectedTable, ...] = ()
    jobs: tuple[AffectedJob, ...] = ()
    owners: tuple[tuple[Owner, int], ...] = ()
    """Of the affected tables, with how many each has."""
    tags: tuple[tuple[tuple[str, str], int], ...] = ()
    """On the affected columns, with how many carry each."""


@dataclass(frozen=True)
class Diff(Completeness):
    """What edges there are at one time and not at another."""

    added: tuple[Step, ...] = ()
    removed: tuple[Step, ...] = ()


@dataclass(frozen=True)
class TaggedColumn:
    """A column that carries a tag."""

    column: ColumnId
    key: str
    value: str
    came_from: ColumnId | None
    """The column that it came from by one edge; None where it was declared."""


@dataclass(frozen=True)
class TagReport(Completeness):
    """Where a tag goes."""

    columns: tuple[TaggedColumn, ...] = ()
    total: int = 0
    perhaps: tuple[ColumnId, ...] = ()
    """Datasets, as column `*`, that jobs write which read tagged ones, where nobody said what flows."""
