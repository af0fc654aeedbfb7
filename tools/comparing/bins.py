"""Rows by bin, of many columns in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlglot import exp

from tools.comparing.grouping import Keyed, count
from tools.comparing.statements import MOST_CELLS, Done, asked, batches, named, select, value_of
from tools.dqdl.plans import sql
from tools.profiling.sql import is_float
from tools.sources.table import Field, Table

OUTSIDE_LOW, OUTSIDE_HIGH = -1, -2
Counts = dict[int, int]


@dataclass(frozen=True)
class Cut:
    """A column, and the edges of its bins."""

    field: Field
    cuts: Sequence[Any]
    type: str
    """The type of the column that the edges are of."""

    def literals(self) -> list[exp.Expr]:
        """The edges as they stand in a query."""
        name = self.field.type.upper()
        zoned = "TIME ZONE" in name or name.startswith("TIMESTAMPTZ")
        return [literal(cut, zoned=zoned) for cut in self.cuts]


def binned(table: Table, wanted: Sequence[Cut], rows: int, done: Done) -> dict[str, Counts]:
    """By column: rows by bin. Bin i holds what is above cut i - 1 and not above cut i, so that bin 0 holds the least.

    Raises SourceError.
    """
    found: dict[str, Counts] = {}
    quick = [table.dialect == "duckdb" and each.field.type == each.type for each in wanted]
    for way, chosen in ((_histograms, True), (_grouped, False)):
        some = [each for each, is_quick in zip(wanted, quick, strict=True) if is_quick == chosen]
        for batch in batches(some, lambda _: rows, MOST_CELLS):
            counts = way(table, batch)
            found |= {each.field.name: counted for each, counted in zip(batch, counts, strict=True)}
            done(len(batch))
    return found


def _histograms(table: Table, wanted: Sequence[Cut]) -> list[Counts]:
    """A plain aggregate of DuckDB's, a quarter of the price of groups."""
    parts = []
    for i, each in enumerate(wanted):
        edges = _typed(each.field, each.literals())
        found = exp.Anonymous(this="HISTOGRAM", expressions=[value_of(each.field), exp.Array(expressions=edges)])
        parts.append(named(exp.Anonymous(this="MAP_VALUES", expressions=[found]), f"h{i}"))
        below = exp.LT(this=value_of(each.field), expression=edges[0].copy())
        parts.append(named(exp.Count(this=exp.Case().when(below, exp.Literal.number(1), copy=False)), f"l{i}"))
    answer = asked(select(parts, table.relation()), table)[0]
    return [
        _counts(answer[f"assay_h{i}"] or [], answer[f"assay_l{i}"], len(each.cuts)) for i, each in enumerate(wanted)
    ]


def _typed(field: Field, edges: list[exp.Expr]) -> list[exp.Expr]:
    """Fractions of one list would else be brought to one type of decimals."""
    if not is_float(field):
        return edges
    to = exp.DataType.build(field.type, dialect="duckdb")
    return [exp.Cast(this=edge, to=to.copy()) for edge in edges]


def _counts(found: Sequence[int], below: int, cuts: int) -> Counts:
    """The first bin of the engine holds what is below, and one behind the last what is above."""
    inside = [int(rows) for rows in found[:cuts]]
    if below:
        inside[0] -= below
    counts = {i: rows for i, rows in enumerate(inside)} | {OUTSIDE_LOW: below, OUTSIDE_HIGH: sum(found[cuts:])}
    return {i: rows for i, rows in counts.items() if rows}


def _grouped(table: Table, wanted: Sequence[Cut]) -> list[Counts]:
    found = count(table, [Keyed(value_of(each.field), _place(each)) for each in wanted])
    return [{int(i): rows for i, rows in counts.items()} for counts in found]


class _place:
    """The number of the bin."""

    def __init__(self, cut: Cut) -> None:
        self._cuts = cut.literals()

    def __call__(self, value: exp.Column) -> exp.Expr:
        place = exp.Case().when(sql.is_null(value), exp.null(), copy=False)
        below = exp.LT(this=value.copy(), expression=self._cuts[0])
        above = exp.GT(this=value.copy(), expression=self._cuts[-1].copy())
        place.when(below, sql.number(OUTSIDE_LOW), copy=False).when(above, sql.number(OUTSIDE_HIGH), copy=False)
        return place.else_(self._search(value, 0, len(self._cuts) - 1), copy=False)

    def _search(self, value: exp.Column, low: int, high: int) -> exp.Expr:
        """A tree of comparisons: six instead of fifty for each row."""
        if low == high:
            return exp.Literal.number(low)
        middle = (low + high) // 2
        below = exp.LTE(this=value.copy(), expression=self._cuts[middle].copy())
        case = exp.Case().when(below, self._search(value, low, middle), copy=False)
        return case.else_(self._search(value, middle + 1, high), copy=False)


def literal(value: Any, *, zoned: bool) -> exp.Expr:
    """A value of a number, date or timestamp column."""
    if isinstance(value, datetime):
        utc = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
        return sql.moment(utc, zoned=zoned)
    if isinstance(value, date):
        return sql.day(value)
    return sql.number(value if isinstance(value, Decimal | float) else int(value))
