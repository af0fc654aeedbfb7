"""Batches: what landed, where each is now, and why. A decision is stored before anything is moved for it."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import psycopg

from memory import alerts
from memory.arrivals import Verdict
from memory.audit import Fact, record
from memory.db import Connection, Database, Row, payload
from memory.errors import NotFound, WrongState

State = Literal["waiting", "passed", "failed", "moving", "trusted", "quarantined", "diverged", "replaced", "superseded"]
Target = Literal["trusted", "quarantined"]
VERDICTS: Mapping[State, Verdict] = {
    "waiting": "none",
    "replaced": "none",
    "passed": "passed",
    "diverged": "passed",
    "failed": "failed",
    "trusted": "trusted",
    "superseded": "trusted",
    "quarantined": "quarantined",
}
"""What an arrival is said to have come to."""
OPEN: tuple[State, ...] = ("waiting", "failed", "quarantined", "diverged")
"""States from which a batch can still be published."""
NAMED = 3
"""Rules that are named where a line has to tell why; the others are counted."""
LEASE_SECONDS = 600.0
"""A move that takes longer is done again by somebody else, which is harmless."""


@dataclass(frozen=True)
class NewBatch:
    """A batch as it landed."""

    dataset_id: UUID
    source: str
    """Where it landed."""
    place: str
    """Where it is."""
    stamp: str
    """What its content is told by: a digest, an entity tag, a snapshot."""
    landed_at: datetime
    size: int | None = None
    branch: str | None = None
    arrival_id: int | None = None
    watch_id: int | None = None


@dataclass(frozen=True)
class Judged:
    """What was found out about a batch."""

    run_id: str | None = None
    version: str = ""
    rows: int | None = None
    total: float | None = None
    reasons: Sequence[Mapping[str, Any]] = ()
    """The rules that did not pass: ``rule``, ``outcome``, ``reason``."""
    findings: Sequence[Mapping[str, Any]] = ()
    """What is unlike the batches before: ``kind``, ``said``."""
    forced_by: str | None = None
    forced_reason: str | None = None


@dataclass(frozen=True)
class Batch(NewBatch):
    """A batch as stored."""

    id: str = ""
    state: State = "waiting"
    target: Target | None = None
    destination: str | None = None
    move: dict[str, Any] | None = None
    run_id: str | None = None
    version: str = ""
    rows: int | None = None
    total: float | None = None
    reasons: list[dict[str, Any]] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)
    forced_by: str | None = None
    forced_reason: str | None = None
    arrived_at: datetime | None = None
    decided_at: datetime | None = None
    settled_at: datetime | None = None


FIELDS = [one.name for one in fields(Batch)]


class Publications:
    """What landed."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, batch_id: str) -> Batch:
        """The batch of that id, or that alone begins so. Raises NotFound."""
        rows = self._db.rows("select * from batches where starts_with(id, %s) limit 2", [batch_id.strip()])
        if len(rows) != 1 or not batch_id.strip():
            raise NotFound(f"There is no batch {batch_id!r}.", hint="List them with: assay promote --list")
        return _batch(rows[0])

    def of_arrival(self, arrival_id: int) -> Batch | None:
        """The batch of an arrival, if it came so far."""
        row = self._db.row("select * from batches where arrival_id = %s", [arrival_id])
        return _batch(row) if row else None

    def find(self, text: str) -> list[Batch]:
        """The batches that a person means: by id, or those that landed or lie at a place; oldest first."""
        rows = self._db.rows(
            """select * from batches where starts_with(id, %(text)s) or md5(source) = md5(%(text)s)
                or place = %(text)s or destination = %(text)s
            order by arrived_at, id limit 1000""",
            {"text": text},
        )
        return [_batch(row) for row in rows]

    def recent(
        self, limit: int = 20, *, states: Collection[State] | None = None, dataset_id: UUID | None = None
    ) -> list[Batch]:
        """The newest, newest first: all, or of some states or one dataset."""
        rows = self._db.rows(
            """select * from batches where (%(states)s::text[] is null or state = any(%(states)s))
                and (%(dataset)s::uuid is null or dataset_id = %(dataset)s)
            order by arrived_at desc, id desc limit %(limit)s""",
            {"states": None if states is None else list(states), "dataset": dataset_id, "limit": limit},
        )
        return [_batch(row) for row in rows]

    def before(self, dataset_id: UUID, moment: datetime, limit: int = 50) -> list[Batch]:
        """The batches of a dataset that passed and landed before a moment, newest first."""
        rows = self._db.rows(
            """select * from batches where dataset_id = %(dataset)s and state in ('trusted', 'passed', 'superseded')
                and landed_at < %(moment)s
            order by landed_at desc limit %(limit)s""",
            {"dataset": dataset_id, "moment": moment, "limit": limit},
        )
        return [_batch(row) for row in rows]

    def at(self, destination: str) -> Batch | None:
        """The batch that lies at a trusted place."""
        row = self._db.row(
            """select * from batches where md5(destination) = md5(%s) and state = 'trusted'
            order by settled_at desc limit 1""",
            [destination],
        )
        return _batch(row) if row else None

    def to_carry_out(self, limit: int = 10, blind: Collection[int] = ()) -> list[Batch]:
        """Decisions that whoever made them did not carry out in time; they are the caller's for a while.

        ``blind`` are the watches whose place the caller cannot see.
        """
        rows = self._db.rows(
            """update batches set held_until = now() + make_interval(secs => %s)
            where id in (select id from batches
                where state = 'moving' and held_until < now() and coalesce(watch_id, 0) <> all(%s)
                order by held_until limit %s for update skip locked) returning *""",
            [LEASE_SECONDS, list(blind), limit],
        )
        return [_batch(row) for row in rows]

    def judgeable(self, limit: int = 10, blind: Collection[int] = ()) -> list[Batch]:
        """Batches that waited for rules, of datasets that have some by now; they are the caller's for a while.

        None of watches that are paused, or were removed: nothing is moved for those.
        """
        rows = self._db.rows(
            """update batches set held_until = now() + make_interval(secs => %s)
            where id in (select b.id from batches b where b.state = 'waiting'
                and (b.held_until is null or b.held_until < now()) and coalesce(b.watch_id, 0) <> all(%s)
                and exists (select from dq_rules r where r.dataset_id = b.dataset_id and r.status = 'approved')
                and exists (select from watches w where w.id = b.watch_id and w.removed_at is null and not w.paused)
                order by b.arrived_at limit %s for update of b skip locked) returning *""",
            [LEASE_SECONDS, list(blind), limit],
        )
        return [_batch(row) for row in rows]


def why(reasons: Sequence[Mapping[str, Any]]) -> str:
    """In a line why a batch is not published: what stood in the way in the end, else the rules that did not pass."""
    if reasons and not reasons[-1].get("rule"):
        return str(reasons[-1]["reason"])
    named = [
        f"{one['rule']}: {one['reason']}" if one.get("outcome") == "Error" else str(one["rule"])
        for one in reasons[:NAMED]
    ]
    more = len(reasons) - NAMED
    return "; ".join(named) + (f"; and {more} more" if more > 0 else "")


def new_id() -> str:
    """An id that sorts by time."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"


def store(
    connection: Connection, batch_id: str, new: NewBatch, state: State, judged: Judged, actor: str, was: State | None
) -> Batch:
    """Writes down what became of a batch that is not moved, within the caller's transaction. Call it last.

    ``was`` is the state that it was found in; None for a new one. Raises WrongState where it is in another by now.
    """
    row = _written(connection, batch_id, new, judged, was, {"state": state, "settled_at": datetime.now(UTC)})
    _tell_arrival(connection, row)
    record(connection, _fact(f"batch.{state}", actor, row))
    return _batch(row)


def decide(
    connection: Connection,
    batch_id: str,
    new: NewBatch,
    target: Target,
    destination: str,
    move: Mapping[str, Any],
    judged: Judged,
    actor: str,
    was: State | None,
) -> Batch:
    """Writes down where a batch goes, within the caller's transaction; it is moved afterwards. Call it last.

    Raises WrongState where another batch is on its way there, or this one is in another state by now.
    """
    going = {"state": "moving", "target": target, "destination": destination, "move": payload(dict(move))}
    try:
        with connection.transaction():
            row = _written(connection, batch_id, new, judged, was, going)
    except psycopg.errors.UniqueViolation:
        raise WrongState(
            f"Another batch is on its way to {destination}.", hint="It is soon there: try again."
        ) from None
    record(connection, _fact("batch.decided", actor, row))
    return _batch(row)


def settle(
    connection: Connection, batch: Batch, state: State, place: str, stamp: str, actor: str, problem: str | None = None
) -> Batch | None:
    """Says that a move is over, within the caller's transaction; None where somebody else said so. Call it last.

    ``problem`` is why it did not come to what was decided.
    """
    row = connection.execute(
        """update batches set state = %s, place = %s, stamp = %s, held_until = null, settled_at = now(), reasons = %s
        where id = %s and state = 'moving' returning *""",
        [state, place, stamp, payload([*batch.reasons, *([{"reason": problem}] if problem else [])]), batch.id],
    ).fetchone()
    if row is None:
        return None
    _tell_arrival(connection, row)
    if state == "trusted":
        connection.execute(
            """update batches set state = 'superseded' where md5(destination) = md5(%s) and state = 'trusted'
                and id <> %s""",
            [batch.destination, batch.id],
        )
        # A later state of a branch holds what was mended in it.
        connection.execute(
            """update batches set state = 'superseded' where watch_id = %s and branch = %s and id <> %s
                and state in ('quarantined', 'diverged') and landed_at <= %s""",
            [batch.watch_id, batch.branch, batch.id, batch.landed_at],
        )
    record(connection, _fact(f"batch.{state}", actor, row))
    return _batch(row)


def _written(
    connection: Connection,
    batch_id: str,
    new: NewBatch,
    judged: Judged,
    was: State | None,
    more: Mapping[str, Any],
) -> Row:
    values: dict[str, Any] = {
        **{one.name: getattr(new, one.name) for one in fields(NewBatch)},
        **{one.name: getattr(judged, one.name) for one in fields(Judged)},
        **{"reasons": payload(list(judged.reasons)), "findings": payload(list(judged.findings))},
        **{"target": None, "destination": None, "move": None, "settled_at": None, "id": batch_id, "was": was},
        **{"seconds": LEASE_SECONDS if more["state"] == "moving" else None, **more},
    }
    row = connection.execute(
        """insert into batches (id, arrival_id, watch_id, dataset_id, source, branch, landed_at, place, size, stamp,
            state, target, destination, move, held_until, run_id, version, rows, total, reasons, findings,
            forced_by, forced_reason, decided_at, settled_at)
        values (%(id)s, %(arrival_id)s, %(watch_id)s, %(dataset_id)s, %(source)s, %(branch)s, %(landed_at)s, %(place)s,
            %(size)s, %(stamp)s, %(state)s, %(target)s, %(destination)s, %(move)s,
            now() + make_interval(secs => %(seconds)s), %(run_id)s, %(version)s, %(rows)s, %(total)s, %(reasons)s,
            %(findings)s, %(forced_by)s, %(forced_reason)s, now(), %(settled_at)s)
        on conflict (id) do update set place = excluded.place, size = excluded.size, stamp = excluded.stamp,
            state = excluded.state, target = excluded.target, destination = excluded.destination, move = excluded.move,
            held_until = excluded.held_until, run_id = excluded.run_id, version = excluded.version,
            rows = excluded.rows, total = excluded.total, reasons = excluded.reasons, findings = excluded.findings,
            forced_by = excluded.forced_by, forced_reason = excluded.forced_reason, decided_at = now(),
            settled_at = excluded.settled_at
            where batches.state = %(was)s
        returning *""",
        values,
    ).fetchone()
    if row is None:
        raise WrongState(f"Batch {batch_id} was decided about meanwhile.", hint="See: assay promote --list")
    return row


def _tell_arrival(connection: Connection, row: Row) -> None:
    """What came later of a batch whose arrival had ended is written down there; one in hand is its worker's to end."""
    reason = why(row["reasons"]) or None
    connection.execute(
        """update arrivals set state = 'done', verdict = %s, reason = %s, run_id = %s, finished_at = now()
        where id = %s and state in ('done', 'dead')""",
        [VERDICTS[row["state"]], None if row["state"] == "trusted" else reason, row["run_id"], row["arrival_id"]],
    )
    alerts.settle(connection, "arrival", str(row["arrival_id"]), run_id=row["run_id"])


def _fact(action: str, actor: str, row: Row) -> Fact:
    told = ("source", "place", "destination", "target", "stamp", "version", "rows", "total", "forced_reason")
    data = {name: row[name] for name in told if row[name] is not None}
    data["failed"] = [reason["rule"] for reason in row["reasons"] if "rule" in reason][:20]
    return Fact(action, actor, row["run_id"], f"batch {row['id']}", data)


def _batch(row: Row) -> Batch:
    return Batch(**{name: row[name] for name in FIELDS})
