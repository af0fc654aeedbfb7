"""What a run of Assay did with which tables: what its own lineage takes in, and OpenLineage events are written from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

from tools.lineage.model import DATASET
from tools.lineage.observed import ColumnId, DatasetId, Field, JobId, ObservedEdge

if TYPE_CHECKING:
    from tools.profiling.model import Profile

NAMESPACE = "assay"
"""Of the jobs of Assay."""
REASONS = "DataQualityRulesFail"
"""The column of bad rows that tells which rules they break."""
EventType = Literal["START", "COMPLETE", "FAIL", "ABORT"]


class Parent(NamedTuple):
    """The run of a scheduler or pipeline that a run is part of."""

    namespace: str
    name: str
    run: str

    @classmethod
    def read(cls, text: str | None) -> Parent | None:
        """``namespace/job/uuid``, as OPENLINEAGE_PARENT_ID has it; None for anything else."""
        front, _, run = (text or "").strip().rpartition("/")
        namespace, _, name = front.partition("/")
        try:
            return cls(namespace, name, str(UUID(run))) if namespace and name else None
        except ValueError:
            return None


@dataclass(frozen=True)
class TableFacts:
    """A table that a run read, and what it found."""

    id: DatasetId
    fields: tuple[Field, ...] | None = None
    """None where it is not known."""
    version: str = ""
    """Of its content."""
    personal: Mapping[str, str] | None = None
    """Columns that a profile takes for personal data, and the kind of it. None where there is no profile."""
    guarded: frozenset[str] = frozenset()
    """Columns of whose values nothing is told, in lower case: those of ``personal``, or what has such a name."""
    profile: Profile | None = None
    """What the run measured."""
    evaluation: Mapping[str, Any] | None = None
    """What its rules came to, as ``Evaluation.to_dict``."""


@dataclass(frozen=True)
class SplitFacts:
    """Where good and bad rows of the first table went."""

    good: DatasetId
    bad: DatasetId
    good_rows: int
    bad_rows: int
    deciding: tuple[str, ...]
    """Columns of the rules that say which rows are bad."""


@dataclass(frozen=True)
class MovedFacts:
    """Where a batch of the first table went, whole."""

    to: DatasetId
    rows: int


@dataclass(frozen=True)
class Moment:
    """The start or the end of a run."""

    event: EventType
    at: datetime
    error: str = ""


@dataclass(frozen=True)
class RunFacts:
    """A run, with the tables that it read; the first one is what it is about."""

    id: str
    kind: str
    goal: str
    started: datetime
    tables: tuple[TableFacts, ...] = ()
    split: SplitFacts | None = None
    parent: Parent | None = None
    moved: MovedFacts | None = None

    @property
    def uuid(self) -> UUID:
        """The run's id as OpenLineage wants it: always the same for the same run."""
        return uuid5(NAMESPACE_URL, f"assay:{self.started.astimezone(UTC).isoformat()}:{self.id}")

    @property
    def job(self) -> JobId:
        """What is done again and again: a kind of work on the same tables, with rows that go to the same place."""
        names = [_shown(table.id) for table in self.tables]
        about = names[0] if names else self.id
        if len(names) > 1 and self.kind != "validate":
            about += f"+{len(names) - 1}-{hashlib.sha256(' '.join(sorted(names)).encode()).hexdigest()[:8]}"
        place = self.goal.removeprefix(self.kind) if self.kind == "validate" else ""
        return JobId(NAMESPACE, f"{self.kind}/{about}{place}")

    @property
    def edges(self) -> tuple[ObservedEdge, ...]:
        """Good and bad rows are those of the table as they were; which ones is a matter of the rules."""
        if self.moved and self.tables:
            source, to = self.tables[0], self.moved.to
            return tuple(
                ObservedEdge(ColumnId(source.id, one.name), ColumnId(to, one.name)) for one in source.fields or ()
            )
        if self.split is None or not self.tables:
            return ()
        source, split = self.tables[0], self.split
        deciding = [ColumnId(source.id, name) for name in split.deciding]
        copies = [
            ObservedEdge(ColumnId(source.id, field.name), ColumnId(half, field.name))
            for half in (split.good, split.bad)
            for field in source.fields or ()
        ]
        chosen = [
            ObservedEdge(column, ColumnId(half, DATASET), "INDIRECT", "FILTER")
            for half in (split.good, split.bad)
            for column in deciding
        ]
        reasons = [ObservedEdge(column, ColumnId(split.bad, REASONS), "INDIRECT", "CONDITIONAL") for column in deciding]
        return (*copies, *chosen, *reasons)

    @property
    def halves(self) -> tuple[tuple[DatasetId, tuple[Field, ...], int], ...]:
        """The datasets that the run wrote, with their columns and rows."""
        if self.moved and self.tables:
            return ((self.moved.to, self.tables[0].fields or (), self.moved.rows),)
        if self.split is None or not self.tables:
            return ()
        fields, split = self.tables[0].fields or (), self.split
        return (
            (split.good, fields, split.good_rows),
            (split.bad, (*fields, Field(REASONS, "VARCHAR")), split.bad_rows),
        )


def _shown(dataset: DatasetId) -> str:
    joint = "" if dataset.name.startswith("/") else "/"
    return f"{dataset.namespace}{':' if dataset.namespace == 'file' else ''}{joint}{dataset.name}"
