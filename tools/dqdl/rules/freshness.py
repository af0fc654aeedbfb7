"""DataFreshness: the age of a timestamp against durations."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from sqlglot import exp

from tools.dqdl.language.model import Between, Compare, Condition, Duration, Member, Operand
from tools.dqdl.plans import kinds, sql
from tools.dqdl.plans.plan import RuleError, RuleFailed
from tools.sources.table import Field

HUNDREDTH = 36
"""Seconds in a hundredth of an hour: Glue rounds ages to two decimals of an hour before it compares."""


def fresh(condition: Condition, field: Field, now: datetime) -> exp.Expr:
    """True in the rows whose age meets the condition. A NULL, or a text that is no timestamp, never does.

    An age of k hundredths of an hour after rounding lies in [k - 0.5, k + 0.5) hundredths, so each comparison of ages
    becomes a comparison of the column with a constant time, which every engine can do (and prune files with).
    """
    if not kinds.holds(field, "date", "timestamp", "text"):
        raise RuleFailed(f"The column {field.name} does not hold times; its type is {field.type}.")
    zoned = "TZ" in field.type.upper() or "TIME ZONE" in field.type.upper()
    column = sql.column(field.name)
    time = sql.attempt(column, "timestamp") if field.kind == "text" else column
    if field.kind == "date" or kinds.untyped(field):
        time = exp.cast(column, "timestamp")
    return sql.certain(_Ages(time, now, zoned).meets(condition))


class _Ages:
    def __init__(self, time: exp.Expr, now: datetime, zoned: bool) -> None:
        self.time, self.now, self.zoned = time, now, zoned

    def meets(self, condition: Condition) -> exp.Expr:
        if isinstance(condition, Compare):
            return self._compare(condition.op, _hundredths(condition.operand))
        if isinstance(condition, Between):
            low, high = _hundredths(condition.low), _hundredths(condition.high)
            if condition.negated:
                return exp.or_(self._compare("<=", low), self._compare(">=", high))
            return exp.and_(self._compare(">", low), self._compare("<", high))
        if isinstance(condition, Member) and isinstance(condition.items, tuple):
            inside = exp.or_(*(self._compare("=", _hundredths(item)) for item in condition.items))
            return exp.not_(exp.paren(inside)) if condition.negated else inside
        raise RuleError(f"{condition} is not about a duration.")

    def _compare(self, op: str, bound: Fraction) -> exp.Expr:
        if op in ("=", "!="):
            whole = bound.denominator == 1
            equal = exp.and_(self._at_least(int(bound)), self._at_most(int(bound))) if whole else exp.false()
            return equal if op == "=" else exp.not_(exp.paren(equal))
        if op in (">", ">="):
            return self._at_least(math.floor(bound) + 1 if op == ">" else math.ceil(bound))
        return self._at_most(math.ceil(bound) - 1 if op == "<" else math.floor(bound))

    def _at_least(self, age: int) -> exp.Expr:
        """A half is rounded away from zero, so that it belongs to a negative age below it."""
        early: type[exp.Binary] = exp.LTE if age > 0 else exp.LT
        return early(this=self.time.copy(), expression=self._before(age * HUNDREDTH - HUNDREDTH // 2))

    def _at_most(self, age: int) -> exp.Expr:
        late: type[exp.Binary] = exp.GT if age >= 0 else exp.GTE
        return late(this=self.time.copy(), expression=self._before(age * HUNDREDTH + HUNDREDTH // 2))

    def _before(self, seconds: int) -> exp.Expr:
        try:
            return sql.moment(self.now.astimezone(UTC) - timedelta(seconds=seconds), zoned=self.zoned)
        except OverflowError:
            raise RuleError("The duration reaches outside of the calendar.") from None


def _hundredths(operand: Operand) -> Fraction:
    if not isinstance(operand, Duration):
        raise RuleError(f"{operand} is not a duration.")
    # Glue turns minutes into hours with four decimals.
    hours = round(Decimal(operand.minutes) / 60, 4)
    return Fraction(hours) * 100
