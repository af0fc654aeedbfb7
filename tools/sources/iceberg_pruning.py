"""What a query filters for, as Iceberg's planner understands it: fewer files are opened, the answer stays the same.

Only conditions that every row of the answer meets are taken, and of these the plain ones. DuckDB applies all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

from pyiceberg import expressions as ice
from pyiceberg.expressions.literals import literal
from pyiceberg.schema import Schema
from pyiceberg.types import (
    DateType,
    IcebergType,
    IntegerType,
    LongType,
    NestedField,
    StringType,
    TimestampType,
    TimestamptzType,
)
from sqlglot import exp

_COMPARED: dict[type[exp.Expr], tuple[type[ice.LiteralPredicate], type[ice.LiteralPredicate]]] = {
    exp.EQ: (ice.EqualTo, ice.EqualTo),
    exp.GT: (ice.GreaterThan, ice.LessThan),
    exp.GTE: (ice.GreaterThanOrEqual, ice.LessThanOrEqual),
    exp.LT: (ice.LessThan, ice.GreaterThan),
    exp.LTE: (ice.LessThanOrEqual, ice.GreaterThanOrEqual),
}
"""What a comparison is called there, and what it is when the column stands on its right."""
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(rf"{_DAY.pattern}([ T]\d\d:\d\d(:\d\d(\.\d{{1,6}})?)?)?")
"""Written so that nobody can read anything else."""


def filter_of(select: exp.Query, relation: str, schema: Schema, current: Schema) -> ice.BooleanExpression | None:
    """The filter on the rows of a relation, with the names of the current schema; None where there is none to use."""
    scope = _scope(select, relation)
    if scope is None:
        return None
    table, where = scope
    alone = len(list(select.find_all(exp.Table))) == 1
    translator = _Translator(schema, current, {table.alias_or_name}, alone)
    found = [made for part in _parts(where.this) if (made := translator.condition(part)) is not None]
    every: ice.BooleanExpression = ice.AlwaysTrue()
    for one in found:
        every = ice.And(every, one)
    return every if found else None


def _scope(select: exp.Query, relation: str) -> tuple[exp.Table, exp.Where] | None:
    """The one place where the relation is read, and the condition on it: every row that is read has to meet it."""
    tables = [table for table in select.find_all(exp.Table) if table.name == relation and not table.db]
    if len(tables) != 1 or not isinstance(tables[0].parent, exp.From) or select.find(exp.TableSample):
        return None
    inner = tables[0].parent.parent
    if not isinstance(inner, exp.Select) or any(join.side or join.kind for join in inner.args.get("joins") or ()):
        return None
    where = inner.args.get("where")
    return (tables[0], where) if isinstance(where, exp.Where) else None


def _parts(condition: exp.Expr) -> Iterator[exp.Expr]:
    plain = condition.unnest()
    if isinstance(plain, exp.And):
        yield from _parts(plain.left)
        yield from _parts(plain.right)
    else:
        yield plain


class _Translator:
    """Conditions on one table, whose columns may be written without its name where it is the only one."""

    def __init__(self, schema: Schema, current: Schema, names: set[str], alone: bool) -> None:
        self._fields = {field.name.lower(): field for field in schema.fields}
        self._current = {field.field_id: field for field in current.fields}
        self._names = names | ({""} if alone else set())

    def condition(self, node: exp.Expr) -> ice.BooleanExpression | None:
        """What is certain to hold where the condition does."""
        node = node.unnest()
        if isinstance(node, exp.Or):
            sides = [self.condition(side) for side in (node.left, node.right)]
            return ice.Or(sides[0], sides[1]) if sides[0] is not None and sides[1] is not None else None
        if type(node) in _COMPARED:
            return self._comparison(node)
        if isinstance(node, exp.Between):
            return self._both(node.this, node.args["low"], node.args["high"])
        if isinstance(node, exp.In) and node.expressions:
            return self._among(node.this, node.expressions)
        if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
            field = self._field(node.this)
            return ice.IsNull(term=ice.Reference(self._name(field))) if field else None
        return None

    def _comparison(self, node: exp.Expr) -> ice.BooleanExpression | None:
        forward, backward = _COMPARED[type(node)]
        left, right = node.this, node.expression
        if field := self._field(left):
            return self._made(forward, field, right)
        if field := self._field(right):
            return self._made(backward, field, left)
        return None

    def _both(self, column: exp.Expr, low: exp.Expr, high: exp.Expr) -> ice.BooleanExpression | None:
        field = self._field(column)
        if field is None:
            return None
        ends = self._made(ice.GreaterThanOrEqual, field, low), self._made(ice.LessThanOrEqual, field, high)
        return ice.And(ends[0], ends[1]) if ends[0] is not None and ends[1] is not None else None

    def _among(self, column: exp.Expr, values: list[exp.Expr]) -> ice.BooleanExpression | None:
        field = self._field(column)
        found = [_literal(value, field.field_type) for value in values] if field else []
        if field is None or not found or None in found:
            return None
        either: ice.BooleanExpression = ice.AlwaysFalse()
        for value in found:
            either = ice.Or(either, _compared(ice.EqualTo, self._name(field), value))
        return either

    def _made(
        self, kind: type[ice.LiteralPredicate], field: NestedField, value: exp.Expr
    ) -> ice.BooleanExpression | None:
        found = _literal(value, field.field_type)
        return None if found is None else _compared(kind, self._name(field), found)

    def _field(self, node: exp.Expr) -> NestedField | None:
        """The field behind a column that the current table still has with the same type, however it is called now."""
        if not isinstance(node, exp.Column) or node.table not in self._names:
            return None
        field = self._fields.get(node.name.lower())
        now = self._current.get(field.field_id) if field else None
        return field if field and now and now.field_type == field.field_type else None

    def _name(self, field: NestedField) -> str:
        return self._current[field.field_id].name


def _compared(kind: type[ice.LiteralPredicate], name: str, value: Any) -> ice.BooleanExpression:
    return kind(term=ice.Reference(name), value=literal(value))


def _literal(node: exp.Expr, kind: IcebergType) -> Any:
    """The value of a constant as it is stored for this type; None for any other expression."""
    reader = _READERS.get(type(kind))
    if reader is None:
        return None
    try:
        return reader(node, kind)
    except ValueError:
        return None


def _whole(node: exp.Expr, kind: IcebergType) -> int | None:
    negative = isinstance(node, exp.Neg)
    inner = node.this if negative else node
    if not isinstance(inner, exp.Literal) or inner.is_string or not inner.name.isdigit():
        return None
    value = -int(inner.name) if negative else int(inner.name)
    beyond = 2**31 if isinstance(kind, IntegerType) else 2**63
    return value if -beyond <= value < beyond else None


def _text(node: exp.Expr, _: IcebergType) -> str | None:
    return node.name if isinstance(node, exp.Literal) and node.is_string else None


def _constant(node: exp.Expr, *kinds: str) -> str | None:
    """The text of a constant, cast to one of these types or not at all."""
    if isinstance(node, exp.Cast) and node.to.sql(dialect="duckdb") in kinds:
        node = node.this
    return node.name if isinstance(node, exp.Literal) and node.is_string else None


def _day(node: exp.Expr, _: IcebergType) -> str | None:
    text = _constant(node, "DATE")
    return date.fromisoformat(text).isoformat() if text is not None and _DAY.fullmatch(text) else None


def _moment(node: exp.Expr, kind: IcebergType) -> str | None:
    text = _constant(node, "DATE", "TIMESTAMP", "TIMESTAMPTZ")
    if text is None or not _MOMENT.fullmatch(text):
        return None
    found = datetime.fromisoformat(text)
    return found.isoformat() if isinstance(kind, TimestampType) else found.replace(tzinfo=UTC).isoformat()


_READERS: dict[type[IcebergType], Callable[[exp.Expr, IcebergType], Any]] = {
    IntegerType: _whole,
    LongType: _whole,
    StringType: _text,
    DateType: _day,
    TimestampType: _moment,
    TimestamptzType: _moment,
}
