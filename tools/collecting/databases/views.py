"""A database: each view is a job, and the queries that it remembers are a log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from functools import partial

from tools.collecting.databases.listing import Listing, View
from tools.collecting.logs.log import ORIGIN as LOG
from tools.collecting.logs.log import Statements
from tools.collecting.model import CollectError, Found, Notes, Progress, Scope, Skipped, Tally
from tools.collecting.saying import Teller, Written, read
from tools.collecting.tables import Tables
from tools.collecting.wanted import Wanted
from tools.lineage.model import ColumnRef, Edge, Lineage
from tools.lineage.observed import DatasetId, Field, JobId, ObservedDataset

ORIGIN = "views"
Open = Callable[[], AbstractContextManager[Listing]]


def of_uri(uri: str, wanted: Wanted) -> Views | Queries:
    """The collector of a database. Raises SourceError for one that cannot be read."""
    if uri.lower().startswith("spark://"):
        if uri.rstrip("/").lower() != "spark://local":
            raise CollectError(f"{uri} is no catalog of this machine's Spark.", hint="Write spark://local")
        from tools.collecting.databases import spark

        opening: Open = spark.opened
    else:
        from tools.collecting.databases import sql

        opening = partial(sql.opened, uri)
    return Queries(opening, uri, wanted.time) if wanted.queries else Views(opening, wanted.time)


class Views:
    """The views of a database."""

    kind = "views"

    def __init__(self, opening: Open, at: datetime) -> None:
        self.tally, self.notes = Tally(), Notes()
        self.scope: Scope | None = None
        self._open, self._at = opening, at

    def collect(self, on_progress: Progress) -> Iterator[Found | Skipped]:
        """Reads the columns of all tables, then view by view."""
        with self._open() as listing:
            place = listing.place
            inside = place.inside[:1] if listing.dialect != "spark" else ()
            self.scope = Scope(ORIGIN, place.namespace, "".join(f"{name}." for name in inside))
            tables = known_tables(listing)
            views = list(listing.views())
            for number, view in enumerate(views):
                on_progress(number / len(views))
                yield from self._view(view, tables, listing.dialect)

    def _view(self, view: View, tables: Tables, dialect: str) -> Iterator[Found | Skipped]:
        self.tally.statements += 1
        own = tables.known(view.parts)
        dataset = own.dataset if own else tables.place.dataset(view.parts)
        if not view.sql.strip():
            yield Skipped(dataset.name, "its SQL may not be seen by this user", jobs=dataset.name)
            return
        around = tables if view.inside is None else tables.seen_from(tables.place._replace(inside=view.inside))
        written = _of_view(read(view.sql, dialect, around), own.fields if own else ())
        teller = Teller(ORIGIN, self._at, dialect, around, describes=True)
        told = teller.say(_job(dataset), written, ObservedDataset(dataset, own.fields if own else None))
        yield Found(told, dataset.name, tuple(written.problems))


def _job(dataset: DatasetId) -> JobId:
    return JobId(dataset.namespace, dataset.name)


class Queries:
    """The queries that a database remembers."""

    kind = "query log"
    scope: Scope | None = None

    def __init__(self, opening: Open, where: str, at: datetime) -> None:
        from tools.sources.uris import shown

        self.tally, self.notes = Tally(), Notes()
        self._open, self._where, self._at = opening, shown(where), at

    def collect(self, on_progress: Progress) -> Iterator[Found | Skipped]:
        """Reads the columns of all tables, then query by query."""
        with self._open() as listing:
            tables = known_tables(listing)
            statements = Statements(Teller(LOG, self._at, listing.dialect, tables), self.tally, self._where)
            yield from statements.collect(listing.queries())


def known_tables(listing: Listing) -> Tables:
    """The columns of all that a database lists."""
    tables = Tables(listing.place)
    for table in listing.tables():
        tables.know(table.parts, table.fields, table.dataset)
    return tables


def _of_view(found: Lineage, fields: tuple[Field, ...]) -> Written:
    """What a view is made of, by its query or by the statement that makes it; its columns are named as they are."""
    written = Written("")
    for statement in found.statements:
        written.problems += [problem.reason for problem in statement.problems]
        for table, made in statement.targets.items():
            names = {name: field.name for name, field in zip(made, fields, strict=False)}
            names = names if len(made) == len(fields) == len(names) else {}
            edges = (edge for edge in statement.edges if edge.target.table == table)
            written.edges += [_renamed(edge, names) for edge in edges]
            written.reads |= dict.fromkeys([*statement.reads, *(edge.source.table for edge in statement.edges)])
            written.sql.append(statement.sql)
    return written


def _renamed(edge: Edge, names: dict[str, str]) -> Edge:
    column = edge.target.column
    return replace(edge, target=ColumnRef("", names.get(column, column)))
