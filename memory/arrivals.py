"""Arrivals: what came to the places that are watched, and what became of it. The queue of work, with leases."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Literal, LiteralString

from memory import owner as owners
from memory.alerts import settle, tell
from memory.audit import Fact, record
from memory.db import Connection, Database, Row
from memory.errors import LeaseLost, NotFound
from memory.watches import Watch, watch

State = Literal["waiting", "working", "done", "dead"]
Verdict = Literal["trusted", "quarantined", "passed", "failed", "none"]
MOST_TRIES = 5
"""Attempts, cut short ones too; then a person has to say that it is to be tried again."""
RAW_LETTERS = 4_000
"""Of an event that nobody can read, so much is kept."""


@dataclass(frozen=True)
class NewArrival:
    """Something that came."""

    watch_id: int | None
    """None for an event that nobody can read."""
    identity: str
    """The same for what is the same, however often and by whatever way it is told."""
    location: str
    """The object or table. Arrivals at one location are worked on one after the other, in the order they came."""
    source: str
    """What is opened: the location, of a table with the snapshot."""
    version: str = ""
    """What the place calls this content: an entity tag, the id of an object's version or of a snapshot."""
    size: int | None = None
    landed_at: datetime | None = None
    """When it came to be, as the place says."""
    reason: str | None = None
    """Why it is not worked on."""
    state: Literal["waiting", "done", "dead"] = "waiting"
    raw: str | None = None


@dataclass(frozen=True)
class Arrival:
    """An arrival as stored."""

    id: int
    watch_id: int | None
    identity: str
    location: str
    source: str
    version: str
    size: int | None
    landed_at: datetime | None
    taken_in_at: datetime
    state: State
    tries: int
    """How often it was taken up since a person last asked for it."""
    due_at: datetime
    lease_owner: str | None
    verdict: Verdict | None
    """``none`` where there was nothing to judge; ``reason`` says why."""
    reason: str | None
    run_id: str | None
    finished_at: datetime | None
    raw: str | None


@dataclass(frozen=True)
class Hold:
    """The right to work on an arrival; a later one of the same arrival has a greater token."""

    arrival: Arrival
    watch: Watch
    token: int


@dataclass(frozen=True)
class Outcome:
    """What became of an arrival."""

    verdict: Verdict
    reason: str | None = None
    run_id: str | None = None
    """The run that validated it."""


FIELDS = [field.name for field in fields(Arrival)]

# Nothing at the same location is worked on, or came earlier and waits.
NEXT: LiteralString = """
    select a.id, a.tries, a.reason from arrivals a join watches w on w.id = a.watch_id
    where a.state in ('waiting', 'working') and not w.paused and w.id <> all(%(blind)s)
        and case a.state when 'waiting' then a.due_at <= now()
            else a.lease_until < now() or a.lease_owner = any(%(gone)s) end
        and not exists (select from arrivals o where o.watch_id = a.watch_id and md5(o.location) = md5(a.location)
            and o.state in ('waiting', 'working') and o.id < a.id)
    order by a.id limit 1 for update of a skip locked
"""


class Arrivals:
    """What came."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def take_in(self, found: Sequence[NewArrival]) -> int:
        """Stores what is new among them, all or nothing; how many that are."""
        with self._db.transaction() as connection:
            return take_in(connection, found)

    def claim(self, owner: str, *, seconds: float, blind: Collection[int] = ()) -> Hold | None:
        """The oldest that is due, or whose worker is gone or silent; None if there is none.

        ``blind`` are the watches whose place this worker cannot see. What was taken up too often is dead instead.
        """
        while True:
            with self._db.transaction() as connection:
                found = connection.execute(NEXT, {"blind": list(blind), "gone": _gone(connection)}).fetchone()
                if found is None:
                    return None
                if found["tries"] < MOST_TRIES:
                    return _hold(connection, found["id"], owner, seconds)
                last = f" The last error: {found['reason']}" if found["reason"] else ""
                bury(connection, found["id"], f"Given up after {found['tries']} attempts, each cut short.{last}")

    def renew(self, held: Hold, seconds: float) -> bool:
        """Moves the end of a lease to so many seconds from now. False when it was lost."""
        return bool(
            self._db.row(
                """update arrivals set lease_until = now() + make_interval(secs => %s)
                where id = %s and lease_token = %s and state = 'working' returning id""",
                [seconds, held.arrival.id, held.token],
            )
        )

    def finish(self, held: Hold, outcome: Outcome) -> bool:
        """Writes down what became of it. False, and nothing written, when the lease was lost."""
        return bool(
            self._db.row(
                """update arrivals set state = 'done', verdict = %s, reason = %s, run_id = %s, finished_at = now(),
                    lease_owner = null, lease_until = null
                where id = %s and lease_token = %s and state = 'working' returning id""",
                [outcome.verdict, outcome.reason, outcome.run_id, held.arrival.id, held.token],
            )
        )

    def again(self, held: Hold, reason: str | None, after: timedelta, *, counts: bool = True) -> bool:
        """Has it taken up again later; ``counts`` says whether this was an attempt. False when the lease was lost."""
        return bool(
            self._db.row(
                """update arrivals set state = 'waiting', reason = %s, due_at = now() + %s, tries = tries - %s,
                    lease_owner = null, lease_until = null
                where id = %s and lease_token = %s and state = 'working' returning id""",
                [reason, after, 0 if counts else 1, held.arrival.id, held.token],
            )
        )

    def give_up(self, held: Hold, reason: str) -> bool:
        """Leaves it to a person. False, and nothing written, when the lease was lost."""
        with self._db.transaction() as connection:
            mine = connection.execute(
                "select id from arrivals where id = %s and lease_token = %s and state = 'working' for no key update",
                [held.arrival.id, held.token],
            ).fetchone()
            if mine:
                bury(connection, held.arrival.id, reason)
        return mine is not None

    def get(self, arrival_id: int) -> Arrival:
        """The arrival of that number. Raises NotFound."""
        row = self._db.row("select * from arrivals where id = %s", [arrival_id])
        if row is None:
            raise NotFound(f"There is no arrival {arrival_id}.", hint="List them with: assay events list")
        return arrival(row)

    def recent(self, limit: int = 20, *, state: State | None = None, watch_id: int | None = None) -> list[Arrival]:
        """The newest, newest first: all, or of a state or watch."""
        rows = self._db.rows(
            """select * from arrivals where (%(state)s::text is null or state = %(state)s)
                and (%(watch)s::bigint is null or watch_id = %(watch)s)
            order by id desc limit %(limit)s""",
            {"state": state, "watch": watch_id, "limit": limit},
        )
        return [arrival(row) for row in rows]

    def counts(self, watch_id: int | None = None) -> dict[State, int]:
        """How many there are in each state, of all or one watch."""
        rows = self._db.rows(
            """select state, count(*) as arrivals from arrivals
            where %(watch)s::bigint is null or watch_id = %(watch)s group by state""",
            {"watch": watch_id},
        )
        return {row["state"]: row["arrivals"] for row in rows}

    def known(self, watch_id: int, identities: Collection[str]) -> set[str]:
        """Those of the identities that came to a watch before."""
        rows = self._db.rows(
            "select identity from arrivals where coalesce(watch_id, 0) = %s and identity = any(%s)",
            [watch_id, list(identities)],
        )
        return {row["identity"] for row in rows}

    def retry(self, actor: str, ids: Collection[int] | None = None) -> list[Arrival]:
        """Has dead ones taken up again, with all their attempts: all, or some. Events that nobody can read stay."""
        with self._db.transaction() as connection:
            rows = connection.execute(
                """update arrivals set state = 'waiting', tries = 0, due_at = now(), finished_at = null
                where state = 'dead' and watch_id is not null and (%(ids)s::bigint[] is null or id = any(%(ids)s))
                returning *""",
                {"ids": None if ids is None else list(ids)},
            ).fetchall()
            for row in rows:
                settle(connection, "arrival", str(row["id"]))
            if rows:
                told = {"arrivals": sorted(row["id"] for row in rows)}
                record(connection, Fact("arrivals.retried", actor, None, f"{len(rows)} arrivals", told))
        return [arrival(row) for row in rows]

    def forgive(self, arrival_id: int, reason: str) -> None:
        """Ends a dead one without a verdict, since there is nothing to be done about it any more."""
        with self._db.transaction() as connection:
            row = connection.execute(
                """update arrivals set state = 'done', verdict = 'none', reason = %s, finished_at = now()
                where id = %s and state = 'dead' returning id""",
                [reason, arrival_id],
            ).fetchone()
            if row:
                settle(connection, "arrival", str(arrival_id))


def take_in(connection: Connection, found: Sequence[NewArrival]) -> int:
    """Stores what is new among them within the caller's transaction; how many that are.

    Nothing of watches that were removed meanwhile. What waits at the same location is due at once: it was replaced,
    which is soon said.
    """
    if not found:
        return 0
    columns: dict[str, list[Any]] = {
        field.name: [getattr(one, field.name) for one in found] for field in fields(found[0])
    }
    columns["raw"] = [raw and raw[:RAW_LETTERS] for raw in columns["raw"]]
    rows = connection.execute(
        """insert into arrivals (watch_id, identity, location, source, version, size, landed_at, state,
            reason, raw, verdict, finished_at)
        select n.*, case n.state when 'done' then 'none' end, case when n.state <> 'waiting' then now() end
        from unnest(%(watch_id)s::bigint[], %(identity)s::text[], %(location)s::text[], %(source)s::text[],
            %(version)s::text[], %(size)s::bigint[], %(landed_at)s::timestamptz[],
            %(state)s::text[], %(reason)s::text[], %(raw)s::text[])
            as n (watch_id, identity, location, source, version, size, landed_at, state, reason, raw)
        where n.watch_id is null
            or exists (select from watches w where w.id = n.watch_id and w.removed_at is null)
        on conflict do nothing returning watch_id, location, id, state, reason""",
        columns,
    ).fetchall()
    for row in rows:
        if row["state"] == "dead":
            tell(connection, "arrival", str(row["id"]), row["location"], row["reason"])
    connection.execute(
        """update arrivals a set due_at = now() from unnest(%s::bigint[], %s::text[], %s::bigint[]) as n (watch, at, id)
        where a.watch_id = n.watch and md5(a.location) = md5(n.at) and a.id < n.id and a.state = 'waiting'
            and a.due_at > now()""",
        [[row[name] for row in rows] for name in ("watch_id", "location", "id")],
    )
    return len(rows)


def bury(connection: Connection, arrival_id: int, reason: str) -> None:
    """Leaves an arrival to a person, who is told, within the caller's transaction, which holds its row."""
    row = connection.execute(
        """update arrivals set state = 'dead', reason = %s, finished_at = now(), lease_owner = null, lease_until = null
        where id = %s returning source""",
        [reason, arrival_id],
    ).fetchone()
    assert row
    tell(connection, "arrival", str(arrival_id), row["source"], reason)


def keep(connection: Connection, held: Hold) -> None:
    """Keeps everybody else from taking an arrival over until the transaction ends. Raises LeaseLost."""
    mine = connection.execute(
        "select id from arrivals where id = %s and lease_token = %s and state = 'working' for no key update",
        [held.arrival.id, held.token],
    ).fetchone()
    if mine is None:
        raise LeaseLost(f"Arrival {held.arrival.id} is in the hands of another worker.")


def arrival(row: Row) -> Arrival:
    """An arrival from its row."""
    return Arrival(**{name: row[name] for name in FIELDS})


def _gone(connection: Connection) -> list[str]:
    """The owners of leases whose process has ended."""
    rows = connection.execute("select distinct lease_owner from arrivals where state = 'working'").fetchall()
    return [row["lease_owner"] for row in rows if owners.is_gone(row["lease_owner"])]


def _hold(connection: Connection, arrival_id: int, owner: str, seconds: float) -> Hold:
    row = connection.execute(
        """update arrivals set state = 'working', tries = tries + 1, lease_token = lease_token + 1, lease_owner = %s,
            lease_until = now() + make_interval(secs => %s)
        where id = %s returning *""",
        [owner, seconds, arrival_id],
    ).fetchone()
    assert row
    of = connection.execute("select * from watches where id = %s", [row["watch_id"]]).fetchone()
    assert of
    return Hold(arrival(row), watch(of), row["lease_token"])
