"""A uniform sample of the rows, the same at every run."""

from __future__ import annotations

import pyarrow as pa
from sqlglot import exp

from tools.profiling.dialects import engine_of
from tools.profiling.head import Head, read_rows, shown
from tools.profiling.sql import call, raw, text
from tools.sources import Field, Table

_ROWS = 10_000
_CELLS = 2_000_000
_HASHED = 3
_THINNER = 4
"""Of so many rows as the sample holds, times this, it is chosen: fewer would leave its size to chance."""
_DIGITS = 8


def wanted(table: Table) -> list[tuple[int, Field]]:
    """The columns of a sample."""
    return [(place, field) for place, field in enumerate(table.fields) if field.kind != "other"]


def aggregate(table: Table, head: Head) -> exp.Expr | None:
    """The sample as one more aggregate of the scan: the rows whose hash is smallest. None where no engine has that."""
    columns = wanted(table)
    if table.dialect != "duckdb" or not columns:
        return None
    size = _size(columns)
    row: exp.Expr = exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(f"c{place}", quoted=True), expression=shown(table, field))
            for place, field in columns
        ]
    )
    key = call("hash", *(raw(field) for field in _varied(columns, head)))
    thin = (table.row_count or 0) // (_THINNER * size)
    if thin < 2:
        return call("arg_min", row, key, exp.convert(size))
    # Most rows are turned away before anything is built of them.
    kept = exp.Mod(this=key.copy(), expression=exp.convert(thin)).eq(0)
    smallest = call("arg_min", exp.case().when(kept.copy(), row), key, exp.convert(size))
    return exp.Filter(this=smallest, expression=exp.Where(this=kept))


def read(table: Table, head: Head, rows: int) -> pa.Table:
    """The sample by a query of its own: rows whose MD5 is below a bound that lets about enough of them through.

    No LIMIT cuts it short, which would leave out what was stored last. Raises SourceError.
    """
    columns = wanted(table)
    size = _size(columns)
    engine = engine_of(table)
    parts = [
        exp.func("COALESCE", text(engine.column(field)), exp.Literal.string("")) for field in _varied(columns, head)
    ]
    key = exp.func("SUBSTRING", engine.digest(parts), exp.convert(1), exp.convert(_DIGITS))
    share = min(1.0, size / max(1, rows))
    bound = format(int(share * (16**_DIGITS - 1)), f"0{_DIGITS}x")
    below = exp.LTE(this=key, expression=exp.Literal.string(bound))
    return read_rows(table, columns, lambda query: query.where(below))


def _size(columns: list[tuple[int, Field]]) -> int:
    return max(500, min(_ROWS, _CELLS // max(1, len(columns))))


def _varied(columns: list[tuple[int, Field]], head: Head) -> list[Field]:
    """Columns that tell the rows apart, as far as the head shows: one where no value repeats, or the most varied."""
    single = next((field for place, field in columns if field.kind == "number" and head.differs(place)), None)
    if single is not None:
        return [single]
    most = sorted(columns, key=lambda item: (-head.distinct(item[0]), item[1].kind == "text"))
    return [field for _, field in most[:_HASHED]]
