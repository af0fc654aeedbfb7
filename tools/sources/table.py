"""The contract of a source: a table that answers queries on the engine that holds its data."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from tools.errors import AssayError

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

Kind = Literal["number", "text", "boolean", "date", "timestamp", "time", "other"]


Cause = Literal["time", "memory", "conversion", "range", "pattern", "statement", "other"]


_WEB = ("http://", "https://")
_DATABASES = ("awsathena://", "mysql://", "postgres://", "redshift://")


class SourceError(AssayError):
    """Data that cannot be opened or read."""


class QueryError(SourceError):
    """A query that the engine refused or gave up. Its message holds no value of the data."""

    def __init__(self, message: str, *, cause: Cause, sentence: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.cause = cause
        self.sentence = sentence
        """What went wrong, without the name of the data."""


@dataclass(frozen=True)
class DatasetName:
    """A dataset's name by the OpenLineage naming convention, for example ``file`` and ``/data/orders.csv``."""

    namespace: str
    name: str

    @property
    def short(self) -> str:
        """What a person calls it: a table's own name, or the last part of a path that is no pattern, without ending.

        Only the disk tells whether ``orders[1].csv`` is a pattern or a file.
        """
        if self.namespace.startswith(_DATABASES):
            return self.name.rsplit(".", 1)[-1]
        if self.namespace.startswith(_WEB):
            path, _, records = self.name.partition("#")
            parts = [records.rsplit(".", 1)[-1], *reversed(path.partition("?")[0].split("/")), self.namespace]
            return next(part for part in parts if part)
        if self.namespace != "file" and "://" not in self.namespace:
            return self.name.rsplit("/", 1)[-1]
        parts = [part for part in self.name.split("/") if part]
        if not (self.namespace == "file" and os.path.isfile(self.name)):
            parts = [part for part in parts if not set(part) & set("*?[")]
        return parts[-1].split(".")[0] or parts[-1] if parts else self.name


@dataclass(frozen=True)
class Field:
    """A column: its name, the engine's type as SQL text, and the family that the type belongs to."""

    name: str
    type: str
    kind: Kind


@dataclass(frozen=True)
class Known:
    """What is known exactly about a column without reading its values."""

    rows: int
    nulls: int
    low: Any = None
    """The least value that is there, None where it is not known. For doubles NaN is greater than all numbers."""
    high: Any = None
    """The greatest value that is there, None where it is not known."""


class Table(ABC):
    """An open table. Close it, or use it as a context manager."""

    uri: str
    """What it was opened with, made absolute."""
    dataset: DatasetName
    dialect: str
    """The sqlglot dialect of the engine."""
    engine: str
    """Which engine it is, without secrets: ``duckdb``, ``postgresql://host:5432/shop``. One query can join tables of
    the same engine."""
    fields: tuple[Field, ...]
    version: str
    """Changes whenever the content may have changed: an Iceberg snapshot id, or a digest of path, size and time."""
    row_count: int | None = None
    """Rows, where the engine knows them without reading the data (Parquet, Arrow); None elsewhere."""

    @abstractmethod
    def relation(self) -> exp.Table:
        """A fresh node to put in FROM."""

    @abstractmethod
    def query(self, select: exp.Query, *, timeout_seconds: float | None = None) -> pa.Table:
        """The answer of the engine to a query over :meth:`relation`. Raises SourceError.

        Past the timeout that is a QueryError whose cause is "time"; without one the query takes as long as it takes.
        """

    @abstractmethod
    def stream(self, select: exp.Query, *, timeout_seconds: float | None = None) -> Iterator[pa.RecordBatch]:
        """The answer in parts, so that a large one never stands in memory as a whole. Raises SourceError.

        The first part is empty: it tells the columns of an answer without rows.
        """

    @abstractmethod
    def close(self) -> None:
        """Lets go of what the table holds."""

    def files(self) -> list[str]:
        """What it is read from, as absolute paths or s3:// URIs; none for a table that is not made of files."""
        return []

    def known(self, names: Iterable[str]) -> dict[str, Known]:
        """What the engine knows without a query, of those columns that it knows anything about. Raises SourceError."""
        return {}

    def field(self, name: str) -> Field:
        """The field of that name, compared without case as DQDL does. Raises KeyError."""
        for candidate in self.fields:
            if candidate.name.lower() == name.lower():
                return candidate
        raise KeyError(name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
