"""The DuckDB engine that all file and in-memory tables of a process share, so that one query can join them."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from functools import cache
from itertools import count

import duckdb
import pyarrow as pa
from sqlglot import exp

from tools.sources.duck_errors import as_source_error
from tools.sources.table import DatasetName, Field, Kind, SourceError, Table

_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")
_KINDS: dict[str, Kind] = {
    **dict.fromkeys([*_NUMBERS, *(f"U{name}" for name in _NUMBERS[:5])], "number"),
    **dict.fromkeys(["VARCHAR", "ENUM", "UUID"], "text"),
    **dict.fromkeys(["TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"], "timestamp"),
    "TIMESTAMP WITH TIME ZONE": "timestamp",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIME": "time",
    "TIME WITH TIME ZONE": "time",
}


BATCH_ROWS = 50_000


def kind_of(type_text: str) -> Kind:
    """The family of a DuckDB type given as text; nested types, JSON, blobs and intervals are ``other``."""
    return "other" if type_text.endswith("]") else _KINDS.get(type_text.split("(")[0].strip(), "other")


class Engine:
    """One in-memory DuckDB instance. Every query runs on a cursor of its own, so threads may share the engine."""

    def __init__(self) -> None:
        spill = os.path.join(tempfile.gettempdir(), f"assay-duckdb-{os.getpid()}")
        # Without the second setting a misspelt table name could resolve to a Python variable.
        config: dict[str, str | bool | int | float | list[str]] = {
            "temp_directory": spill,
            "python_enable_replacements": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        self._root = duckdb.connect(":memory:", config=config)
        self._memory: dict[str, pa.Table] = {}
        self._names = count(1)
        self._lock = threading.Lock()

    def new_name(self) -> str:
        """A relation name that nothing else in this process uses."""
        with self._lock:
            return f"assay_{next(self._names)}"

    def create_view(self, name: str, body: exp.Query) -> None:
        """Makes or replaces a view that every later query sees. Raises duckdb.Error."""
        statement = exp.Create(this=exp.to_table(name), kind="VIEW", replace=True, expression=body)
        with self._cursor() as cursor:
            cursor.execute(statement.sql(dialect="duckdb"))

    def register(self, name: str, data: pa.Table) -> None:
        """Makes an Arrow table queryable under a name, without copying it."""
        self._memory[name] = data

    def drop(self, name: str) -> None:
        """Forgets a view or a registered table; a name that is not there is no error."""
        if self._memory.pop(name, None) is None:
            with self._cursor() as cursor:
                cursor.execute(exp.Drop(tables=[exp.to_table(name)], kind="VIEW", exists=True).sql(dialect="duckdb"))

    def run(self, select: exp.Query, *, timeout_seconds: float | None = None) -> pa.Table:
        """The answer as Arrow. Only sqlglot query trees pass, never text. Raises duckdb.Error."""
        if not isinstance(select, exp.Query):
            raise TypeError(f"the engine takes sqlglot queries, not {type(select).__name__}")
        text = _one_select(select)
        with self._cursor(select) as cursor:
            if timeout_seconds is not None:
                cursor.execute(f"SET max_execution_time = {max(1, int(timeout_seconds * 1000))}")
            try:
                return cursor.sql(text).to_arrow_table()
            except RuntimeError as error:
                # DuckDB's word for a Ctrl-C that came while it worked.
                if str(error) == "Query interrupted":
                    raise KeyboardInterrupt from None
                raise

    def query(self, select: exp.Query, *, what: str = "the query", timeout_seconds: float | None = None) -> pa.Table:
        """Like :meth:`run`; ``what`` names the data in the SourceError that stands for any failure of the engine."""
        try:
            return self.run(select, timeout_seconds=timeout_seconds)
        except duckdb.Error as error:
            raise as_source_error(error, what) from error

    def stream(self, select: exp.Query) -> Iterator[pa.RecordBatch]:
        """The answer of :meth:`run` in batches, as the engine makes them. Raises duckdb.Error."""
        text = _one_select(select)
        with self._cursor(select) as cursor:
            yield from cursor.sql(text).to_arrow_reader(BATCH_ROWS)

    def describe(self, select: exp.Query) -> tuple[Field, ...]:
        """The columns that a query returns; no row is read. Raises duckdb.Error."""
        empty = exp.select("*").from_(select.copy().subquery("t")).limit(0)
        text = _one_select(empty)
        with self._cursor(select) as cursor:
            rows = cursor.execute(f"DESCRIBE {text}").fetchall()
        return tuple(Field(name, type_text, kind_of(type_text)) for name, type_text, *_ in rows)

    def _cursor(self, select: exp.Query | None = None) -> duckdb.DuckDBPyConnection:
        cursor = self._root.cursor()
        cursor.execute("SET enable_progress_bar = false")
        cursor.execute("SET TimeZone = 'UTC'")
        # A registered table is visible to its own cursor only.
        for name in {table.name for table in select.find_all(exp.Table)} & self._memory.keys() if select else ():
            cursor.register(name, self._memory[name])
        return cursor


def _one_select(select: exp.Query) -> str:
    """The query as text, if DuckDB itself reads it as one SELECT: the last door behind the guard of rules."""
    text = select.sql(dialect="duckdb", comments=False)
    statements = duckdb.extract_statements(text)
    if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
        raise duckdb.ParserException("Parser Error: the query is not one SELECT.")
    return text


_only_one = threading.Lock()


@cache
def _made() -> Engine:
    return Engine()


def engine() -> Engine:
    """The engine of this process."""
    with _only_one:
        return _made()


class DuckTable(Table):
    """A table whose rows DuckDB reads through a relation of the shared engine."""

    dialect = "duckdb"
    engine = "duckdb"

    def __init__(self, name: str, *, uri: str, dataset: DatasetName, version: str) -> None:
        self.uri = uri
        self.dataset = dataset
        self.version = version
        self.fields = ()
        self._name = name
        self._closed = False

    def relation(self) -> exp.Table:
        """The relation of the shared engine that stands for this table."""
        return exp.Table(this=exp.to_identifier(self._name, quoted=True))

    def query(self, select: exp.Query, *, timeout_seconds: float | None = None) -> pa.Table:
        """The engine's answer; other open DuckDB tables may be joined. Raises SourceError."""
        if self._closed:
            raise SourceError(f"{self.uri} was closed.", hint="Open it again.")
        return engine().query(select, what=self.uri, timeout_seconds=timeout_seconds)

    def stream(self, select: exp.Query, *, timeout_seconds: float | None = None) -> Iterator[pa.RecordBatch]:
        """The engine's answer in batches. Raises SourceError."""
        if self._closed:
            raise SourceError(f"{self.uri} was closed.", hint="Open it again.")
        try:
            yield from engine().stream(select)
        except duckdb.Error as error:
            raise as_source_error(error, self.uri) from error

    def close(self) -> None:
        """Forgets the relation; closing twice is no error."""
        if not self._closed:
            self._closed = True
            engine().drop(self._name)
