"""Counting values, masks and quantiles of Arrow columns in memory."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import accumulate
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tools.profiling.arrays import ordered, texts, wholes
from tools.profiling.model import Value

PERCENTS = (5, 25, 50, 75, 95)
_FEW = 100
_TOP = 10
JUDGED = 1_000
"""Texts that are looked at for what they mean."""
_FRACTION = re.compile(r"(\.\d*?[1-9])0+(?=\D|$)|\.0+(?=\D|$)")
_SHAPES = bytes.maketrans(
    (ascii_uppercase + ascii_lowercase + digits).encode(), ("A" * 26 + "a" * 26 + "9" * 10).encode()
)
_MASKS = ((r"\p{Lu}+", "A"), (r"[\p{Ll}\p{Lo}\p{Lm}\p{Lt}]+", "a"), (r"\p{Nd}+", "9"))


def counts_of(values: pa.ChunkedArray) -> pa.Table:
    """Columns ``value`` and ``count``, without NULL, most frequent first, ties by value."""
    present = pc.drop_null(values)
    if pa.types.is_floating(present.type):
        present = present.filter(pc.is_finite(present))
    counted = pc.value_counts(present)
    return by_count(pa.table({"value": counted.field("values"), "count": counted.field("counts")}))


def by_count(counts: pa.Table) -> pa.Table:
    """Most frequent first, ties by value."""
    return ordered(counts, ("count", "descending"), ("value", "ascending"))


def top(counts: pa.Table, kind: str) -> list[tuple[Value, int]]:
    """All values where there are few, otherwise the most frequent ten."""
    return [(_shown(value, kind), rows) for value, rows in pairs(counts, _FEW if counts.num_rows <= _FEW else _TOP)]


def few(counts: pa.Table, most: int, kind: str) -> list[tuple[Value, int]]:
    """All values with their rows, most frequent first; [] if there are more than ``most``."""
    return [(_shown(value, kind), rows) for value, rows in pairs(counts, most)] if counts.num_rows <= most else []


def masks(counts: pa.Table) -> dict[str, list[tuple[str, int]]]:
    """The most frequent masks of text, letters to A or a, digits to 9: as ``shapes``, and folded as ``patterns``."""
    exact = _summed(_shapes(counts["value"]), counts["count"].to_pylist())
    folded = texts([mask for mask, _ in exact])
    for pattern, letter in _MASKS:
        folded = pc.replace_substring_regex(folded, pattern, letter)
    return {"shapes": exact[:_TOP], "patterns": _summed(folded, [rows for _, rows in exact])[:_TOP]}


def _shapes(values: pa.ChunkedArray) -> pa.Array:
    """ASCII letters and digits masked in place: in UTF-8 no other character has their bytes."""
    joined = pa.concat_arrays([*values.cast(pa.large_string()).chunks, pa.nulls(0, pa.large_string())])
    valid, offsets, data = joined.buffers()
    masked = pa.py_buffer((data.to_pybytes() if data else b"").translate(_SHAPES))
    return pa.Array.from_buffers(pa.large_string(), len(joined), [valid, offsets, masked], offset=joined.offset)


def _summed(found: pa.Array, counts: Sequence[int]) -> list[tuple[str, int]]:
    """Masks with their rows, most frequent first, ties by mask."""
    summed: Counter[str] = Counter()
    for mask, rows in zip(found.to_pylist(), counts, strict=True):
        summed[mask] += rows
    return sorted(summed.items(), key=lambda pair: (-pair[1], pair[0]))


def quantiles(values: pa.ChunkedArray) -> dict[str, float]:
    """Quantiles by linear interpolation between the two nearest ranks; {} without finite values."""
    numbers = values.cast(pa.float64(), safe=False)
    numbers = numbers.filter(pc.is_finite(numbers))
    if not len(numbers):
        return {}
    found = pc.quantile(numbers, [percent / 100 for percent in PERCENTS]).to_pylist()
    return {str(percent): value for percent, value in zip(PERCENTS, found, strict=True)}


def weighted_quantiles(counts: pa.Table) -> dict[str, float]:
    """The same from values with their rows."""
    rising = sorted((float(value), rows) for value, rows in pairs(counts) if rows)
    values = [value for value, _ in rising]
    ends = list(accumulate(rows for _, rows in rising))
    result = {}
    for percent in PERCENTS if ends else ():
        place = (ends[-1] - 1) * percent / 100
        low, high = (values[bisect_right(ends, rank)] for rank in (math.floor(place), math.ceil(place)))
        result[str(percent)] = low + (high - low) * (place - math.floor(place))
    return result


def pairs(counts: pa.Table, most: int | None = None) -> list[tuple[Any, int]]:
    """Values with their rows, most frequent first."""
    kept = counts.slice(0, most)
    return list(zip(kept["value"].to_pylist(), kept["count"].to_pylist(), strict=True))


def from_texts(counts: Mapping[str, int]) -> pa.Table:
    """Counts by the engine's text of a value as a table like that of :func:`counts_of`."""
    kept = sorted(((text, count) for text, count in counts.items() if count), key=lambda pair: (-pair[1], pair[0]))
    return pa.table({"value": texts([text for text, _ in kept]), "count": wholes([count for _, count in kept])})


def _shown(value: object, kind: str) -> Value:
    if not isinstance(value, str) or kind == "text":
        return plain(value)
    if kind == "boolean":
        return value in ("true", "t", "1")
    if kind == "number":
        return float(value) if "." in value else int(value)
    return iso(value)


def distinct_values(values: pa.ChunkedArray, most: int) -> list[str] | None:
    """The distinct non-NULL values as the engine writes them, or None if there are more than ``most``."""
    found = pc.unique(pc.drop_null(values))
    if len(found) > most:
        return None
    return sorted(str(value).lower() if isinstance(value, bool) else str(value) for value in found.to_pylist())


def plain(value: object) -> Value:
    """A value that goes to JSON: decimals as numbers, times as ISO 8601 text, never NaN."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and value.as_tuple().exponent == 0 else float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return str(value)


def iso(text: str) -> str:
    """An engine's text of a date or time as ISO 8601, without zeros at the end of a fraction."""
    stamp = text.replace(" ", "T", 1) if text[10:11] == " " and text[11:12].isdigit() else text
    stamp = _FRACTION.sub(r"\1", stamp)
    return stamp + ":00" if "T" in stamp and stamp[-3:-2] in "+-" and stamp[-3:-2] else stamp
