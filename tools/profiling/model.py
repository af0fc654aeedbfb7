"""What a profile holds: plain values only, so that it goes to JSON and back unchanged."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

Value = str | int | float | bool | None
"""A data value in a profile. Dates and timestamps are ISO 8601 text, decimals are floats."""


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


@dataclass(frozen=True)
class Profile:
    """The statistics of one table at one content version."""

    rows: int
    columns: list[ColumnProfile]
    candidate_keys: list[list[str]] = field(default_factory=list)
    """Column sets that are unique and complete in this version, shortest first; verified, not estimated."""
    scans: int = 1
    """Reads of the whole data: one for all statistics, one more where keys or rare values had to be made sure of."""
    seconds: float = 0.0

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
        columns = [
            ColumnProfile(
                **{
                    **column,
                    "top_values": [(value, count) for value, count in column["top_values"]],
                    "patterns": [(mask, count) for mask, count in column["patterns"]],
                    "shapes": [(mask, count) for mask, count in column["shapes"]],
                }
            )
            for column in data["columns"]
        ]
        return cls(**{**data, "columns": columns})
