"""Spark tables: ``spark:///path/to.parquet``, ``spark://local/catalog_table``, or a DataFrame of an open session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql.types import DataType
from sqlglot import exp

from tools.sources.files import Files, find
from tools.sources.names import check_names
from tools.sources.spark_session import FAILURES, TimeLimit, active_session, as_query_error, sibling
from tools.sources.table import DatasetName, Field, Kind, SourceError, Table
from tools.sources.uris import shown

if TYPE_CHECKING:
    from pyspark.sql import Row

_FORM = "Write spark:///path/to.parquet or spark://local/table, or open a DataFrame."
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(["tinyint", "smallint", "int", "bigint", "float", "double", "decimal"], "number"),
    **dict.fromkeys(["string", "char", "varchar"], "text"),
    **dict.fromkeys(["timestamp", "timestamp_ntz"], "timestamp"),
    "boolean": "boolean",
    "date": "date",
    "time": "time",
}


def name_of(uri: str) -> DatasetName:
    """The name of the table that a URI names. Raises SourceError if it names none."""
    parts = urlsplit(uri)
    name = unquote(parts.path)
    if parts.netloc not in ("", "local") or not name.strip("/"):
        raise SourceError(f"{shown(uri)} is no table of this machine's Spark.", hint=_FORM)
    return DatasetName("file", name) if not parts.netloc else DatasetName("spark://local", name.strip("/"))


def open_uri(uri: str) -> SparkTable:
    """The table that a URI names. Raises SourceError: no Java, no such file or table, a format other than Parquet."""
    named = name_of(uri)
    if named.namespace != "file":
        frame = _tried(lambda: active_session().table(named.name), uri)
        return SparkTable(frame, uri=uri, dataset=named)
    files = find(named.name)
    if files.format != "parquet":
        raise SourceError(f"{uri}: Spark reads Parquet here, not {files.format}.", hint="Open its DataFrame instead.")
    session = active_session()
    frame = _tried(lambda: session.read.parquet(files.uri), uri)
    return SparkTable(frame, uri=uri, dataset=named, files=files)


def open_frame(frame: DataFrame) -> SparkTable:
    """The table over a DataFrame; the same columns count as the same dataset. Raises SourceError."""
    if not hasattr(frame, "_jdf"):
        raise SourceError("A DataFrame of Spark Connect cannot be opened yet.", hint="Give frame.toArrow().")
    if frame.isStreaming:
        raise SourceError("A streaming DataFrame has no end.", hint="Open what it writes, a table or Parquet files.")
    shape = sha256("\n".join(f"{name}\t{kind}" for name, kind in frame.dtypes).encode()).hexdigest()[:8]
    name = f"table-{shape}"
    return SparkTable(frame, uri=f"memory:{name}", dataset=DatasetName("memory", name))


def _tried(make: Callable[[], DataFrame], what: str) -> DataFrame:
    try:
        return make()
    except FAILURES as error:
        raise as_query_error(error, what, late=False) from error


class SparkTable(Table):
    """A DataFrame under a name that all sessions of its application see. Queries run in a session of their own."""

    dialect = "spark"

    def __init__(self, frame: DataFrame, *, uri: str, dataset: DatasetName, files: Files | None = None) -> None:
        check_names(frame.columns, uri)
        self.uri = uri
        self.dataset = dataset
        self.engine = f"spark:{frame.sparkSession.sparkContext.applicationId}"
        self.version = files.stamp() if files else uuid4().hex
        self.fields = tuple(_field(field.name, field.dataType) for field in frame.schema.fields)
        self._files = files
        self._frame = frame
        self._session = sibling(frame.sparkSession)
        self._name = f"assay_{uuid4().hex}"
        self._closed = False
        frame.createGlobalTempView(self._name)

    def relation(self) -> exp.Table:
        """The view of this table that the session of the queries sees."""
        return exp.table_(self._name, db="global_temp", quoted=True)

    def query(self, select: exp.Query, *, timeout_seconds: float | None = None) -> pa.Table:
        """Spark's answer; tables of the same application may be joined. Raises SourceError."""
        limit = self._start(timeout_seconds)
        try:
            with limit.marked():
                answer = self._session.sql(_text(select)).toArrow()
        except FAILURES as error:
            raise as_query_error(error, self.uri, late=limit.over) from error
        finally:
            limit.done()
        self._check_unchanged()
        return answer

    def stream(self, select: exp.Query, *, timeout_seconds: float | None = None) -> Iterator[pa.RecordBatch]:
        """Spark's answer in batches, one partition after the other. Raises SourceError."""
        limit = self._start(timeout_seconds)
        try:
            with limit.marked():
                frame = self._session.sql(_text(select))
                schema = frame.limit(0).toArrow().schema
                packed = iter(frame.mapInArrow(_packer(), "batch binary").toLocalIterator())
            yield pa.RecordBatch.from_pylist([], schema)
            for row in packed:
                yield from _unpacked(row)
        except FAILURES as error:
            raise as_query_error(error, self.uri, late=limit.over) from error
        finally:
            limit.done()
            limit.cancel()
        self._check_unchanged()

    def close(self) -> None:
        """Forgets the view; closing twice is no error."""
        if not self._closed:
            self._closed = True
            self._session.catalog.dropGlobalTempView(self._name)

    def files(self) -> list[str]:
        """The files of the path; of another table, those that Spark says its rows are read from. Raises SourceError."""
        if self._files:
            return list(self._files.paths)
        try:
            return sorted(_local(name) for name in self._frame.inputFiles())
        except FAILURES as error:
            raise as_query_error(error, self.uri, late=False) from error

    def _start(self, timeout_seconds: float | None) -> TimeLimit:
        if self._closed:
            raise SourceError(f"{self.uri} was closed.", hint="Open it again.")
        self._check_unchanged()
        return TimeLimit(self._session, timeout_seconds)

    def _check_unchanged(self) -> None:
        if self._files and self._files.stamp() != self.version:
            raise SourceError(f"{self.uri} changed while it was open.", hint="Run it again on the new content.")


def _local(name: str) -> str:
    """A file that Spark names, as Assay names it."""
    parts = urlsplit(name, allow_fragments=False)
    if parts.scheme in ("", "file"):
        return unquote(parts.path)
    return f"s3://{parts.netloc}{unquote(parts.path)}" if parts.scheme in ("s3", "s3a", "s3n") else name


def _field(name: str, kind: DataType) -> Field:
    text = kind.simpleString()
    return Field(name, text, _KINDS.get(text.split("(")[0], "other"))


def _text(select: exp.Query) -> str:
    if not isinstance(select, exp.Query):
        raise TypeError(f"the engine takes sqlglot queries, not {type(select).__name__}")
    return select.sql(dialect="spark", comments=False)


def _packer() -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Makes each batch one value. A function in a function travels whole: the workers need not have this package."""

    def pack(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow

        for batch in batches:
            sink = pyarrow.BufferOutputStream()
            options = pyarrow.ipc.IpcWriteOptions(compression="lz4")
            with pyarrow.ipc.new_stream(sink, batch.schema, options=options) as writer:
                writer.write_batch(batch)
            yield pyarrow.RecordBatch.from_pydict({"batch": [sink.getvalue().to_pybytes()]})

    return pack


def _unpacked(row: Row) -> Iterator[pa.RecordBatch]:
    with pa.ipc.open_stream(row["batch"]) as reader:
        yield from reader
