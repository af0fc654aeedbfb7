"""The listing of the local Spark's catalog."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tools.collecting.databases.listing import Columns, Listing, View
from tools.collecting.logs.entries import Entry
from tools.collecting.model import CollectError
from tools.collecting.tables import Place
from tools.lineage.observed import DatasetId, Field
from tools.sources.registry import connector

_NAMESPACE = "spark://local"
_DEFAULT = "default"
_CATALOG = "spark_catalog"


class SparkListing:
    """Tables and views of the catalog. Views of a session are none of it, and Spark does not tell their text."""

    dialect = "spark"
    place = Place(_NAMESPACE, (_CATALOG, _DEFAULT))

    def __init__(self, session: Any) -> None:
        self._session = session

    def tables(self) -> Iterator[Columns]:
        """Tables are named as in URIs of Spark: those of the default database alone, others with their database."""
        for table in self._listed():
            parts = _parts(table)
            fields = tuple(Field(one.name, one.dataType.simpleString()) for one in self._schema(parts))
            yield Columns(parts, fields, DatasetId(_NAMESPACE, ".".join(_short(parts))))

    def views(self) -> Iterator[View]:
        """Views with the text that they were made of."""
        for table in self._listed():
            if table.tableType == "VIEW":
                said = {row[0]: row[1] for row in self._described(_parts(table))}
                inside = str(said.get("View Catalog and Namespace") or "").replace("`", "").split(".")
                yield View(_parts(table), str(said.get("View Text") or ""), tuple(inside) if len(inside) > 1 else None)

    def queries(self) -> Iterator[Entry]:
        """Spark remembers none."""
        raise CollectError("The local Spark keeps no log of its queries.", hint="Scan its views, without --queries.")

    def _listed(self) -> Iterator[Any]:
        for database in self._session.catalog.listDatabases():
            yield from (one for one in self._session.catalog.listTables(database.name) if not one.isTemporary)

    def _schema(self, parts: tuple[str, ...]) -> Any:
        return self._session.table(_quoted(parts)).schema.fields

    def _described(self, parts: tuple[str, ...]) -> Any:
        return self._session.sql(f"describe table extended {_quoted(parts)}").collect()


@contextmanager
def opened() -> Iterator[Listing]:
    """The local catalog. Raises SourceError where there is no Spark."""
    sessions = connector("tools.sources.spark_session", "spark://")
    try:
        yield SparkListing(sessions.active_session())
    except sessions.FAILURES as error:
        raise sessions.as_query_error(error, "spark://local", late=False) from error


def _parts(table: Any) -> tuple[str, ...]:
    return (str(table.catalog or _CATALOG), *map(str, table.namespace or ()), str(table.name))


def _short(parts: tuple[str, ...]) -> tuple[str, ...]:
    rest = parts[1:] if len(parts) > 2 and parts[0] == _CATALOG else parts
    return rest[1:] if len(rest) == 2 and rest[0] == _DEFAULT else rest


def _quoted(parts: tuple[str, ...]) -> str:
    return ".".join("`" + part.replace("`", "``") + "`" for part in parts)
