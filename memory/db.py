"""Connections, transactions and how values travel to Postgres and back."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, LiteralString

import psycopg
from psycopg.adapt import Buffer
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row
from psycopg.types.datetime import TimestamptzLoader
from psycopg.types.json import Json, set_json_dumps
from psycopg.types.string import StrDumperUnknown
from psycopg_pool import ConnectionPool, PoolTimeout

from memory.anchor import after_commit
from memory.errors import StoreError, StoreUnusable

Row = dict[str, Any]
Connection = psycopg.Connection[Row]
Parameters = Sequence[Any] | Mapping[str, Any]

CONNECT_SECONDS = 10
POOL_SIZE = 10
UNREACHABLE_HINT = "Is the server running, and is ASSAY_DATABASE_URL right?"


class Database:
    """A pool of connections, and the few ways in which the store uses it."""

    def __init__(self, url: str) -> None:
        # Autocommit and dictionary rows are also what a LangGraph saver over this pool needs;
        # no prepared statements, since a transaction pooler gives each transaction another session.
        self.pool: ConnectionPool[Connection] = ConnectionPool(
            with_timeout(url),
            connection_class=psycopg.Connection[Row],
            kwargs={"autocommit": True, "prepare_threshold": None, "row_factory": dict_row},
            configure=configure,
            check=ConnectionPool.check_connection,
            min_size=1,
            max_size=POOL_SIZE,
            open=False,
        )
        with store_errors():
            self.pool.open(wait=True, timeout=CONNECT_SECONDS)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction: all of the block, or nothing of it."""
        with store_errors(), self.pool.connection() as connection, after_commit(connection), connection.transaction():
            yield connection

    @contextmanager
    def one_state(self) -> Iterator[Connection]:
        """A transaction for reading, which sees the store as it is at its first query."""
        with store_errors(), self.pool.connection() as connection, connection.transaction():
            connection.execute("set transaction isolation level repeatable read, read only")
            yield connection

    def rows(self, query: LiteralString, parameters: Parameters = ()) -> list[Row]:
        """All rows of one statement, which is a transaction of its own."""
        with store_errors(), self.pool.connection() as connection:
            return connection.execute(query, parameters).fetchall()

    def row(self, query: LiteralString, parameters: Parameters = ()) -> Row | None:
        """The first row of one statement, or None."""
        return next(iter(self.rows(query, parameters)), None)


@contextmanager
def store_errors() -> Iterator[None]:
    """Turns a lost or refused connection into a StoreError; any other database error is a bug and passes."""
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
        raise StoreUnusable(f"The store does not answer: {one_line(error)}.", hint=UNREACHABLE_HINT) from error


def connect(url: str) -> Connection:
    """A connection of its own, in autocommit mode. Raises StoreError."""
    full = with_timeout(url)
    try:
        connection = psycopg.connect(full, autocommit=True, prepare_threshold=None, row_factory=dict_row)
    except psycopg.OperationalError as error:
        problem = _without_password(full, one_line(error))
        raise StoreUnusable(f"Cannot reach the store at {shown(full)}: {problem}.", hint=UNREACHABLE_HINT) from None
    configure(connection)
    return connection


def configure(connection: psycopg.Connection[Any]) -> None:
    """Teaches a connection how the store writes text and JSON and reads times."""
    connection.adapters.register_dumper(str, _TextDumper)
    connection.adapters.register_loader("timestamptz", _UtcLoader)
    set_json_dumps(dumps, connection)


def with_timeout(url: str) -> str:
    """The connection string with a limit on how long to wait for a server. Raises StoreError where it is malformed."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # The driver's message quotes the text, and with it the password.
        raise StoreError(
            "The store's address is not a Postgres connection string.",
            hint="Write ASSAY_DATABASE_URL as postgresql://user:password@host:5432/database.",
        ) from None
    return make_conninfo("", **{"connect_timeout": CONNECT_SECONDS, "application_name": "assay", **parts})


def shown(url: str) -> str:
    """An address fit for a message: user, host, port and database, no password."""
    parts = conninfo_to_dict(url)
    place = f"{parts.get('host', 'localhost')}:{parts.get('port', 5432)}/{parts.get('dbname', '')}"
    return f"{parts['user']}@{place}" if "user" in parts else place


def one_line(error: Exception) -> str:
    """A driver's message on one line, without its final stop."""
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def payload(value: Any) -> Json:
    """A JSON parameter."""
    return Json(value)


def _without_password(url: str, text: str) -> str:
    password = conninfo_to_dict(url).get("password")
    return text.replace(str(password), "***") if password else text


def dumps(value: Any) -> str:
    """The text of a value as the store keeps it."""
    return json.dumps(storable(value), allow_nan=False, default=str)


def storable(value: Any) -> Any:
    """The value without what Postgres' JSON cannot hold: NaN, infinity, NUL characters, halves of surrogate pairs."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {storable_text(str(key)): storable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [storable(item) for item in value]
    return value


def storable_text(text: str) -> str:
    """The text with a mark in place of what Postgres' texts cannot hold."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


class _TextDumper(StrDumperUnknown):
    def dump(self, obj: str) -> Buffer | None:
        return super().dump(storable_text(obj))


class _UtcLoader(TimestamptzLoader):
    def load(self, data: Buffer) -> datetime:
        return super().load(data).astimezone(UTC)
