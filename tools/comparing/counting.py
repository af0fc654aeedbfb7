"""The queries of a comparison: summaries, bins from quantiles, rows in bins and in categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlglot import exp

from tools.comparing.model import Side
from tools.dqdl.plans import sql
from tools.dqdl.queries.asking import Refused, ask
from tools.profiling.dialects import engine_of
from tools.profiling.frequency import plain
from tools.profiling.sql import finite
from tools.sources.table import Field, Table

MAX_WIDTH = 500
"""Aggregates in one query."""
BINS = 50
MAX_CATEGORIES = 1_000
"""Up to this number, all categories are compared; beyond it the most frequent, and all others as one."""
MOST_FREQUENT = 50
OUTSIDE_LOW, OUTSIDE_HIGH = -1, -2


@dataclass(frozen=True)
class Summary:
    """A table in figures."""

    rows: int
    sides: dict[str, Side]


def asked(query: exp.Query, table: Table) -> list[dict[str, Any]]:
    """The answer as rows. Raises SourceError."""
    try:
        found: list[dict[str, Any]] = ask(query, {"primary": table}).to_pylist()
    except Refused as refusal:
        raise refusal.as_source_error() from refusal
    return found


def summary(table: Table, fields: Sequence[Field]) -> Summary:
    """The figures of some columns, in one scan."""
    found: dict[str, Any] = {}
    wanted = [("rows", sql.count())]
    for i, field in enumerate(fields):
        wanted += [(f"{name}{i}", figure) for name, figure in _figures(table, field)]
    for start in range(0, len(wanted), MAX_WIDTH):
        part = [exp.alias_(one, name) for name, one in wanted[start : start + MAX_WIDTH]]
        found |= asked(exp.select(*part).from_(table.relation()), table)[0]
    rows = int(found["rows"])
    exact = not engine_of(table).approximate
    return Summary(rows, {field.name: _side(i, field, rows, found, exact=exact) for i, field in enumerate(fields)})


def _figures(table: Table, field: Field) -> list[tuple[str, exp.Expr]]:
    column = sql.column(field.name)
    figures: list[tuple[str, exp.Expr]] = [("present", exp.Count(this=column))]
    if field.kind != "other":
        figures.append(("distinct", engine_of(table).estimate(field)))
    if field.kind in ("number", "date", "timestamp"):
        figures += [("min", exp.Min(this=value_of(field))), ("max", exp.Max(this=value_of(field)))]
    if field.kind == "number":
        value = sql.double(value_of(field))
        figures += [("mean", exp.Avg(this=value)), ("stddev", exp.StddevPop(this=value.copy()))]
    return figures


def value_of(field: Field) -> exp.Expr:
    """The value of a row; NULL for a number that is not finite."""
    return finite(field) if field.kind == "number" else sql.column(field.name)


def _side(i: int, field: Field, rows: int, found: dict[str, Any], *, exact: bool) -> Side:
    def figure(name: str) -> Any:
        return found.get(f"{name}{i}")

    present = int(figure("present"))
    return Side(
        type=field.type,
        nulls=rows - present,
        distinct=min(int(figure("distinct") or 0), present),
        distinct_exact=exact,
        min=shown(figure("min")),
        max=shown(figure("max")),
        mean=None if figure("mean") is None else float(figure("mean")),
        stddev=None if figure("stddev") is None else float(figure("stddev")),
    )


def shown(value: Any) -> Any:
    """A value of the data as the model has it."""
    return value.isoformat() if isinstance(value, date | datetime) else plain(value)


def edges(table: Table, field: Field) -> list[Any]:
    """The least value and then quantiles, up to the greatest value, without repetitions; [] without values."""
    value = value_of(field)
    present = exp.select(exp.alias_(value, "v")).from_(table.relation()).where(sql.not_null(value))
    if table.dialect == "duckdb":
        shares = exp.Array(expressions=[exp.Literal.number(f"{i / BINS:g}") for i in range(BINS + 1)])
        found = exp.Anonymous(this="QUANTILE_DISC", expressions=[sql.column("v"), shares])
        answer = asked(exp.select(exp.alias_(found, "e")).from_(present.subquery("p")), table)
        return sorted(set(answer[0]["e"] or []))
    tile = exp.Window(this=exp.Ntile(this=exp.Literal.number(BINS)), order=exp.Order(expressions=[value.copy()]))
    tiled = present.select(exp.alias_(tile, "b")).subquery("p")
    ends = (exp.alias_(exp.Min(this=sql.column("v")), "low"), exp.alias_(exp.Max(this=sql.column("v")), "high"))
    rows = asked(exp.select(exp.alias_(sql.column("b"), "tile"), *ends).from_(tiled).group_by(sql.column("b")), table)
    return sorted({row["high"] for row in rows} | {row["low"] for row in rows if row["tile"] == 1})


def binned(table: Table, field: Field, cuts: Sequence[Any]) -> dict[int, int]:
    """Rows by bin: bin i holds what is above cut i - 1 and not above cut i, so that bin 0 holds the least value."""
    value = value_of(field)
    zoned = "TIME ZONE" in field.type.upper() or field.type.upper().startswith("TIMESTAMPTZ")
    literals = [literal(cut, zoned=zoned) for cut in cuts]
    outside = exp.Case().when(exp.LT(this=value.copy(), expression=literals[0]), sql.number(OUTSIDE_LOW))
    outside = outside.when(exp.GT(this=value.copy(), expression=literals[-1]), sql.number(OUTSIDE_HIGH))
    place = outside.else_(_search(value, literals, 0, len(cuts) - 1))
    inner = exp.select(exp.alias_(place, "b")).from_(table.relation()).where(sql.not_null(value))
    query = (
        exp.select(sql.column("b"), exp.alias_(sql.count(), "n")).from_(inner.subquery("p")).group_by(sql.column("b"))
    )
    return {int(row["b"]): int(row["n"]) for row in asked(query, table)}


def _search(value: exp.Expr, cuts: Sequence[exp.Expr], low: int, high: int) -> exp.Expr:
    """A tree of comparisons: six instead of fifty for each row."""
    if low == high:
        return exp.Literal.number(low)
    middle = (low + high) // 2
    below = exp.LTE(this=value.copy(), expression=cuts[middle].copy())
    return exp.Case().when(below, _search(value, cuts, low, middle)).else_(_search(value, cuts, middle + 1, high))


def literal(value: Any, *, zoned: bool) -> exp.Expr:
    """A value of a number, date or timestamp column."""
    if isinstance(value, datetime):
        utc = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
        return sql.moment(utc, zoned=zoned)
    if isinstance(value, date):
        return sql.day(value)
    return sql.number(value if isinstance(value, Decimal | float) else int(value))


def categories(table: Table, field: Field) -> tuple[dict[str, int], bool]:
    """Rows by value, most frequent first, and whether these are all values or only the most frequent."""
    found = _grouped(table, field, None, MAX_CATEGORIES + 1)
    whole = len(found) <= MAX_CATEGORIES
    return found if whole else dict(list(found.items())[:MOST_FREQUENT]), whole


def rows_of(table: Table, field: Field, values: Sequence[str]) -> dict[str, int]:
    """Rows by value, of some values."""
    return {value: 0 for value in values} | _grouped(table, field, values, len(values))


def _grouped(table: Table, field: Field, values: Sequence[str] | None, limit: int) -> dict[str, int]:
    # MySQL's texts are told apart when the query is made MySQL's, which a cast would hide.
    column = sql.column(field.name) if table.dialect == "mysql" else engine_of(table).column(field)
    query = exp.select(exp.alias_(column, "v"), exp.alias_(sql.count(), "n")).from_(table.relation())
    query = query.where(sql.not_null(sql.column(field.name)))
    if values is not None:
        query = query.where(exp.In(this=column.copy(), expressions=[sql.text(value) for value in values]))
    order = [exp.Ordered(this=sql.column("n"), desc=True), exp.Ordered(this=column.copy())]
    query = query.group_by(column.copy()).order_by(*order).limit(limit)
    return {_name(row["v"], field): int(row["n"]) for row in asked(query, table)}


def _name(value: Any, field: Field) -> str:
    return str(bool(value)).lower() if field.kind == "boolean" else str(value)
