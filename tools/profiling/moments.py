"""Histograms of dates and timestamps, by the calendar: hours, days, weeks, months, years."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import MAXYEAR, UTC, datetime, timedelta
from functools import partial
from itertools import count, islice

from tools.profiling.bins import MOST_BINS
from tools.profiling.model import Histogram, Value

_DAY = 86_400
_SECONDS = (1, 5, 15, 60, 300, 900, 3600, 10_800, 21_600, 43_200)
_MONTHS = (1, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 6000)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BEGIN = (datetime(1, 1, 1, tzinfo=UTC) - _EPOCH).total_seconds()
_END = (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) - _EPOCH).total_seconds()
_MONDAY = 4 * _DAY
"""The first one after the epoch."""

Step = Callable[[float], Iterator[float]]


def histogram(
    low: str, high: str, pairs: Sequence[tuple[str, int]], *, days: bool, sample_rows: int | None
) -> Histogram | None:
    """Rows of moments, given as ISO 8601 with their rows, between two of them; None where there is no room between.

    What lies outside the years 1 to 9999 is not counted.
    """
    (first, last), edges = seconds([low, high]), list[float]()
    if first is None or last is None or not first < last:
        return None
    for step in _steps(days=days):
        edges = _between(step, first, last)
        if len(edges) <= MOST_BINS + 1:
            break
    rows = [0] * (len(edges) - 1)
    for moment, (_, number) in zip(seconds(text for text, _ in pairs), pairs, strict=True):
        if moment is not None and first <= moment <= last:
            rows[min(bisect_right(edges, moment), len(rows)) - 1] += number
    return Histogram([_iso(edge) for edge in edges], rows, sample_rows)


def _steps(*, days: bool) -> Iterator[Step]:
    """Ways to divide the time, the finest first."""
    yield from (partial(_evenly, width) for width in (() if days else _SECONDS))
    yield partial(_evenly, _DAY)
    yield partial(_evenly, 7 * _DAY, begin=_MONDAY)
    yield from (partial(_monthly, months) for months in _MONTHS)


def _evenly(width: int, first: float, begin: int = 0) -> Iterator[float]:
    return count((first - begin) // width * width + begin, width)


def _monthly(step: int, first: float) -> Iterator[float]:
    begin = _EPOCH + timedelta(seconds=first)
    at = (12 * begin.year + begin.month - 1) // step * step
    while at < 12 * MAXYEAR:
        yield (datetime(max(1, at // 12), at % 12 + 1, 1, tzinfo=UTC) - _EPOCH).total_seconds()
        at += step
    yield _END


def _between(step: Step, first: float, last: float) -> list[float]:
    """The edges from the first moment to beyond the last; one more than are wanted where there are too many."""
    found: list[float] = []
    for edge in islice(step(first), MOST_BINS + 2):
        found.append(edge)
        if edge > last:
            break
    return found


def seconds(texts: Iterable[str]) -> list[float | None]:
    """Dates and timestamps as seconds since 1970, None outside the years 1 to 9999."""
    return [_seconds(text) for text in texts]


def _seconds(text: str) -> float | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return ((found if found.tzinfo else found.replace(tzinfo=UTC)) - _EPOCH).total_seconds()


def _iso(edge: float) -> Value:
    """Seconds since 1970 as ISO 8601; a day where it is midnight."""
    found = _EPOCH + timedelta(seconds=min(max(edge, _BEGIN), _END))
    midnight = found.hour == found.minute == found.second == 0
    return found.date().isoformat() if midnight else found.replace(tzinfo=None).isoformat(timespec="seconds")
