"""MySQL and MariaDB tables, read where they lie: ``mysql://user@host:port/database/table``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pymysql
from pymysql.cursors import Cursor, SSCursor
from sqlglot import exp

from tools.sources import iam, mysql_tls
from tools.sources.connections import Connections
from tools.sources.database import Database
from tools.sources.mysql_errors import connect_error, query_error
from tools.sources.mysql_kinds import kind_of
from tools.sources.mysql_types import DECODERS, column_of
from tools.sources.names import check_names
from tools.sources.rows import to_batch, to_table
from tools.sources.table import DatasetName, Field, SourceError, Table
from tools.sources.uris import DatabaseUri, did_you_mean, join_names, parse

BATCH_ROWS = 10_000
CONNECT_SECONDS = 10
_HOST = "localhost"
_PORT = 3306
_FORM = "Write mysql://user@host:3306/database/table."

# || joins text, - may go below zero, and / keeps 20 digits where the default keeps 4.
_SESSION = (
    "set session time_zone = '+00:00', div_precision_increment = 20, group_concat_max_len = 1048576, "
    "sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,ONLY_FULL_GROUP_BY,PIPES_AS_CONCAT,"
    "NO_UNSIGNED_SUBTRACTION'",
    "set session transaction read only",
)
# MariaDB keeps the answers of a subquery by the columns it is about, compared in their own collation: the answer for
# "Berlin" would be given for "berlin" too.
_NO_CACHE = "set session optimizer_switch = 'subquery_cache=off'"
# Text of the session's own making compares byte by byte, and blanks at its end count.
_COLLATIONS = "select collation_name from information_schema.collations where collation_name in %s order by 1"
_EXACT = ("utf8mb4_0900_bin", "utf8mb4_nopad_bin")
_TABLES = "select table_name from information_schema.tables where table_schema = %s order by 1"
_COLUMNS = """select column_name, data_type, column_type from information_schema.columns
    where table_schema = %s and table_name = %s and extra not like '%%INVISIBLE%%' order by ordinal_position"""


def name_of(uri: str) -> DatasetName:
    """The name of the table that a URI names. Raises SourceError if it names none."""
    place = _place(uri, secrets=False)
    if len(place.path) < 2:
        raise SourceError(f"{place.text} names no table.", hint=_FORM)
    return _dataset(place, place.path[0][0], place.path[1][0])


def open_uri(uri: str) -> MySQLTable:
    """The table that a URI names. Raises SourceError: no server, no access, no such table."""
    place = _place(uri)
    connection = _connect(place)
    try:
        return MySQLTable(place, connection, *_table_name(place, connection))
    except pymysql.MySQLError as error:
        connection.close()
        raise query_error(error, place.text) from error
    except BaseException:
        connection.close()
        raise


@contextmanager
def database(uri: str) -> Iterator[Database]:
    """The database that a URI names, or all of its server, connected for the block. Raises SourceError."""
    place = parse(uri)
    _check_options(place)
    if len(place.path) > 1:
        raise SourceError(f"{place.text} names no database.", hint="Write mysql://user@host:3306/database.")
    with closing(_connect(place)) as connection:

        def rows(select: exp.Query) -> Iterator[tuple[Any, ...]]:
            try:
                cursor = connection.cursor(SSCursor)
                cursor.execute(_text(select))
                try:
                    while found := cursor.fetchmany(BATCH_ROWS):
                        yield from found
                finally:
                    cursor._result.unbuffered_active = False
            except pymysql.MySQLError as error:
                raise query_error(error, place.text) from error

        name = place.path[0][0] if place.path else ""
        yield Database(_dataset(place, "", "").namespace, name, "mysql", rows)


class MySQLTable(Table):
    """A table or view. Every query is a read-only transaction of its own.

    Queries share one connection, in turn, that is made anew when it broke; each stream has a connection of its own.
    """

    dialect = "mysql"

    def __init__(self, place: DatabaseUri, connection: pymysql.Connection, database: str, name: str) -> None:
        self.uri = place.text
        self.dataset = _dataset(place, database, name)
        self.engine = self.dataset.namespace
        # The server keeps no mark that surely moves with the content, so that no two openings count as the same.
        self.version = uuid4().hex
        self._database, self._name = database, name
        self._connections = Connections(
            lambda: _connect(place), lambda kept: not kept.open, self.uri, failures=pymysql.MySQLError, first=connection
        )
        rows = _rows(connection, _COLUMNS, (database, name))
        self.fields = tuple(
            Field(str(column), str(full), kind_of(str(short), str(full))) for column, short, full in rows
        )
        check_names([field.name for field in self.fields], self.uri)

    def relation(self) -> exp.Table:
        """The table, with its database."""
        return exp.table_(self._name, db=self._database, quoted=True)

    def query(self, select: exp.Query, *, timeout_seconds: float | None = None) -> pa.Table:
        """The server's answer; tables of the same server may be joined. Raises SourceError."""
        text = _text(select)

        def ask(connection: Any) -> pa.Table:
            with connection.cursor(Cursor) as cursor:
                _limit(connection, timeout_seconds)
                cursor.execute(text)
                return to_table([column_of(field) for field in cursor._result.fields], cursor.fetchall(), self.uri)

        with self._errors():
            return self._connections.ask(ask)

    def stream(self, select: exp.Query, *, timeout_seconds: float | None = None) -> Iterator[pa.RecordBatch]:
        """The server's answer in batches, as it sends them. Raises SourceError."""
        text = _text(select)
        with self._errors(), closing(self._connections.fresh()) as connection:
            _limit(connection, timeout_seconds)
            cursor = connection.cursor(SSCursor)
            cursor.execute(text)
            try:
                columns = [column_of(field) for field in cursor._result.fields]
                yield to_batch(columns, [], self.uri)
                while rows := cursor.fetchmany(BATCH_ROWS):
                    yield to_batch(columns, rows, self.uri)
            finally:
                # Else the driver reads what is left of the answer, however much that is.
                cursor._result.unbuffered_active = False

    def close(self) -> None:
        """Ends the connection; closing twice is no error."""
        self._connections.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except pymysql.MySQLError as error:
            raise query_error(error, self.uri) from error


def _place(uri: str, *, secrets: bool = True) -> DatabaseUri:
    place = parse(uri, secrets=secrets)
    _check_options(place)
    if not 1 <= len(place.path) <= 2 or any(len(names) > 1 for names in place.path):
        raise SourceError(f"{place.text} names no table.", hint=_FORM)
    return place


def _check_options(place: DatabaseUri) -> None:
    if unknown := place.options.keys() - {*mysql_tls.OPTIONS, *iam.OPTIONS}:
        known = ", ".join((*mysql_tls.OPTIONS, *iam.OPTIONS))
        raise SourceError(f"{place.text}: there is no option {min(unknown)!r}.", hint=f"There are {known}.")


def _dataset(place: DatabaseUri, database: str, name: str) -> DatasetName:
    return DatasetName(f"mysql://{place.host or _HOST}:{place.port or _PORT}", f"{database}.{name}")


def _connect(place: DatabaseUri) -> pymysql.Connection:
    login = iam.login_of(place, _PORT)
    password = login.token() if login else place.password or os.environ.get("MYSQL_PWD", "")
    tls = mysql_tls.arguments(place, iam=login is not None)
    try:
        connection = pymysql.connect(
            host=place.host or _HOST,
            port=int(place.port or _PORT),
            user=place.user or None,
            password=password,
            charset="utf8mb4",
            connect_timeout=CONNECT_SECONDS,
            autocommit=True,
            conv=DECODERS,
            program_name="assay",
            **tls,
        )
        for statement in _SESSION:
            connection.query(statement)
        if "MariaDB" in connection.get_server_info():
            connection.query(_NO_CACHE)
        exact = _rows(connection, _COLLATIONS, (_EXACT,))
        connection.set_character_set("utf8mb4", exact[-1][0] if exact else "utf8mb4_bin")
    except pymysql.MySQLError as error:
        raise connect_error(error, place.text, iam=login is not None) from None
    return connection


def _rows(connection: pymysql.Connection, query: str, parameters: tuple[object, ...]) -> list[tuple[Any, ...]]:
    with connection.cursor(Cursor) as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall())


def _limit(connection: pymysql.Connection, seconds: float | None) -> None:
    """MariaDB counts seconds, MySQL milliseconds; DEFAULT is what the server's owner has set."""
    if "MariaDB" in connection.get_server_info():
        name, limit = "max_statement_time", f"{max(seconds, 0.001):.3f}" if seconds is not None else "default"
    else:
        name, limit = "max_execution_time", str(max(1, int(seconds * 1000))) if seconds is not None else "default"
    connection.query(f"set session {name} = {limit}")


def _text(select: exp.Query) -> str:
    if not isinstance(select, exp.Query):
        raise TypeError(f"the engine takes sqlglot queries, not {type(select).__name__}")
    return select.sql(dialect="mysql", comments=False)


def _table_name(place: DatabaseUri, connection: pymysql.Connection) -> tuple[str, str]:
    database, name = place.path[0][0], place.path[1][0] if len(place.path) == 2 else ""
    known = [str(row[0]) for row in _rows(connection, _TABLES, (database,))]
    shown = [join_names([table]) for table in known]
    if not name:
        raise SourceError(f"{place.text} names no table.", hint=f"{_FORM} {did_you_mean('', shown)}")
    if name not in known:
        raise SourceError(f"{place.text}: there is no table {database}.{name}.", hint=did_you_mean(name, shown))
    return database, name
