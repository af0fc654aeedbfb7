"""What a database lists: tables with their columns, views with their SQL, queries. All that a collector needs of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from tools.collecting.logs.entries import Entry
from tools.collecting.tables import Place
from tools.lineage.observed import DatasetId, Field


@dataclass(frozen=True)
class Columns:
    """A table or view."""

    parts: tuple[str, ...]
    fields: tuple[Field, ...]
    dataset: DatasetId | None = None
    """Where it is not what the place of the listing makes of the parts."""


@dataclass(frozen=True)
class View:
    """A view or materialized view."""

    parts: tuple[str, ...]
    sql: str
    """Its query, or the statement that makes it; empty where it may not be seen."""
    inside: tuple[str, ...] | None = None
    """Where names without a schema are looked for, if not as everywhere."""


class Listing(Protocol):
    """A connected database."""

    place: Place
    dialect: str

    def tables(self) -> Iterator[Columns]:
        """All tables and views. Raises SourceError."""
        ...

    def views(self) -> Iterator[View]:
        """All views. Raises SourceError."""
        ...

    def queries(self) -> Iterator[Entry]:
        """The queries that it remembers. Raises SourceError, CollectError where it remembers none."""
        ...


Opened = AbstractContextManager[Listing]
