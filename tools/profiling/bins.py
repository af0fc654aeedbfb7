"""Histograms: bins of equal width whose edges are round numbers, or days."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from tools.profiling.model import Histogram, Value

MOST_BINS = 20
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_DAY = 86_400.0
_MOMENTS = (1, 5, 15, 60, 300, 900, 3600, 10_800, 21_600, 43_200)
_DAYS = (1, 2, 7, 14, 30, 91, 182, 365, 730, 1826, 3652, 18_262, 36_525)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Bins:
    """``number`` bins from ``start`` on, each ``width`` wide."""

    start: float
    width: float
    number: int

    def histogram(self, counts: Mapping[int, int], *, sample_rows: int | None, moments: bool = False) -> Histogram:
        """The rows of each bin; what rounding puts beyond the last bin belongs to it."""
        rows = [0] * self.number
        for place, count in counts.items():
            rows[min(max(place, 0), self.number - 1)] += count
        edges: list[Value] = [_round(self.start + place * self.width) for place in range(self.number + 1)]
        return Histogram([moment(edge) for edge in edges] if moments else edges, rows, sample_rows)

    def count(self, values: pa.ChunkedArray, weights: pa.ChunkedArray | None = None) -> dict[int, int]:
        """Finite numbers by bin."""
        numbers = values.cast(pa.float64(), safe=False)
        places = pc.floor(pc.divide(pc.subtract(numbers, self.start), self.width))
        rows = weights if weights is not None else pa.chunked_array([pa.repeat(1, len(places))])
        counted = (
            pa.table({"bin": places, "rows": rows}).filter(pc.is_finite(places)).group_by("bin", use_threads=False)
        )
        summed = counted.aggregate([("rows", "sum")])
        return {int(b): int(n) for b, n in zip(summed["bin"].to_pylist(), summed["rows_sum"].to_pylist(), strict=True)}


def number_bins(low: float, high: float, *, whole: bool) -> Bins | None:
    """Bins for numbers between two; None where there is no room between them."""
    if not (math.isfinite(high - low) and low < high) or high - low < 1e-9 * max(abs(low), abs(high)):
        return None
    raw = (high - low) / MOST_BINS
    power = 10.0 ** math.floor(math.log10(raw))
    width = next(step * power for step in _STEPS if step * power >= raw * (1 - 1e-12))
    width = max(1.0, float(math.ceil(width))) if whole else width
    return _between(low, high, width)


def moment_bins(first: float, last: float, *, days: bool) -> Bins | None:
    """Bins for seconds since 1970, at least a day wide for dates."""
    if not first < last:
        return None
    raw = (last - first) / MOST_BINS
    spans = ([] if days else [float(width) for width in _MOMENTS]) + [days_ * _DAY for days_ in _DAYS]
    width = next((span for span in spans if span >= raw), math.ceil(raw / (3652.0 * _DAY)) * 3652.0 * _DAY)
    return _between(first, last, width)


def _between(low: float, high: float, width: float) -> Bins:
    start = _round(math.floor(low / width) * width)
    return Bins(start, width, max(1, math.ceil((high - start) / width - 1e-9)))


def _round(value: float) -> float:
    """Without the noise of binary digits."""
    return float(f"{value:.12g}")


def seconds(texts: Iterable[str]) -> list[float | None]:
    """Dates and timestamps as seconds since 1970, None outside the years 1 to 9999."""
    return [_seconds(text) for text in texts]


def _seconds(text: str) -> float | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return ((found if found.tzinfo else found.replace(tzinfo=UTC)) - _EPOCH).total_seconds()


def moment(edge: Value) -> Value:
    """Seconds since 1970 as ISO 8601; a day where it is midnight."""
    try:
        found = _EPOCH + timedelta(seconds=float(edge or 0))
    except OverflowError:
        return None
    midnight = found.hour == found.minute == found.second == 0
    return found.date().isoformat() if midnight else found.replace(tzinfo=None).isoformat(timespec="seconds")
