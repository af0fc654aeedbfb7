"""Brings the database to the schema that this code expects."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files

import psycopg

from memory.db import Connection, connect, one_line
from memory.errors import StoreError

TRY_LOCK = "select pg_try_advisory_xact_lock(4026170523) as got"
"""Without parameters, since a statement with parameters keeps its snapshot to the end of the transaction."""
LOCK_SECONDS = 300
OLDEST_SERVER = 14
CHECKPOINTS = "langgraph-checkpoint-postgres"
LEDGER = """
    create table if not exists assay_migrations (
        name text primary key, checksum text not null, applied_at timestamptz not null default now()
    )"""


@dataclass(frozen=True)
class Migration:
    """One file of ``memory/migrations``."""

    name: str
    sql: bytes

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, in hexadecimal."""
        return hashlib.sha256(self.sql).hexdigest()


def migrations() -> list[Migration]:
    """All migrations in order."""
    found = [entry for entry in files("memory").joinpath("migrations").iterdir() if entry.name.endswith(".sql")]
    # A checkout on Windows may have changed the line ends.
    return [Migration(e.name, e.read_bytes().replace(b"\r\n", b"\n")) for e in sorted(found, key=lambda e: e.name)]


def migrate(url: str) -> None:
    """Applies what is missing. One query when nothing is; safe in several processes at once. Raises StoreError."""
    with connect(url) as connection:
        _check_server(connection)
        known, applied = migrations(), _applied(connection)
        if _missing(applied, known):
            with _locked(connection):
                _apply(connection, known)
        if not _has_checkpoints(applied):
            with _locked(connection):
                if not _has_checkpoints(_applied(connection)):
                    _set_up_checkpoints(url)


def _check_server(connection: Connection) -> None:
    if connection.info.server_version < OLDEST_SERVER * 10_000:
        raise StoreError(
            f"The store's server is Postgres {connection.info.server_version // 10_000}.",
            hint=f"Assay needs Postgres {OLDEST_SERVER} or later.",
        )


def _applied(connection: Connection) -> dict[str, str]:
    """Names and checksums of what was applied."""
    try:
        rows = connection.execute("select name, checksum from assay_migrations").fetchall()
    except psycopg.errors.UndefinedTable:
        return {}
    return {row["name"]: row["checksum"] for row in rows}


def _missing(applied: dict[str, str], known: list[Migration]) -> list[Migration]:
    newer = sorted(set(applied) - {migration.name for migration in known} - {CHECKPOINTS})
    if newer:
        raise StoreError(
            f"The store was written by a newer version of Assay (migration {newer[0]}).", hint="Upgrade Assay."
        )
    for migration in known:
        if applied.get(migration.name, migration.checksum) != migration.checksum:
            raise StoreError(
                f"Migration {migration.name} was changed after it was applied to this store.",
                hint="Restore the file, and put the change into a new migration.",
            )
    return [migration for migration in known if migration.name not in applied]


@contextmanager
def _locked(connection: Connection) -> Iterator[None]:
    """One process at a time migrates.

    Nobody may hold a snapshot here, neither who waits nor who has the lock: CREATE INDEX CONCURRENTLY, which
    LangGraph's set-up runs on a connection of its own, waits for every older snapshot to end.
    """
    give_up = time.monotonic() + LOCK_SECONDS
    while time.monotonic() < give_up:
        with connection.transaction():
            row = connection.execute(TRY_LOCK).fetchone()
            if row and row["got"]:
                yield
                return
        time.sleep(0.05)
    raise StoreError("Another process has been migrating the store for five minutes.", hint="Stop it and try again.")


def _apply(connection: Connection, known: list[Migration]) -> None:
    try:
        connection.execute(LEDGER)
        for migration in _missing(_applied(connection), known):
            connection.execute(migration.sql)
            connection.execute(
                "insert into assay_migrations (name, checksum) values (%s, %s)", [migration.name, migration.checksum]
            )
    except psycopg.errors.FeatureNotSupported as error:
        raise _no_vectors(error) from error
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction) as error:
        raise StoreError(
            f"The store's user may not make its tables: {one_line(error)}.",
            hint="Let a superuser run CREATE EXTENSION vector once, and give the user CREATE on the schema.",
        ) from error


def _no_vectors(error: psycopg.Error) -> StoreError:
    return StoreError(
        f"The store's server lacks the pgvector extension: {one_line(error)}.",
        hint="Install pgvector on the server, or unset ASSAY_DATABASE_URL to use the embedded one.",
    )


def _has_checkpoints(applied: dict[str, str]) -> bool:
    return applied.get(CHECKPOINTS) == version(CHECKPOINTS)


def _set_up_checkpoints(url: str) -> None:
    """Makes LangGraph's own tables; its set-up is not safe in two processes at once and needs autocommit."""
    # Read at the first import of langgraph: without it, a checkpoint could name code to import.
    os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")
    from langgraph.checkpoint.postgres import PostgresSaver

    with connect(url) as connection:
        PostgresSaver(connection).setup()
        connection.execute(
            "insert into assay_migrations (name, checksum) values (%s, %s) "
            "on conflict (name) do update set checksum = excluded.checksum, applied_at = now()",
            [CHECKPOINTS, version(CHECKPOINTS)],
        )
