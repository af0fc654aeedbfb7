"""What is to be told to others: written in the transaction of what it tells of, delivered afterwards, at least once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from memory.db import Connection, Database, payload

State = Literal["pending", "sent", "given up"]
LEASE = timedelta(minutes=2)
"""For so long a message is in the hands of whoever took it; then it counts as not delivered."""


@dataclass(frozen=True)
class Message:
    """Something to tell."""

    id: int
    kind: str
    """Who delivers it."""
    dedupe: str
    """The same for what is the same."""
    payload: dict[str, Any]
    state: State
    attempts: int
    """How often it was taken up."""
    created_at: datetime
    next_attempt_at: datetime
    error: str | None
    """Why the last attempt failed."""


COLUMNS = ("id", "kind", "dedupe", "payload", "state", "attempts", "created_at", "next_attempt_at", "error")


def post(connection: Connection, kind: str, dedupe: str, content: dict[str, Any]) -> None:
    """Has something told once the caller's transaction is committed; once for each ``dedupe``."""
    connection.execute(
        "insert into outbox (kind, dedupe, payload) values (%s, %s, %s) on conflict do nothing",
        [kind, dedupe, payload(content)],
    )


class Outbox:
    """Messages on their way."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def take(self, kind: str) -> Message | None:
        """The oldest message that is due and in nobody's hands; it is the caller's for as long as ``LEASE``."""
        row = self._db.row(
            """update outbox set attempts = attempts + 1, next_attempt_at = now() + %s
            where id = (select id from outbox where kind = %s and state = 'pending' and next_attempt_at <= now()
                order by id limit 1 for update skip locked)
            returning *""",
            [LEASE, kind],
        )
        return _message(row) if row else None

    def sent(self, messages: Sequence[Message]) -> None:
        """Says that they were delivered."""
        self._db.rows(
            "update outbox set state = 'sent', done_at = now(), error = null where id = any(%s) returning id",
            [[message.id for message in messages]],
        )

    def failed(self, message: Message, error: str, again: timedelta | None) -> None:
        """Says why it was not delivered, and when to try again; None gives it up."""
        self._db.rows(
            """update outbox set error = %s, next_attempt_at = now() + coalesce(%s, interval '0'),
                state = case when %s then 'pending' else 'given up' end, done_at = case when %s then null else now() end
            where id = %s and state = 'pending' returning id""",
            [error, again, again is not None, again is not None, message.id],
        )

    def struggling(self, kind: str) -> bool:
        """Whether something of a kind failed of late and waits to be tried again."""
        return bool(
            self._db.row(
                """select id from outbox where kind = %s and state = 'pending' and error is not null
                    and next_attempt_at > now() limit 1""",
                [kind],
            )
        )

    def undelivered(self, limit: int = 100, kinds: Collection[str] | None = None) -> list[Message]:
        """The oldest messages that wait or were given up, of some kinds or all."""
        rows = self._db.rows(
            """select * from outbox where state <> 'sent' and (%(kinds)s::text[] is null or kind = any(%(kinds)s))
            order by id limit %(limit)s""",
            {"kinds": None if kinds is None else list(kinds), "limit": limit},
        )
        return [_message(row) for row in rows]

    def counts(self) -> dict[tuple[str, State], int]:
        """How many there are, by kind and state."""
        rows = self._db.rows("select kind, state, count(*) as messages from outbox group by kind, state")
        return {(row["kind"], row["state"]): row["messages"] for row in rows}

    def retry(self, kinds: Collection[str], ids: Collection[int] | None = None) -> int:
        """Has messages that wait or were given up tried again now, with all their attempts: all, or some. How many."""
        rows = self._db.rows(
            """update outbox set state = 'pending', attempts = 0, next_attempt_at = now(), done_at = null
            where state <> 'sent' and kind = any(%(kinds)s)
                and (%(ids)s::bigint[] is null or id = any(%(ids)s::bigint[])) returning id""",
            {"kinds": list(kinds), "ids": None if ids is None else list(ids)},
        )
        return len(rows)

    def forget(self, older_than: timedelta) -> int:
        """Deletes what was delivered longer ago than that; how many."""
        return len(
            self._db.rows(
                "delete from outbox where state = 'sent' and done_at < now() - %s::interval returning id", [older_than]
            )
        )


def _message(row: dict[str, Any]) -> Message:
    return Message(**{name: row[name] for name in COLUMNS})
