"""Rows of Python values, as database drivers give them, to Arrow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa

from tools.sources.table import QueryError

LOOSE = pa.decimal128(38, 18)
"""What a stream makes of decimals without a declared precision, as Spark does; a query finds out what they need."""


@dataclass(frozen=True)
class Column:
    """A column of an answer. ``type`` is None for decimals whose precision the database does not tell."""

    name: str
    type: pa.DataType | None


def to_table(columns: Sequence[Column], rows: Sequence[Sequence[object]], what: str) -> pa.Table:
    """The rows as a table; decimals that no decimal type holds, NaN above all, become doubles. Raises QueryError."""
    arrays = [
        _decimals(values, column.type) if _is_decimal(column) else _array(column, values, column.type, what)
        for column, values in zip(columns, _turned(columns, rows), strict=True)
    ]
    return pa.Table.from_arrays(arrays, names=[column.name for column in columns])


def to_batch(columns: Sequence[Column], rows: Sequence[Sequence[object]], what: str) -> pa.RecordBatch:
    """The rows as a batch whose types depend on the columns alone. Raises QueryError for what does not fit them."""
    arrays = [
        _array(column, values, column.type or LOOSE, what)
        for column, values in zip(columns, _turned(columns, rows), strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, names=[column.name for column in columns])


def _turned(columns: Sequence[Column], rows: Sequence[Sequence[object]]) -> list[Sequence[object]]:
    return list(zip(*rows, strict=True)) if rows else [()] * len(columns)


def _is_decimal(column: Column) -> bool:
    return column.type is None or pa.types.is_decimal(column.type)


def _array(column: Column, values: Sequence[object], kind: pa.DataType, what: str) -> pa.Array:
    try:
        return pa.array(values, kind)
    except (pa.ArrowException, ValueError, OverflowError) as error:
        sentence = f"a value of the column {column.name!r} does not fit {kind}."
        raise QueryError(
            f"{what}: {sentence}", cause="conversion", sentence=sentence, hint="Cast that column in a view."
        ) from error


def _decimals(values: Sequence[object], declared: pa.DataType | None) -> pa.Array:
    numbers = [None if value is None else Decimal(str(value)) for value in values]
    present = [number for number in numbers if number is not None]
    if not present:
        return pa.array(numbers, declared or LOOSE)
    if all(number.is_finite() for number in present):
        for kind in (declared, None):
            try:
                return pa.array(numbers, kind)
            except pa.ArrowException:
                continue
    return pa.array([None if number is None else float(number) for number in numbers], pa.float64())
