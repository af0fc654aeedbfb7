"""Aggregates that follow from what is known about the rows, so that no row must be read for them.

The rows fall into classes, for example those with a value between two bounds and those without one. An aggregate is
answered when each class decides it alone; everything else is left to the engine.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlglot import exp

from tools.sources.table import Known


class Unknown(Exception):
    """What is known does not decide it."""


@dataclass(frozen=True)
class Span:
    """A value that is there, from ``low`` to ``high``; each end occurs where it is known. None for an unknown end."""

    low: Any = None
    high: Any = None

    @property
    def exact(self) -> Any:
        """The one value that it can be. Raises Unknown."""
        if self.low is None or self.low != self.high:
            raise Unknown
        return self.low


Value = Span | None
"""None stands for NULL."""


@dataclass(frozen=True)
class Class:
    """So many rows, of which this is known by column; a column that is missing may hold anything."""

    rows: int
    values: Mapping[str, Value]


Truth = frozenset[bool | None]
"""What a predicate can be in a class of rows."""
ANY: Truth = frozenset({True, False, None})


def classes(rows: int, columns: Mapping[str, Known]) -> list[Class]:
    """The rows by whether the columns have a value. Raises Unknown where two columns have gaps that may not meet."""
    gaps = [name for name, known in columns.items() if 0 < known.nulls < known.rows]
    if len(gaps) > 1 or any(known.rows != rows for known in columns.values()):
        raise Unknown
    spans: dict[str, Value] = {
        name: None if known.nulls and known.nulls == rows else Span(known.low, known.high)
        for name, known in columns.items()
    }
    if not gaps:
        return [Class(rows, spans)] if rows else []
    missing = columns[gaps[0]].nulls
    return [Class(rows - missing, spans), Class(missing, {**spans, gaps[0]: None})]


def answer(expression: exp.Expr, rows: Sequence[Class]) -> Any:
    """The value of an aggregate. Raises Unknown."""
    if isinstance(expression, exp.Paren):
        return answer(expression.this, rows)
    if isinstance(expression, exp.Count):
        return sum(one.rows for one in rows if _present(expression.this, one))
    if isinstance(expression, exp.Sum):
        amounts = [(one.rows, _chosen(expression.this, one)) for one in rows]
        found = [count * value.exact for count, value in amounts if value is not None]
        return sum(found) if found else None
    if isinstance(expression, exp.Min):
        return min(_ends(expression.this, rows, "low"), default=None)
    if isinstance(expression, exp.Max):
        return max(_ends(expression.this, rows, "high"), default=None)
    if isinstance(expression, exp.Sub):
        high, low = answer(expression.this, rows), answer(expression.expression, rows)
        return None if high is None or low is None else _number(high) - _number(low)
    raise Unknown


def _present(operand: exp.Expr, one: Class) -> bool:
    if isinstance(operand, exp.Star):
        return True
    return _chosen(operand, one) is not None


def _chosen(node: exp.Expr, one: Class) -> Value:
    """The value of an operand where a CASE may decide which."""
    if not isinstance(node, exp.Case):
        return value(node, one)
    for branch in node.args["ifs"]:
        found = truth(branch.this, one)
        if found == {True}:
            return value(branch.args["true"], one)
        if True in found:
            raise Unknown
    default = node.args.get("default")
    return value(default, one) if default is not None else None


def _ends(node: exp.Expr, rows: Sequence[Class], end: str) -> list[Any]:
    """Only the ends of a column are sure to occur, not those of what is calculated from it."""
    found = [(_chosen(node, one), one) for one in rows]
    ends = [getattr(span, end) for span, _ in found if span is not None]
    if any(value is None for value in ends) or not all(isinstance(x, exp.Column) for x in _results(node)):
        raise Unknown
    return ends


def _results(node: exp.Expr) -> list[exp.Expr]:
    return [branch.args["true"] for branch in node.args["ifs"]] if isinstance(node, exp.Case) else [node]


def _number(found: Any) -> Any:
    if isinstance(found, int | float):
        return found
    raise Unknown


def value(node: exp.Expr, one: Class) -> Value:
    """What an expression is in the rows of a class. Raises Unknown where it may be NULL or not."""
    if isinstance(node, exp.Paren):
        return value(node.this, one)
    if isinstance(node, exp.Column):
        if node.name not in one.values:
            raise Unknown
        return one.values[node.name]
    if isinstance(node, exp.Null):
        return None
    if isinstance(node, exp.Cast) and not isinstance(node, exp.TryCast):
        return _cast(node, one)
    found = _calculated(node, one) if isinstance(node, exp.Mul | exp.Ln) else _constant(node)
    return Span(found, found)


def _calculated(node: exp.Expr, one: Class) -> float:
    """Only what is exactly known is calculated with."""
    parts = [value(part, one) for part in (node.this, node.expression) if isinstance(part, exp.Expr)]
    factors = [part.exact for part in parts if part is not None]
    if len(factors) != len(parts) or (isinstance(node, exp.Ln) and factors[0] <= 0):
        raise Unknown
    return math.log(factors[0]) if isinstance(node, exp.Ln) else math.prod(factors)


def _cast(node: exp.Cast, one: Class) -> Value:
    inner = None if isinstance(node.this, exp.Literal) else value(node.this, one)
    if node.to.this == exp.DataType.Type.DATE:
        if isinstance(node.this, exp.Literal) and node.this.is_string:
            return _day(node.this.name)
        if inner is None or type(inner.low) is datetime.date:
            return inner
    if node.to.this == exp.DataType.Type.DOUBLE and isinstance(inner, Span) and isinstance(inner.exact, int):
        return Span(float(inner.exact), float(inner.exact))
    raise Unknown


def _day(text: str) -> Span:
    try:
        found = datetime.date.fromisoformat(text)
    except ValueError:
        raise Unknown from None
    return Span(found, found)


def _constant(node: exp.Expr) -> Any:
    if isinstance(node, exp.Literal) and not node.is_string:
        return Decimal(node.name) if "." in node.name or "e" in node.name.lower() else int(node.name)
    if isinstance(node, exp.Neg):
        return -_constant(node.this)
    raise Unknown


def truth(node: exp.Expr, one: Class) -> Truth:
    """What a predicate can be in the rows of a class."""
    if isinstance(node, exp.Paren):
        return truth(node.this, one)
    if isinstance(node, exp.Boolean):
        return frozenset({bool(node.this)})
    if isinstance(node, exp.Not):
        return frozenset(None if found is None else not found for found in truth(node.this, one))
    if isinstance(node, exp.And | exp.Or):
        return _joined(node, one)
    if isinstance(node, exp.Coalesce):
        return _coalesced(node, one)
    try:
        if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
            return frozenset({value(node.this, one) is None})
        if isinstance(node, exp.GT | exp.GTE | exp.LT | exp.LTE | exp.EQ | exp.NEQ):
            return _compared(type(node), value(node.this, one), value(node.expression, one))
    except Unknown:
        return ANY
    return ANY


def _joined(node: exp.And | exp.Or, one: Class) -> Truth:
    decisive = isinstance(node, exp.Or)
    pairs = [(left, right) for left in truth(node.this, one) for right in truth(node.expression, one)]
    return frozenset(decisive if decisive in pair else None if None in pair else not decisive for pair in pairs)


def _coalesced(node: exp.Coalesce, one: Class) -> Truth:
    found = truth(node.this, one)
    if None not in found:
        return found
    return (found - {None}) | truth(node.expressions[0], one) if len(node.expressions) == 1 else ANY


def _compared(kind: type[exp.Expr], left: Value, right: Value) -> Truth:
    if left is None or right is None:
        return frozenset({None})
    if kind in (exp.LT, exp.LTE):
        return _compared(exp.GT if kind is exp.LT else exp.GTE, right, left)
    if kind is exp.NEQ:
        return frozenset(not found for found in _compared(exp.EQ, left, right))
    return frozenset(found for found in (True, False) if _possible(kind, left, right, found))


def _possible(kind: type[exp.Expr], left: Span, right: Span, wanted: bool) -> bool:
    """Whether some pair of values compares so. An end that is not known may be anything."""
    if kind is exp.EQ:
        overlap = _at_least(left.high, right.low) and _at_least(right.high, left.low)
        return overlap if wanted else not _same(left, right)
    if not wanted:
        return _possible(exp.GTE if kind is exp.GT else exp.GT, right, left, wanted=True)
    return _at_least(left.high, right.low, strictly=kind is exp.GT)


def _same(left: Span, right: Span) -> bool:
    ends = (left.low, left.high, right.low, right.high)
    return None not in ends and len({_comparable(end, ends) for end in ends}) == 1


def _at_least(high: Any, low: Any, *, strictly: bool = False) -> bool:
    if high is None or low is None:
        return True
    left, right = (_comparable(end, (high, low)) for end in (high, low))
    try:
        return bool(left > right) if strictly else bool(left >= right)
    except TypeError:
        raise Unknown from None


def _comparable(end: Any, ends: Iterable[Any]) -> Any:
    """Engines compare doubles with doubles: 0.1 is then the nearest double and not a tenth."""
    if not any(isinstance(other, float) for other in ends) or not isinstance(end, int | Decimal):
        return end
    try:
        return float(end)
    except OverflowError:
        raise Unknown from None
