"""Watches: where data arrives, and what is to be done with it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Literal

import psycopg

from memory import owner as owners
from memory.audit import Fact, record
from memory.db import Connection, Database, Row
from memory.errors import NotFound, WrongState

Kind = Literal["folder", "s3", "iceberg", "table"]


@dataclass(frozen=True)
class NewWatch:
    """A watch that somebody wants."""

    kind: Kind
    source: str
    """A folder, pattern or table, as it may be shown: local paths are absolute."""
    rules_of: str
    """The source whose rules and history apply. Where it is ``source`` itself, each file is one batch of it."""
    branch: str | None = None
    """Of an Iceberg table: the branch that is written to, to be audited before it becomes main."""
    suffixes: tuple[str, ...] = ()
    """Endings of which a name has to have one; none: every data file."""
    trusted: str | None = None
    """Where data goes that passed; None: it stays where it is."""
    quarantine: str | None = None
    """Where data goes that did not pass; None: it stays where it is."""
    recommend: bool = False
    """Whether data without rules starts a recommendation."""
    every_seconds: float | None = None
    """How often the place is looked at; None where events tell."""


@dataclass(frozen=True, kw_only=True)
class Watch(NewWatch):
    """A watch as stored."""

    id: int
    paused: bool
    created_by: str
    created_at: datetime
    removed_at: datetime | None
    looked_at: datetime | None
    trouble: str | None
    """Why the last look came to nothing."""
    look_soon: bool
    """An event told of something new; whoever looks has not looked since."""


FIELDS = [field.name for field in fields(Watch)]


class Watches:
    """Who watches what."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, new: NewWatch, actor: str) -> Watch:
        """Begins to watch. Raises WrongState where the same is watched already."""
        with self._db.transaction() as connection:
            made = insert(connection, new, actor)
            record(connection, _fact("watch.added", actor, made))
        return made

    def get(self, watch_id: int) -> Watch:
        """The watch of that number, also one that was removed. Raises NotFound."""
        row = self._db.row("select * from watches where id = %s", [watch_id])
        if row is None:
            raise _unknown(watch_id)
        return watch(row)

    def all(self) -> list[Watch]:
        """All that there are, without those that were removed."""
        return [watch(row) for row in self._db.rows("select * from watches where removed_at is null order by id")]

    def pause(self, watch_id: int, actor: str, *, paused: bool = True) -> Watch:
        """Has nothing looked at, taken or worked on until it is resumed. Raises NotFound."""
        with self._db.transaction() as connection:
            row = connection.execute(
                """update watches set paused = %s, watcher = null, watcher_until = null
                where id = %s and removed_at is null returning *""",
                [paused, watch_id],
            ).fetchone()
            if row is None:
                raise _unknown(watch_id)
            record(connection, _fact("watch.paused" if paused else "watch.resumed", actor, watch(row)))
        return watch(row)

    def remove(self, watch_id: int, actor: str) -> Watch:
        """Ends a watch; what waits of it is let go, what is worked on is finished. Raises NotFound."""
        with self._db.transaction() as connection:
            row = connection.execute(
                "update watches set removed_at = now() where id = %s and removed_at is null returning *", [watch_id]
            ).fetchone()
            if row is None:
                raise _unknown(watch_id)
            connection.execute(
                """update arrivals set state = 'done', verdict = 'none', finished_at = now(),
                    reason = 'The watch was removed.'
                where watch_id = %s and state = 'waiting'""",
                [watch_id],
            )
            record(connection, _fact("watch.removed", actor, watch(row)))
        return watch(row)

    def hold(self, watcher: str, *, seconds: float, blind: Collection[int] = ()) -> list[Watch]:
        """The watches that are this worker's to look at for so long; those of workers that are gone come to it.

        ``blind`` are those whose place it cannot see. Events are everybody's: only places are held.
        """
        with self._db.transaction() as connection:
            rows = connection.execute(
                "select distinct watcher from watches where removed_at is null and watcher is not null"
            ).fetchall()
            held = connection.execute(
                """with free as (
                    select id from watches where removed_at is null and not paused and every_seconds is not null
                        and id <> all(%(blind)s) and (watcher is null or watcher = %(me)s or watcher = any(%(gone)s)
                            or watcher_until < now())
                    order by id for update skip locked)
                update watches set watcher = %(me)s, watcher_until = now() + make_interval(secs => %(seconds)s)
                where id in (select id from free) returning *""",
                {
                    "me": watcher,
                    "seconds": seconds,
                    "blind": list(blind),
                    "gone": [row["watcher"] for row in rows if owners.is_gone(row["watcher"])],
                },
            ).fetchall()
        return sorted(map(watch, held), key=lambda one: one.id)

    def let_go(self, watcher: str) -> None:
        """Leaves all that a worker holds to the others."""
        self._db.rows(
            "update watches set watcher = null, watcher_until = null where watcher = %s returning id", [watcher]
        )

    def looked(self, watch_id: int, trouble: str | None) -> None:
        """Says how a look went."""
        self._db.rows(
            "update watches set looked_at = now(), trouble = %s, look_soon = false where id = %s returning id",
            [trouble, watch_id],
        )


def insert(connection: Connection, new: NewWatch, actor: str) -> Watch:
    """Stores a watch within the caller's transaction, which has it recorded. Raises WrongState."""
    try:
        with connection.transaction():
            row = connection.execute(
                """insert into watches (kind, source, branch, suffixes, rules_of, trusted, quarantine, recommend,
                    every_seconds, created_by)
                values (%(kind)s, %(source)s, %(branch)s, %(suffixes)s, %(rules_of)s, %(trusted)s, %(quarantine)s,
                    %(recommend)s, %(every_seconds)s, %(actor)s) returning *""",
                {field.name: getattr(new, field.name) for field in fields(NewWatch)}
                | {"suffixes": list(new.suffixes), "actor": actor},
            ).fetchone()
    except psycopg.errors.UniqueViolation:
        raise WrongState(
            f"{new.source} is watched already.", hint="Remove that watch first: assay watch list"
        ) from None
    assert row
    return watch(row)


def watch(row: Row) -> Watch:
    """A watch from its row."""
    return Watch(**{**{name: row[name] for name in FIELDS}, "suffixes": tuple(row["suffixes"])})


def _fact(action: str, actor: str, one: Watch) -> Fact:
    told = ("kind", "branch", "suffixes", "rules_of", "trusted", "quarantine", "recommend", "every_seconds")
    return Fact(action, actor, None, f"watch {one.id} {one.source}", {name: getattr(one, name) for name in told})


def _unknown(watch_id: int) -> NotFound:
    return NotFound(f"There is no watch {watch_id}.", hint="List them with: assay watch list")
