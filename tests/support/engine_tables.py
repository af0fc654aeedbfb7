"""The same nasty tables for every engine: what their rows hold, and how each engine is told to make them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

Rows = list[dict[str, Any]]

# Column: its type in Arrow, Postgres and MySQL, whose text compares without case and blanks at the end.
_TEXT = (pa.string(), "text", "varchar(200) character set utf8mb4 collate utf8mb4_general_ci")
_WHOLE = (pa.int32(), "integer", "int")
_LARGE = (pa.int64(), "bigint", "bigint")
_MONEY = (pa.decimal128(10, 2), "numeric(10, 2)", "decimal(10, 2)")
_FINE = (pa.decimal128(20, 6), "numeric(20, 6)", "decimal(20, 6)")
_DOUBLE = (pa.float64(), "double precision", "double")
_FLAG = (pa.bool_(), "boolean", "boolean")
_DAY = (pa.date32(), "date", "date")
_MOMENT = (pa.timestamp("us"), "timestamp", "datetime(6)")
_ZONED = (pa.timestamp("us", tz="UTC"), "timestamptz", "timestamp(6) null")

ORDERS = {
    **{"id": _WHOLE, "code": _TEXT, "note": _TEXT, "email": _TEXT, "city": _TEXT},
    **{"qty": _WHOLE, "big": _LARGE, "price": _MONEY, "rate": _FINE, "score": _DOUBLE, "tenth": _DOUBLE},
    **{"far": _DOUBLE, "paid": _FLAG, "day": _DAY, "at": _MOMENT, "nothing": _WHOLE, "blank": _TEXT},
    **{"t_int": _TEXT, "t_num": _TEXT, "t_day": _TEXT, "t_at": _TEXT, "t_flag": _TEXT, "k1": _TEXT, "k2": _WHOLE},
    "zoned": _ZONED,
}
CITIES = {"name": _TEXT, "code": _TEXT, "size": _LARGE, "share": _MONEY}
DOUBLES = {"id": _WHOLE, "x": _DOUBLE, "y": _DOUBLE, "inf": _DOUBLE}

_NONE = None
# fmt: off
_CODES = [
    "a", "A", "a ", " a", "á", "ä", "a\u0308", "", " ", "B", "b", "Z", "z", "ß", "ss", "\U0001f600", _NONE, "a", "É",
    "é",
]
_NOTES = [
    "one\ntwo", "one\n", "tab\tbed", "", "   ", "\u00a0", "\u2003", "it's", 'say "hi"', "50%", "a_b", "a\\b", _NONE,
    "e\u0301", "\U0001f600\U0001f600", "line\r\n", "x" * 150, "NULL", "null", "é",
]
_EMAILS = [
    "ada@example.com", "BOB@EXAMPLE.COM", "no-at.example.com", "x@y", "a.b-c+d@sub.domain.org", "", _NONE,
    "é@exámple.com", "ada@example.com ", "ada@example.com\n", "two@at@signs.com", "q@q.co", "ada@example.com",
    "trailing.dot@x.", "a@b.cd", "tab\t@x.com", "a b@x.com", "1@2.com", "UPPER@lower.com", "ok@ok.ok",
]
_CITIES = [
    "Berlin", "berlin", "Berlin ", "Zürich", "Zurich", "München", "Oslo", "Oslo", _NONE, "", "Ålesund", "Alesund",
    "oslo", "Berlin", "Berlin", "Paris", "Paris", "Rome", _NONE, "São Paulo",
]
_QTYS = [1, 2, 3, 0, -5, _NONE, 7, 7, 100, 2147483647, -2147483648, 12, 13, 14, 15, 16, 17, _NONE, 19, 20]
_BIGS = [
    9223372036854775807, -9223372036854775808, 0, 1, -1, 9007199254740993, 9007199254740992, _NONE, 10, 20, 30, 40,
    50, 60, 70, 80, 90, 100, 110, 9223372036854775807,
]
_PRICES = [
    "0.10", "0.20", "0.30", "99999999.99", "-99999999.99", "1.00", "1.50", _NONE, "2.25", "3.75", "10.00", "10.01",
    "9.99", "0.00", "0.01", "5.55", "7.77", "8.80", "12.34", "1.00",
]
_RATES = [
    "0.100000", "0.333333", "0.666667", "1.000000", "1.500000", "-0.000001", "0.000001", "12345678901234.654321",
    _NONE, "2.000000", "2.500000", "3.141593", "2.718282", "0.000000", "9.999999", "10.000001", "100.100000",
    "0.125000", "0.250000", "0.500000",
]
_SCORES = [
    0.1, 0.2, 0.3, -0.0, 0.0, 1e10, 1e-10, 1.5, 2.5, -2.5, _NONE, 3.0, 1e15, 12345678.9, 0.001, 99.99, 100.0, 1 / 3,
    2 / 3, 1.5,
]
_DAYS = [
    "1970-01-01", "2000-02-29", "1900-02-28", "9999-12-31", "1582-10-15", "2024-02-29", _NONE, "2024-12-31",
    "2024-01-01", "2023-12-31", "1969-12-31", "2038-01-19", "2024-06-30", "2024-06-30", "1999-12-31", "2100-03-01",
    "2024-03-31", "2024-10-27", "2024-07-01", "1001-01-01",
]
_MOMENTS = [
    "2024-01-01T00:00:00", "2024-01-01T00:00:00.000001", "2024-01-01T00:00:00.500000", "2024-03-31T02:30:00",
    "2024-10-27T02:30:00", "1970-01-01T00:00:00", "1969-12-31T23:59:59.999999", "2038-01-19T03:14:08", _NONE,
    "2024-06-30T12:00:00", "2024-06-30T11:59:59.999999", "2024-06-30T23:59:59", "2024-07-01T00:00:00",
    "2000-02-29T12:34:56.789", "9999-12-31T23:59:59", "1900-01-01T00:00:00", "2024-06-29T12:00:00",
    "2024-06-30T10:00:00", "2024-06-30T11:00:18", "2024-06-30T11:00:00",
]
_INTS = [
    "1", " 2 ", "+3", "-4", "1.5", "abc", "", " ", _NONE, "2147483647", "2147483648", "9223372036854775808", "1e3",
    "0x10", "007", "1,000", "\t8\n", "١", "true", "--1",
]
_NUMBERS = [
    "1.5", "-1.5", ".5", "5.", "1e3", "1E-3", "12.345", "999.995", "0.005", "abc", "", _NONE, "1,5", "+7", " 8.25 ",
    "1d", "99999999999999999999", "0.1", "1.2.3", "-",
]
_TEXT_DAYS = [
    "2024-01-31", "2024-1-5", "2024-02-30", "2023-02-29", "2024-02-29", "2024", "2024-06", "2024-06-30 12:00:00",
    "2024-06-30T12", "30-06-2024", "31/12/2024", "20240630", _NONE, "", "today", "2024-13-01", "1900-02-29",
    "2000-02-29", " 2024-06-30 ", "2024-06-30x",
]
_TEXT_MOMENTS = [
    "2024-06-30 11:00:00", "2024-06-30T11:00:00Z", "2024-06-30 13:00:00+02:00", "2024-06-30 11:00", "2024-06-30",
    "2024-06-30 24:00:00", "2024-06-30 11:00:00.123456789", "now", _NONE, "", "2024-06-30 11:60:00", "2024-6-3 1:2:3",
    "2024-06-30 05:30:00-05:30", "2024-06-30T11:00:00 UTC", "06/30/2024", "2024-06-30 11:00:00.5", "2024",
    "2024-02-30 10:00:00", "2024-06-30 11:00:00+0200", "garbage",
]
_TEXT_FLAGS = [
    "true", "false", "TRUE", "t", "f", "yes", "no", "Y", "n", "1", "0", "2", "on", "", _NONE, " true ", "maybe",
    "False", "T", "truee",
]
_K1 = ["x", "x", "X", "x ", _NONE, _NONE, "y", "y", "y", "z", "é", "É", "e\u0301", "", "", " ", "w", "v", "u", "t"]
_K2 = [1, 1, 1, 1, 1, 1, _NONE, _NONE, 2, 3, 4, 4, 4, 5, 5, 5, 6, 7, 8, 9]
# fmt: on


def orders() -> Rows:
    """Twenty rows: NULLs, blanks, case, accents, line ends, edges of numbers and of the calendar."""
    return [
        {
            **{"id": i + 1, "code": _CODES[i], "note": _NOTES[i], "email": _EMAILS[i], "city": _CITIES[i]},
            **{"qty": _QTYS[i], "big": _BIGS[i], "price": _decimal(_PRICES[i]), "rate": _decimal(_RATES[i])},
            **{"score": _SCORES[i], "tenth": 0.1, "far": 1e9 + i / 8, "paid": None if i == 7 else i % 3 == 0},
            **{"day": _day(_DAYS[i]), "at": _moment(_MOMENTS[i]), "nothing": None, "blank": "" if i % 2 else None},
            **{"t_int": _INTS[i], "t_num": _NUMBERS[i], "t_day": _TEXT_DAYS[i], "t_at": _TEXT_MOMENTS[i]},
            **{"t_flag": _TEXT_FLAGS[i], "k1": _K1[i], "k2": _K2[i], "zoned": _zoned(i)},
        }
        for i in range(20)
    ]


def cities() -> Rows:
    """What the orders refer to."""
    names = ["Berlin", "Zürich", "Oslo", "Paris", "Rome", "São Paulo", "Ålesund", "München", None, "Lima"]
    return [{"name": name, "code": _CODES[i], "size": 100 * i, "share": Decimal(i) / 4} for i, name in enumerate(names)]


def doubles() -> Rows:
    """NaN and infinity, which MySQL does not have."""
    nan, inf = float("nan"), float("inf")
    xs = [1.0, nan, 2.0, nan, None, -0.0, 0.0, 3.5]
    infinite = [inf, -inf, 1.0, nan, None, 2.0, inf, 0.0]
    return [{"id": i, "x": x, "y": float(i), "inf": infinite[i]} for i, x in enumerate(xs)]


def arrow(columns: dict[str, Any], rows: Rows) -> pa.Table:
    """The rows as an Arrow table."""
    schema = pa.schema([(name, types[0]) for name, types in columns.items()])
    return pa.Table.from_pylist(rows, schema=schema)


def create(columns: dict[str, Any], name: str, dialect: str) -> str:
    """The statement that makes the table, for ``postgres`` or ``mysql``."""
    quote = '"' if dialect == "postgres" else "`"
    index = 1 if dialect == "postgres" else 2
    parts = ", ".join(f"{quote}{column}{quote} {types[index]}" for column, types in columns.items())
    return f"create table {name} ({parts})"


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _zoned(row: int) -> datetime | None:
    return None if row == 3 else datetime(2024, 6, 30, 12, tzinfo=UTC) - timedelta(minutes=17 * row, microseconds=row)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
