"""Athena tables: ``athena://region/database.table``, with a cap on the bytes that queries may read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from typing import Any
from uuid import uuid4

import pyarrow as pa
from botocore.exceptions import ClientError
from sqlglot import exp

from tools.sources import aws
from tools.sources.athena_api import Athena, Page, Place
from tools.sources.athena_files import version
from tools.sources.athena_types import column_of, kind_of, reader_of
from tools.sources.names import check_names
from tools.sources.reading import names_of, only_reads, text_of
from tools.sources.rows import Column, to_batch, to_table
from tools.sources.scanned import DEFAULT_CAP, LEAST_BYTES, Cost, shown, size_of
from tools.sources.table import DatasetName, Field, SourceError, Table
from tools.sources.uris import DatabaseUri, did_you_mean, join_names, parse

CATALOG = "AwsDataCatalog"
"""Glue's catalog of the account."""
_FORM = "Write athena://region/database.table or athena://region/catalog/database.table."
_OPTIONS = frozenset({"cap", "output", "workgroup"})
_HOST = ".amazonaws.com"


def name_of(uri: str) -> DatasetName:
    """The name of the table that a URI names. Raises SourceError if it names none."""
    parts = parse(uri)
    return _dataset(_place(parts), *_table_name(parts))


def open_uri(uri: str) -> AthenaTable:
    """The table that a URI names. Raises SourceError: no credentials, no access, no such table."""
    parts = parse(uri)
    return AthenaTable(_place(parts), _cap(parts), *_table_name(parts))


def ask(uri: str, query: exp.Query, *, timeout_seconds: float | None = None) -> pa.Table:
    """The answer to any query, as of ``information_schema``: ``athena://region`` or ``athena://region/catalog``."""
    parts = parse(uri)
    with closing(Athena(_place(parts), Cost(_cap(parts)))) as athena:
        return _answer(athena, query, timeout_seconds)


class AthenaTable(Table):
    """A table or view of a catalog."""

    dialect = "athena"

    def __init__(self, place: Place, cap: int, database: str, name: str) -> None:
        self.uri = place.text
        self.dataset = _dataset(place, database, name)
        self.engine = f"athena://{place.region}/{place.workgroup or 'primary'}"
        self.cost, self.region = Cost(cap), place.region
        self._place, self._database, self._name = place, database, name
        self._athena = Athena(place, self.cost)
        told = self._described()
        # Where nobody can tell, each opening counts as new.
        self.version = version(told, place.region, place.text) or uuid4().hex
        self.location: str | None = told.get("Parameters", {}).get("location")
        columns = [*told.get("Columns", []), *told.get("PartitionKeys", [])]
        self.fields = tuple(Field(one["Name"], one["Type"], kind_of(one["Type"])) for one in columns)
        check_names([field.name for field in self.fields], self.uri)

    def relation(self) -> exp.Table:
        """``"catalog"."database"."table"``."""
        return exp.table_(self._name, db=self._database, catalog=self._place.catalog.lower(), quoted=True)

    def query(self, select: exp.Query, *, timeout_seconds: float | None = None) -> pa.Table:
        """Athena's answer; tables of the region may be joined. Raises SourceError, CapError among others."""
        return _answer(self._athena, select, timeout_seconds)

    def stream(self, select: exp.Query, *, timeout_seconds: float | None = None) -> Iterator[pa.RecordBatch]:
        """Athena's answer, a page at a time. Raises SourceError, CapError among others."""
        for number, (columns, rows) in enumerate(_parts(self._athena, select, timeout_seconds)):
            if not number:
                yield to_batch(columns, [], self.uri)
            if rows:
                yield to_batch(columns, rows, self.uri)

    def workgroup_limit(self) -> int | None:
        """The bytes that the workgroup lets one query read; None without a limit, or where it may not be asked."""
        return self._athena.workgroup_limit()

    def close(self) -> None:
        """Lets go of the connections; closing twice is no error."""
        self._athena.close()

    def _described(self) -> dict[str, Any]:
        wanted = {"CatalogName": self._place.catalog, "DatabaseName": self._database}
        try:
            with aws.errors(self.uri):
                try:
                    told: dict[str, Any] = self._athena.client.get_table_metadata(**wanted, TableName=self._name)
                except ClientError as error:
                    if "not found" not in aws.message_of(error).lower():
                        raise
                    raise self._unknown(wanted) from None
        except SourceError:
            self._athena.close()
            raise
        found: dict[str, Any] = told["TableMetadata"]
        return found

    def _unknown(self, wanted: dict[str, str]) -> SourceError:
        try:
            with aws.errors(self.uri):
                listed = self._athena.client.list_table_metadata(**wanted, MaxResults=50)["TableMetadataList"]
        except SourceError:
            listed = []
        known = [join_names([self._database, one["Name"]]) for one in listed]
        name = join_names([self._database, self._name])
        return SourceError(f"{self.uri}: there is no table {name}.", hint=did_you_mean(name, known))


_Part = tuple[list[Column], list[list[object]]]


def _answer(athena: Athena, select: exp.Query, seconds: float | None) -> pa.Table:
    parts = list(_parts(athena, select, seconds))
    return to_table(parts[0][0], list(chain.from_iterable(rows for _, rows in parts)), athena.place.text)


def _parts(athena: Athena, select: exp.Query, seconds: float | None) -> Iterator[_Part]:
    """Columns and rows of each page."""
    text, names = text_of(select, "athena"), names_of(select)
    only_reads(select, athena.place.text)
    for number, page in enumerate(athena.answer(text, seconds)):
        columns = _columns(page, names)
        readers = [reader_of(column.type) for column in columns]
        # The first page begins with the names of the columns.
        rows = [row.get("Data", []) for row in page["Rows"][not number :]]
        yield columns, [[_value(one, read) for one, read in zip(row, readers, strict=True)] for row in rows]


def _value(datum: dict[str, str], read: Any) -> object:
    text = datum.get("VarCharValue")
    return None if text is None else read(text)


def _columns(page: Page, names: list[str] | None) -> list[Column]:
    """The names are those of the query, whatever case Athena gives them."""
    told = page["ResultSetMetadata"]["ColumnInfo"]
    known = names is not None and len(names) == len(told)
    given = names if names is not None and known else [one.get("Label") or one["Name"] for one in told]
    return [column_of(one, name) for one, name in zip(told, given, strict=True)]


def _place(uri: DatabaseUri) -> Place:
    if unknown := uri.options.keys() - _OPTIONS:
        raise SourceError(f"{uri.text}: there is no option {min(unknown)!r}.", hint=_FORM)
    if uri.user or uri.password or uri.port:
        raise SourceError(f"{uri.text}: Athena takes neither users nor ports.", hint=_FORM)
    region = uri.host.lower().removesuffix(_HOST).removeprefix("athena.") or aws.default_region()
    if not region:
        raise SourceError(f"{uri.text}: no AWS region is set.", hint=f"{_FORM} Or set AWS_REGION.")
    named = len(uri.path) > 1 or (uri.path and len(uri.path[0]) == 1)
    catalog = ".".join(uri.path[0]) if named else CATALOG
    return Place(uri.text, region, catalog, uri.options.get("workgroup", ""), uri.options.get("output", ""))


def _cap(uri: DatabaseUri) -> int:
    said = uri.options.get("cap")
    size = DEFAULT_CAP if said is None else size_of(said)
    if not size:
        raise SourceError(f"{uri.text}: {said!r} is no size.", hint="Write ?cap=500GB or ?cap=2TB.")
    if size < LEAST_BYTES:
        raise SourceError(f"{uri.text}: no query costs less than {shown(LEAST_BYTES)}.", hint="Raise the cap.")
    return size


def _table_name(uri: DatabaseUri) -> tuple[str, str]:
    if not 1 <= len(uri.path) <= 2 or len(uri.path[-1]) != 2:
        raise SourceError(f"{uri.text} names no table.", hint=_FORM)
    database, name = uri.path[-1]
    return database.lower(), name.lower()


def _dataset(place: Place, database: str, name: str) -> DatasetName:
    return DatasetName(f"awsathena://athena.{place.region}.amazonaws.com", f"{place.catalog}.{database}.{name}")
