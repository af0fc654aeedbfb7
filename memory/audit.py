"""The audit log: who did what, one entry after the other, each signed together with the one before.

An entry is written in the transaction of what it tells about. The code over it (HMAC-SHA-256) covers its number, its
content and the code of its predecessor, so that whoever has the database but not the key can change nothing unnoticed;
the end of the chain is kept in ``audit_head`` and, outside of the database, in a file (:mod:`memory.anchor`).
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from memory import anchor
from memory.anchor import Mark
from memory.db import Connection, Database, Row, storable
from memory.errors import StoreUnusable
from memory.keys import Keys, keys

AT_ONCE = 5_000
"""Entries that are read from the database in one go."""


@dataclass(frozen=True)
class Fact:
    """Something that was done, to be written down."""

    action: str
    """``rule.activated``: the thing, and what became of it."""
    actor: str
    """A person's name, or an agent's for what a model said."""
    run_id: str | None = None
    subject: str = ""
    """What it was done to, in words."""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """An entry of the log."""

    seq: int
    """1, 2, 3… without a gap."""
    at: datetime
    actor: str
    action: str
    run_id: str | None
    subject: str
    data: dict[str, Any]
    mac: str


class Audit:
    """The log, for those who read it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def record(self, *facts: Fact) -> None:
        """Writes down what was done elsewhere than in the store, in a transaction of its own. Raises StoreError."""
        with self._db.transaction() as connection:
            record(connection, *facts)

    @contextmanager
    def during(self, *facts: Fact) -> Iterator[None]:
        """Writes down what the block does outside of the store, if it does it. Keep it short. Raises StoreError."""
        with self._db.transaction() as connection:
            record(connection, *facts)
            yield

    def entries(
        self,
        *,
        run_id: str | None = None,
        since: datetime | None = None,
        limit: int | None = None,
        before: int | None = None,
    ) -> list[Entry]:
        """Entries by number, of one run, from a moment on, the last so many, or with smaller numbers than one."""
        rows = self._db.rows(
            """select * from (
                select seq, at, actor, action, run_id, subject, data, mac from audit_log
                where (%(run_id)s::text is null or run_id = %(run_id)s)
                    and (%(since)s::timestamptz is null or at >= %(since)s)
                    and (%(before)s::bigint is null or seq < %(before)s)
                order by seq desc limit %(limit)s) as last order by seq""",
            {"run_id": run_id, "since": since, "limit": limit, "before": before},
        )
        return [Entry(**{**row, "data": json.loads(row["data"])}) for row in rows]


def record(connection: Connection, *facts: Fact) -> None:
    """Adds entries within the caller's transaction. Raises StoreError where the log may not be added to.

    Call it last: from here to the end of the transaction nobody else adds entries, and who waits for this lock must
    hold no lock that is still to be asked for.
    """
    if not facts:
        return
    known = keys()
    head = connection.execute("select *, clock_timestamp() as at from audit_head for update").fetchone()
    check_head(head, known)
    assert head
    chain, seq, mac = head["chain"] or uuid.uuid4().hex, head["seq"], head["mac"]
    rows = []
    for fact in facts:
        seq += 1
        row = {**_content(fact), "seq": seq, "at": head["at"], "prev": mac, "key_id": known.current}
        mac = row["mac"] = sign(row, chain, known)
        rows.append(row)
    seal = seal_of(chain, seq, mac, known.current, known)
    connection.execute(
        """with entries as (
            insert into audit_log (seq, at, actor, action, run_id, subject, data, prev, key_id, mac)
            select * from unnest(%(seq)s::bigint[], %(at)s::timestamptz[], %(actor)s::text[], %(action)s::text[],
                %(run_id)s::text[], %(subject)s::text[], %(data)s::text[], %(prev)s::text[], %(key_id)s::text[],
                %(mac)s::text[]))
        update audit_head set chain = %(chain)s, seq = %(last)s, mac = %(end)s, key_id = %(key)s, seal = %(seal)s""",
        {name: [row[name] for row in rows] for name in rows[0]}
        | {"chain": chain, "last": seq, "end": mac, "key": known.current, "seal": seal},
    )
    anchor.announce(connection, Mark(chain, head["seq"], head["mac"]), Mark(chain, seq, mac))


def digest(value: Any) -> str:
    """The beginning of the SHA-256 of a value: it tells that two are the same, and not what they are."""
    return hashlib.sha256(_text(value).encode()).hexdigest()[:16]


def check_head(head: Row | None, known: Keys) -> None:
    """Raises StoreError where the end of the chain is not what one of the known keys sealed."""
    if head is None:
        raise _broken("The audit log has lost its end.")
    if not head["seq"] and not head["chain"]:
        return
    if head["key_id"] not in known:
        raise StoreUnusable(
            f"The audit log of this store is signed with another key ({head['key_id']}, not {known.current}).",
            hint="Give ASSAY_AUDIT_KEY, or the file audit.key of ASSAY_HOME, the key of the machine that began it.",
        )
    if head["seal"] != seal_of(head["chain"], head["seq"], head["mac"], head["key_id"], known):
        raise _broken("The end of the audit log was tampered with.")


def sign(row: Mapping[str, Any], chain: str, known: Keys) -> str:
    """The code over an entry under the key that it names."""
    moment = row["at"].astimezone(UTC).isoformat()
    parts = [chain, row["seq"], moment, *(row[n] for n in ("actor", "action", "run_id", "subject", "data", "prev"))]
    return known.mac(row["key_id"], f"entry {json.dumps(parts)}")


def seal_of(chain: str, seq: int, mac: str, key_id: str, known: Keys) -> str:
    """The code over the end of the chain."""
    return known.mac(key_id, f"head {chain} {seq} {mac}")


def stored(connection: Connection, after: int = 0) -> Iterator[Row]:
    """All rows of the log by number, some thousands at a time."""
    while rows := connection.execute(
        "select * from audit_log where seq > %s order by seq limit %s", [after, AT_ONCE]
    ).fetchall():
        yield from rows
        after = rows[-1]["seq"]


def _content(fact: Fact) -> dict[str, Any]:
    words = {"actor": fact.actor, "action": fact.action, "run_id": fact.run_id, "subject": fact.subject}
    return {**{name: storable(word) for name, word in words.items()}, "data": _text(fact.data)}


def _text(value: Any) -> str:
    return json.dumps(
        storable(value), sort_keys=True, ensure_ascii=False, allow_nan=False, default=str, separators=(",", ":")
    )


def _broken(what: str) -> StoreUnusable:
    return StoreUnusable(what, hint="Nothing can be done until that is looked into: assay audit verify")
