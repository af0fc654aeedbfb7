"""A table in figures: rows, missing and distinct values, ranges, means, in one scan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlglot import exp

from tools.comparing.model import Side
from tools.comparing.statements import asked, named, select, value_of
from tools.dqdl.plans import sql
from tools.profiling.dialects import engine_of
from tools.profiling.frequency import plain
from tools.profiling.sql import is_float
from tools.sources.table import Field, Table

MAX_WIDTH = 500
"""Aggregates in one query."""
MAX_WIDTH_OF_TEXT = 4_000
"""The same for a text file, which every query parses as a whole."""


@dataclass(frozen=True)
class Summary:
    """A table in figures."""

    rows: int
    sides: dict[str, Side]
    values: dict[str, int]
    """Rows with a value that can be compared: NaN and infinity are none."""


def summary(table: Table, fields: Sequence[Field], on_progress: Callable[[float], None]) -> Summary:
    """The figures of some columns. Raises SourceError."""
    found: dict[str, Any] = {}
    wanted = [("rows", sql.count())]
    for i, field in enumerate(fields):
        wanted += [(f"{name}{i}", figure) for name, figure in _figures(table, field)]
    parsed = table.dialect == "duckdb" and not engine_of(table).columnar(table)
    width = MAX_WIDTH_OF_TEXT if parsed else MAX_WIDTH
    for start in range(0, len(wanted), width):
        part = [named(figure, name) for name, figure in wanted[start : start + width]]
        found |= asked(select(part, table.relation()), table)[0]
        on_progress(min(1.0, (start + width) / len(wanted)))
    rows = int(found["assay_rows"])
    exact = not engine_of(table).approximate
    figures = [_Figures(i, field, rows, found) for i, field in enumerate(fields)]
    return Summary(
        rows,
        {each.field.name: each.side(exact=exact) for each in figures},
        {each.field.name: each.values for each in figures},
    )


def _figures(table: Table, field: Field) -> Iterator[tuple[str, exp.Expr]]:
    column = sql.column(field.name)
    yield "present", exp.Count(this=column)
    if field.kind != "other":
        yield "distinct", engine_of(table).estimate(field)
    if field.kind in ("number", "date", "timestamp"):
        yield "min", exp.Min(this=value_of(field))
        yield "max", exp.Max(this=value_of(field))
    if field.kind == "number":
        value = sql.double(value_of(field))
        yield "mean", exp.Avg(this=value)
        yield "stddev", exp.StddevPop(this=value.copy())
    if is_float(field):
        yield "finite", exp.Count(this=value_of(field))


@dataclass(frozen=True)
class _Figures:
    """What was found about one column."""

    i: int
    field: Field
    rows: int
    found: dict[str, Any]

    def of(self, name: str) -> Any:
        return self.found.get(f"assay_{name}{self.i}")

    @property
    def values(self) -> int:
        finite = self.of("finite")
        return int(self.of("present") if finite is None else finite)

    def side(self, *, exact: bool) -> Side:
        present = int(self.of("present"))
        return Side(
            type=self.field.type,
            nulls=self.rows - present,
            distinct=min(int(self.of("distinct") or 0), present),
            distinct_exact=exact,
            min=shown(self.of("min")),
            max=shown(self.of("max")),
            mean=None if self.of("mean") is None else float(self.of("mean")),
            stddev=None if self.of("stddev") is None else float(self.of("stddev")),
        )


def shown(value: Any) -> Any:
    """A value of the data as the model has it."""
    return value.isoformat() if isinstance(value, date | datetime) else plain(value)
