"""Rules on numbers: what they may be, and what they are on average.

Bounds come from the middle half of the values, never from the extremes, so that an error in the data does not become
the limit: a fence of three times the spread beyond the upper quartile (J. W. Tukey, Exploratory Data Analysis, 1977),
wider where the values are skewed, as amounts and counts are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from tools.dqdl.language.model import Between, Compare, Condition, Member
from tools.profiling.model import ColumnProfile, Profile
from tools.recommending import names
from tools.recommending.candidate import Candidate, Evidence, build, fact, nice, number, on, shown

SIGNED_FENCE = 5.0
ABSURD = 2.0
"""A value this many times beyond the fence is suspected; nearer to it the column just has a long tail."""
SMALL, ROOM = 50, 4
"""A count with few values, all below SMALL, may grow by the factor ROOM: an order of 12 pieces is no error."""
CONTINUOUS = 20
"""More different values than this make a measurement."""
ENOUGH_ROWS = 50
LARGEST = 1e15
"""Beyond this a double no longer tells whole numbers apart, and values are hashes or errors rather than quantities."""
KNOWN_RANGES = {"latitude": 90, "lat": 90, "longitude": 180, "lon": 180, "lng": 180}


def numbers(column: ColumnProfile, profile: Profile) -> Iterator[Candidate]:
    """A range, a set of codes, and for clean measurements the mean, the spread and the sum."""
    low, high = _number(column.min), _number(column.max)
    if column.kind != "number" or low is None or high is None or profile.rows < ENOUGH_ROWS:
        return
    if max(-low, high) > LARGEST:
        return
    counter = _whole(column) and column.distinct == profile.rows and high - low < 2 * profile.rows
    if counter or names.identifies(column.name) or names.has(column.name, names.CODED - {"year"}):
        return
    found = _flags(column, low, high) or _known(column, low, high)
    if found:
        yield found
        return
    found = _range(column, low, high)
    if found:
        yield found
    if not (found and found.suspects) and column.distinct > CONTINUOUS and names.never_negative(column.name):
        yield from _averages(column, profile.rows - column.nulls)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _values(
    column: ColumnProfile, condition: Condition, reason: str, facts: Evidence, sure: float, suspects: bool
) -> Candidate:
    return build(on("ColumnValues", column, condition, guard=True), reason, facts, sure, suspects=suspects)


def _flags(column: ColumnProfile, low: float, high: float) -> Candidate | None:
    if column.distinct != 2 or (low, high) != (0, 1):
        return None
    facts: Evidence = {f"column.{column.name}.min": 0, f"column.{column.name}.max": 1}
    return _values(
        column, Member((number(0), number(1))), "The only values are 0 and 1, a yes or no.", facts, 0.9, False
    )


def _known(column: ColumnProfile, low: float, high: float) -> Candidate | None:
    """Bounds that the meaning of the name gives: coordinates and shares."""
    facts: Evidence = {f"column.{column.name}.min": fact(low), f"column.{column.name}.max": fact(high)}
    seen = f"the values go from {shown(low)} to {shown(high)}"
    reach = next((KNOWN_RANGES[word] for word in names.words(column.name) if word in KNOWN_RANGES), None)
    if reach is not None and column.kind == "number" and max(-low, high) <= 10 * reach:
        bound = Between(number(-reach - 1), number(reach + 1))
        reason = f"It is a coordinate in degrees: {seen}, and none can be beyond {reach}."
        return _values(column, bound, reason, {**facts, "bound": reach}, 0.9, not -reach <= low <= high <= reach)
    if names.has(column.name, names.SHARE) and low >= 0 and high <= 1:
        reason = f"It is a share: {seen}, and none should exceed 1 or be below 0."
        bound = Between(number(-0.000001), number(1.000001))
        return _values(column, bound, reason, {**facts, "bound.low": 0, "bound.high": 1}, 0.8, False)
    return None


def _range(column: ColumnProfile, low: float, high: float) -> Candidate | None:
    found = [column.quantiles.get(key) for key in ("5", "25", "50", "75", "95")]
    quantiles = [q for q in found if q is not None and math.isfinite(q)]
    if len(quantiles) < len(found):
        return None
    doubtful = low < 0 and (quantiles[0] < 0 or not names.never_negative(column.name))
    if doubtful or names.has(column.name, names.SIGNED):
        return _signed(column, low, high, quantiles[1], quantiles[3])
    return _unsigned(column, low, high, quantiles)


def _unsigned(column: ColumnProfile, low: float, high: float, quantiles: list[float]) -> Candidate | None:
    q5, q25, q50, q75, q95 = quantiles
    name, above_zero = column.name, low > 0 or (low < 0 and q5 > 0)
    facts: Evidence = {f"column.{name}.min": fact(low), "bound.low": 0}
    negative = ""
    if low < 0:
        negative = f"The smallest value is {shown(low)}, although 95 % of the values are at least {shown(q5)}. "
        facts |= {f"column.{name}.quantile_5": fact(q5), "percent": 95}
    fence = _fence(q25, q50, q75, q95)
    if fence is None or (not above_zero and not _whole(column)):
        reason = negative or f"The smallest value is {shown(low)}, and there is no negative one."
        return _values(column, Compare(">=", number(0)), reason, facts, 0.8 if low >= 0 else 0.7, low < 0)
    absurd = high > ABSURD * fence and high > SMALL
    bound = _upper(column, fence, high, absurd)
    facts |= {f"column.{name}.max": fact(high), "bound.high": fact(bound)}
    if absurd:
        facts |= {f"column.{name}.quantile_95": fact(q95), "percent": 95}
        positive = (
            f"The largest value is {shown(high)}, although 95 % of the values are at most {shown(q95)}; "
            f"{shown(bound)} leaves ample room."
        )
    else:
        facts |= {f"column.{name}.quantile_25": fact(q25), f"column.{name}.quantile_75": fact(q75)}
        positive = (
            f"Half of the values lie between {shown(q25)} and {shown(q75)}; "
            f"none should be negative or reach {shown(bound)}."
        )
    condition = Between(number(0 if above_zero else -1), number(bound))
    suspects = absurd or low < 0
    return _values(column, condition, negative + positive, facts, 0.6 if suspects else 0.7, suspects)


def _upper(column: ColumnProfile, fence: float, high: float, absurd: bool) -> float:
    if high < SMALL and _whole(column) and column.distinct <= CONTINUOUS:
        return nice(max(fence, ROOM * high), up=True)
    return nice(fence if high <= fence or absurd else 1.5 * high, up=True)


def _signed(column: ColumnProfile, low: float, high: float, q25: float, q75: float) -> Candidate | None:
    """For values of both signs only a range that today's values keep: a heavy tail cannot be told from an error."""
    spread = q75 - q25
    below, above = q25 - SIGNED_FENCE * spread, q75 + SIGNED_FENCE * spread
    if spread <= 0 or below > low or above < high:
        return None
    floor, ceiling = nice(below, up=False), nice(above, up=True)
    facts: Evidence = {
        f"column.{column.name}.quantile_25": fact(q25),
        f"column.{column.name}.quantile_75": fact(q75),
        "bound.low": fact(floor),
        "bound.high": fact(ceiling),
    }
    reason = (
        f"Half of the values lie between {shown(q25)} and {shown(q75)}. "
        f"A value outside {shown(floor)} to {shown(ceiling)} would be far from all others."
    )
    return _values(column, Between(number(floor), number(ceiling)), reason, facts, 0.55, False)


def _fence(q25: float, q50: float, q75: float, q95: float) -> float | None:
    """Above this, a value is far from the rest; None where the middle half of the values does not differ.

    The exponents put each of three estimates 4 to 5 standard deviations out if logarithms are normal; the least one
    counts, as errors in the data can only raise an estimate.
    """
    if not 0 <= q25 < q75:
        return None
    straight = q75 + 3 * (q75 - q25)
    if q25 == 0:
        return q75 + 10 * (q75 - q25)
    return max(straight, min(q75 * (q75 / q25) ** 3, q75 * (q75 / q50) ** 5, q95 * math.pow(q95 / q50, 1.8)))


def _averages(column: ColumnProfile, present: int) -> Iterator[Candidate]:
    """The spread, and the mean or, for what is added up in reports, the sum."""
    if column.mean is None or not column.stddev or present < ENOUGH_ROWS:
        return
    mean, spread, total = column.mean, column.stddev, column.sum
    points_to = "points to another unit, or to a part of the data missing"
    if total and total > 0 and names.has(column.name, names.ADDED):
        yield _banded(column, "Sum", "sum", total, (0.5 * total, 2 * total), points_to, 0.5)
    else:
        room = max(0.2 * abs(mean), 4 * spread / math.sqrt(present))
        yield _banded(column, "Mean", "mean", mean, (mean - room, mean + room), points_to, 0.55)
    yield _banded(
        column,
        "StandardDeviation",
        "standard deviation",
        spread,
        (0.5 * spread, 2 * spread),
        "points to mixed units",
        0.5,
    )


def _banded(
    column: ColumnProfile, kind: str, what: str, value: float, band: tuple[float, float], points_to: str, sure: float
) -> Candidate:
    low, high = (float(f"{end:.3g}") for end in band)
    facts: Evidence = {
        f"column.{column.name}.{what}": fact(value),
        "bound.low": fact(low),
        "bound.high": fact(high),
    }
    reason = f"The {what} is {shown(value)}. One outside {shown(low)} to {shown(high)} {points_to}."
    return build(on(kind, column, Between(number(low), number(high))), reason, facts, sure)


def _whole(column: ColumnProfile) -> bool:
    return "INT" in column.type.upper()
