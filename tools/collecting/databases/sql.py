"""The listing of a database that answers SELECTs about its catalog."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from tools.collecting.databases.catalogs import CATALOGS, Catalog, schemas_of
from tools.collecting.databases.listing import Columns, Listing, View
from tools.collecting.logs.entries import Entry, when
from tools.collecting.model import CollectError
from tools.collecting.tables import Place
from tools.lineage.observed import Field
from tools.sources.database import Database, open_database


class SqlListing:
    """Reads a catalog through a connector's database."""

    def __init__(self, database: Database) -> None:
        self.dialect = database.dialect
        self._catalog: Catalog = CATALOGS[database.dialect]
        self._database = database
        self.place = Place.of(f"{database.namespace}/{database.name}".rstrip("/"))

    def tables(self) -> Iterator[Columns]:
        """All tables and views with their columns."""
        rows = self._database.rows(self._catalog.query(self._catalog.columns))
        for names, columns in groupby(rows, key=lambda row: row[:3]):
            parts = self._parts(*names)
            if self._wanted(parts):
                yield Columns(parts, tuple(Field(str(row[3]), str(row[4] or "")) for row in columns))

    def views(self) -> Iterator[View]:
        """All views."""
        for catalog, schema, name, sql in self._database.rows(self._catalog.query(self._catalog.views)):
            parts = self._parts(catalog, schema, name)
            if self._wanted(parts):
                yield View(parts, str(sql or ""))

    def queries(self) -> Iterator[Entry]:
        """The statements of the system's own log."""
        rows = self._database.rows(self._catalog.query(self._catalog.queries, self._log_schema()))
        whole = _joined(rows) if self._catalog.in_pieces else rows
        for number, (sql, at, session, database) in enumerate(whole, start=1):
            said = str(database or "") if self.dialect != "mysql" else self._database.name
            yield Entry(str(sql), number, _time(at), str(session or ""), said)

    def _log_schema(self) -> str:
        catalog = self._catalog
        if not catalog.queries:
            raise CollectError(f"{self.place.namespace} keeps no log of queries that can be selected from.")
        if catalog.log is None:
            return ""
        found = [str(row[0]) for row in self._database.rows(schemas_of(catalog))]
        if not found:
            raise CollectError(f"{self.place.namespace} has no {catalog.log[1]}.", hint="Have it switched on there.")
        return catalog.log[0] if catalog.log[0] in found else found[0]

    def _parts(self, catalog: Any, schema: Any, name: Any) -> tuple[str, ...]:
        # Athena's own lists write its catalog in another case than its users.
        first = (self._database.name if self.dialect != "mysql" else None) or catalog
        return tuple(str(part) for part in (first, schema, name) if part)

    def _wanted(self, parts: tuple[str, ...]) -> bool:
        """Of MySQL, where databases are what others call schemas, only the one that was named."""
        return self.dialect != "mysql" or not self._database.name or parts[0] == self._database.name


@contextmanager
def opened(uri: str) -> Iterator[Listing]:
    """The listing of the database at a URI. Raises SourceError."""
    with open_database(uri) as database:
        yield SqlListing(database)


def _joined(rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Queries in one piece; line breaks are written as two characters by whoever cut them."""
    for _, pieces in groupby(rows, key=lambda row: row[4]):
        first, *rest = pieces
        text = "".join(str(row[0]) for row in (first, *rest))
        yield (text.replace("\\n", "\n"), *first[1:4])


def _time(at: Any) -> datetime | None:
    if isinstance(at, datetime):
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    return when(str(at)) if at else None
