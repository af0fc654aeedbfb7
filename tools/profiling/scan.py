"""The one scan: every aggregate of every column in as few queries as the engine takes, with a sample of the rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
from sqlglot import exp

from tools.profiling import sample
from tools.profiling.dialects import Engine, engine_of
from tools.profiling.head import Head
from tools.profiling.sql import asked, call, count_if, double, finite, is_float, named, nonfinite, raw, text
from tools.sources import Field, Table

_SPANS, _SPAN_BELOW, _SPAN = 2, 1 << 10, 1 << 25
"""Whole numbers that may be keys of a text file: how many columns, and the range from the least one in the head on."""
_WIDE = ("HUGEINT", "UHUGEINT", "DECIMAL")


@dataclass(frozen=True)
class Scan:
    """What the scan found."""

    rows: int
    found: dict[str, Any]
    """Aggregates by ``c<position>_<name>``."""
    sample: pa.Table
    """Rows chosen evenly over the table, columns as in the head."""
    scans: int

    def of(self, position: int, name: str) -> Any:
        """An aggregate of a column; None where the column has no such."""
        return self.found.get(f"c{position}_{name}")

    def present(self, position: int) -> int:
        """Rows with a value."""
        return int(self.of(position, "present"))


def scan(table: Table, head: Head) -> Scan:
    """Reads the table once, in several queries where it has more columns than one query takes. Raises SourceError."""
    engine = engine_of(table)
    spans = {} if head.whole or engine.columnar(table) else _spans(table, engine, head)
    aggregates = [
        named(part, f"c{at}_{name}")
        for at, field in enumerate(table.fields)
        for name, part in _aggregates(at, field, head, engine, spans.get(at))
    ]
    # A text file is parsed as a whole by every query, so that one long query is the lesser evil.
    row_wise = table.dialect == "duckdb" and not head.whole and not engine.columnar(table)
    size = len(aggregates) if row_wise else engine.width
    in_scan = None if head.whole else sample.aggregate(table, head)
    found: dict[str, Any] = {}
    rows = head.rows
    for start in range(0, len(aggregates), size):
        parts = [*aggregates[start : start + size], named(exp.Count(this=exp.Star()), "row_count")]
        sampling = start == 0 and in_scan is not None
        if sampling and in_scan is not None:
            parts.append(named(in_scan, "sample"))
        answer = table.query(asked(table, parts))
        if sampling:
            rows = pa.Table.from_struct_array(answer["sample"].combine_chunks().flatten())
            answer = answer.drop_columns(["sample"])
        found |= answer.to_pylist()[0]
    result = Scan(int(found.pop("row_count")), found, rows, 1)
    if head.whole or in_scan is not None or not sample.wanted(table):
        return result
    return replace(result, sample=sample.read(table, head, result.rows), scans=2)


def _aggregates(
    place: int, field: Field, head: Head, engine: Engine, span: tuple[int, int] | None
) -> Iterator[tuple[str, exp.Expr]]:
    yield "present", exp.Count(this=raw(field))
    if field.kind == "other" and not engine.approximate:
        # What has no equality there is compared as it is written.
        yield "distinct", exp.Count(this=exp.Distinct(expressions=[text(raw(field))]))
        return
    # Exact counts cost time that grows with the square of the number of columns, and a small table is in the head.
    yield "distinct", engine.estimate(field)
    if field.kind == "number":
        yield from _of_number(field, engine)
    elif field.kind == "text":
        yield from _of_text(place, field, head, engine)
    elif field.kind in ("date", "timestamp", "time"):
        yield "min", text(exp.Min(this=raw(field)))
        yield "max", text(exp.Max(this=raw(field)))
    if span:
        yield "span", _span_of(engine, field, span)
    if domain := head.domains.get(place):
        bins = exp.Array(expressions=[exp.Literal.string(known) for known in domain if known])
        if bins.expressions:
            yield "domain", call("histogram_exact", text(raw(field)), bins)


def _of_number(field: Field, engine: Engine) -> Iterator[tuple[str, exp.Expr]]:
    value = finite(field)
    yield "min", exp.Min(this=value)
    yield "max", exp.Max(this=value.copy())
    # Exact sums of the widest types overflow; as doubles they lose the last digits only.
    exact = is_float(field) or (engine.exact_means and not field.type.upper().startswith(_WIDE))
    moment = value if exact else double(value)
    yield "mean", exp.Avg(this=moment.copy())
    yield "stddev", exp.StddevPop(this=moment.copy())
    yield "sum", double(exp.Sum(this=moment.copy()))
    if is_float(field):
        yield "nonfinite", nonfinite(field)


def _of_text(place: int, field: Field, head: Head, engine: Engine) -> Iterator[tuple[str, exp.Expr]]:
    value, compared = engine.column(field), engine.compared(field)
    length = exp.Length(this=value)
    yield "min", exp.Min(this=compared)
    yield "max", exp.Max(this=compared.copy())
    yield "min_length", exp.Min(this=length)
    yield "max_length", exp.Max(this=length.copy())
    yield "mean_length", exp.Avg(this=double(length.copy()))
    yield "blanks", count_if(engine.blank(value.copy()))
    if place in head.numeric:
        yield "number", count_if(engine.is_number(value.copy()))
    for kind in head.probes[place]:
        yield kind, count_if(engine.casts_to(value.copy(), kind))
    if "" in head.domains.get(place, []):
        yield "empty", count_if(value.copy().eq(""))


def _spans(table: Table, engine: Engine, head: Head) -> dict[int, tuple[int, int]]:
    """Columns of whole numbers that do not repeat in the head: which of them is a key, the scan itself can tell."""
    found: dict[int, tuple[int, int]] = {}
    for place, field in enumerate(table.fields):
        if field.kind == "number" and "INT" in field.type and head.differs(place) and len(found) < _SPANS:
            least = head.least(place)
            if least is not None:
                found[place] = (least - _SPAN_BELOW, least + _SPAN)
    return found


def _span_of(engine: Engine, field: Field, span: tuple[int, int]) -> exp.Expr:
    low, high = (exp.convert(end) for end in span)
    inside = exp.case().when(exp.Between(this=raw(field), low=low, high=high), raw(field))
    return call("bit_count", call("bitstring_agg", inside, low.copy(), high.copy()))
