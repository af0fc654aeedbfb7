"""Types of Aurora as the RDS Data API tells them: the Arrow type of each, and how its values are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from tools.sources.rows import Column

_POSTGRES: dict[str, pa.DataType] = {
    "bool": pa.bool_(),
    "int2": pa.int16(),
    "int4": pa.int32(),
    "int8": pa.int64(),
    "serial": pa.int32(),
    "bigserial": pa.int64(),
    "float4": pa.float32(),
    "float8": pa.float64(),
    "date": pa.date32(),
    "time": pa.time64("us"),
    "timestamp": pa.timestamp("us"),
    "timestamptz": pa.timestamp("us", "UTC"),
    "bytea": pa.binary(),
}
_MYSQL: dict[str, pa.DataType] = {
    "TINYINT": pa.int8(),
    "SMALLINT": pa.int16(),
    "MEDIUMINT": pa.int32(),
    "INT": pa.int32(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "FLOAT": pa.float32(),
    "DOUBLE": pa.float64(),
    "YEAR": pa.int16(),
    "DATE": pa.date32(),
    "TIME": pa.time64("us"),
    "DATETIME": pa.timestamp("us"),
    "TIMESTAMP": pa.timestamp("us", "UTC"),
    **dict.fromkeys(["BINARY", "VARBINARY", "TINYBLOB", "BLOB", "MEDIUMBLOB", "LONGBLOB", "GEOMETRY"], pa.binary()),
}
_UNSIGNED = {"int8": pa.uint8(), "int16": pa.uint16(), "int32": pa.uint32(), "int64": pa.uint64()}
_FIRST, _LAST = datetime.fromisoformat("0001-01-01"), datetime.fromisoformat("9999-12-31T23:59:59.999999")
_DIGITS_128, _DIGITS_256 = 38, 76
_DAY = timedelta(days=1)

Metadata = Mapping[str, Any]
"""A ColumnMetadata of the Data API."""


def column_of(told: Metadata, name: str, engine: str) -> Column:
    """A column of an answer; what Arrow has no type for comes as the database writes it."""
    kind = str(told.get("typeName", ""))
    if kind.lower() in ("numeric", "decimal"):
        return Column(name, _decimal_type(told.get("precision") or 0, told.get("scale") or 0))
    if engine == "postgres":
        return Column(name, _POSTGRES.get(kind, pa.string()))
    base, _, sign = kind.upper().partition(" ")
    if base == "BIT":  # tinyint(1) too: 0 and 1, as without the Data API
        return Column(name, pa.uint64())
    arrow = _MYSQL.get(base, pa.string())
    return Column(name, _UNSIGNED.get(str(arrow), arrow) if sign == "UNSIGNED" else arrow)


def reader_of(column: Column) -> Callable[[Mapping[str, Any]], object]:
    """How the values of a column are read."""
    kind = column.type
    if kind is None or pa.types.is_decimal(kind):
        read: Callable[[Any], object] = _decimal
    else:
        read = _READERS.get(str(kind), _integer if pa.types.is_integer(kind) else str)

    def value_of(field: Mapping[str, Any]) -> object:
        if field.get("isNull"):
            return None
        ((name, value),) = ((name, value) for name, value in field.items() if name != "isNull")
        return read(_array(value) if name == "arrayValue" else value)

    return value_of


def _decimal_type(precision: int, scale: int) -> pa.DataType | None:
    """None where the database does not tell it, as for sums of PostgreSQL."""
    if not 0 <= scale <= precision or not 0 < precision <= _DIGITS_256:
        return None
    return (pa.decimal128 if precision <= _DIGITS_128 else pa.decimal256)(precision, scale)


def _decimal(value: object) -> Decimal:
    return Decimal(str(value))


def _integer(value: object) -> int:
    """Years come as days, bits as bytes or truths."""
    if isinstance(value, bytes):
        return int.from_bytes(value, "big")
    return int(value[:4] if isinstance(value, str) and value[4:5] == "-" else value)  # type: ignore[call-overload,no-any-return]


def _binary(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _array(value: Mapping[str, Any]) -> str:
    """As PostgreSQL writes arrays."""
    (parts,) = value.values()
    return "{" + ",".join(_element(part) for part in parts) + "}"


def _element(part: object) -> str:
    if isinstance(part, Mapping):
        return _array(part)
    if isinstance(part, bool) or part is None:
        return "NULL" if part is None else str(part).lower()[0]
    text = str(part)
    plain = text and not set(text) & set('{},"\\ \t\n') and text.upper() != "NULL"
    return text if plain else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _date(text: str) -> date:
    """Days outside of Python's calendar are its first or last, zero dates the first."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return _beyond(text).date()


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
    except (ValueError, OverflowError):
        return _beyond(text)


def _zoned(text: str) -> datetime:
    return _moment(text).replace(tzinfo=UTC)


def _beyond(text: str) -> datetime:
    return _FIRST if text.endswith("BC") or text.startswith(("-", "0000")) or "-00" in text else _LAST


def _time(text: str) -> time:
    """A TIME of MySQL may be a span of up to 838 hours; outside of one day it is the nearest time of day."""
    hours, minutes, seconds = text.lstrip("-").split(":")
    span = timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds))
    if text.startswith("-"):
        return time.min
    return time.max if span >= _DAY else (_FIRST + span).time()


_READERS: dict[str, Callable[[Any], object]] = {
    str(pa.bool_()): bool,
    str(pa.float32()): float,
    str(pa.float64()): float,
    str(pa.date32()): _date,
    str(pa.time64("us")): _time,
    str(pa.timestamp("us")): _moment,
    str(pa.timestamp("us", "UTC")): _zoned,
    str(pa.binary()): _binary,
}
