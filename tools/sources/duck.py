"""The DuckDB engine that all file and in-memory tables of a process share, so that one query can join them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import count

import duckdb
import pyarrow as pa
from sqlglot import exp

from tools.sources.duck_errors import as_source_error
from tools.sources.duck_seal import FileView, sealed, unsealed
from tools.sources.s3 import OPENING, S3, Pin
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
MAX_INSTANCES = 8
"""Kept for queries to come; running queries keep their own alive."""


def kind_of(type_text: str) -> Kind:
    """The family of a DuckDB type given as text; nested types, JSON, blobs and intervals are ``other``."""
    return "other" if type_text.endswith("]") else _KINDS.get(type_text.split("(")[0].strip(), "other")


class Engine:
    """The DuckDB of a process. Every query runs on a cursor of its own, so threads may share the engine.

    A query over open tables runs on an instance that reads the files of these tables and is closed to all else.
    """

    def __init__(self) -> None:
        self._views: dict[str, FileView] = {}
        self._memory: dict[str, pa.Table] = {}
        self._instances: dict[frozenset[str] | None, duckdb.DuckDBPyConnection] = {}
        self._names = count(1)
        self._lock = threading.Lock()

    def new_name(self) -> str:
        """A relation name that nothing else in this process uses."""
        with self._lock:
            return f"assay_{next(self._names)}"

    def create_view(
        self, name: str, body: exp.Query, paths: Sequence[str], pins: Mapping[str, Pin] | None = None
    ) -> None:
        """Makes or replaces a relation over files, which later queries may name. Nothing is read yet."""
        with self._lock:
            self._forget(name)
            self._views[name] = FileView(body, paths, pins or {})

    def register(self, name: str, data: pa.Table) -> None:
        """Makes an Arrow table queryable under a name, without copying it."""
        self._memory[name] = data

    def drop(self, name: str) -> None:
        """Forgets a view or a registered table; a name that is not there is no error."""
        with self._lock:
            self._memory.pop(name, None)
            self._forget(name)

    def run(self, select: exp.Query, *, timeout_seconds: float | None = None, opening: bool = False) -> pa.Table:
        """The answer as Arrow. Only sqlglot query trees pass, never text. Raises duckdb.Error.

        ``opening`` is for queries of our own that name files instead of open tables.
        """
        if not isinstance(select, exp.Query):
            raise TypeError(f"the engine takes sqlglot queries, not {type(select).__name__}")
        text = _one_select(select)
        with self._cursor(select, timeout_seconds=timeout_seconds, opening=opening) as cursor, _interrupted():
            return cursor.sql(text).to_arrow_table()

    def query(self, select: exp.Query, *, what: str = "the query", timeout_seconds: float | None = None) -> pa.Table:
        """Like :meth:`run`; ``what`` names the data in the SourceError that stands for any failure of the engine."""
        try:
            return self.run(select, timeout_seconds=timeout_seconds)
        except duckdb.Error as error:
            raise as_source_error(error, what) from error

    def stream(self, select: exp.Query, *, timeout_seconds: float | None = None) -> Iterator[pa.RecordBatch]:
        """The answer of :meth:`run` in batches, as the engine makes them. Raises duckdb.Error."""
        text = _one_select(select)
        with self._cursor(select, timeout_seconds=timeout_seconds) as cursor:
            with _interrupted():
                reader = cursor.sql(text).to_arrow_reader(BATCH_ROWS)
            yield pa.RecordBatch.from_pylist([], reader.schema)
            while (batch := _next(reader)) is not None:
                yield batch

    def describe(self, select: exp.Query, *, opening: bool = False) -> tuple[Field, ...]:
        """The columns that a query returns; no row is read. Raises duckdb.Error."""
        empty = exp.select("*").from_(select.copy().subquery("t")).limit(0)
        text = _one_select(empty)
        with self._cursor(select, opening=opening) as cursor, _interrupted():
            rows = cursor.execute(f"DESCRIBE {text}").fetchall()
        return tuple(Field(name, type_text, kind_of(type_text)) for name, type_text, *_ in rows)

    def _cursor(
        self, select: exp.Query, *, timeout_seconds: float | None = None, opening: bool = False
    ) -> duckdb.DuckDBPyConnection:
        names = {table.name for table in select.find_all(exp.Table)}
        cursor = self._instance(_opening() if opening else frozenset(names & self._views.keys())).cursor()
        cursor.execute("SET enable_progress_bar = false")
        if timeout_seconds is not None:
            cursor.execute(f"SET max_execution_time = {max(1, int(timeout_seconds * 1000))}")
        # A registered table is visible to its own cursor only.
        for name in names & self._memory.keys():
            cursor.register(name, self._memory[name])
        return cursor

    def _instance(self, names: frozenset[str] | None) -> duckdb.DuckDBPyConnection:
        """The instance of these relations over files; without names the one that opens files on disk."""
        with self._lock:
            found = self._instances.pop(names, None)
            if found is None and (names is None or names == _S3):
                found = unsealed(OPENING if names else None)
            elif found is None:
                found = sealed({name: self._views[name] for name in sorted(names or ())})
            self._instances[names] = found
            if len(self._instances) > MAX_INSTANCES:
                self._instances.pop(next(iter(self._instances)))
            return found

    def _forget(self, name: str) -> None:
        self._views.pop(name, None)
        for names in [names for names in self._instances if names and name in names]:
            del self._instances[names]


_S3 = frozenset({S3})
"""Stands for the instance that opens files of S3: no relation has this name."""


def _opening() -> frozenset[str] | None:
    return _S3 if OPENING else None


@contextmanager
def _interrupted() -> Iterator[None]:
    """Ctrl-C while DuckDB works comes as an error of its own making."""
    try:
        yield
    except RuntimeError as error:
        if str(error) == "Query interrupted":
            raise KeyboardInterrupt from None
        raise


_MIDWAY: dict[str, type[duckdb.Error]] = {
    "INTERRUPT Error": duckdb.InterruptException,
    "Out of Memory Error": duckdb.OutOfMemoryException,
    "Conversion Error": duckdb.ConversionException,
    "Out of Range Error": duckdb.OutOfRangeException,
}


def _next(reader: pa.RecordBatchReader) -> pa.RecordBatch | None:
    """The next batch. Arrow hands on what DuckDB says of a query that breaks off as an OSError. Raises duckdb.Error."""
    try:
        return reader.read_next_batch()
    except StopIteration:
        return None
    except OSError as error:
        kind = _MIDWAY.get(str(error).partition(":")[0], duckdb.Error)
        raise kind(str(error)) from error


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
            yield from engine().stream(select, timeout_seconds=timeout_seconds)
        except duckdb.Error as error:
            raise as_source_error(error, self.uri) from error

    def close(self) -> None:
        """Forgets the relation; closing twice is no error."""
        if not self._closed:
            self._closed = True
            engine().drop(self._name)
