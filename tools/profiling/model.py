"""What a profile holds: plain values only, so that it goes to JSON and back unchanged."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Value = str | int | float | bool | None
"""A data value in a profile. Dates and timestamps are ISO 8601 text, decimals are floats."""


DateOrder = Literal["day first", "month first", "year first", "ambiguous", "mixed"]
Trend = Literal["increasing", "strictly increasing", "decreasing", "strictly decreasing"]


@dataclass(frozen=True)
class Semantic:
    """What the values of a text are, judged by different values of the sample."""

    type: str
    """``email``, ``phone``, ``url``, ``uuid``, ``country`` ... as listed in docs/profiling.md."""
    share: float
    """Of the sampled rows with text, those whose value is of the type."""
    confidence: float
    """0 to 1: a type with a checksum or a rigid form counts for more than a word of two letters."""
    rows: int
    """Rows that were looked at."""


@dataclass(frozen=True)
class Personal:
    """Personal data that a column seems to hold. A guess: for caution, not for compliance."""

    kind: str
    confidence: float
    by: Literal["name", "values", "name and values"]


@dataclass(frozen=True)
class Dates:
    """How dates in a text are written."""

    format: str
    """The most frequent form, for example ``dd/MM/yyyy``."""
    order: DateOrder
    """``ambiguous``: no value shows whether the day or the month comes first. ``mixed``: some show this, some that."""
    share: float
    """Of the sampled rows with text, those that are dates."""
    forms: dict[str, int] = field(default_factory=dict)
    """Every form with its rows in the sample."""


@dataclass(frozen=True)
class Histogram:
    """Rows by bins with round edges; a bin holds its lower edge, the last one both.

    Bins of numbers are equally wide; those of dates and timestamps are hours, days, weeks, months or years.
    """

    edges: list[Value]
    """One more than there are counts; dates and timestamps are ISO 8601 text."""
    counts: list[int]
    sample_rows: int | None = None
    """Rows of the sample that were counted; None where all were."""
    by_value: bool = False
    """Whether each bin holds one value, its lower edge: for few different whole numbers."""


@dataclass(frozen=True)
class Dependency:
    """A column that another one decides (nearly): the same value on the left has the same on the right."""

    determinant: str
    dependent: str
    share: float
    """Of the rows where both are present, those that agree with the most frequent right side of their left side."""
    rows: int
    """Rows where both are present."""
    violations: int
    """Rows that do not agree."""
    examples: list[tuple[Value, Value, Value]] = field(default_factory=list)
    """Left value, its most frequent right value, another right value: at most three."""
    sample_rows: int | None = None
    """None where the engine counted all rows, else the size of the sample that it is judged by."""


@dataclass(frozen=True)
class ColumnProfile:
    """The statistics of one column. Counts are rows; None means that the statistic does not apply."""

    name: str
    type: str
    """The engine's own type, for example ``DECIMAL(10,2)``."""
    kind: str
    """number, text, boolean, date, timestamp, time or other."""
    nulls: int
    distinct: int
    distinct_exact: bool
    """False where ``distinct`` is a HyperLogLog estimate."""
    blanks: int | None = None
    """Text values that are empty or only ASCII white space."""
    min: Value = None
    max: Value = None
    mean: float | None = None
    stddev: float | None = None
    """Population standard deviation."""
    sum: float | None = None
    quantiles: dict[str, float] = field(default_factory=dict)
    """Keys are percents as text: "5", "25", "50", "75", "95"."""
    min_length: int | None = None
    max_length: int | None = None
    mean_length: float | None = None
    top_values: list[tuple[Value, int]] = field(default_factory=list)
    """The most frequent non-NULL values with their row counts, most frequent first; all of them where there are few.
    Text is counted and shown by its first 200 characters."""
    patterns: list[tuple[str, int]] = field(default_factory=list)
    """Character masks of text (A letter upper, a lower, 9 digit, others as they are, runs folded) with row counts."""
    shapes: list[tuple[str, int]] = field(default_factory=list)
    """Masks with runs kept and only ASCII masked, so that they show the exact form of codes: ``9999 AA``."""
    inferred_type: str | None = None
    """For text: INTEGER, DOUBLE, BOOLEAN, DATE or TIMESTAMP when every non-blank value casts to it, else None."""
    numeric_share: float | None = None
    """For text: the share of non-NULL values that cast to a number; 0.0 if none in the first rows does."""
    nonfinite: int | None = None
    """For floating point: rows with NaN or an infinity. Every other number statistic leaves them out."""
    sample_rows: int | None = None
    """Rows of the uniform sample behind top_values, patterns and quantiles; None where they count all rows."""
    histogram: Histogram | None = None
    semantic: Semantic | None = None
    """For text whose values are of a known type."""
    personal: Personal | None = None
    dates: Dates | None = None
    """For text that holds dates in another form than ISO 8601, or in several."""
    constant: bool = False
    """Whether all values are the same one; missing ones are none."""
    trend: Trend | None = None
    """How the values go in the order of the rows, as far as ``trend_rows`` shows. A database's table has no order."""
    trend_rows: int | None = None
    """The first rows, which ``trend`` is judged by; None where the table has no order or the type none."""

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ColumnProfile:
        """The inverse of ``asdict``."""
        made = {**data}
        for name in ("top_values", "patterns", "shapes"):
            made[name] = [(value, count) for value, count in data.get(name, [])]
        for name, kind in _NESTED.items():
            made[name] = kind(**data[name]) if data.get(name) else None
        return cls(**made)


_NESTED: dict[str, type[Any]] = {"histogram": Histogram, "semantic": Semantic, "personal": Personal, "dates": Dates}


@dataclass(frozen=True)
class Profile:
    """The statistics of one table at one content version."""

    rows: int
    columns: list[ColumnProfile]
    candidate_keys: list[list[str]] = field(default_factory=list)
    """Column sets that are unique and complete in this version, shortest first; verified, not estimated."""
    scans: int = 1
    """Reads of the data: one for all columns, and one of a few columns for each doubt that it left (keys, rare values,
    dependencies)."""
    seconds: float = 0.0
    dependencies: list[Dependency] = field(default_factory=list)
    ordered: bool = True
    """False for a table whose engine knows no order of rows: nothing is said of trends there."""
    sample_rows: int | None = None
    """Rows of the sample behind whatever is not counted in all rows; None where the sample was the table."""

    def column(self, name: str) -> ColumnProfile:
        """The column of that name, compared without case. Raises KeyError."""
        for column in self.columns:
            if column.name.lower() == name.lower():
                return column
        raise KeyError(name)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-able values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Profile:
        """The inverse of :meth:`to_dict`, also after a trip through JSON."""
        columns = [ColumnProfile.from_dict(column) for column in data["columns"]]
        dependencies = [
            Dependency(**{**found, "examples": [(one, usual, odd) for one, usual, odd in found["examples"]]})
            for found in data.get("dependencies", [])
        ]
        return cls(**{**data, "columns": columns, "dependencies": dependencies})
