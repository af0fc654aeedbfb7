"""The first rows of a table: what they rule out need not be counted in the scan, and in a small table they are all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from tools.profiling.arrays import double
from tools.profiling.dialects import engine_of
from tools.profiling.frequency import distinct_values
from tools.profiling.guess import may_hold_numbers, possible_types
from tools.profiling.sql import CLIP, asked, is_float, named, raw, text
from tools.sources import Field, Table

_ROWS = 20_000
_CELLS = 2_000_000
_JUDGED = 500
_DOMAIN = 100
_DOMAIN_BUDGET = 3_000


@dataclass(frozen=True)
class Head:
    """The first rows, columns named by position (``c0``), with what they say about the columns."""

    rows: pa.Table
    whole: bool
    """True when there are no further rows."""
    domains: dict[int, list[str]] = field(default_factory=dict)
    """By position: all values of a column that has few, as the engine writes them; only where the scan counts them."""
    probes: dict[int, list[str]] = field(default_factory=dict)
    """By position: the types that no text in the head rules out."""
    numeric: set[int] = field(default_factory=set)
    """Text columns of which some value, or none that can be judged, casts to a number."""

    def repeats(self, position: int) -> bool:
        """Whether a value occurs twice."""
        values = self.rows.column(f"c{position}")
        return int(len(values) - values.null_count) > self.distinct(position)

    def differs(self, position: int) -> bool:
        """Whether every row has a value of its own."""
        rows = int(self.rows.num_rows)
        return 0 < rows == self.distinct(position)

    def distinct(self, position: int) -> int:
        """How many values other than NULL a column shows."""
        return int(pc.count_distinct(self.rows.column(f"c{position}")).as_py())

    def least(self, position: int) -> int | None:
        """The least whole number of a column, None where there is none."""
        least = pc.min(self.rows.column(f"c{position}")).as_py()
        return int(least) if least is not None else None


def read_head(table: Table) -> Head:
    """Reads the head on the table's engine and judges it here. Raises SourceError."""
    wanted = [(place, spec) for place, spec in enumerate(table.fields) if spec.kind != "other"]
    limit = max(500, min(_ROWS, _CELLS // max(1, len(wanted))))
    rows = read_rows(table, wanted, lambda query: query.limit(limit + 1))
    whole = rows.num_rows <= limit
    judged = rows.slice(0, _JUDGED)
    texts = {
        place: pc.unique(pc.drop_null(judged[f"c{place}"])).to_pylist() for place, spec in wanted if spec.kind == "text"
    }
    return Head(
        rows,
        whole,
        domains=_domains(rows, wanted) if _in_scan(table, whole=whole) else {},
        probes={place: possible_types(values) for place, values in texts.items()},
        numeric={place for place, values in texts.items() if may_hold_numbers(values)},
    )


def _in_scan(table: Table, *, whole: bool) -> bool:
    """Whether few values are counted in the scan: DuckDB can, and a text file is not to be parsed again for them."""
    return table.dialect == "duckdb" and not whole and not engine_of(table).columnar(table)


def shown(table: Table, field: Field) -> exp.Expr:
    """The value as the head and the sample carry it: text clipped, times as text, since Python's dates end at 9999."""
    if field.kind == "text":
        return exp.func("SUBSTRING", engine_of(table).column(field), exp.convert(1), exp.convert(CLIP))
    return text(raw(field)) if field.kind in ("date", "timestamp", "time") else raw(field)


def read_rows(
    table: Table, wanted: Sequence[tuple[int, Field]], narrow: Callable[[exp.Select], exp.Select]
) -> pa.Table:
    """Some rows, columns named by position. Raises SourceError."""
    # A table of nested columns only still has to tell whether it is small.
    chosen = [named(shown(table, spec), f"c{place}") for place, spec in wanted] or [named(exp.true(), "none")]
    return _one_zero(table.query(narrow(asked(table, chosen))))


def _one_zero(rows: pa.Table) -> pa.Table:
    """With 0.0 for -0.0, which the engine takes for the same value and Arrow for another."""
    for place, spec in enumerate(rows.schema):
        if pa.types.is_floating(spec.type):
            rows = rows.set_column(place, spec.name, pc.add(rows.column(place), double(0.0).cast(spec.type)))
    return rows


def _domains(rows: pa.Table, wanted: Sequence[tuple[int, Field]]) -> dict[int, list[str]]:
    domains: dict[int, list[str]] = {}
    room = _DOMAIN_BUDGET
    for place, spec in wanted:
        if is_float(spec) or spec.kind in ("time", "timestamp"):
            continue
        values = distinct_values(rows.column(f"c{place}"), _DOMAIN)
        if values is None or len(values) > room or any(len(value) >= CLIP for value in values):
            continue
        domains[place] = values
        room -= len(values)
    return domains
