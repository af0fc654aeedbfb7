"""What a comparison holds: plain values only, so that it goes to JSON as it is."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Degree = Literal["none", "small", "large"]
DEGREES: tuple[Degree, ...] = ("none", "small", "large")
Value = str | int | float | bool | None
"""A value of the data. Dates and times are ISO 8601 text, decimals are floats."""


@dataclass(frozen=True)
class Measure:
    """One way to say how far two distributions are apart."""

    name: str
    """``PSI``, ``KS``, ``Jensen-Shannon`` or ``chi-square``."""
    value: float
    p: float
    """How likely a difference of this size or more is if both sides come from one distribution."""
    degree: Degree
    """What it says by itself."""
    small: float | None = None
    large: float | None = None
    """The values from which on a difference is small or large, if it is significant; None for a mere test."""
    significant: bool = False
    """Whether p is below 0.01: chance does not explain the difference."""


@dataclass(frozen=True)
class Bin:
    """A range of values, or a category, with its rows on both sides."""

    label: str
    left: int
    right: int


@dataclass(frozen=True)
class Side:
    """One side of a column."""

    type: str
    nulls: int
    distinct: int
    distinct_exact: bool
    """False where ``distinct`` is an estimate (DuckDB, Spark)."""
    min: Value = None
    max: Value = None
    mean: float | None = None
    stddev: float | None = None
    """Population standard deviation."""


@dataclass(frozen=True)
class ColumnComparison:
    """A column that both sides have."""

    name: str
    left: Side
    right: Side
    nulls: Degree
    """How much the share of missing values changed."""
    degree: Degree
    """The worst of everything about the column."""
    says: str
    """A sentence or two for a person; empty where nothing changed."""
    measures: list[Measure] = field(default_factory=list)
    bins: list[Bin] = field(default_factory=list)
    outside: float | None = None
    """Of the right side's values, the share below the least or above the greatest value of the left side."""
    new: list[str] = field(default_factory=list)
    """Categories of the right side that the left side does not have, most frequent first; at most 20."""
    gone: list[str] = field(default_factory=list)
    """Categories of the left side that the right side does not have, most frequent first; at most 20."""
    not_compared: str = ""
    """Why there are no measures."""


@dataclass(frozen=True)
class Retyped:
    """A column whose type changed."""

    name: str
    left: str
    right: str


@dataclass(frozen=True)
class Schema:
    """What changed about the columns."""

    added: list[str]
    removed: list[str]
    retyped: list[Retyped]
    reordered: bool
    """Whether the columns that both sides have come in another order."""

    @property
    def degree(self) -> Degree:
        """Large where a reader of the left side would stumble: a column is gone or has another type."""
        if self.removed or self.retyped:
            return "large"
        return "small" if self.added or self.reordered else "none"


@dataclass(frozen=True)
class Comparison:
    """Two tables."""

    left: str
    right: str
    """The URIs of the tables."""
    left_name: str
    right_name: str
    """What the tables are called in sentences: the last parts of their URIs."""
    left_rows: int
    right_rows: int
    volume: Degree
    """How much the number of rows changed."""
    schema: Schema
    columns: list[ColumnComparison]
    seconds: float = 0.0

    @property
    def degree(self) -> Degree:
        """The worst of schema, volume and columns."""
        return worst([self.volume, self.schema.degree, *(column.degree for column in self.columns)])

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-able values."""
        found = asdict(self)
        found["schema"]["degree"] = self.schema.degree
        return {**found, "degree": self.degree}


def worst(degrees: list[Degree]) -> Degree:
    """The highest of several; none of none."""
    return max(degrees, key=DEGREES.index, default="none")
