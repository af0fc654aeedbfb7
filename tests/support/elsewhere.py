"""A table of an engine of its own, which no query of the process's DuckDB can reach."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pyarrow as pa
from sqlglot import exp

from tools import sources
from tools.sources.table import DatasetName, Table


class Elsewhere(Table):
    """Another DuckDB that plays a server: it takes queries over ``far.data`` and nothing else, and remembers them."""

    dialect = "duckdb"

    def __init__(self, data: pa.Table, name: str = "one") -> None:
        self.uri = f"elsewhere://{name}"
        self.engine = self.uri
        self.dataset = DatasetName(self.uri, name)
        self.version = "1"
        with sources.open(data) as table:
            self.fields = table.fields
        self.asked: list[str] = []
        self._connection = duckdb.connect()
        self._connection.execute("create schema far")
        self._connection.register("given", data)
        self._connection.execute("create table far.data as select * from given")

    def relation(self) -> exp.Table:
        """``"far"."data"``."""
        return exp.table_("data", db="far", quoted=True)

    def query(self, select: exp.Query, *, timeout_seconds: float | None = None) -> pa.Table:
        """The answer of the other engine."""
        self.asked.append(select.sql(dialect="duckdb"))
        return self._connection.sql(self.asked[-1]).to_arrow_table()

    def stream(self, select: exp.Query, *, timeout_seconds: float | None = None) -> Iterator[pa.RecordBatch]:
        """The answer in parts, an empty one at least."""
        answer = self.query(select)
        yield from answer.to_batches() or [pa.RecordBatch.from_pylist([], schema=answer.schema)]

    def close(self) -> None:
        """Ends the other engine."""
        self._connection.close()
