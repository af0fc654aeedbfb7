"""The one scan: every aggregate of every column in a single query, with a uniform sample of the rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from sqlglot import exp

from tools.profiling.head import Head
from tools.profiling.sql import blank, call, casts_to, column, count_if, finite, is_float, is_number, shown, text
from tools.sources import Field, Table

_SAMPLE_ROWS = 10_000
_SAMPLE_CELLS = 2_000_000
_HASHED = 3
_BATCH = 1_000
"""Aggregates per query, as planning grows faster than their number. Only where that reads no column twice (Parquet,
Arrow) or the table is small: a large CSV file is read once whatever its width."""
_WIDE = ("HUGEINT", "UHUGEINT", "DECIMAL")


@dataclass(frozen=True)
class Scan:
    """What the scan found."""

    rows: int
    found: dict[str, Any]
    """Aggregates by ``c<position>_<name>``."""
    sample: pa.Table
    """Rows chosen evenly over the table, columns as in the head."""

    def of(self, position: int, name: str) -> Any:
        """An aggregate of a column; None where the column has no such."""
        return self.found.get(f"c{position}_{name}")


def scan(table: Table, head: Head) -> Scan:
    """Reads the table once. Raises SourceError."""
    aggregates = [
        part.as_(f"c{at}_{name}") for at, f in enumerate(table.fields) for name, part in _aggregates(at, f, head)
    ]
    size = _BATCH if head.whole or table.row_count is not None else len(aggregates)
    found: dict[str, Any] = {}
    sample = head.rows
    for start in range(0, len(aggregates), size):
        parts = [*aggregates[start : start + size], exp.Count(this=exp.Star()).as_("row_count")]
        if sampling := start == 0 and not head.whole and any(field.kind != "other" for field in table.fields):
            parts.append(_sample(table, head).as_("sample"))
        answer = table.query(exp.select(*parts).from_(table.relation()))
        if sampling:
            sample = pa.Table.from_struct_array(answer["sample"].combine_chunks().flatten())
            answer = answer.drop_columns(["sample"])
        found |= answer.to_pylist()[0]
    return Scan(found.pop("row_count"), found, sample)


def _aggregates(place: int, field: Field, head: Head) -> Iterator[tuple[str, exp.Expr]]:
    value = column(field)
    yield "present", exp.Count(this=value)
    # Not COUNT(DISTINCT): its cost grows with the square of the number of columns, and a small table is in the head.
    yield "distinct", exp.ApproxDistinct(this=value.copy())
    if field.kind == "number":
        yield from _of_number(field)
    elif field.kind == "text":
        yield from _of_text(place, value, head)
    elif field.kind in ("date", "timestamp", "time"):
        yield "min", text(exp.Min(this=value.copy()))
        yield "max", text(exp.Max(this=value.copy()))
    if domain := head.domains.get(place):
        bins = exp.Array(expressions=[exp.Literal.string(known) for known in domain if known])
        if bins.expressions:
            yield "domain", call("histogram_exact", text(value.copy()), bins)


def distinct(field: Field) -> exp.Count:
    """The exact number of distinct values."""
    return exp.Count(this=exp.Distinct(expressions=[column(field)]))


def _of_number(field: Field) -> Iterator[tuple[str, exp.Expr]]:
    value = finite(field)
    yield "min", exp.Min(this=value)
    yield "max", exp.Max(this=value.copy())
    # Exact sums of the widest types overflow; as doubles they lose the last digits only.
    moment = exp.cast(value.copy(), "DOUBLE") if field.type.startswith(_WIDE) else value
    yield "mean", exp.Avg(this=moment.copy())
    yield "stddev", exp.StddevPop(this=moment.copy())
    yield "sum", exp.cast(exp.Sum(this=moment.copy()), "DOUBLE")
    if is_float(field):
        yield "nonfinite", count_if(call("isfinite", column(field)).not_())


def _of_text(place: int, value: exp.Expr, head: Head) -> Iterator[tuple[str, exp.Expr]]:
    length = exp.Length(this=value.copy())
    yield "min", exp.Min(this=value.copy())
    yield "max", exp.Max(this=value.copy())
    yield "min_length", exp.Min(this=length)
    yield "max_length", exp.Max(this=length.copy())
    yield "mean_length", exp.Avg(this=length.copy())
    yield "blanks", count_if(blank(value))
    if place in head.numeric:
        yield "number", count_if(is_number(value.copy()))
    for kind in head.probes[place]:
        yield kind, count_if(casts_to(value.copy(), kind))
    if "" in head.domains.get(place, []):
        yield "empty", count_if(value.copy().eq(""))


def _sample(table: Table, head: Head) -> exp.Expr:
    """The rows whose hash is smallest: a uniform sample, the same at every run, found without knowing the row count."""
    wanted = [(place, field) for place, field in enumerate(table.fields) if field.kind != "other"]
    size = max(500, min(_SAMPLE_ROWS, _SAMPLE_CELLS // len(wanted)))
    row: exp.Expr = exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(f"c{place}", quoted=True), expression=shown(field))
            for place, field in wanted
        ]
    )
    varied = sorted(wanted, key=lambda item: (-head.distinct(item[0]), item[1].kind == "text"))[:_HASHED]
    key = call("hash", *(column(field) for _, field in varied))
    thin = (table.row_count or 0) // (4 * size)
    if thin < 2:
        return call("arg_min", row, key, exp.convert(size))
    # Most rows are turned away before anything is built of them.
    kept = exp.Mod(this=key.copy(), expression=exp.convert(thin)).eq(0)
    smallest = call("arg_min", exp.case().when(kept.copy(), row), key, exp.convert(size))
    return exp.Filter(this=smallest, expression=exp.Where(this=kept))


def recount(table: Table, positions: list[int]) -> dict[int, dict[str, int]]:
    """All values of columns that have few, with their rows: a further scan. Raises SourceError."""
    parts = [call("histogram", text(column(table.fields[place]))).as_(f"c{place}") for place in positions]
    answer = table.query(exp.select(*parts).from_(table.relation())).to_pylist()[0]
    return {place: dict(answer[f"c{place}"] or []) for place in positions}
