"""What one event or scan says of lineage, whoever says it: the only thing that the lineage store takes in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal, NamedTuple

from tools.characters import is_unicode
from tools.lineage.model import DATASET


class DatasetId(NamedTuple):
    """A dataset by the OpenLineage naming rules."""

    namespace: str
    name: str


class JobId(NamedTuple):
    """A job by the OpenLineage naming rules."""

    namespace: str
    name: str


class ColumnId(NamedTuple):
    """A column of a dataset; column `*` is the dataset as a whole."""

    dataset: DatasetId
    column: str = DATASET


class Mode(StrEnum):
    """How long a saying holds."""

    ACCUMULATE = "accumulate"
    """It adds to what its run said; the run, when it completes, replaces what its job said before."""
    REPLACE = "replace"
    """It is all there is to say (a declaration or a scan), and replaces what was said before at once."""


@dataclass(frozen=True, slots=True)
class ObservedEdge:
    """`target` depends on `source`; type, subtype and masking as in :class:`tools.lineage.Edge`.

    An INDIRECT edge to column `*` holds for every column of the target. An IDENTITY or TRANSFORMATION from column `*`
    takes all columns of the source; any other kind of edge from it takes its rows.
    """

    source: ColumnId
    target: ColumnId
    type: str = "DIRECT"
    subtype: str = "IDENTITY"
    masking: bool = False


class Tag(NamedTuple):
    """A tag of a column, or of the dataset where there is no column."""

    key: str
    value: str = ""
    column: str | None = None


class Owner(NamedTuple):
    """Who answers for a dataset or job, and as what."""

    name: str
    type: str = ""


class Field(NamedTuple):
    """A column of a schema."""

    name: str
    type: str = ""


Change = Literal["DROP", "RENAME"]


@dataclass(frozen=True)
class ObservedDataset:
    """What is said of one dataset. None: nothing is said; empty: there are none any more."""

    id: DatasetId
    fields: tuple[Field, ...] | None = None
    tags: tuple[Tag, ...] | None = None
    owners: tuple[Owner, ...] | None = None
    symlinks: tuple[DatasetId, ...] = ()
    """Other names of the same dataset."""
    change: Change | None = None
    previous: DatasetId | None = None
    """The name before, of a RENAME."""


@dataclass(frozen=True)
class Observed:
    """What one event or scan says. Without a job, it speaks for its outputs (a view, a declaration)."""

    at: datetime
    """The time of the event, with a time zone: what is said later counts, whatever arrives first."""
    origin: str
    """Who says it: `openlineage`, `dbt`, `sql`, `assay`, or a producer of its own name."""
    job: JobId | None = None
    run: str | None = None
    mode: Mode = Mode.ACCUMULATE
    completes: bool = False
    """Whether the run is complete with this."""
    state: str = ""
    """What the event says of its run: START, COMPLETE, FAIL, ..."""
    inputs: tuple[ObservedDataset, ...] = ()
    outputs: tuple[ObservedDataset, ...] = ()
    edges: tuple[ObservedEdge, ...] = ()
    owners: tuple[Owner, ...] | None = None
    """Of the job."""
    confidence: float = 1.0
    """From 0 to 1, how sure the edges are."""
    coarse: bool = False
    """Where the job never said anything finer, each dataset that a run writes comes from each that it reads."""
    raw: Mapping[str, Any] | None = field(default=None)
    """The event as it came, kept until it expires."""

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("the time of an observation needs a time zone")
        ends = [end for edge in self.edges for end in (edge.source, edge.target)]
        datasets = [name for seen in self.datasets for name in (seen.id, *seen.symlinks, seen.previous or ())]
        names = "".join([*(end.column for end in ends), *map("".join, [end.dataset for end in ends] + datasets)])
        names += "".join([*(self.job or ()), self.run or "", *(f.name for s in self.datasets for f in s.fields or ())])
        if "\0" in names or not (names.isascii() or is_unicode(names)):
            raise ValueError("names cannot hold NUL characters or halves of characters")

    @cached_property
    def key(self) -> bytes:
        """SHA-256 of the raw event, else of all that is said: the same thing said twice counts once."""
        said = asdict(self) if self.raw is None else self.raw
        return hashlib.sha256(json.dumps(said, default=str, sort_keys=True).encode("utf-8", "replace")).digest()

    @property
    def datasets(self) -> tuple[ObservedDataset, ...]:
        """Inputs, then outputs."""
        return self.inputs + self.outputs
