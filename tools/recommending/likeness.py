"""How alike two columns are, told from their statistics and not from their names."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tools.profiling.model import ColumnProfile, Profile

MOST_MASKS = 5
SAME = 0.8
"""Likeness from which on a column that is gone and one that is new are taken for one."""
FEW = 50
"""Different values up to which two columns can be compared by them."""


@dataclass(frozen=True)
class Traits:
    """What is kept of a column to know its like again. Holds no value of the data."""

    kind: str
    meaning: str
    """The semantic type, the kind of personal data, or the type that a text holds; empty where none is known."""
    missing: float
    """Share of the rows."""
    distinct: float
    """Share of the rows with a value."""
    masks: dict[str, float] = field(default_factory=dict)
    """The most frequent patterns with their share."""
    longest: int | None = None
    magnitude: float | None = None
    """Of numbers: the decimal logarithm of the mean's amount."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-able values."""
        return asdict(self)


def traits(column: ColumnProfile, rows: int) -> Traits:
    """The traits of a column of a table with so many rows."""
    present = rows - column.nulls
    known = column.semantic.type if column.semantic else column.personal.kind if column.personal else ""
    seen = sum(count for _, count in column.patterns) or 1
    return Traits(
        kind=column.kind,
        meaning=known or column.inferred_type or "",
        missing=round(column.nulls / rows, 4) if rows else 0.0,
        distinct=round(min(1.0, column.distinct / present), 4) if present else 0.0,
        masks={mask: round(count / seen, 3) for mask, count in column.patterns[:MOST_MASKS]},
        longest=column.max_length,
        magnitude=None if column.mean is None else round(math.log10(abs(column.mean) + 1), 2),
    )


def likeness(one: Traits, other: Traits) -> float:
    """0 for columns of different kinds, up to 1 for the same statistics: a weighted mean of what both have."""
    if one.kind != other.kind:
        return 0.0
    return _mean(_parts(one, other))


def renamed(before: Profile, after: Profile) -> dict[str, str]:
    """By lower-cased names of columns that are gone those that stand in their place and look like them.

    A pair must be alike in statistics, values and place; each column is in one pair at most, the likest first.
    """
    old, new = ({column.name.lower(): at for at, column in enumerate(p.columns)} for p in (before, after))
    pairs = [
        (_same(before, old[gone], after, new[came]), gone, after.columns[new[came]].name)
        for gone in old.keys() - new.keys()
        for came in new.keys() - old.keys()
    ]
    found: dict[str, str] = {}
    for score, gone, came in sorted(pairs, key=lambda pair: (-pair[0], *pair[1:])):
        if score >= SAME and gone not in found and came not in found.values():
            found[gone] = came
    return found


def _parts(one: Traits, other: Traits) -> Iterator[tuple[float, float]]:
    """Pairs of weight and likeness."""
    yield 1, 1 - min(1.0, 2 * abs(one.missing - other.missing))
    yield 1, 1 - abs(one.distinct - other.distinct)
    if one.meaning or other.meaning:
        yield 2, float(one.meaning == other.meaning)
    if one.masks and other.masks:
        yield 2, min(1.0, sum(min(share, other.masks.get(mask, 0.0)) for mask, share in one.masks.items()))
    if one.longest and other.longest:
        yield 1, min(one.longest, other.longest) / max(one.longest, other.longest)
    if one.magnitude is not None and other.magnitude is not None:
        yield 1, max(0.0, 1 - abs(one.magnitude - other.magnitude) / 2)


def _same(before: Profile, gone: int, after: Profile, came: int) -> float:
    one, other = before.columns[gone], after.columns[came]
    alike = likeness(traits(one, before.rows), traits(other, after.rows))
    if not alike:
        return 0.0
    around = [{_name(p, at - 1), _name(p, at + 1)} for p, at in ((before, gone), (after, came))]
    place = 1.0 if gone == came or around[0] & around[1] else 0.0
    values = _values(one, other)
    return _mean([(3, alike), (1, place), *([] if values is None else [(2.0, values)])])


def _name(profile: Profile, at: int) -> str | None:
    """The column there; None is what stands before the first one and after the last."""
    return profile.columns[at].name.lower() if 0 <= at < len(profile.columns) else None


def _values(one: ColumnProfile, other: ColumnProfile) -> float | None:
    """How far the values are the same, where the profiles tell."""
    if one.top_values and other.top_values and max(one.distinct, other.distinct) <= FEW:
        mine, theirs = ({str(value) for value, _ in column.top_values} for column in (one, other))
        return len(mine & theirs) / len(mine | theirs)
    if one.kind == "number" and one.quantiles and other.quantiles:
        return _overlap(one.quantiles, other.quantiles)
    return None


def _overlap(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    low, high = max(one["5"], other["5"]), min(one["95"], other["95"])
    whole = max(one["95"], other["95"]) - min(one["5"], other["5"])
    return max(0.0, high - low) / whole if whole else float(low == high)


def _mean(parts: Any) -> float:
    weighed = list(parts)
    return float(sum(weight * value for weight, value in weighed) / sum(weight for weight, _ in weighed))
