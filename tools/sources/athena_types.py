"""Athena's types: the family and the Arrow type of each, and how the texts of its answers are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from tools.sources.rows import Column
from tools.sources.table import Kind

_TYPES: dict[str, tuple[Kind, pa.DataType]] = {
    "boolean": ("boolean", pa.bool_()),
    "tinyint": ("number", pa.int8()),
    "smallint": ("number", pa.int16()),
    **dict.fromkeys(["int", "integer"], ("number", pa.int32())),
    "bigint": ("number", pa.int64()),
    **dict.fromkeys(["float", "real"], ("number", pa.float32())),
    "double": ("number", pa.float64()),
    "date": ("date", pa.date32()),
    "time": ("time", pa.time64("us")),
    "timestamp": ("timestamp", pa.timestamp("us")),
    "timestamp with time zone": ("timestamp", pa.timestamp("us", "UTC")),
    **dict.fromkeys(["string", "varchar", "char", "uuid"], ("text", pa.string())),
    **dict.fromkeys(["binary", "varbinary"], ("other", pa.binary())),
}
_PARAMETERS = re.compile(r"\(.*?\)")
_FIRST, _LAST = (datetime.fromisoformat(text) for text in ("0001-01-01", "9999-12-31T23:59:59.999999"))
Info = Mapping[str, Any]
"""A ColumnInfo of an answer."""


def kind_of(declared: str) -> Kind:
    """The family of a type as the catalog or Athena writes it; what has parts (arrays, structs, maps) is ``other``."""
    bare = _PARAMETERS.sub("", declared.lower()).strip()
    if bare == "decimal":
        return "number"
    return _TYPES[bare][0] if bare in _TYPES else "other"


def column_of(info: Info, name: str) -> Column:
    """A column of an answer; what Arrow has no type for comes as Athena writes it."""
    bare = _PARAMETERS.sub("", str(info["Type"]).lower()).strip()
    if bare == "decimal":
        return Column(name, pa.decimal128(info.get("Precision") or 38, info.get("Scale") or 0))
    return Column(name, _TYPES[bare][1] if bare in _TYPES else pa.string())


def reader_of(kind: pa.DataType) -> Callable[[str], object]:
    """How the text of a value becomes what Arrow takes."""
    if pa.types.is_decimal(kind):
        return Decimal
    if pa.types.is_integer(kind):
        return int
    return _READERS.get(str(kind), str)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:  # a year of five digits, or below 1
        return date.min if text.startswith("-") else date.max


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return _FIRST if text.startswith("-") else _LAST


def _zoned(text: str) -> datetime:
    """``2024-06-30 12:00:00.000 UTC``, with a zone of any name or an offset behind the blank."""
    clock, _, zone = text.rpartition(" ")
    if zone[:1] in "+-":
        return datetime.fromisoformat(clock + zone)
    moment = _moment(clock)
    if zone == "UTC" or moment in (_FIRST, _LAST):
        return moment.replace(tzinfo=UTC)
    return moment.replace(tzinfo=ZoneInfo(zone))


_READERS: dict[str, Callable[[str], object]] = {
    str(pa.bool_()): lambda text: text == "true",
    str(pa.float32()): float,
    str(pa.float64()): float,
    str(pa.date32()): _date,
    str(pa.time64("us")): time.fromisoformat,
    str(pa.timestamp("us")): _moment,
    str(pa.timestamp("us", "UTC")): _zoned,
    str(pa.binary()): bytes.fromhex,
}
