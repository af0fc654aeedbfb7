"""Conditions over the metric history: ``RowCount > 0.9 * avg(last(10))`` becomes a comparison with a number."""

from __future__ import annotations

import difflib
import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from tools.dqdl.history.points import Point
from tools.dqdl.language.model import (
    Arithmetic,
    Between,
    Call,
    Compare,
    Condition,
    Member,
    Number,
    Operand,
    Resolved,
    Rule,
)
from tools.dqdl.plans.plan import RuleError
from tools.dqdl.rules import conditions
from tools.dqdl.rules.context import Context
from tools.dqdl.rules.judge import metric_name

_COLUMNS = {
    *("Completeness", "Uniqueness", "UniqueValueRatio", "DistinctValuesCount", "Mean", "Sum", "StandardDeviation"),
    *("Entropy", "ColumnCorrelation"),
}
_TABLE = {"RowCount", "ColumnCount"}
_REFERENCE = {"RowCountMatch", "SchemaMatch", "DatasetMatch"}
DYNAMIC = _COLUMNS | _TABLE | _REFERENCE | {"CustomSql", "ReferentialIntegrity"}
"""Rule types whose condition may use the history, as the public documentation lists them."""
DYNAMIC_THRESHOLD = {"ColumnDataType", "CustomSql"}
"""Rule types whose threshold may."""

Values = tuple[float, ...]
_AGGREGATES: dict[str, Callable[[Values], float]] = {
    "avg": statistics.fmean,
    "median": statistics.median,
    "max": max,
    "min": min,
    "sum": math.fsum,
    "std": statistics.pstdev,
}
FUNCTIONS = ("last", "index", "abs", *_AGGREGATES)


def resolve(rule: Rule, context: Context) -> Rule:
    """The rule with numbers in place of everything that the history decides.

    Without history ``last(k)`` is 0, with fewer than k points it is all of them; ``std`` is the population's, as
    StandardDeviation is. Raises RuleError for what cannot be calculated.
    """
    where = [part for part in (rule.condition, rule.threshold) if part is not None and any(_calls(part))]
    if not where:
        return rule
    _check(rule)
    known = _Known(context.history.points(rule, metric_key(rule, context)))
    tags = tuple(replace(tag, condition=_condition(tag.condition, known)) for tag in rule.tags)
    condition = _condition(rule.condition, known) if rule.condition else None
    return replace(rule, condition=condition, tags=tags)


def metric_key(rule: Rule, context: Context) -> str:
    """The key of the one metric that a dynamic rule compares. Raises RuleError, RuleFailed."""
    if rule.type in _TABLE:
        return metric_name((), rule.type)
    if rule.type in _REFERENCE:
        return f"Dataset.{context.parameter(rule).value}.{rule.type}"
    if rule.type == "ReferentialIntegrity":
        return f"Column.{context.parameter(rule, 1).value.partition('.')[0]}.{rule.type}"
    if rule.type == "CustomSql":
        return "Dataset.*.CustomSQL" if rule.condition else "Dataset.*.CustomSQL.Compliance"
    columns = tuple(field.name for field in context.columns(rule))
    return metric_name(columns, "ColumnDataType.Compliance" if rule.type == "ColumnDataType" else rule.type)


def _check(rule: Rule) -> None:
    if rule.condition and any(_calls(rule.condition)) and rule.type not in DYNAMIC:
        raise RuleError(f"{rule.type} cannot use the metric history; these can: {', '.join(sorted(DYNAMIC))}.")
    if rule.threshold and any(_calls(rule.threshold)) and rule.type not in DYNAMIC_THRESHOLD:
        able = " and ".join(sorted(DYNAMIC_THRESHOLD))
        raise RuleError(f"The threshold of {rule.type} cannot use the metric history; those of {able} can.")


def _operands(condition: Condition) -> tuple[Operand, ...]:
    if isinstance(condition, Compare):
        return (condition.operand,)
    if isinstance(condition, Between):
        return (condition.low, condition.high)
    return condition.items if isinstance(condition, Member) and isinstance(condition.items, tuple) else ()


def _calls(part: Condition | Operand) -> Iterator[Call]:
    if isinstance(part, Call):
        yield part
    inner = (part.first, *(other for _, other in part.rest)) if isinstance(part, Arithmetic) else ()
    for operand in inner or (_operands(part) if isinstance(part, Compare | Between | Member) else ()):
        yield from _calls(operand)


def _condition(condition: Condition, known: _Known) -> Condition:
    if isinstance(condition, Compare):
        return replace(condition, operand=known.bound(condition.operand))
    if isinstance(condition, Between):
        return replace(condition, low=known.bound(condition.low), high=known.bound(condition.high))
    if isinstance(condition, Member) and isinstance(condition.items, tuple):
        return replace(condition, items=tuple(map(known.bound, condition.items)))
    return condition


@dataclass(frozen=True)
class _Known:
    """Calculates with the points of one metric."""

    points: Sequence[Point]

    def bound(self, operand: Operand) -> Operand:
        """A plain number for an operand that uses the history; others stay."""
        if not any(_calls(operand)):
            return operand
        return Resolved(_decimal(self._number(operand)), self._told(operand))

    def _told(self, operand: Operand) -> str:
        """The operand as written, and how much history there was where it was less than asked for."""
        wanted = max((self._count(call) for call in _lasts(operand)), default=0)
        have = len(self.points)
        missing = "no history yet" if not have else f"{have:,} of {wanted:,} points so far"
        return f"{operand}; {missing}" if have < wanted else str(operand)

    def _number(self, operand: Operand) -> float:
        value = self._value(operand)
        if isinstance(value, tuple):
            raise RuleError(f"{operand} is a list; make it one number, for example avg({operand}).")
        if not math.isfinite(value):
            raise RuleError(f"{operand} is not a finite number.")
        return value

    def _value(self, operand: Operand) -> float | Values:
        if isinstance(operand, Call):
            return self._called(operand)
        if isinstance(operand, Arithmetic):
            first, *others = (self._number(part) for part in (operand.first, *(part for _, part in operand.rest)))
            rest = tuple((op, Number(_decimal(x))) for (op, _), x in zip(operand.rest, others, strict=True))
            return self._calculated(operand, Arithmetic(Number(_decimal(first)), rest))
        return conditions.value(operand)

    def _calculated(self, operand: Arithmetic, numbers: Arithmetic) -> float:
        try:
            return conditions.value(numbers)
        except conditions.DividedByZero:
            if not self.points and any(any(_calls(part)) for op, part in operand.rest if op == "/"):
                raise RuleError(f"{operand} divides by zero, since there is no history yet.") from None
            raise

    def _called(self, call: Call) -> float | Values:
        if call.function == "last":
            return self._last(call)
        if call.function not in FUNCTIONS:
            near = difflib.get_close_matches(call.function.lower(), FUNCTIONS, n=1, cutoff=0.0)[0]
            known = ", ".join(FUNCTIONS)
            raise RuleError(f"There is no function {call.function}; the nearest is {near}, known are {known}.")
        arity = 2 if call.function == "index" else 1
        if len(call.arguments) != arity:
            raise RuleError(f"{call.function} takes {'one argument' if arity == 1 else 'two arguments'}: {call}.")
        if call.function == "abs":
            return abs(self._number(call.arguments[0]))
        values = self._value(call.arguments[0])
        listed = values if isinstance(values, tuple) else (values,)
        return self._at(call, listed) if call.function == "index" else _AGGREGATES[call.function](listed)

    def _count(self, call: Call) -> int:
        """How many points a ``last`` asks for."""
        if len(call.arguments) > 1:
            raise RuleError(f"last takes one argument or none: {call}.")
        count = self._number(call.arguments[0]) if call.arguments else 1.0
        if count != int(count) or count < 1:
            raise RuleError(f"last takes a whole number from 1: {call}.")
        return int(count)

    def _last(self, call: Call) -> float | Values:
        count = self._count(call)
        values = tuple(point.value for point in self.points[-count:]) or (0.0,)
        return values[-1] if count == 1 else values

    def _at(self, call: Call, values: Values) -> float:
        """``index``: 0 is the most recent point."""
        position = self._number(call.arguments[1])
        if position != int(position) or not 0 <= position < len(values):
            if not self.points:
                raise RuleError(f"{call} has no value, since there is no history yet.")
            raise RuleError(f"In {call} there is no point {position:g}; there are {len(values):,}, counted from 0.")
        return values[-1 - int(position)]


def _lasts(operand: Operand) -> Iterator[Call]:
    for call in _calls(operand):
        if call.function == "last":
            yield call
        for argument in call.arguments:
            yield from _lasts(argument)


def _decimal(value: float) -> Decimal:
    """Its shortest text, which reads back as the same double."""
    return Decimal(repr(value))
