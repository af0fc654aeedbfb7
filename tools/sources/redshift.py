"""Redshift tables through the Data API: ``redshift://cluster.region/database/schema.table``, no driver, no password."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from uuid import uuid4

import pyarrow as pa
from sqlglot import exp

from tools.sources import aws
from tools.sources.names import check_names
from tools.sources.reading import names_of, only_reads, text_of
from tools.sources.redshift_api import DataApi, Page, Place
from tools.sources.redshift_types import column_of, kind_of, type_of, value_of
from tools.sources.rows import Column, to_batch, to_table
from tools.sources.table import DatasetName, Field, QueryError, SourceError, Table
from tools.sources.uris import DatabaseUri, did_you_mean, join_names, parse

PORT = "5439"
_NOT_THERE = re.compile("(relation|schema) .*does not exist")
_FORM = "Write redshift://cluster.region/database/schema.table, with ?serverless=true for a workgroup."
_OPTIONS = frozenset({"secret", "serverless"})
_FULL_HOST = 6
"""Parts of an endpoint's host: name, account, region, service, amazonaws, com."""


def name_of(uri: str) -> DatasetName:
    """The name of the table that a URI names. Raises SourceError if it names none."""
    place = parse(uri)
    return _dataset(_place(place), place.port, *_table_name(place))


def open_uri(uri: str) -> RedshiftTable:
    """The table that a URI names. Raises SourceError: no credentials, no access, no such cluster or table."""
    place = parse(uri)
    return RedshiftTable(_place(place), place.port, *_table_name(place))


def ask(uri: str, query: exp.Query, *, timeout_seconds: float | None = None) -> pa.Table:
    """The answer of a database to any query, as of the system's views: ``redshift://cluster.region/database``."""
    with closing(DataApi(_place(parse(uri)))) as api:
        return _answer(api, query, timeout_seconds)


class RedshiftTable(Table):
    """A table, view or external table. Every query is a batch of its own, and nothing is left behind on the server."""

    dialect = "redshift"

    def __init__(self, place: Place, port: str, schema: str, name: str) -> None:
        self.uri = place.text
        self.dataset = _dataset(place, port, schema, name)
        self.engine = f"{self.dataset.namespace}/{place.database}"
        # Redshift tells nobody without rights of an administrator when a table has changed.
        self.version = uuid4().hex
        self._schema, self._name = schema, name
        self._api = DataApi(place)
        self.fields = self._described()
        check_names([field.name for field in self.fields], self.uri)

    def relation(self) -> exp.Table:
        """``"schema"."table"``."""
        return exp.table_(self._name, db=self._schema, quoted=True)

    def query(self, select: exp.Query, *, timeout_seconds: float | None = None) -> pa.Table:
        """Redshift's answer; tables of the same database may be joined. Raises SourceError."""
        return _answer(self._api, select, timeout_seconds)

    def stream(self, select: exp.Query, *, timeout_seconds: float | None = None) -> Iterator[pa.RecordBatch]:
        """Redshift's answer, a page of the Data API at a time. Raises SourceError."""
        for columns, rows in _parts(self._api, select, timeout_seconds, empty_first=True):
            yield to_batch(columns, rows, self.uri)

    def close(self) -> None:
        """Lets go of the connections; closing twice is no error."""
        self._api.close()

    def _described(self) -> tuple[Field, ...]:
        empty = exp.select("*").from_(self.relation()).limit(0)
        try:
            page = next(self._api.answer(text_of(empty, self.dialect), None))
        except QueryError as error:
            self._api.close()
            if not _NOT_THERE.search(error.sentence):
                raise
            raise self._unknown() from None
        except SourceError:
            self._api.close()
            raise
        return tuple(Field(one["name"], type_of(one), kind_of(one)) for one in page["ColumnMetadata"])

    def _unknown(self) -> SourceError:
        with closing(DataApi(self._api.place)) as api:
            known = [join_names(pair) for pair in api.tables()]
        wanted = join_names([self._schema, self._name])
        return SourceError(f"{self.uri}: there is no table {wanted}.", hint=did_you_mean(wanted, known))


def _answer(api: DataApi, select: exp.Query, seconds: float | None) -> pa.Table:
    parts = list(_parts(api, select, seconds))
    return to_table(parts[0][0], list(chain.from_iterable(rows for _, rows in parts)), api.place.text)


_Part = tuple[list[Column], list[list[object]]]


def _parts(api: DataApi, select: exp.Query, seconds: float | None, *, empty_first: bool = False) -> Iterator[_Part]:
    """Columns and rows of each page."""
    text, names = text_of(select, "redshift"), names_of(select)
    only_reads(select, api.place.text)
    for number, page in enumerate(api.answer(text, seconds)):
        columns = _columns(page, names)
        if empty_first and not number:
            yield columns, []
        kinds = [column.type for column in columns]
        rows = [[value_of(*pair) for pair in zip(row, kinds, strict=True)] for row in page["Records"]]
        if rows or not empty_first:
            yield columns, rows


def _columns(page: Page, names: list[str] | None) -> list[Column]:
    """The names are those of the query, whatever case Redshift gives them."""
    told = page["ColumnMetadata"]
    known = names is not None and len(names) == len(told)
    given = names if names is not None and known else [one.get("label") or one["name"] for one in told]
    return [column_of(one, name) for one, name in zip(told, given, strict=True)]


def _place(uri: DatabaseUri) -> Place:
    if unknown := uri.options.keys() - _OPTIONS:
        raise SourceError(f"{uri.text}: there is no option {min(unknown)!r}.", hint=_FORM)
    if uri.password:
        raise SourceError(f"{uri.text}: the Data API takes no password.", hint="Name a secret: ?secret=NAME-OR-ARN.")
    if not uri.host or not uri.path or len(uri.path[0]) != 1:
        raise SourceError(f"{uri.text} names no database.", hint=_FORM)
    parts = uri.host.lower().split(".")
    full = len(parts) >= _FULL_HOST
    serverless = "redshift-serverless" in parts or uri.options.get("serverless", "").lower() in ("true", "yes", "1")
    region = parts[2] if full else parts[1] if len(parts) > 1 else aws.default_region()
    if not region:
        raise SourceError(f"{uri.text}: no AWS region is set.", hint=f"{_FORM} Or set AWS_REGION.")
    return Place(
        uri.text, parts[0], region, uri.path[0][0], serverless, user=uri.user, secret=uri.options.get("secret", "")
    )


def _table_name(uri: DatabaseUri) -> tuple[str, str]:
    if len(uri.path) != 2 or len(uri.path[1]) > 2:
        raise SourceError(f"{uri.text} names no table.", hint=_FORM)
    schema, name = ("public", *uri.path[1])[-2:]
    return schema, name


def _dataset(place: Place, port: str, schema: str, name: str) -> DatasetName:
    return DatasetName(f"redshift://{place.name}.{place.region}:{port or PORT}", f"{place.database}.{schema}.{name}")
