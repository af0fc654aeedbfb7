"""Redshift's types: the family and the Arrow type of each, and how the Data API's values are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa

from tools.sources.rows import Column
from tools.sources.table import Kind

_TYPES: dict[str, tuple[Kind, pa.DataType]] = {
    "bool": ("boolean", pa.bool_()),
    "int2": ("number", pa.int16()),
    "int4": ("number", pa.int32()),
    "int8": ("number", pa.int64()),
    "oid": ("number", pa.int64()),
    "float4": ("number", pa.float32()),
    "float8": ("number", pa.float64()),
    "varbyte": ("other", pa.binary()),
    "date": ("date", pa.date32()),
    "time": ("time", pa.time64("us")),
    "timestamp": ("timestamp", pa.timestamp("us")),
    "timestamptz": ("timestamp", pa.timestamp("us", "UTC")),
    **dict.fromkeys(["varchar", "bpchar", "char", "text", "name", "unknown"], ("text", pa.string())),
}
_MOST_DIGITS = 38
_FIRST, _LAST = (datetime.fromisoformat(text) for text in ("0001-01-01", "9999-12-31T23:59:59.999999"))

Metadata = Mapping[str, Any]
"""A ColumnMetadata of the Data API."""


def kind_of(column: Metadata) -> Kind:
    """The family of a type; SUPER, geometries, sketches, VARBYTE, intervals and TIMETZ are ``other`` or as written."""
    name = _name(column)
    if name == "numeric":
        return "number"
    return _TYPES[name][0] if name in _TYPES else "other"


def type_of(column: Metadata) -> str:
    """The type as SQL."""
    name = _name(column)
    if name == "numeric":
        return f"numeric({column.get('precision', _MOST_DIGITS)},{column.get('scale', 0)})"
    if name in ("varchar", "bpchar", "char") and column.get("length"):
        return f"{'char' if name == 'bpchar' else name}({column['length']})"
    return name


def column_of(column: Metadata, name: str) -> Column:
    """A column of an answer; what Arrow has no type for comes as Redshift writes it."""
    if _name(column) == "numeric":
        digits = min(column.get("precision") or _MOST_DIGITS, _MOST_DIGITS)
        return Column(name, pa.decimal128(digits, column.get("scale") or 0))
    return Column(name, _TYPES.get(_name(column), ("other", pa.string()))[1])


def value_of(field: Mapping[str, Any], kind: pa.DataType) -> object:
    """A value of the Data API as Arrow takes it. NaN and infinity come as words."""
    if field.get("isNull"):
        return None
    (value,) = (value for key, value in field.items() if key != "isNull")
    read = _READERS.get(str(kind)) or (_decimal if pa.types.is_decimal(kind) else None)
    if read is not None:
        return read(value)
    return str(value) if pa.types.is_string(kind) else value


def _name(column: Metadata) -> str:
    return str(column.get("typeName", "")).lower()


def _decimal(value: object) -> Decimal:
    return Decimal(str(value))


def _date(text: str) -> date:
    """Days outside of Python's calendar are its first or last."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return date.min if text.endswith("BC") else date.max


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return _FIRST if text.endswith("BC") else _LAST


def _zoned(text: str) -> datetime:
    moment = _moment(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


_READERS: dict[str, Callable[[Any], object]] = {
    str(pa.float32()): float,
    str(pa.float64()): float,
    str(pa.date32()): _date,
    str(pa.time64("us")): time.fromisoformat,
    str(pa.timestamp("us")): _moment,
    str(pa.timestamp("us", "UTC")): _zoned,
}
