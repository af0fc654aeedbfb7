"""The values that a condition lets through, as ranges of numbers: what lint compares rules by."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from decimal import Decimal

from tools.dqdl.language.model import (
    Between,
    Compare,
    Condition,
    Date,
    Duration,
    Matches,
    Member,
    Now,
    Number,
    Operand,
    Size,
    Variable,
)

Bound = tuple[Decimal, int]
"""A value, and -1 or 1 for just below or just above it."""
Range = tuple[Bound, Bound]
Ranges = tuple[Range, ...]
"""Apart from each other and in order."""

BELOW: Bound = (Decimal("-Infinity"), 0)
ABOVE: Bound = (Decimal("Infinity"), 0)


def closed(low: int, high: int | None) -> Ranges:
    """From ``low`` to ``high``, both inside; without an end where that is None."""
    return (((Decimal(low), 0), ABOVE if high is None else (Decimal(high), 0)),)


def read(condition: Condition) -> tuple[str, Ranges] | None:
    """The unit of its values and the ranges that pass; None where that cannot be told from the text alone."""
    operands = _operands(condition)
    placed = [_place(operand) for operand in operands]
    if not placed or any(place is None for place in placed):
        return None
    units, values = zip(*(place for place in placed if place), strict=True)
    if len(set(units)) > 1:
        return None
    passing = _union(_inside(condition, list(values)))
    return units[0], _without(passing) if _negated(condition) else passing


def within(inner: Ranges, outer: Ranges) -> bool:
    """Whether all of one is in the other."""
    return all(any(start >= low and end <= high for low, high in outer) for start, end in inner)


def common(one: Ranges, other: Ranges) -> Ranges:
    """What is in both."""
    return _union((max(a[0], b[0]), min(a[1], b[1])) for a in one for b in other)


def whole(ranges: Ranges) -> Ranges:
    """The same of whole numbers only, so that ``> 5`` and ``>= 6`` are one."""
    return _union((_up(low), _down(high)) for low, high in ranges)


def _up(bound: Bound) -> Bound:
    value, side = bound
    if not value.is_finite():
        return bound
    up = value.to_integral_value("ROUND_CEILING")
    return (up + 1 if side == 1 and up == value else up), 0


def _down(bound: Bound) -> Bound:
    value, side = bound
    if not value.is_finite():
        return bound
    down = value.to_integral_value("ROUND_FLOOR")
    return (down - 1 if side == -1 and down == value else down), 0


def _union(ranges: Iterable[Range]) -> Ranges:
    found: list[Range] = []
    for low, high in sorted(both for both in ranges if both[0] <= both[1]):
        if found and low <= (found[-1][1][0], found[-1][1][1] + 1):
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return tuple(found)


def _without(ranges: Ranges) -> Ranges:
    lows = [BELOW, *((high[0], high[1] + 1) for _, high in ranges)]
    highs = [*((low[0], low[1] - 1) for low, _ in ranges), ABOVE]
    return _union(zip(lows, highs, strict=True))


def _negated(condition: Condition) -> bool:
    return condition.op == "!=" if isinstance(condition, Compare) else condition.negated


def _inside(condition: Condition, values: list[Decimal]) -> list[Range]:
    if isinstance(condition, Between):
        return [((values[0], 1), (values[1], -1))]
    if isinstance(condition, Member):
        return [((value, 0), (value, 0)) for value in values]
    at = values[0]
    ends: dict[str, Range] = {
        ">": ((at, 1), ABOVE),
        ">=": ((at, 0), ABOVE),
        "<": (BELOW, (at, -1)),
        "<=": (BELOW, (at, 0)),
    }
    return [ends.get(condition.op if isinstance(condition, Compare) else "", ((at, 0), (at, 0)))]


def _operands(condition: Condition) -> tuple[Operand, ...]:
    if isinstance(condition, Compare):
        return (condition.operand,)
    if isinstance(condition, Between):
        return condition.low, condition.high
    return () if isinstance(condition, Matches) or isinstance(condition.items, Variable) else condition.items


def _place(operand: Operand) -> tuple[str, Decimal] | None:
    if isinstance(operand, Number):
        return "number", operand.value
    if isinstance(operand, Duration):
        return "minutes", Decimal(operand.minutes)
    if isinstance(operand, Size):
        return "number", Decimal(operand.bytes)
    if isinstance(operand, Now):
        moved = operand.offset.minutes if operand.offset else 0
        return "now", Decimal(moved if operand.sign == "+" else -moved)
    if isinstance(operand, Date):
        day = day_of(operand)
        return ("day", Decimal(day.toordinal())) if day else None
    return None


def day_of(date: Date) -> datetime.date | None:
    """The day of the calendar; None where there is no such day."""
    try:
        return datetime.date.fromisoformat(date.raw)
    except ValueError:
        return None
