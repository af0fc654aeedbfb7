"""Athena in front of DuckDB, which really executes what it is sent: read as Athena's SQL, written as DuckDB's.

Columns have lower case names, as in Glue's catalog. A query is said to have read the columns that it names.
"""

from __future__ import annotations

import math
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from tests.support.aws import athena_tables
from tests.support.aws.lacking import lacking
from tests.support.aws.service import Failure, Json

CATALOG = "awsdatacatalog"
_HIVE = {
    "varchar": "string",
    "integer": "int",
    "timestamp with time zone": "timestamp with time zone",
    "blob": "binary",
}
_LABELS = {"hugeint": "decimal", "blob": "varbinary", "float": "real", '"null"': "unknown"}
_NAMES = (
    ("Referenced column", "COLUMN_NOT_FOUND", "Column cannot be resolved"),
    ("Table with name", "TABLE_NOT_FOUND", "Table does not exist"),
    ("Catalog Error", "FUNCTION_NOT_FOUND", ""),
    ("Binder Error", "TYPE_MISMATCH", ""),
    ("Parser Error", "SYNTAX_ERROR", ""),
    ("Conversion Error", "INVALID_CAST_ARGUMENT", ""),
    ("Out of Range", "NUMERIC_VALUE_OUT_OF_RANGE", ""),
)


@dataclass
class Workgroup:
    """What is set for the queries of a group."""

    output: str = "s3://answers/"
    cutoff: int | None = None


@dataclass
class Execution:
    """One query."""

    id: str
    sql: str
    workgroup: str
    state: str = "QUEUED"
    reason: str = ""
    database: str = ""
    scanned: int = 0
    steps: list[int] = field(default_factory=list)
    """Bytes read so far, as each look at the running query tells them before it may end."""
    columns: list[Json] = field(default_factory=list)
    rows: list[list[Json]] = field(default_factory=list)
    connection: duckdb.DuckDBPyConnection | None = None
    done: threading.Event = field(default_factory=threading.Event)


class Athena:
    """`load` puts tables into it; `steps` lets the next query run slowly and read more and more."""

    service = "athena"

    def __init__(self, page_rows: int = 1000) -> None:
        self.page_rows = page_rows
        self.workgroups = {"primary": Workgroup()}
        self.views: dict[str, str] = {}
        self.steps: list[int] = []
        self.executions: dict[str, Execution] = {}
        self.stopped: list[str] = []
        self.locations: dict[str, str] = {}
        self.parameters: dict[str, dict[str, str]] = {}
        self.mounts: dict[str, Path] = {}
        """Folders that stand for places of external tables."""
        self.partitioned: set[str] = set()
        """Tables whose last column is a key of partitions."""
        self._tokens: dict[str, str] = {}
        self._sizes: dict[str, dict[str, int]] = {}
        self._lock = threading.Lock()
        self._duck = duckdb.connect()
        self._duck.execute(f"attach ':memory:' as {CATALOG}")
        self._duck.execute("set timezone = 'UTC'")

    def load(self, database: str, name: str, data: pa.Table) -> str:
        """Makes a table, and gives its URI."""
        data = data.rename_columns([column.lower() for column in data.column_names])
        self._duck.execute(f"create schema if not exists {CATALOG}.{database}")
        self._duck.register("incoming", data)
        self._duck.execute(f"create or replace table {CATALOG}.{database}.{name} as from incoming")
        self._duck.unregister("incoming")
        self._sizes[f"{database}.{name}"] = {column: data.column(column).nbytes for column in data.column_names}
        return f"athena://eu-west-1/{database}.{name}"

    def call(self, operation: str, request: Json) -> Json:
        """Answers an operation."""
        calls = {
            "StartQueryExecution": self._start,
            "GetQueryExecution": self._look,
            "GetQueryResults": self._results,
            "StopQueryExecution": self._halt,
            "GetWorkGroup": self._workgroup,
            "GetTableMetadata": self._metadata,
            "ListTableMetadata": self._list,
        }
        return calls[operation](request)

    def stop(self) -> None:
        """Interrupts what runs."""
        for execution in list(self.executions.values()):
            self._interrupt(execution)
            execution.done.wait(5)
        self._duck.close()

    def _start(self, request: Json) -> Json:
        name = request.get("WorkGroup", "primary")
        if name not in self.workgroups:
            raise Failure("InvalidRequestException", f"WorkGroup {name} is not found.")
        output = request.get("ResultConfiguration", {}).get("OutputLocation") or self.workgroups[name].output
        if not output:
            raise Failure("InvalidRequestException", "No output location provided. An output location is required.")
        with self._lock:
            token = request.get("ClientRequestToken", str(uuid.uuid4()))
            number = self._tokens.get(token)
            if number is None:
                number = self._tokens[token] = str(uuid.uuid4())
                steps, self.steps = self.steps, []
                execution = self.executions[number] = Execution(number, request["QueryString"], name, steps=steps)
                execution.database = request.get("QueryExecutionContext", {}).get("Database", "")
                threading.Thread(target=self._run, args=(execution,), daemon=True).start()
        return {"QueryExecutionId": number}

    def _run(self, execution: Execution) -> None:
        execution.state = "RUNNING"
        try:
            while execution.steps and execution.state == "RUNNING":
                time.sleep(0.005)
            if execution.state != "RUNNING":
                return
            if execution.sql.startswith("CREATE "):
                athena_tables.create(self._duck.cursor(), CATALOG, execution.sql, self.mounts)
            elif execution.sql.startswith("SHOW CREATE VIEW"):
                self._show_view(execution)
            else:
                self._select(execution)
            cutoff = self.workgroups[execution.workgroup].cutoff
            if cutoff is not None and execution.scanned > cutoff:
                execution.reason, execution.state = "Bytes scanned limit was exceeded", "CANCELLED"
            else:
                execution.state = "SUCCEEDED"
        except duckdb.InterruptException:
            execution.reason, execution.state = "Query cancelled by user", "CANCELLED"
        except (duckdb.Error, SqlglotError, LookupError) as error:
            execution.reason, execution.state = _reason(str(error)), "FAILED"
        finally:
            execution.connection = None
            execution.done.set()

    def _select(self, execution: Execution) -> None:
        tree = sqlglot.parse_one(execution.sql, read="athena")
        if absent := lacking(tree, "athena"):
            raise LookupError(f"Catalog Error: {absent}")
        execution.connection = self._duck.cursor()
        if execution.database:
            execution.connection.execute(f'use {CATALOG}."{execution.database}"')
        relation = execution.connection.execute(tree.sql(dialect="duckdb"))
        described = [(name.lower(), str(kind).lower()) for name, kind, *_ in relation.description]
        execution.columns = [_info(name, kind) for name, kind in described]
        rows = relation.fetchall()
        execution.scanned = self._read(tree)
        header = [{"VarCharValue": name} for name, _ in described]
        execution.rows = [header, *([_datum(one) for one in row] for row in rows)]

    def _read(self, tree: exp.Expr) -> int:
        """Bytes of the columns that are named, of each table; nothing for LIMIT 0."""
        limit = tree.args.get("limit")
        if limit is not None and limit.expression.name == "0":
            return 0
        named = {column.name.lower() for column in tree.find_all(exp.Column)}
        every = any(not isinstance(star.parent, exp.Count) for star in tree.find_all(exp.Star))
        sizes = [self._sizes.get(f"{one.db}.{one.name}".lower(), {}) for one in tree.find_all(exp.Table)]
        return sum(size for columns in sizes for name, size in columns.items() if every or name in named)

    def _show_view(self, execution: Execution) -> None:
        name = execution.sql.split()[-1].replace("`", "").replace('"', "").lower()
        if name not in self.views:
            raise LookupError(f"Table with name {name} does not exist")
        execution.columns = [_info("create view", "varchar")]
        execution.rows = [[{"VarCharValue": line}] for line in self.views[name].splitlines()]

    def _find(self, request: Json) -> Execution:
        number = request["QueryExecutionId"]
        if number not in self.executions:
            raise Failure("InvalidRequestException", f"QueryExecution {number} was not found")
        return self.executions[number]

    def _look(self, request: Json) -> Json:
        execution = self._find(request)
        if execution.steps:
            execution.scanned = execution.steps.pop(0)
        reason = {"StateChangeReason": execution.reason} if execution.reason else {}
        told = {
            "QueryExecutionId": execution.id,
            "Status": {"State": execution.state, "SubmissionDateTime": time.time(), **reason},
            "Statistics": {"DataScannedInBytes": execution.scanned},
        }
        return {"QueryExecution": told}

    def _results(self, request: Json) -> Json:
        execution = self._find(request)
        if execution.state != "SUCCEEDED":
            raise Failure(
                "InvalidRequestException", f"Query did not finish successfully. Final state: {execution.state}"
            )
        start = int(request.get("NextToken", "0"))
        end = start + min(self.page_rows, request["MaxResults"])
        more = {"NextToken": str(end)} if end < len(execution.rows) else {}
        rows = [{"Data": row} for row in execution.rows[start:end]]
        return {"ResultSet": {"Rows": rows, "ResultSetMetadata": {"ColumnInfo": execution.columns}}, **more}

    def _halt(self, request: Json) -> Json:
        execution = self._find(request)
        self.stopped.append(execution.id)
        self._interrupt(execution)
        execution.done.wait(5)
        return {}

    def _interrupt(self, execution: Execution) -> None:
        connection = execution.connection
        if connection is not None:
            connection.interrupt()
        elif not execution.done.is_set():
            execution.state, execution.reason = "CANCELLED", "Query cancelled by user"

    def _workgroup(self, request: Json) -> Json:
        name = request["WorkGroup"]
        if name not in self.workgroups:
            raise Failure("InvalidRequestException", f"WorkGroup {name} is not found.")
        cutoff = self.workgroups[name].cutoff
        limit = {} if cutoff is None else {"BytesScannedCutoffPerQuery": cutoff}
        output = {"ResultConfiguration": {"OutputLocation": self.workgroups[name].output}}
        return {"WorkGroup": {"Name": name, "State": "ENABLED", "Configuration": {**output, **limit}}}

    def _metadata(self, request: Json) -> Json:
        database, name = request["DatabaseName"].lower(), request["TableName"].lower()
        found = self._described(database, name)
        if not found:
            raise Failure(
                "MetadataException", f"EntityNotFoundException: Entity Not Found: {database}.{name} not found"
            )
        return {"TableMetadata": found[0]}

    def _list(self, request: Json) -> Json:
        return {"TableMetadataList": self._described(request["DatabaseName"].lower())}

    def _described(self, database: str, name: str | None = None) -> list[Json]:
        where = "table_catalog = ? and table_schema = ?" + ("" if name is None else " and table_name = ?")
        values = [CATALOG, database, *([] if name is None else [name])]
        query = f"select table_name, column_name, data_type from information_schema.columns where {where}"
        tables: dict[str, list[Json]] = {}
        for table, column, kind in (
            self._duck.cursor().execute(f"{query} order by 1, ordinal_position", values).fetchall()
        ):
            low = kind.lower()
            tables.setdefault(table, []).append({"Name": column, "Type": _HIVE.get(low, low)})
        return [self._told(f"{database}.{table}", table, columns) for table, columns in tables.items()]

    def _told(self, full: str, table: str, columns: list[Json]) -> Json:
        keys = columns[-1:] if full in self.partitioned else []
        return {
            "Name": table,
            "TableType": "VIRTUAL_VIEW" if full in self.views else "EXTERNAL_TABLE",
            "Columns": columns[: len(columns) - len(keys)],
            "PartitionKeys": keys,
            "Parameters": {"location": self.locations.get(full, ""), **self.parameters.get(full, {})},
        }


def _reason(said: str) -> str:
    line = " ".join(said.split())
    for words, code, sentence in _NAMES:
        if words in said:
            return f"{code}: line 1:8: {sentence or line} {line}"
    return f"GENERIC_INTERNAL_ERROR: {line}"


def _info(name: str, kind: str) -> Json:
    base, _, sizes = kind.partition("(")
    label = _LABELS.get(base, base)
    info: Json = {"Name": name, "Label": name, "Type": label, "Nullable": "UNKNOWN", "CaseSensitive": False}
    if label == "decimal":
        precision, _, scale = sizes.rstrip(")").partition(",")
        info["Precision"], info["Scale"] = int(precision or 38), int(scale or 0)
    return info


def _datum(value: Any) -> Json:
    return {} if value is None else {"VarCharValue": _text(value)}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _double(value)
    if isinstance(value, datetime):
        zone = " UTC" if value.tzinfo else ""
        return value.replace(tzinfo=None).isoformat(" ", "microseconds") + zone
    if isinstance(value, date):
        return value.isoformat()
    return value.hex(" ") if isinstance(value, bytes) else str(value)


def _double(value: float) -> str:
    """As Java writes it."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    mantissa, _, power = repr(value).partition("e")
    if not power:
        return mantissa
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}E{int(power)}"
