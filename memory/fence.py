"""The store as a worker may write to it: only while the lease of its run is its own.

A worker that was paused for longer than its lease does not know it when it wakes. What it then tries to write must not
reach the store, whatever it is: each of its transactions asks for the lease first, and holds the run until it ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import LiteralString

from memory.db import Connection, Database, Parameters, Row
from memory.errors import LeaseLost
from memory.model import Lease


class Fenced(Database):
    """A database over the pool of another one, whose writes raise LeaseLost once the lease is lost."""

    def __init__(self, db: Database, lease: Lease) -> None:
        self.pool = db.pool
        self._lease = lease

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction, begun only with the lease in hand."""
        with super().transaction() as connection:
            hold(connection, self._lease)
            yield connection

    def rows(self, query: LiteralString, parameters: Parameters = ()) -> list[Row]:
        """All rows of one statement; one that may write is fenced."""
        if query.split(maxsplit=1)[0].lower() == "select":
            return super().rows(query, parameters)
        with self.transaction() as connection:
            return connection.execute(query, parameters).fetchall()


def hold(connection: Connection, lease: Lease) -> None:
    """Keeps everybody else from taking the run over until the transaction ends. Raises LeaseLost."""
    held = connection.execute(
        "select id from runs where id = %s and lease_token = %s and status = 'running' for no key update",
        [lease.run.id, lease.token],
    ).fetchone()
    if held is None:
        raise LeaseLost(f"Run {lease.run.id} is in the hands of another worker.")
