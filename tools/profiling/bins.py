"""Histograms of numbers: bins of equal width whose edges are round numbers, or one for each of a few values."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from tools.profiling.arrays import double
from tools.profiling.model import Histogram, Value

MOST_BINS = 20
_NARROW = 100
"""Whole numbers in a bin, below which one more in the last bin would show."""
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Bins:
    """``number`` bins from ``start`` on, each ``width`` wide."""

    start: float
    width: float
    number: int

    def histogram(self, counts: Mapping[int, int], *, sample_rows: int | None) -> Histogram:
        """The rows of each bin; what rounding puts beyond the last bin belongs to it."""
        rows = [0] * self.number
        for place, count in counts.items():
            rows[min(max(place, 0), self.number - 1)] += count
        return Histogram([_round(self.start + at * self.width) for at in range(self.number + 1)], rows, sample_rows)

    def count(self, values: pa.ChunkedArray, rows: pa.ChunkedArray) -> dict[int, int]:
        """Rows with finite numbers by bin."""
        numbers = values.cast(pa.float64(), safe=False)
        places = pc.floor(pc.divide(pc.subtract(numbers, double(self.start)), double(self.width)))
        found: Counter[int] = Counter()
        for place, count in zip(places.to_pylist(), rows.to_pylist(), strict=True):
            if math.isfinite(place):
                found[int(place)] += count
        return found


def number_bins(low: float, high: float, *, whole: bool) -> Bins | None:
    """Bins for numbers between two; None where there is no room between them.

    Narrow bins of whole numbers hold equally many each: the last one ends above the greatest.
    """
    if not (math.isfinite(high - low) and low < high) or high - low < 1e-9 * max(abs(low), abs(high)):
        return None
    end = high + 1 if whole and high - low < MOST_BINS * _NARROW else high
    least = (end - low) / MOST_BINS
    power = 10.0 ** math.floor(math.log10(least))
    widths = (step * power for step in _STEPS if not whole or (step * power).is_integer())
    width = next(width for width in widths if width >= least * (1 - 1e-12))
    start = _round(math.floor(low / width) * width)
    return Bins(start, width, max(1, math.ceil((end - start) / width - 1e-9)))


def by_value(pairs: Sequence[tuple[Value, int]]) -> Histogram | None:
    """A bin for each of at most twenty whole numbers, given with their rows; None for more, and for other numbers."""
    whole = all(isinstance(value, (int, float)) and value == int(value) for value, _ in pairs)
    if not (whole and 0 < len(pairs) <= MOST_BINS):
        return None
    ordered = sorted((int(value or 0), count) for value, count in pairs)
    values: list[Value] = [value for value, _ in ordered]
    return Histogram([*values, values[-1]], [count for _, count in ordered], by_value=True)


def _round(value: float) -> float:
    """Without the noise of binary digits."""
    return float(f"{value:.12g}")
