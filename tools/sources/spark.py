"""Spark tables: ``spark:///path/to.parquet``, ``spark://local/catalog_table``, a DataFrame of an open session, or
``spark://host:15002/catalog_table`` on a server of Spark Connect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from itertools import chain, islice
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import uuid4

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql.types import DataType
from sqlglot import exp

from tools.sources.files import Files, find
from tools.sources.names import check_names
from tools.sources.registry import dataset_name
from tools.sources.spark_connect import FORM, Server, is_remote, server, session
from tools.sources.spark_session import FAILURES, TimeLimit, active_session, as_query_error, sibling
from tools.sources.table import DatasetName, Field, Kind, SourceError, Table
from tools.sources.uris import shown

_FORM = "Write spark:///path/to.parquet, spark://local/table or spark://host:15002/table, or open a DataFrame."
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
    if not _here(uri):
        return _remote_name(server(uri, secrets=False))
    parts = urlsplit(uri)
    name = unquote(parts.path)
    if not parts.netloc and name.strip("/"):
        return DatasetName("file", name)
    if path := dict(parse_qsl(parts.query)).get("parquet"):
        return dataset_name(path)
    if not name.strip("/"):
        raise SourceError(f"{shown(uri)} names no table.", hint=_FORM)
    return DatasetName("spark://local", name.strip("/"))


def open_uri(uri: str) -> SparkTable:
    """The table that a URI names.

    Raises SourceError: no Java, no server, no such file or table, a format other than Parquet.
    """
    if not _here(uri):
        return _open_remote(server(uri))
    named = name_of(uri)
    if path := dict(parse_qsl(urlsplit(uri).query)).get("parquet"):
        return SparkTable(_tried(lambda: active_session().read.parquet(path), uri), uri=uri, dataset=named)
    if named.namespace != "file":
        frame = _tried(lambda: active_session().table(named.name), uri)
        return SparkTable(frame, uri=uri, dataset=named)
    files = find(named.name)
    if files.format != "parquet":
        raise SourceError(f"{uri}: Spark reads Parquet here, not {files.format}.", hint="Open its DataFrame instead.")
    session = active_session()
    frame = _tried(lambda: session.read.parquet(files.uri), uri)
    return SparkTable(frame, uri=uri, dataset=named, files=files)


def _here(uri: str) -> bool:
    """Whether this machine's Spark is meant, or the one that this program was submitted to."""
    scheme, _, rest = uri.partition("://")
    return scheme.lower() == "spark" and rest.partition("?")[0].partition("/")[0] in ("", "local")


def _remote_name(where: Server) -> DatasetName:
    path = where.uri.options.get("parquet")
    if bool(path) == bool(where.uri.path) or len(where.uri.path) > 1:
        raise SourceError(f"{where.uri.text} names no table.", hint=FORM)
    return dataset_name(path) if path else DatasetName(where.namespace, ".".join(where.uri.path[0]))


def _open_remote(where: Server) -> SparkTable:
    named, path = _remote_name(where), where.uri.options.get("parquet")
    if path and "://" not in path:
        raise SourceError(f"{where.uri.text}: {path} is a path of the server.", hint="Name it in full: s3://, hdfs://.")
    remote = session(where)

    def read() -> DataFrame:
        if path:
            return remote.read.parquet(path)
        return remote.table(".".join(f"`{name.replace('`', '``')}`" for name in where.uri.path[0]))

    return SparkTable(_tried(read, where.uri.text), uri=where.uri.text, dataset=named, engine=where.engine)


def open_frame(frame: DataFrame) -> SparkTable:
    """The table over a DataFrame; the same columns count as the same dataset. Raises SourceError."""
    if frame.isStreaming:
        raise SourceError("A streaming DataFrame has no end.", hint="Open what it writes, a table or Parquet files.")
    shape = sha256("\n".join(f"{name}\t{kind}" for name, kind in frame.dtypes).encode()).hexdigest()[:8]
    name = f"table-{shape}"
    return SparkTable(frame, uri=f"memory:{name}", dataset=DatasetName("memory", name))


def _tried(make: Callable[[], DataFrame], what: str) -> DataFrame:
    try:
        frame = make()
        _ = frame.schema  # a server is not asked before
        return frame
    except FAILURES as error:
        raise as_query_error(error, what, late=False) from error


class SparkTable(Table):
    """A DataFrame under a name. Queries run in a session of their own, where this is the only table."""

    dialect = "spark"

    def __init__(
        self, frame: DataFrame, *, uri: str, dataset: DatasetName, files: Files | None = None, engine: str = ""
    ) -> None:
        check_names(frame.columns, uri)
        self.uri = uri
        self.dataset = dataset
        self.engine = engine or _engine(frame.sparkSession)
        self.version = files.stamp() if files else uuid4().hex
        self.fields = tuple(_field(field.name, field.dataType) for field in frame.schema.fields)
        self._files = files
        self._frame = frame
        self._session = sibling(frame.sparkSession)
        self._own = self._session is frame.sparkSession
        self._name = f"assay_{uuid4().hex}"
        self._closed = False
        self._declare()

    def _declare(self) -> None:
        """Sessions share global views alone; what is in our own need not be seen by others."""
        declare = self._frame.createTempView if self._own else self._frame.createGlobalTempView
        try:
            declare(self._name)
        except FAILURES as error:
            raise as_query_error(error, self.uri, late=False) from error

    def relation(self) -> exp.Table:
        """The view of this table that the session of the queries sees."""
        return exp.table_(self._name, db=None if self._own else "global_temp", quoted=True)

    def query(self, select: exp.Query, *, timeout_seconds: float | None = None) -> pa.Table:
        """Spark's answer; tables of the same application may be joined. Raises SourceError."""
        limit = self._start(timeout_seconds)
        try:
            with limit.marked():
                answer = _answer(self._session.sql(_text(select)))
        except FAILURES as error:
            raise as_query_error(error, self.uri, late=limit.over) from error
        except KeyboardInterrupt:  # nobody waits any more, but a server does not know that
            limit.cancel()
            raise
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
                schema = _answer(frame.limit(0)).schema
                batches = _sent(frame, schema) if is_remote(frame) else _packed(frame)
            yield pa.RecordBatch.from_pylist([], schema)
            yield from batches
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
            views = self._session.catalog
            with suppress(*FAILURES):  # a server that is away has forgotten it
                (views.dropTempView if self._own else views.dropGlobalTempView)(self._name)

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


def _engine(session: Any) -> str:
    return f"spark:{session.session_id}" if is_remote(session) else f"spark:{session.sparkContext.applicationId}"


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


def _answer(frame: Any) -> pa.Table:
    """All rows; Spark 3.5 has no name for that yet."""
    if hasattr(frame, "toArrow"):
        return frame.toArrow()
    from pyspark.sql.pandas.types import to_arrow_schema

    schema = to_arrow_schema(frame.schema)
    batches = frame._collect_as_arrow()
    return pa.Table.from_batches(batches).cast(schema) if batches else schema.empty_table()


def _packed(frame: DataFrame) -> Iterator[pa.RecordBatch]:
    """The rows as Spark's own Python workers pack them: one partition after the other."""
    packed = iter(frame.mapInArrow(_packer(), "batch binary").toLocalIterator())

    def unpacked() -> Iterator[pa.RecordBatch]:
        for row in packed:
            with pa.ipc.open_stream(row["batch"]) as reader:
                yield from reader

    return unpacked()


def _sent(frame: Any, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The rows as a server sends them, which need not know this Python. They are asked for at once."""
    client = frame.sparkSession.client
    parts = client.to_table_as_iterator(frame._plan.to_proto(client), frame._plan.observations)
    first = list(islice(parts, 1))

    def tables() -> Iterator[pa.RecordBatch]:
        for part in chain(first, parts):
            if isinstance(part, pa.Table):
                yield from part.cast(schema).to_batches()

    return tables()
