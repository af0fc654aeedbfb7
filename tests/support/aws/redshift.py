"""The Redshift Data API in front of a PostgreSQL server, which really executes what it is sent.

Statements are read as Redshift's SQL and written as PostgreSQL's. Like Redshift, it folds every name to lower case.
"""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from sqlglot.errors import SqlglotError

from tests.support.aws.redshift_sql import in_postgres
from tests.support.aws.service import Failure, Json
from tools.dqdl.regex.tree import RegexError

_TYPES = {
    **{16: "bool", 17: "varbyte", 19: "name", 20: "int8", 21: "int2", 23: "int4", 25: "varchar", 26: "oid"},
    **{700: "float4", 701: "float8", 1042: "bpchar", 1043: "varchar", 1082: "date", 1083: "time"},
    **{1114: "timestamp", 1184: "timestamptz", 1700: "numeric"},
}
_LONG = ("int2", "int4", "int8", "oid")
_DOUBLE = ("float4", "float8")
MOST_TEXT = 100_000
Rows = list[tuple[bytes | None, ...]]


@dataclass
class Result:
    """The answer of one statement of a batch."""

    columns: list[Json]
    rows: list[list[Json]]


@dataclass
class Batch:
    """Statements that run in one transaction."""

    id: str
    sqls: list[str]
    database: str
    status: str = "SUBMITTED"
    error: str = ""
    began: float = field(default_factory=time.time)
    results: list[Result | None] = field(default_factory=list)
    connection: psycopg.Connection[Any] | None = None
    done: threading.Event = field(default_factory=threading.Event)


class Redshift:
    """`databases`: the PostgreSQL server; `places`: the clusters and workgroups that there are."""

    service = "redshift-data"

    def __init__(self, server: str, places: tuple[str, ...] = ("shop",), page_rows: int = 1000) -> None:
        self.server, self.places, self.page_rows = server, places, page_rows
        self.batches: dict[str, Batch] = {}
        self.cancelled: list[str] = []
        self.delay = 0.0
        """Seconds that a batch waits before it begins."""
        self._tokens: dict[str, str] = {}
        self._lock = threading.Lock()

    def call(self, operation: str, request: Json) -> Json:
        """Answers an operation."""
        calls = {
            "BatchExecuteStatement": self._batch,
            "DescribeStatement": self._describe,
            "GetStatementResult": self._result,
            "CancelStatement": self._cancel,
            "ListTables": self._list,
        }
        return calls[operation](request)

    def stop(self) -> None:
        """Cancels what runs."""
        for batch in list(self.batches.values()):
            self._interrupt(batch)
            batch.done.wait(5)

    def _batch(self, request: Json) -> Json:
        self._check_place(request)
        if sum(len(sql.encode()) for sql in request["Sqls"]) > MOST_TEXT:
            raise Failure("ValidationException", "Cannot process query string larger than 100kB")
        token = request.get("ClientToken", str(uuid.uuid4()))
        with self._lock:
            number = self._tokens.get(token)
            if number is None:
                number = self._tokens[token] = str(uuid.uuid4())
                batch = self.batches[number] = Batch(number, request["Sqls"], request["Database"])
                threading.Thread(target=self._run, args=(batch,), daemon=True).start()
        return {"Id": number, "CreatedAt": time.time(), "Database": request["Database"]}

    def _check_place(self, request: Json) -> None:
        if (request.get("ClusterIdentifier") or request.get("WorkgroupName")) not in self.places:
            raise Failure("ValidationException", "Redshift endpoint doesn't exist in this region.")
        if "DbUser" in request and "WorkgroupName" in request:
            raise Failure("ValidationException", "DbUser is not valid for a workgroup.")

    def _run(self, batch: Batch) -> None:
        try:
            with psycopg.connect(make_conninfo(self.server, dbname=batch.database)) as connection:
                batch.connection = connection
                time.sleep(self.delay)
                if batch.status == "SUBMITTED":
                    batch.status = "STARTED"
                    for sql in batch.sqls:
                        batch.results.append(_execute(connection, sql))
                    batch.status = "FINISHED"
        except psycopg.errors.QueryCanceled as error:
            aborted = "user request" in str(error)
            batch.status = "ABORTED" if aborted else "FAILED"
            batch.error = (
                "Query cancelled on user's request" if aborted else "ERROR: Query cancelled by statement timeout"
            )
        except (psycopg.Error, SqlglotError, RegexError) as error:
            said = str(error).strip()
            batch.error = (
                said[said.index("FATAL:") :]
                if "FATAL:" in said
                else f"Query #{len(batch.results) + 1} failed with ERROR: {said}"
            )
            batch.status = "FAILED"
        finally:
            batch.connection = None
            batch.done.set()

    def _find(self, request: Json) -> tuple[Batch, int]:
        number, _, part = request["Id"].partition(":")
        if number not in self.batches:
            raise Failure("ResourceNotFoundException", "Query does not exist.")
        return self.batches[number], int(part or 0)

    def _describe(self, request: Json) -> Json:
        batch, _ = self._find(request)
        answer = {"Id": batch.id, "Status": batch.status, "CreatedAt": batch.began, "UpdatedAt": time.time()}
        return answer | ({"Error": batch.error} if batch.error else {})

    def _result(self, request: Json) -> Json:
        batch, part = self._find(request)
        if batch.status != "FINISHED":
            raise Failure("ResourceNotFoundException", "Query does not have result. Please check query status.")
        result = batch.results[part - 1]
        if result is None:
            raise Failure("ResourceNotFoundException", "Query does not have result.")
        start = int(request.get("NextToken", "0"))
        end = start + self.page_rows
        more = {"NextToken": str(end)} if end < len(result.rows) else {}
        return {
            "ColumnMetadata": result.columns,
            "Records": result.rows[start:end],
            "TotalNumRows": len(result.rows),
            **more,
        }

    def _cancel(self, request: Json) -> Json:
        batch, _ = self._find(request)
        if batch.done.is_set():
            raise Failure("ValidationException", "Could not cancel a query that is already finished.")
        self.cancelled.append(batch.id)
        self._interrupt(batch)
        return {"Status": True}

    def _interrupt(self, batch: Batch) -> None:
        if batch.status == "SUBMITTED":
            batch.status, batch.error = "ABORTED", "Query cancelled on user's request"
        elif batch.connection is not None and not batch.done.is_set():
            batch.connection.cancel_safe()

    def _list(self, request: Json) -> Json:
        self._check_place(request)
        query = "select table_schema, table_name from information_schema.tables where table_schema <> 'pg_catalog'"
        with psycopg.connect(make_conninfo(self.server, dbname=request["Database"])) as connection:
            found = connection.execute(f"{query} order by 1, 2 limit {request['MaxResults']}".encode()).fetchall()
        return {"Tables": [{"schema": schema, "name": name, "type": "TABLE"} for schema, name in found]}


def _execute(connection: psycopg.Connection[Any], sql: str) -> Result | None:
    cursor = connection.execute(in_postgres(sql).encode())
    answer = cursor.pgresult
    if cursor.description is None or answer is None:
        return None
    rows: Rows = [
        tuple(answer.get_value(row, column) for column in range(answer.nfields)) for row in range(answer.ntuples)
    ]
    columns = [
        _column(one.name, one.type_code, answer.fmod(place), [row[place] for row in rows])
        for place, one in enumerate(cursor.description)
    ]
    return Result(columns, [[_field(one, column) for one, column in zip(row, columns, strict=True)] for row in rows])


def _column(name: str, oid: int, modifier: int, values: list[bytes | None]) -> Json:
    kind = _TYPES.get(oid, "super")
    column: Json = {"name": name.lower(), "label": name.lower(), "typeName": kind, "nullable": 1, "length": 0}
    if kind == "numeric":
        column["precision"], column["scale"] = ((modifier - 4) >> 16, (modifier - 4) & 0xFFFF) if modifier > 0 else (
            38, _scale(values))  # fmt: skip
    elif kind in ("varchar", "bpchar"):
        column["length"] = modifier - 4 if modifier > 0 else 65535
    return column


def _scale(values: list[bytes | None]) -> int:
    """Redshift gives every numeric of a result a scale; PostgreSQL does not."""
    exponents = [Decimal(value.decode()).as_tuple().exponent for value in values if value is not None]
    return min(20, max((-one for one in exponents if isinstance(one, int)), default=0))


def _field(value: bytes | None, column: Json) -> Json:
    kind = column["typeName"]
    if value is None:
        return {"isNull": True}
    text = value.decode()
    if kind == "bool":
        return {"booleanValue": text == "t"}
    if kind in _LONG:
        return {"longValue": int(text)}
    if kind in _DOUBLE:
        return {"doubleValue": float(text)}
    return {"stringValue": text}
