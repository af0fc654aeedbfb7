"""PostgreSQL's types: the family and the Arrow type of each, and how their text is read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any, TypeVar

import psycopg
import pyarrow as pa
from psycopg.abc import Buffer
from psycopg.types.datetime import DateLoader, TimeLoader, TimestampLoader, TimestamptzLoader
from psycopg.types.string import TextLoader

from tools.sources.rows import Column
from tools.sources.table import Kind

_TYPES: dict[str, tuple[Kind, pa.DataType | None]] = {
    "bool": ("boolean", pa.bool_()),
    "int2": ("number", pa.int16()),
    "int4": ("number", pa.int32()),
    "int8": ("number", pa.int64()),
    "float4": ("number", pa.float32()),
    "float8": ("number", pa.float64()),
    "numeric": ("number", None),
    "date": ("date", pa.date32()),
    "time": ("time", pa.time64("us")),
    "timestamp": ("timestamp", pa.timestamp("us")),
    "timestamptz": ("timestamp", pa.timestamp("us", "UTC")),
    "bytea": ("other", pa.binary()),
    "uuid": ("text", pa.string()),
    "timetz": ("time", pa.string()),
}
_BY_OID = {psycopg.adapters.types[name].oid: (name, *known) for name, known in _TYPES.items()}
T = TypeVar("T")
_LEAST = datetime.min.replace(tzinfo=UTC)
_MOST = datetime.max.replace(tzinfo=UTC)
_ARROW_DIGITS = 38
_TEXT_CATEGORIES = "SE"
"""Strings and enumerations, by pg_type.typcategory."""


def kind_of(oid: int, category: str) -> Kind:
    """The family of a type; arrays, JSON, blobs, money, ranges and intervals are ``other``."""
    if oid in _BY_OID:
        return _BY_OID[oid][1]
    return "text" if category in _TEXT_CATEGORIES else "other"


def columns_of(description: list[psycopg.Column]) -> list[Column]:
    """The columns of an answer. What Arrow has no type for comes as PostgreSQL writes it."""
    return [Column(column.name, _arrow(column)) for column in description]


def _arrow(column: psycopg.Column) -> pa.DataType | None:
    name, _, arrow = _BY_OID.get(column.type_code, ("text", "text", pa.string()))
    if name != "numeric" or column.precision is None or column.scale is None:
        return arrow
    if not 0 <= column.scale <= column.precision <= _ARROW_DIGITS:
        return None
    return pa.decimal128(column.precision, column.scale)


def teach(connection: psycopg.Connection[Any]) -> None:
    """Makes a connection give the values that :func:`columns_of` promises."""
    adapters = connection.adapters
    for known in psycopg.adapters.types:
        if known.oid not in _BY_OID:
            adapters.register_loader(known.oid, TextLoader)
        adapters.register_loader(known.array_oid, TextLoader)
    for name in ("uuid", "timetz"):
        adapters.register_loader(name, TextLoader)
    for name, loader in (("date", _Date), ("time", _Time), ("timestamp", _Timestamp), ("timestamptz", _Timestamptz)):
        adapters.register_loader(name, loader)


def _nearest(load: Callable[[Buffer], T], data: Buffer, least: T, most: T) -> T:
    """Infinities and years outside 1 to 9999 become the nearest moment that Python knows."""
    try:
        return load(data)
    except psycopg.DataError:
        text = bytes(data)
        return least if text.startswith(b"-") or text.endswith(b"BC") else most


class _Date(DateLoader):
    def load(self, data: Buffer) -> date:
        return _nearest(super().load, data, date.min, date.max)


class _Time(TimeLoader):
    def load(self, data: Buffer) -> time:
        return _nearest(super().load, data, time.min, time.max)


class _Timestamp(TimestampLoader):
    def load(self, data: Buffer) -> datetime:
        return _nearest(super().load, data, _LEAST.replace(tzinfo=None), _MOST.replace(tzinfo=None))


class _Timestamptz(TimestamptzLoader):
    def load(self, data: Buffer) -> datetime:
        return _nearest(super().load, data, _LEAST, _MOST)
