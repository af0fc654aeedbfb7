"""Aurora through the RDS Data API: ``rds-data://cluster.region/database/schema.table?secret=NAME``, over HTTP alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from uuid import uuid4

import pyarrow as pa
from sqlglot import exp

from tools.sources.mysql_kinds import kind_of as mysql_kind
from tools.sources.names import check_names
from tools.sources.postgres_types import kind_of as postgres_kind
from tools.sources.rds_data_api import MOST_ROWS, Answer, DataApi, Place, TooLarge, Transaction
from tools.sources.rds_data_types import column_of, reader_of
from tools.sources.reading import names_of, only_reads, text_of
from tools.sources.rows import Column, to_batch, to_table
from tools.sources.table import DatasetName, Field, QueryError, SourceError, Table
from tools.sources.uris import DatabaseUri, did_you_mean, join_names, parse

ENGINES = {"postgres": "5432", "mysql": "3306"}
"""By the port that they usually listen at."""
_ARN = re.compile(r"arn:aws[a-z-]*:rds:([a-z0-9-]+):\d{12}:cluster:(.+)")
_FORM = "Write rds-data://cluster.region/database/schema.table?secret=NAME, with engine=mysql for Aurora MySQL."
_OPTIONS = frozenset({"secret", "engine"})
_FULL_HOST = 6
"""Parts of an endpoint's host: name, account, region, service, amazonaws, com."""
_SMALLER = (MOST_ROWS, 100, 10, 1)
"""Rows in one part, tried one after the other where an answer is too large."""

_Part = tuple[list[Column], list[list[object]]]


def name_of(uri: str) -> DatasetName:
    """The name of the table that a URI names. Raises SourceError if it names none."""
    place = parse(uri)
    return _dataset(_place(place), *_table_name(place))


def open_uri(uri: str) -> RdsDataTable:
    """The table that a URI names. Raises SourceError: no credentials, no access, no such cluster or table."""
    place = parse(uri)
    return RdsDataTable(_place(place), *_table_name(place))


class RdsDataTable(Table):
    """A table or view. Every query is a transaction of its own that is rolled back."""

    def __init__(self, place: Place, schema: str, name: str) -> None:
        self.uri = place.text
        self.dialect = place.engine
        self.dataset = _dataset(place, schema, name)
        self.engine = f"{self.dataset.namespace}/{place.database if place.engine == 'postgres' else ''}"
        # What tells a direct connection of changes would cost two calls more for each opening.
        self.version = uuid4().hex
        self._schema, self._name = schema, name
        self._api = DataApi(place)
        try:
            self.fields = self._described()
        except BaseException:
            self._api.close()
            raise

    def relation(self) -> exp.Table:
        """The table, with its schema or database."""
        return exp.table_(self._name, db=self._schema, quoted=True)

    def query(self, select: exp.Query, *, timeout_seconds: float | None = None) -> pa.Table:
        """The cluster's answer; tables of the same database may be joined. Raises SourceError."""
        text, names = self._checked(select)
        try:
            with self._api.transaction(timeout_seconds) as begun:
                columns, rows = self._part(begun.ask(text), names)
                return to_table(columns, rows, self.uri)
        except TooLarge:
            return self._in_parts(select, names, timeout_seconds)

    def stream(self, select: exp.Query, *, timeout_seconds: float | None = None) -> Iterator[pa.RecordBatch]:
        """The cluster's answer, a page at a time, of one state of the data. Raises SourceError."""
        _, names = self._checked(select)
        given = False
        for most in _SMALLER:
            try:
                for columns, rows in self._parts(select, names, most, timeout_seconds):
                    if not given:
                        yield to_batch(columns, [], self.uri)
                    given = True
                    if rows:
                        yield to_batch(columns, rows, self.uri)
                return
            except TooLarge:
                if given:  # a second transaction may see other data
                    break
        raise self._too_large()

    def close(self) -> None:
        """Lets go of the connections; closing twice is no error."""
        self._api.close()

    def _checked(self, select: exp.Query) -> tuple[str, list[str] | None]:
        text = text_of(select, self.dialect)
        only_reads(select, self.uri)
        return text, names_of(select)

    def _in_parts(self, select: exp.Query, names: list[str] | None, seconds: float | None) -> pa.Table:
        for most in _SMALLER:
            try:
                parts = list(self._parts(select, names, most, seconds))
                return to_table(parts[0][0], list(chain.from_iterable(rows for _, rows in parts)), self.uri)
            except TooLarge:
                continue
        raise self._too_large()

    def _parts(self, select: exp.Query, names: list[str] | None, most: int, seconds: float | None) -> Iterator[_Part]:
        with self._api.transaction(seconds) as begun:
            for answer in begun.pages(select, most):
                yield self._part(answer, names)

    def _part(self, answer: Answer, names: list[str] | None) -> _Part:
        """The names are those of the query, whatever case the server gives them."""
        told = answer["columnMetadata"]
        known = names if names is not None and len(names) == len(told) else None
        given = known or [str(one.get("label") or one["name"]) for one in told]
        columns = [column_of(one, name, self.dialect) for one, name in zip(told, given, strict=True)]
        readers = [reader_of(column) for column in columns]
        rows = [[read(value) for read, value in zip(readers, row, strict=True)] for row in answer["records"]]
        return columns, rows

    def _too_large(self) -> SourceError:
        said = f"{self.uri}: rows are larger than the 1 MB that the Data API gives."
        return SourceError(said, hint="Ask for fewer columns, or connect to the cluster itself.")

    def _described(self) -> tuple[Field, ...]:
        try:
            with self._api.transaction(None) as begun:
                rows = begun.ask(begun.session.fields, schema=self._schema, name=self._name)["records"]
                if not rows:
                    raise self._unknown(begun)
        except QueryError:  # one engine does not understand what the other is told
            self._check_engine()
            raise
        fields = [self._field([next(iter(value.values())) for value in row]) for row in rows]
        found = tuple(field for field in fields if field is not None)
        check_names([field.name for field in found], self.uri)
        return found

    def _field(self, told: list[object]) -> Field | None:
        name, type_, third, fourth = told
        if self.dialect == "postgres":
            return Field(str(name), str(type_), postgres_kind(int(str(third)), str(fourth)))
        hidden = "INVISIBLE" in str(fourth).upper()
        return None if hidden else Field(str(name), str(type_), mysql_kind(str(third), str(type_)))

    def _check_engine(self) -> None:
        answer = self._api.call("execute_statement", sql="select version()", database=self._api.place.database)
        runs = "postgres" if "PostgreSQL" in str(answer.get("records")) else "mysql"
        if runs != self.dialect:
            raise SourceError(f"{self.uri}: this cluster runs {runs}.", hint=f"Write ?engine={runs}.")

    def _unknown(self, begun: Transaction) -> SourceError:
        rows = begun.ask(begun.session.tables)["records"]
        known = [join_names([next(iter(value.values())) for value in row]) for row in rows]
        wanted = join_names([self._schema, self._name])
        return SourceError(f"{self.uri}: there is no table {wanted}.", hint=did_you_mean(wanted, known))


def _place(uri: DatabaseUri) -> Place:
    if unknown := uri.options.keys() - _OPTIONS:
        raise SourceError(f"{uri.text}: there is no option {min(unknown)!r}.", hint=_FORM)
    engine = uri.options.get("engine", "postgres")
    if engine not in ENGINES:
        raise SourceError(f"{uri.text}: there is no engine {engine!r}.", hint="Write engine=postgres or engine=mysql.")
    if uri.password or uri.user:
        raise SourceError(f"{uri.text}: the Data API takes no password.", hint="Name a secret: ?secret=NAME-OR-ARN.")
    if not uri.path or len(uri.path[0]) != 1:
        raise SourceError(f"{uri.text} names no database.", hint=_FORM)
    if not uri.options.get("secret"):
        raise SourceError(
            f"{uri.text} names no secret.",
            hint="The Data API logs in with one: ?secret=NAME-OR-ARN of Secrets Manager.",
        )
    cluster, region = _cluster(uri)
    return Place(uri.text, cluster, region, uri.path[0][0], uri.options["secret"], engine)


def _cluster(uri: DatabaseUri) -> tuple[str, str]:
    """A name or ARN, and the region."""
    if found := _ARN.fullmatch(uri.host):
        return uri.host, found.group(1)
    parts = uri.host.split(".")
    if len(parts) >= _FULL_HOST and "amazonaws" in parts:
        return parts[0], parts[2]
    if len(parts) != 2 or not all(parts):
        raise SourceError(f"{uri.text} names no cluster and region.", hint=_FORM)
    return parts[0], parts[1]


def _table_name(uri: DatabaseUri) -> tuple[str, str]:
    mysql = uri.options.get("engine") == "mysql"
    if len(uri.path) != 2 or len(uri.path[1]) > (1 if mysql else 2):
        raise SourceError(f"{uri.text} names no table.", hint=_FORM)
    if mysql:
        return uri.path[0][0], uri.path[1][0]
    schema, name = ("public", *uri.path[1])[-2:]
    return schema, name


def _dataset(place: Place, schema: str, name: str) -> DatasetName:
    cluster = place.cluster.rpartition(":")[2]
    full = f"{place.database}.{schema}.{name}" if place.engine == "postgres" else f"{schema}.{name}"
    return DatasetName(f"{place.engine}://{cluster}.{place.region}:{ENGINES[place.engine]}", full)
