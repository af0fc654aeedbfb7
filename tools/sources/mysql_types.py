"""MySQL's and MariaDB's types: the Arrow type of each, and how their text is read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Protocol

import pyarrow as pa
from pymysql.constants import FIELD_TYPE, FLAG

from tools.sources.rows import Column

_FIRST = datetime.fromisoformat("0001-01-01")
_BINARY_CHARSET = 63
_WIDEST_128 = 38
_INTEGERS = {
    FIELD_TYPE.TINY: (pa.int8(), pa.uint8()),
    FIELD_TYPE.SHORT: (pa.int16(), pa.uint16()),
    FIELD_TYPE.INT24: (pa.int32(), pa.uint32()),
    FIELD_TYPE.LONG: (pa.int32(), pa.uint32()),
    FIELD_TYPE.LONGLONG: (pa.int64(), pa.uint64()),
}
_OTHERS = {
    FIELD_TYPE.FLOAT: pa.float32(),
    FIELD_TYPE.DOUBLE: pa.float64(),
    FIELD_TYPE.YEAR: pa.int16(),
    FIELD_TYPE.BIT: pa.uint64(),
    FIELD_TYPE.DATE: pa.date32(),
    FIELD_TYPE.TIME: pa.time64("us"),
    FIELD_TYPE.DATETIME: pa.timestamp("us"),
    FIELD_TYPE.TIMESTAMP: pa.timestamp("us", "UTC"),
    FIELD_TYPE.NULL: pa.null(),
}
_BYTES = (FIELD_TYPE.TINY_BLOB, FIELD_TYPE.MEDIUM_BLOB, FIELD_TYPE.LONG_BLOB, FIELD_TYPE.BLOB, FIELD_TYPE.GEOMETRY)
_MAYBE_BYTES = (*_BYTES, FIELD_TYPE.STRING, FIELD_TYPE.VAR_STRING, FIELD_TYPE.VARCHAR)


class Described(Protocol):
    """What the protocol says about a column of an answer."""

    name: str
    type_code: int
    length: int
    scale: int
    flags: int
    charsetnr: int


def column_of(described: Described) -> Column:
    """The column of an answer; booleans come as 0 and 1, for the database does not hold them to that."""
    unsigned = bool(described.flags & FLAG.UNSIGNED)
    code = described.type_code
    if code in _INTEGERS:
        return Column(described.name, _INTEGERS[code][unsigned])
    if code in (FIELD_TYPE.NEWDECIMAL, FIELD_TYPE.DECIMAL):
        # The length counts characters: digits, a point and a sign.
        digits = described.length - bool(described.scale) - (not unsigned)
        make = pa.decimal128 if digits <= _WIDEST_128 else pa.decimal256
        return Column(described.name, make(digits, described.scale))
    if code in _MAYBE_BYTES and described.charsetnr == _BINARY_CHARSET:
        return Column(described.name, pa.binary())
    return Column(described.name, _OTHERS.get(code, pa.string()))


def _date(text: str) -> date:
    """Zero dates, whole or in part, are no dates: they read as the first day that Python knows."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return date.min


def _datetime(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return _FIRST


def _time(text: str) -> time:
    """A TIME may be a span of up to 838 hours; outside of one day it reads as the nearest time of day."""
    hours, minutes, seconds = text.lstrip("-").split(":")
    span = timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds))
    if text.startswith("-"):
        return time.min
    return time.max if span >= timedelta(days=1) else (_FIRST + span).time()


def _bits(data: bytes) -> int:
    return int.from_bytes(data, "big")


DECODERS: dict[int, Callable[..., object]] = {
    **dict.fromkeys([*_INTEGERS, FIELD_TYPE.YEAR], int),
    FIELD_TYPE.FLOAT: float,
    FIELD_TYPE.DOUBLE: float,
    FIELD_TYPE.DECIMAL: Decimal,
    FIELD_TYPE.NEWDECIMAL: Decimal,
    FIELD_TYPE.BIT: _bits,
    FIELD_TYPE.DATE: _date,
    FIELD_TYPE.DATETIME: _datetime,
    FIELD_TYPE.TIMESTAMP: _datetime,
    FIELD_TYPE.TIME: _time,
}
"""How the text of a value becomes what :func:`column_of` promises; text and bytes come as they are."""
