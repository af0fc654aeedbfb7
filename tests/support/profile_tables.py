"""A table of every usual kind of column for profiles, and how to put it on each engine."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import psycopg
import pyarrow as pa
import pymysql

COLUMNS = {
    "id": (pa.int64(), "bigint", "bigint"),
    "Customer Name": (pa.string(), "varchar(200)", "varchar(200)"),
    "email": (pa.string(), "text", "text"),
    "state": (pa.string(), "text", "varchar(20)"),
    "price": (pa.float64(), "double precision", "double"),
    "total": (pa.decimal128(12, 2), "numeric(12, 2)", "decimal(12, 2)"),
    "pieces": (pa.int32(), "integer", "int"),
    "day": (pa.date32(), "date", "date"),
    "changed": (pa.timestamp("us"), "timestamp", "datetime(6)"),
    "gift": (pa.bool_(), "boolean", "boolean"),
    "code": (pa.string(), "char(8)", "char(8)"),
    "figures": (pa.string(), "text", "text"),
    "written": (pa.string(), "text", "text"),
    "wrong_day": (pa.string(), "text", "text"),
    "nothing": (pa.string(), "text", "text"),
}
"""Name: the types of Arrow, PostgreSQL and MySQL."""
_NAMES = ("Zoë Müller", "zoë müller", "Åsa Berg ", "Åsa Berg", "李 雷", "O'Neil", "", " \t", "_x", "%y")
_FIRST = dt.datetime.fromisoformat("2024-01-01T00:00:00")
_NO_DAY = 5
"""The one row whose day no calendar has."""


def rows(count: int) -> list[tuple[Any, ...]]:
    """Rows of the table; small differences of case, white space and script are among the names."""
    return [_row(n) for n in range(count)]


def _row(n: int) -> tuple[Any, ...]:
    day = _FIRST + dt.timedelta(days=n * 7 % 400)
    return (
        n,
        None if n % 17 == 3 else _NAMES[n % len(_NAMES)],
        None if n % 50 == 7 else f"user{n}@example.com",
        ("new", "paid", "PAID", "sent")[n * n % 4 if n % 5 else 2],
        None if n % 29 == 1 else n * 7919 % 20_011 / 8,
        Decimal(n * 31 % 9_973) / 100,
        n * 13 % 10,
        day.date(),
        day + dt.timedelta(seconds=n * 977 % 86_400, milliseconds=n % 3 * 250),
        n % 3 == 0,
        f"AB-{n % 700:05d}",
        str(n * 3) if n % 2 else f" {n}.5",
        f"{day.day:02d}/{day.month:02d}/{day.year}",
        "2024-02-30" if n == _NO_DAY else day.date().isoformat(),
        None,
    )


def as_arrow(count: int) -> pa.Table:
    """The table in memory."""
    columns = zip(*rows(count), strict=True)
    kinds = ((name, kind) for name, (kind, _, _) in COLUMNS.items())
    return pa.table({name: pa.array(values, kind) for (name, kind), values in zip(kinds, columns, strict=True)})


def into_postgres(connection: psycopg.Connection[Any], name: str, count: int) -> None:
    """Makes the table there."""
    listed = ", ".join(f'"{column}" {kind}' for column, (_, kind, _) in COLUMNS.items())
    with connection.cursor() as cursor:
        cursor.execute(f'create table "{name}" ({listed})'.encode())
        with cursor.copy(f'copy "{name}" from stdin'.encode()) as copy:
            for row in rows(count):
                copy.write_row(row)


def into_mysql(connection: pymysql.Connection[Any], name: str, count: int) -> None:
    """Makes the table there, in a collation that ignores case."""
    listed = ", ".join(f"`{column}` {kind}" for column, (_, _, kind) in COLUMNS.items())
    marks = ", ".join(["%s"] * len(COLUMNS))
    with connection.cursor() as cursor:
        cursor.execute(f"create table `{name}` ({listed}) character set utf8mb4 collate utf8mb4_general_ci")
        cursor.executemany(f"insert into `{name}` values ({marks})", rows(count))
    connection.commit()
