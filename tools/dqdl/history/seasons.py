"""Patterns that repeat in a metric: the days of a week, the hours of a day, the months of a year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from tools.dqdl.history.points import Point

Floats = npt.NDArray[np.float64]

HOUR, DAY, WEEK, YEAR = 3600.0, 86_400.0, 604_800.0, 31_556_952.0
UNKNOWN_PERIODS = (7, 12, 24)
"""What is tried where the points have no times."""
LONGEST_PERIOD = 400
SMOOTHED = 15
"""Repetitions that a pattern is the (weighted) mean of, so that it may change slowly."""
MISSING = 0.4
"""With more of its places empty a series has no season that could be told."""
CLEAR, UNSURE = 0.65, 0.35
"""The scatter that a pattern may leave, as a share, with three repetitions or more, and with two."""
NAMES = {7: "weekly", 12: "yearly", 24: "daily", 52: "yearly"}


@dataclass(frozen=True)
class Timeline:
    """Where the points and the next one lie, in steps of their usual distance."""

    positions: Floats
    next: float
    periods: tuple[int, ...]
    """In steps: after how many a pattern may repeat."""
    timed: bool

    @classmethod
    def even(cls, count: int) -> Timeline:
        """Equally spaced points without times."""
        return cls(np.arange(count, dtype=np.float64), float(count), UNKNOWN_PERIODS, timed=False)

    @classmethod
    def of(cls, points: Sequence[Point], now: datetime) -> Timeline:
        """Points with times, oldest first; equally spaced where one of them has none."""
        stamps = [point.at.timestamp() for point in points if point.at is not None]
        if len(stamps) < len(points) or len(stamps) < 2:
            return cls.even(len(points))
        seconds = np.maximum.accumulate(np.array(stamps))
        gaps = np.diff(seconds)
        if not np.any(gaps > 0):
            return cls.even(len(points))
        step = _round(float(np.median(gaps[gaps > 0])))
        positions = (seconds - seconds[0]) / step
        after = (now.timestamp() - seconds[0]) / step
        return cls(positions, max(after, float(positions[-1]) + 1e-6), _periods(step), timed=True)

    def newest(self, count: int) -> Timeline:
        """Without all but the last points."""
        return Timeline(self.positions[-count:], self.next, self.periods, self.timed)


@dataclass(frozen=True)
class Season:
    """The seasonal part of each point and of the next."""

    past: Floats
    next: float
    doubt: float = 1.0
    """Factor of the scatter: a pattern of few repetitions has taken up some of it."""
    pattern: str = ""


def season(values: Floats, time: Timeline) -> Season:
    """The strongest pattern that repeats at least twice and explains much of the scatter, else nothing."""
    cells = np.rint(time.positions - time.positions[0]).astype(int)
    length = int(cells[-1]) + 1
    none = Season(np.zeros(len(values)), 0.0)
    # Two loads on one day are one day, as the later one left it.
    places, latest = np.unique(cells[::-1], return_index=True)
    if len(places) < (1 - MISSING) * max(length, len(cells)):
        return none
    regular = np.interp(np.arange(length), places, values[::-1][latest])
    found = {period: _left(regular, period) for period in time.periods if length >= 2 * period}
    if not found:
        return none
    best = min(found, key=lambda period: found[period])
    if found[best] > (UNSURE if length < 3 * best else CLEAR):
        return none
    return _decomposed(regular, cells, round(time.next - time.positions[0]), best, time.timed)


def _decomposed(regular: Floats, cells: npt.NDArray[np.int_], ahead: int, period: int, timed: bool) -> Season:
    from statsmodels.tsa.seasonal import STL

    repeats = min(len(regular) / period, SMOOTHED / 2)
    parts = STL(regular, period=period, seasonal=SMOOTHED, seasonal_deg=0, robust=True).fit().seasonal
    last = len(regular) - 1
    place = ahead if ahead <= last else last - (last - ahead) % period
    doubt = float(((repeats + 1) / (repeats - 1)) ** 0.8)
    named = timed and period in NAMES
    pattern = f"{NAMES[period]} pattern" if named else f"pattern of {period} points"
    return Season(parts[cells], float(parts[place]), doubt, pattern)


def _left(regular: Floats, period: int) -> float:
    """The scatter between repetitions, as a share of the scatter between points that are no repetitions.

    Differences need no idea of the trend, and one outlier or one shift of the level looks the same at every distance.
    """
    others = [_scatter(regular, lag) for lag in range(1, period)]
    around = float(np.mean(others))
    return _scatter(regular, period) / around if around > 0 else np.inf


def _scatter(regular: Floats, lag: int) -> float:
    apart = regular[lag:] - regular[:-lag]
    return _typical(apart - np.median(apart))


def _typical(residuals: Floats) -> float:
    """The mean distance from 0, the largest tenth left out: outliers are no pattern."""
    ordered = np.sort(np.abs(residuals))
    return float(np.mean(ordered[: max(1, int(len(ordered) * 0.9))]))


def _round(step: float) -> float:
    """Runs start some minutes early or late; a step that is nearly an hour, a day or a week is one."""
    return next((unit for unit in (HOUR, DAY, WEEK) if abs(step / unit - 1) < 0.1), step)


def _periods(step: float) -> tuple[int, ...]:
    if step < 0.9 * DAY:
        found = [round(DAY / step), round(WEEK / step)]
    elif step < 0.9 * WEEK:
        found = [round(WEEK / step)]
    else:
        found = [round(YEAR / step)]
    return tuple(period for period in found if 2 <= period <= LONGEST_PERIOD)
