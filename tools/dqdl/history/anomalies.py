"""What the next point of a metric may be, learnt from its earlier points.

The range is a prediction interval. It follows trends (the Theil-Sen slope, where Kendall's test finds one), random
walks (the differences, where they scatter less than the levels) and seasons (see seasons.py). Its width comes from Qn,
the robust scale of Rousseeuw and Croux, and Student's t. One outlier does not widen it; three in a row on the same
side begin a new level, and until then the level that the last ones began counts as normal beside the old one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from tools.dqdl.history.points import Point
from tools.dqdl.history.seasons import Timeline, season

Floats = npt.NDArray[np.float64]

LEAST = 3
"""Fewer points say nothing about what is normal."""
LONGEST = 1_000
"""Only the newest points count: for the season these, for level and scatter the newest of them (see WINDOW)."""
REMEMBERED = 120
WINDOW = 40
SHIFT = 3
"""So many points in a row outside, on the same side, are a new level and no outliers."""
ROBUST = 15
"""From here on Qn; below, it would be too uncertain, and the standard deviation serves."""
TAIL = 0.0025
"""The share of normal points on each side of the range, where the model is right."""
LENIENT = 3
"""Extra degrees of freedom: with three points an honest interval would let almost everything pass."""
NORMAL_KEPT = 0.79
"""What is left of the standard deviation of normal points without their largest tenth."""
FLOOR = 0.001
"""The least half width, as a share of the level: a metric that never changed may move by this much."""
TREND_Z = 2.33
"""Kendall's statistic beyond which a trend is believed (1 % in each direction)."""


@dataclass(frozen=True)
class Range:
    """Both ends are inside."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Expectation:
    """What was expected of a point."""

    usual: Range
    points: int
    """How many earlier points it was learnt from."""
    pattern: str
    """For a person: "steady", "rising", "with a pattern of 7 points"."""
    recent: Range | None = None
    """Around the last points, where they left the usual range: that is news only once."""
    normal: tuple[Range, ...] = ()
    """Around the values that a person called normal."""

    def allows(self, value: float) -> bool:
        """Whether the value is no anomaly."""
        others = (*self.normal, self.recent) if self.recent else self.normal
        return value in self.usual or any(value in other for other in others)


def expect(
    points: Sequence[Point], timeline: Timeline | None = None, normal: Sequence[float] = ()
) -> Expectation | None:
    """What the next point after these (oldest first, the tested one not among them) may be; None for too few.

    ``timeline`` places the points in time; without one they are equally spaced. Around the ``normal`` values nothing is
    an anomaly.
    """
    if len(points) < LEAST:
        return None
    values = np.array([point.value for point in points[-LONGEST:]], dtype=np.float64)
    time = (timeline or Timeline.even(len(points))).newest(len(values))
    found = season(values, time)
    flat = values - found.past
    learnt = _Learnt(time.positions[-REMEMBERED:], flat[-REMEMBERED:], found.doubt)
    fit = learnt.fit()
    recent = learnt.recent(fit)
    return Expectation(
        usual=_shifted(fit.range(time.next), found.next),
        points=len(values),
        pattern=", ".join(part for part in (fit.pattern, found.pattern) if part),
        recent=None if recent is None else _shifted(recent, found.next),
        normal=tuple(fit.around(value) for value in normal),
    )


def _shifted(found: Range, by: float) -> Range:
    return Range(float(found.low + by), float(found.high + by))


@dataclass(frozen=True)
class _Fit:
    """A line through the points of one level, and how far from it the next may lie."""

    level: float
    slope: float
    origin: float
    half: float
    """Half of the width of the range at the next point, the uncertainty of the line aside."""
    count: int
    middle: float
    spread: float
    """Sum of squared distances of the positions from their middle; 0 where the line's slope is not estimated."""
    walk: bool
    scale: float

    def range(self, position: float) -> Range:
        ahead = position - self.origin
        center = self.level + self.slope * ahead
        if self.walk:
            factor = math.sqrt(max(1.0, ahead))
        else:
            lever = (position - self.middle) ** 2 / self.spread if self.spread else 0.0
            factor = math.sqrt(1 + 1 / self.count + lever)
        half = max(self.half * factor, FLOOR * abs(center), 1e-12)
        return Range(center - half, center + half)

    def around(self, center: float, points: int = 1) -> Range:
        """The range around a level that only so many points speak for."""
        half = max(self.half * math.sqrt(1 + 1 / points), FLOOR * abs(center), 1e-12)
        return Range(center - half, center + half)

    @property
    def pattern(self) -> str:
        if self.walk:
            return "changing step by step"
        return "steady" if not self.slope else "rising" if self.slope > 0 else "falling"


@dataclass
class _Learnt:
    """Walks through the points as they came, and keeps those of the present level."""

    positions: Floats
    values: Floats
    doubt: float
    """Factor of the scale, for what the season took away."""
    level: list[int] = field(default_factory=list)
    run: list[int] = field(default_factory=list)
    """The last points, where they lie outside of what was expected, all on the same side."""
    odd: set[int] = field(default_factory=set)
    prior: tuple[float, int] | None = None
    """Scale and number of the points of the level before."""

    def __post_init__(self) -> None:
        for index in range(len(self.values)):
            self._take(index)

    def fit(self) -> _Fit:
        return self._fitted(self.level)

    def recent(self, fit: _Fit) -> Range | None:
        """The range around the level that the last points began."""
        if not self.run:
            return None
        return fit.around(float(np.median(self.values[self.run])), len(self.run))

    def _take(self, index: int) -> None:
        if len(self.level) < LEAST:
            self.level.append(index)
            return
        fit = self.fit()
        expected, value = fit.range(self.positions[index]), self.values[index]
        if value in expected:
            self._join(index)
            return
        above = value > expected.high
        if self.run and (self.values[self.run[-1]] > expected.high) == above:
            self.run.append(index)
        else:
            self._join()
            self.run = [index]
        if len(self.run) >= SHIFT:
            self.prior = (fit.scale, len(self.level))
            self.level, self.run, self.odd = self.run, [], set()

    def _join(self, *more: int) -> None:
        """The run was no new level: its points are outliers of this one."""
        self.odd.update(self.run)
        self.level += [*self.run, *more]
        self.run = []

    def _fitted(self, chosen: list[int]) -> _Fit:
        window = chosen[-WINDOW:]
        odd = [index for index in window if index in self.odd]
        if len(window) < ROBUST and 0 < len(odd) <= len(window) / 7 and len(window) - len(odd) >= LEAST:
            window = [index for index in window if index not in self.odd]
        return _fit(self.positions[window], self.values[window], self.doubt, self.prior)


def _fit(x: Floats, y: Floats, doubt: float, prior: tuple[float, int] | None) -> _Fit:
    count, origin = len(y), float(x[-1])
    slope = _slope(x, y)
    base = y - slope * (x - origin)
    level = float(np.median(base))
    scale, freedom = _scale(base - level, 1 + (slope != 0))
    walk = False
    if count >= 8:
        gaps = np.maximum(np.diff(x), 1e-9)
        drift = float(np.median(np.diff(y) / gaps))
        jumps = (np.diff(y) - drift * gaps) / np.sqrt(np.maximum(gaps, 1.0))
        jump, jump_freedom = _scale(jumps, 1)
        if jump < scale:
            walk, slope, level, scale, freedom = True, drift, float(y[-1]), jump, jump_freedom
    if prior is not None and count < ROBUST:
        known = float(min(prior[1] - 1, 10))
        scale = math.sqrt((known * prior[0] ** 2 + freedom * scale**2) / (known + freedom))
        freedom += known
    half = _quantile(round(freedom) + LENIENT) * scale * doubt
    middle = float(np.mean(x))
    spread = float(np.sum((x - middle) ** 2)) if slope and not walk else 0.0
    return _Fit(level, slope, origin, half, count, middle, spread, walk, scale)


def _slope(x: Floats, y: Floats) -> float:
    """Theil and Sen's slope where Kendall's test finds a trend, else 0."""
    count = len(x)
    if count < 5:
        return 0.0
    first, second = np.triu_indices(count, 1)
    across, up = x[second] - x[first], y[second] - y[first]
    apart = across > 0
    statistic = float(np.sum(np.sign(up[apart])))
    deviation = math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    if max(0.0, abs(statistic) - 1) / deviation < TREND_Z and abs(statistic) < len(first):
        return 0.0
    return float(np.median(up[apart] / across[apart]))


def _scale(residuals: Floats, used: int) -> tuple[float, float]:
    """The standard deviation that the residuals speak for, and its degrees of freedom."""
    count = len(residuals)
    freedom = max(1, count - used)
    classic = math.sqrt(float(np.sum(residuals**2)) / freedom)
    if count < ROBUST:
        return classic, freedom
    from statsmodels.robust.scale import qn_scale

    robust = float(qn_scale(residuals)) or _trimmed(residuals)
    return robust * math.sqrt(count / freedom), 0.82 * freedom


def _trimmed(residuals: Floats) -> float:
    """The scatter without the largest tenth, for counts of few different values, where Qn is 0 although they vary."""
    kept = np.sort(np.abs(residuals))[: int(len(residuals) * 0.9)]
    return float(np.sqrt(np.mean(kept**2))) / NORMAL_KEPT


@lru_cache(maxsize=256)
def _quantile(freedom: int) -> float:
    from scipy.stats import t

    return float(t.ppf(1 - TAIL, freedom))
