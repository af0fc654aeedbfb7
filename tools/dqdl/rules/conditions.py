"""Numeric conditions over a metric: whether they hold, and how to say them."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tools.dqdl.language.header import operands
from tools.dqdl.language.model import (
    Arithmetic,
    Between,
    Compare,
    Condition,
    Matches,
    Member,
    Number,
    Operand,
    Resolved,
    Rule,
    Variable,
)
from tools.dqdl.language.signatures import NUMBER, SIGNATURES
from tools.dqdl.plans.plan import RuleError

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    "=": lambda a, b: bool(a == b),
    "!=": lambda a, b: bool(a != b),
}


class DividedByZero(RuleError):
    """A calculation in a rule divides by zero."""


def check(rule: Rule) -> None:
    """Raises RuleError for a bound that is no number where one must be, whatever the data."""
    numbers_only = SIGNATURES[rule.type].kinds == NUMBER
    for condition, numeric in ((rule.condition, numbers_only), (rule.threshold, True)):
        for operand in operands(condition):
            if numeric or isinstance(operand, Arithmetic):
                value(operand)


def holds(condition: Condition, metric: float) -> bool:
    """Whether a metric meets a condition: doubles, exact; ``between`` leaves both ends out. NaN meets only negations.

    Raises RuleError for an operand that is not a number.
    """
    if isinstance(condition, Compare):
        return COMPARE[condition.op](metric, value(condition.operand))
    if isinstance(condition, Between):
        low, high = value(condition.low), value(condition.high)
        if math.isnan(metric):
            return False
        return (low < metric < high) != condition.negated
    if isinstance(condition, Member) and not isinstance(condition.items, Variable):
        return (metric in [value(item) for item in condition.items]) != condition.negated
    raise RuleError("This condition is not about a number.")


def value(operand: Operand) -> float:
    """The value of a numeric operand. Raises RuleError."""
    if isinstance(operand, Number):
        return float(operand.value)
    if isinstance(operand, Arithmetic):
        result = value(operand.first)
        for op, other in operand.rest:
            result = _calculate(op, result, value(other))
        return result
    if str(operand) == "NULL":
        raise RuleError("A metric cannot be compared with NULL; only ColumnValues can.")
    raise RuleError(f"{operand} uses the metric history, which cannot be used here.")


def exact(operand: Operand) -> Decimal:
    """An atomic number, exact. Raises RuleError for calculations and functions."""
    if isinstance(operand, Number):
        return operand.value
    raise RuleError(f"Only plain numbers can be compared with the values of a column, not {operand}.")


def _calculate(op: str, left: float, right: float) -> float:
    if op == "/" and right == 0:
        raise DividedByZero("The condition divides by zero.")
    return {"+": left + right, "-": left - right, "*": left * right, "/": left / right if right else 0.0}[op]


def wanted(condition: Condition, show: Callable[[float], str]) -> str:
    """A condition in words, for example "more than 99 %"."""
    if isinstance(condition, Compare):
        return f"{_WORDS[condition.op]} {_shown(condition.operand, show)}"
    if isinstance(condition, Between):
        low, high = _shown(condition.low, show), _shown(condition.high, show)
        return f"at most {low} or at least {high}" if condition.negated else f"strictly between {low} and {high}"
    if isinstance(condition, Matches) or isinstance(condition.items, Variable):
        return str(condition)
    items = ", ".join(_shown(item, show) for item in condition.items)
    return f"{'none' if condition.negated else 'one'} of {items}"


_WORDS = {">": "more than", ">=": "at least", "<": "less than", "<=": "at most", "=": "exactly", "!=": "anything but"}


def _shown(operand: Operand, show: Callable[[float], str]) -> str:
    if isinstance(operand, Resolved):
        return f"{show(value(operand))} ({operand.source})"
    return show(value(operand)) if isinstance(operand, Number | Arithmetic) else str(operand)


def plain(number: float) -> str:
    """A number for a person: ``1,234.5``."""
    if math.isnan(number) or math.isinf(number):
        return str(number)
    if number == int(number) and abs(number) < 1e15:
        return f"{int(number):,}"
    return f"{number:,.6g}" if abs(number) < 1e6 else f"{number:,.2f}"


def percent(share: float) -> str:
    """A share for a person: ``98.8 %``. A share below one never shows as 100 %, nor one above zero as 0 %."""
    if math.isnan(share):
        return "not a number"
    attempts = [f"{share * 100:.{digits}f}" for digits in (1, 2, 3, 4, 6)]
    shown = next((text for text in attempts if share in (0, 1) or float(text) not in (0.0, 100.0)), attempts[-1])
    return f"{shown.rstrip('0').rstrip('.')} %"


def rows(count: int) -> str:
    """``1 row``, ``1,000 rows``."""
    return f"{count:,} row" if count == 1 else f"{count:,} rows"
