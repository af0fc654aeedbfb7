"""PostgreSQL and MySQL as they stand behind the RDS Data API: rows and their types as it tells them."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any, Protocol

import psycopg
from psycopg.conninfo import make_conninfo

from tests.support.aws.service import Json
from tests.support.mariadb import MariaDB

_POSTGRES = {
    **{16: "bool", 17: "bytea", 19: "name", 20: "int8", 21: "int2", 23: "int4", 25: "text", 26: "oid", 114: "json"},
    **{700: "float4", 701: "float8", 1042: "bpchar", 1043: "varchar", 1082: "date", 1083: "time", 1114: "timestamp"},
    **{1184: "timestamptz", 1266: "timetz", 1700: "numeric", 2950: "uuid", 3802: "jsonb", 1007: "_int4", 1009: "_text"},
}
_MYSQL = {
    **{1: "TINYINT", 2: "SMALLINT", 9: "MEDIUMINT", 3: "INT", 8: "BIGINT", 4: "FLOAT", 5: "DOUBLE", 13: "YEAR"},
    **{246: "DECIMAL", 0: "DECIMAL", 10: "DATE", 11: "TIME", 12: "DATETIME", 7: "TIMESTAMP", 16: "BIT"},
    **{252: "TEXT", 253: "VARCHAR", 254: "CHAR", 249: "TEXT", 250: "TEXT", 251: "TEXT", 6: "NULL", 245: "JSON"},
}
_LONG = ("int2", "int4", "int8", "oid")
_NAMED = re.compile(r"(?<![:\w]):([a-z]+)\b")
_BINARY = 63
Answer = tuple[list[Json], list[list[Json]]]


class Refused(Exception):
    """The database's own words, as the Data API hands them on."""


class Session(Protocol):
    """A connection."""

    def begin(self) -> None:
        """Begins a transaction."""
        ...

    def execute(self, sql: str, given: dict[str, str]) -> Answer:
        """Columns and rows. Raises Refused."""
        ...

    def close(self) -> None:
        """Rolls back."""
        ...


class OnPostgres:
    """A connection to PostgreSQL."""

    def __init__(self, server: str, database: str) -> None:
        self._connection = psycopg.connect(make_conninfo(server, dbname=database), autocommit=True)

    def begin(self) -> None:
        self._connection.execute("begin")

    def execute(self, sql: str, given: dict[str, str]) -> Answer:
        text = _NAMED.sub(r"%(\1)s", sql) if given else sql
        try:
            cursor = self._connection.execute(text.encode(), given or None)
        except psycopg.Error as error:
            said = f"ERROR: {error.diag.message_primary}; Position: 1; SQLState: {error.sqlstate}"
            raise Refused(said) from error
        answer = cursor.pgresult
        if answer is None or cursor.description is None:
            return [], []
        columns = [_column(one.name, one.type_code, answer.fmod(at)) for at, one in enumerate(cursor.description)]
        rows = [[answer.get_value(row, at) for at in range(answer.nfields)] for row in range(answer.ntuples)]
        return columns, [[_field(one, column) for one, column in zip(row, columns, strict=True)] for row in rows]

    def close(self) -> None:
        self._connection.close()


def _column(name: str, oid: int, modifier: int) -> Json:
    column: Json = {"name": name, "label": name, "typeName": _POSTGRES.get(oid, "unknown"), "precision": 0, "scale": 0}
    if oid == 1700 and modifier > 0:
        column["precision"], column["scale"] = (modifier - 4) >> 16, (modifier - 4) & 0xFFFF
    return column


def _field(value: bytes | None, column: Json) -> Json:
    kind = column["typeName"]
    if value is None:
        return {"isNull": True}
    text = value.decode()
    if kind == "bool":
        return {"booleanValue": text == "t"}
    if kind in _LONG:
        return {"longValue": int(text)}
    if kind in ("float4", "float8"):
        return {"doubleValue": float(text)}
    if kind == "bytea":
        return {"blobValue": bytes.fromhex(text.removeprefix("\\x"))}
    if kind == "_int4":
        return {"arrayValue": {"longValues": [int(part) for part in text.strip("{}").split(",") if part]}}
    return {"stringValue": text.removesuffix("+00") if kind == "timestamptz" else text}


class OnMySQL:
    """A connection to MariaDB, which counts time limits in seconds where MySQL counts thousandths."""

    def __init__(self, server: MariaDB, database: str) -> None:
        self._connection = server.connect(database)
        # Of MariaDB alone: answers of subqueries are kept by texts that differ in case only. See mysql.py.
        self.execute("set session optimizer_switch = 'subquery_cache=off'", {})

    def begin(self) -> None:
        self._connection.begin()

    def execute(self, sql: str, given: dict[str, str]) -> Answer:
        import pymysql

        text = re.sub(r"max_execution_time = (\d+)", lambda found: f"max_statement_time = {int(found[1]) / 1000}", sql)
        text = text.replace("cast(@@session.max_execution_time as char)", "'0'")
        text = _NAMED.sub(r"%(\1)s", text) if given else text
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(text, given or None)
                rows = cursor.fetchall()
                described = cursor._result.fields if cursor.description else []
        except pymysql.MySQLError as error:
            raise Refused(f"Database error code: {error.args[0]}. Message: {error.args[-1]}") from error
        columns = [_told(one) for one in described]
        return columns, [[_datum(value, at) for value, at in zip(row, columns, strict=True)] for row in rows]

    def close(self) -> None:
        self._connection.close()


def _told(described: Any) -> Json:
    kind = _MYSQL.get(described.type_code, "VARCHAR")
    unsigned = bool(described.flags & 32)
    precision = described.length - bool(described.scale) - (not unsigned)
    if kind in ("TEXT", "VARCHAR", "CHAR") and described.charsetnr == _BINARY:
        kind = "VARBINARY"
    if kind == "TINYINT" and described.length == 1:
        kind, unsigned = "BIT", False
    name = f"{kind} UNSIGNED" if unsigned and kind.endswith("INT") else kind
    told: Json = {"name": described.name, "label": described.name, "typeName": name}
    return told | ({"precision": precision, "scale": described.scale} if kind == "DECIMAL" else {})


def _datum(value: Any, column: Json) -> Json:
    if value is None:
        return {"isNull": True}
    if column["typeName"] == "BIT":
        return {"booleanValue": bool(value if isinstance(value, int) else int.from_bytes(value, "big"))}
    if isinstance(value, bytes):
        return {"blobValue": value}
    if isinstance(value, (int, float)):
        return {"longValue": value} if isinstance(value, int) else {"doubleValue": value}
    if isinstance(value, datetime):
        return {"stringValue": value.isoformat(" ")}
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
        return {"stringValue": f"{int(seconds // 3600):02}:{int(seconds % 3600 // 60):02}:{seconds % 60:09.6f}"}
    return {"stringValue": value.isoformat() if isinstance(value, date) else str(value)}


def on_postgres(server: str) -> Any:
    """Opens databases of a PostgreSQL server."""
    return lambda database: OnPostgres(server, database)


def on_mysql(server: MariaDB) -> Any:
    """Opens databases of a MariaDB server."""
    return lambda database: OnMySQL(server, database)
