"""Keys under which runs are started: asked for again under the same key, the run that is there comes back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from memory.db import Connection, Row
from memory.errors import KeyReused
from memory.keys import keys


@dataclass(frozen=True)
class StartKey:
    """A key that somebody chose, and a digest of what was asked for under it."""

    key: str
    digest: str

    @classmethod
    def of(cls, key: str, asked: Mapping[str, Any]) -> StartKey:
        """The digest is an HMAC, since what was asked for may hold a password. Raises StoreError."""
        known = keys()
        return cls(key, known.mac(known.current, f"start {json.dumps(asked, sort_keys=True, default=str)}"))


def claim(connection: Connection, actor: str, start: StartKey, run_id: str) -> str:
    """The run of that key of that person: ``run_id``, or the one that is there. Raises KeyReused.

    Whoever comes second waits here for the transaction of the first.
    """
    connection.execute(
        "insert into start_keys (actor, key, digest, run_id) values (%s, %s, %s, %s) on conflict do nothing",
        [actor, start.key, start.digest, run_id],
    )
    return _run_of(_find(connection, actor, start.key), start)


def known_run(connection: Connection, actor: str, start: StartKey) -> str | None:
    """The run that was started under that key, if one was. Raises KeyReused."""
    row = _find(connection, actor, start.key)
    return _run_of(row, start) if row else None


def _find(connection: Connection, actor: str, key: str) -> Row | None:
    """What is kept of a key."""
    return connection.execute("select * from start_keys where (actor, key) = (%s, %s)", [actor, key]).fetchone()


def _run_of(row: Row | None, start: StartKey) -> str:
    assert row
    if row["digest"] != start.digest:
        raise KeyReused(f"Under the key {start.key!r} run {row['run_id']} was asked for with other words.")
    return str(row["run_id"])
