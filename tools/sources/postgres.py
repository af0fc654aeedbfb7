"""PostgreSQL tables, read where they lie: ``postgresql://user@host:port/database/schema.table``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any
from uuid import uuid4

import psycopg
import pyarrow as pa
from psycopg import pq
from psycopg.conninfo import make_conninfo
from sqlglot import exp

from tools.sources import iam
from tools.sources.connections import Connections
from tools.sources.database import Database
from tools.sources.names import check_names
from tools.sources.postgres_errors import connect_error, query_error
from tools.sources.postgres_types import columns_of, kind_of, teach
from tools.sources.rows import to_batch, to_table
from tools.sources.table import DatasetName, Field, SourceError, Table
from tools.sources.uris import DatabaseUri, did_you_mean, join_names, parse

BATCH_ROWS = 10_000
CONNECT_SECONDS = 10
_PORT = 5432
_FORM = "Write postgresql://user@host:5432/database/schema.table."
_Connection = psycopg.Connection[tuple[Any, ...]]

# Names resolve in pg_catalog or not at all, and text means the same whatever the server or the user has set.
_SETTINGS = """select set_config('search_path', '', true), set_config('TimeZone', 'UTC', true),
    set_config('DateStyle', 'ISO', true), set_config('IntervalStyle', 'iso_8601', true),
    set_config('bytea_output', 'hex', true), set_config('extra_float_digits', '1', true),
    set_config('standard_conforming_strings', 'on', true)"""

_TABLES = """select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname not in ('pg_catalog', 'information_schema')
    and n.nspname !~ '^pg_' and has_schema_privilege(n.oid, 'usage') order by 1, 2"""

_STAMP = """select pg_postmaster_start_time()::text || pg_current_snapshot()::text || c.oid
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = %s and c.relname = %s
    and c.relkind in ('r', 'm') and not c.relhassubclass and not c.relrowsecurity"""

_DESCRIBE = """select format_type(t.oid, t.typmod), p.typcategory
    from unnest(%s::oid[], %s::int[]) with ordinality as t (oid, typmod, n)
    join pg_type p on p.oid = t.oid order by n"""


def name_of(uri: str) -> DatasetName:
    """The name of the table that a URI names. The server is asked only where the URI does not say which it is.

    Raises SourceError.
    """
    place = parse(uri, secrets=False)
    if len(place.path) != 2 or len(place.path[1]) > 2:
        raise SourceError(f"{place.text} names no table.", hint=_FORM)
    said = {option.keyword.decode(): option.val for option in pq.Conninfo.get_defaults()}
    said |= {o.keyword.decode(): o.val for o in pq.Conninfo.parse(_conninfo(place).encode()) if o.val}
    host, port, database = ((said[key] or b"").decode() for key in ("host", "port", "dbname"))
    if not host or "," in host or said["service"]:
        with open_uri(uri) as table:
            return table.dataset
    return _dataset(host, port, database, *("public", *place.path[1])[-2:])


def open_uri(uri: str) -> PostgresTable:
    """The table that a URI names. Raises SourceError: no server, no access, no such table."""
    place = parse(uri)
    connect = _connector(place)
    connection = connect()
    try:
        return PostgresTable(place, connect, connection, *_table_name(place, connection))
    except psycopg.Error as error:
        connection.close()
        raise query_error(error, place.text) from error
    except BaseException:
        connection.close()
        raise


@contextmanager
def database(uri: str) -> Iterator[Database]:
    """The database that a URI names, connected for the block. Raises SourceError."""
    place = parse(uri)
    if len(place.path) > 1:
        raise SourceError(f"{place.text} names a table.", hint="Write postgresql://user@host:5432/database.")
    with closing(_connector(place)()) as connection:

        def rows(select: exp.Query) -> Iterator[tuple[Any, ...]]:
            try:
                with _reading(connection, None), connection.cursor("assay") as cursor:
                    cursor.execute(_text(select))
                    while found := cursor.fetchmany(BATCH_ROWS):
                        yield from found
            except psycopg.Error as error:
                raise query_error(error, place.text) from error

        info = connection.info
        namespace = _dataset(info.host, info.port, "", "", "").namespace
        yield Database(namespace, info.dbname, "postgres", rows)


class PostgresTable(Table):
    """A table, view or materialised view. Every query is a read-only transaction of its own.

    Queries share one connection, in turn, that is made anew when it broke; each stream has a connection of its own.
    """

    dialect = "postgres"

    def __init__(
        self, place: DatabaseUri, connect: Callable[[], _Connection], connection: _Connection, schema: str, name: str
    ) -> None:
        info = connection.info
        self.uri = place.text
        self.engine = f"postgresql://{info.host.replace('/', '%2F')}:{info.port}/{info.dbname}"
        self.dataset = _dataset(info.host, info.port, info.dbname, schema, name)
        self._schema, self._name = schema, name
        self._connections = Connections(
            connect, lambda kept: kept.closed, self.uri, failures=psycopg.Error, first=connection
        )
        self.fields = _fields(connection, exp.select("*").from_(self.relation()).limit(0))
        check_names([field.name for field in self.fields], self.uri)
        self.version = _version(connection, schema, name)

    def relation(self) -> exp.Table:
        """``"schema"."table"``."""
        return exp.table_(self._name, db=self._schema, quoted=True)

    def query(self, select: exp.Query, *, timeout_seconds: float | None = None) -> pa.Table:
        """The server's answer; tables of the same database may be joined. Raises SourceError."""
        text = _text(select)

        def ask(connection: _Connection) -> pa.Table:
            with _reading(connection, timeout_seconds), connection.pipeline():
                # Within a pipeline the server takes one statement at a time, whatever the text holds.
                cursor = connection.execute(text)
                rows = cursor.fetchall()
            return to_table(columns_of(cursor.description or []), rows, self.uri)

        with self._errors():
            return self._connections.ask(ask)

    def stream(self, select: exp.Query, *, timeout_seconds: float | None = None) -> Iterator[pa.RecordBatch]:
        """The server's answer in batches, through a cursor on the server. Raises SourceError."""
        text = _text(select)
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        with (
            self._errors(),
            closing(self._connections.fresh()) as connection,
            _reading(connection, timeout_seconds),
            connection.cursor("assay") as cursor,
        ):
            cursor.execute(text)
            columns = columns_of(cursor.description or [])
            yield to_batch(columns, [], self.uri)
            while rows := cursor.fetchmany(BATCH_ROWS):
                yield to_batch(columns, rows, self.uri)
                if deadline is not None:
                    _limit(connection, deadline - time.monotonic())

    def close(self) -> None:
        """Ends the connection; closing twice is no error."""
        self._connections.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise query_error(error, self.uri) from error


def _dataset(host: str, port: int | str, database: str, schema: str, name: str) -> DatasetName:
    return DatasetName(f"postgres://{host.replace('/', '%2F')}:{port}", f"{database}.{schema}.{name}")


def _conninfo(place: DatabaseUri) -> str:
    given = {"host": place.host, "port": place.port, "user": place.user, "password": place.password}
    given["dbname"] = place.path[0][0] if place.path else ""
    given = {key: value for key, value in given.items() if value}
    given |= {name: value for name, value in place.options.items() if name not in iam.OPTIONS}
    defaults = {"connect_timeout": str(CONNECT_SECONDS), "application_name": "assay", "client_encoding": "utf8"}
    try:
        return make_conninfo("", **{**defaults, **given})
    except psycopg.ProgrammingError as error:
        known = str(error).split('"')
        option = f" {known[1]!r}" if len(known) == 3 else "s"
        raise SourceError(f"{place.text}: libpq has no such option{option}.", hint=_FORM) from None


def _connector(place: DatabaseUri) -> Callable[[], _Connection]:
    """Makes connections, each with an IAM token of its own where that is asked for. Raises SourceError."""
    conninfo, login = _conninfo(place), iam.login_of(place, _PORT)
    if login is None:
        return lambda: _connect(conninfo, place.text)
    mode = place.options.get("sslmode", "verify-full")
    if mode not in ("require", "verify-ca", "verify-full"):
        raise SourceError(
            f"{place.text}: an IAM token is not sent without TLS.", hint=f"Leave sslmode away. {iam.BUNDLE}"
        )
    return lambda: _connect(make_conninfo(conninfo, sslmode=mode, password=login.token()), place.text)


def _connect(conninfo: str, what: str) -> _Connection:
    try:
        connection = psycopg.connect(conninfo, autocommit=True, prepare_threshold=None)
    except psycopg.Error as error:
        raise connect_error(error, what) from None
    teach(connection)
    return connection


@contextmanager
def _reading(connection: _Connection, timeout_seconds: float | None) -> Iterator[None]:
    """A read-only transaction whose settings end with it, so that poolers may hand the connection on."""
    with connection.pipeline():
        connection.execute("begin isolation level repeatable read read only")
        connection.execute(_SETTINGS)
        if timeout_seconds is not None:
            _limit(connection, timeout_seconds)
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("rollback")


def _limit(connection: _Connection, seconds: float) -> None:
    milliseconds = str(max(1, int(seconds * 1000)))
    connection.execute("select set_config('statement_timeout', %s, true)", (milliseconds,))


def _text(select: exp.Query) -> str:
    if not isinstance(select, exp.Query):
        raise TypeError(f"the engine takes sqlglot queries, not {type(select).__name__}")
    return select.sql(dialect="postgres", comments=False)


def _table_name(place: DatabaseUri, connection: _Connection) -> tuple[str, str]:
    with _reading(connection, None):
        known = [(str(schema), str(name)) for schema, name in connection.execute(_TABLES).fetchall()]
    shown = [join_names(pair) for pair in known]
    if len(place.path) != 2 or len(place.path[1]) > 2:
        raise SourceError(f"{place.text} names no table.", hint=f"{_FORM} {did_you_mean('', shown)}")
    schema, name = ("public", *place.path[1])[-2:]
    if (schema, name) not in known:
        raise SourceError(
            f"{place.text}: there is no table {schema}.{name}.", hint=did_you_mean(join_names([schema, name]), shown)
        )
    return schema, name


def _fields(connection: _Connection, empty: exp.Query) -> tuple[Field, ...]:
    with _reading(connection, None):
        cursor = connection.execute(_text(empty))
        described, answer = cursor.description or [], cursor.pgresult
        codes = [column.type_code for column in described]
        modifiers = [answer.fmod(index) if answer else -1 for index in range(len(codes))]
        types = connection.execute(_DESCRIBE, (codes, modifiers)).fetchall()
    return tuple(
        Field(column.name, text, kind_of(column.type_code, category))
        for column, (text, category) in zip(described, types, strict=True)
    )


def _version(connection: _Connection, schema: str, name: str) -> str:
    """Changes with every transaction of the server that wrote; always, for what may read other places or clocks."""
    with _reading(connection, None):
        row = connection.execute(_STAMP, (schema, name)).fetchone()
    return str(row[0]) if row else uuid4().hex
