"""Counting values, masks and quantiles of Arrow columns in memory."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Mapping
from decimal import Decimal
from itertools import accumulate
from string import ascii_lowercase, ascii_uppercase, digits

import pyarrow as pa
import pyarrow.compute as pc

from tools.profiling.model import Value

PERCENTS = (5, 25, 50, 75, 95)
_FEW = 100
_TOP = 10
_JUDGED = 1_000
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
    table = pa.table({"value": counted.field("values"), "count": counted.field("counts")})
    return table.sort_by([("count", "descending"), ("value", "ascending")])


def top(counts: pa.Table, kind: str) -> list[tuple[Value, int]]:
    """All values where there are few, otherwise the most frequent ten."""
    kept = counts.slice(0, _FEW if counts.num_rows <= _FEW else _TOP)
    pairs = zip(kept["value"].to_pylist(), kept["count"].to_pylist(), strict=True)
    return [(_shown(value, kind), count) for value, count in pairs]


def masks(counts: pa.Table) -> dict[str, list[tuple[str, int]]]:
    """The most frequent masks of text, letters to A or a, digits to 9: as ``shapes``, and folded as ``patterns``."""
    exact = _summed(_shapes(counts["value"]), counts["count"])
    folded = exact["mask"]
    for pattern, letter in _MASKS:
        folded = pc.replace_substring_regex(folded, pattern, letter)
    return {"shapes": _most(exact), "patterns": _most(_summed(folded, exact["count"]))}


def _shapes(texts: pa.ChunkedArray) -> pa.Array:
    """ASCII letters and digits masked in place: in UTF-8 no other character has their bytes."""
    joined = pa.concat_arrays([*texts.cast(pa.large_string()).chunks, pa.array([], pa.large_string())])
    valid, offsets, data = joined.buffers()
    masked = pa.py_buffer((data.to_pybytes() if data else b"").translate(_SHAPES))
    return pa.Array.from_buffers(pa.large_string(), len(joined), [valid, offsets, masked], offset=joined.offset)


def _summed(masks_: pa.Array | pa.ChunkedArray, counts: pa.ChunkedArray) -> pa.Table:
    counted = pa.table({"mask": masks_, "count": counts})
    grouped = counted.group_by("mask", use_threads=False).aggregate([("count", "sum")])
    ordered = grouped.sort_by([("count_sum", "descending"), ("mask", "ascending")])
    return ordered.select(["mask", "count_sum"]).rename_columns(["mask", "count"])


def _most(masks_: pa.Table) -> list[tuple[str, int]]:
    kept = masks_.slice(0, _TOP)
    return list(zip(kept["mask"].to_pylist(), kept["count"].to_pylist(), strict=True))


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
    ordered = counts.filter(pc.greater(counts["count"], 0)).sort_by("value")
    values = [float(value) for value in ordered["value"].to_pylist()]
    ends = list(accumulate(ordered["count"].to_pylist()))
    result = {}
    for percent in PERCENTS if ends else ():
        place = (ends[-1] - 1) * percent / 100
        low, high = (values[bisect_right(ends, rank)] for rank in (math.floor(place), math.ceil(place)))
        result[str(percent)] = low + (high - low) * (place - math.floor(place))
    return result


def pairs(counts: pa.Table) -> list[tuple[str, int]]:
    """Texts with their rows, the first thousand."""
    kept = counts.slice(0, _JUDGED)
    return list(zip(kept["value"].to_pylist(), kept["count"].to_pylist(), strict=True))


def iso_all(texts: pa.ChunkedArray) -> list[str]:
    """Dates or times as the engine writes them, in ISO 8601."""
    return [iso(text) for text in texts.to_pylist()]


def from_texts(counts: Mapping[str, int]) -> pa.Table:
    """Counts by the engine's text of a value as a table like that of :func:`counts_of`."""
    kept = sorted(((text, count) for text, count in counts.items() if count), key=lambda pair: (-pair[1], pair[0]))
    values = pa.array([text for text, _ in kept], pa.string())
    return pa.table({"value": values, "count": pa.array([count for _, count in kept], pa.int64())})


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
