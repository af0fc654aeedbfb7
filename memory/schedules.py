"""What is to be done at which times, and each time that it was: taken up by one worker, whoever that is."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal, LiteralString

from memory import alerts
from memory.audit import Fact, record
from memory.db import Connection, Database, Row
from memory.errors import NotFound, WrongState
from memory.owner import is_gone
from tools.cron import Cron

Action = Literal["validate", "profile", "run", "metrics"]
Outcome = Literal["passed", "failed", "done", "started", "error"]
"""Of a validation whether all rules passed; a run was started, and goes on by itself; an error could not be done."""
MOST_TRIES = 3
"""So many workers may die over one firing; then it is given up until it is due again."""

SELECT: LiteralString = """
    select s.*, f.due_at as last_due_at, f.begun_at as last_begun_at, f.ended_at as last_ended_at,
        f.outcome as last_outcome, f.said as last_said, f.run_id as last_run, f.begun_at is not null and
        f.ended_at is null as working
    from schedules s left join lateral (
        select * from schedule_firings where schedule = s.number order by id desc limit 1) f on true
    where s.removed_at is null"""


@dataclass(frozen=True)
class Schedule:
    """A schedule, and what came of it last. Times are UTC."""

    number: int
    """What people call it."""
    cron: str
    zone: str
    action: Action
    source: str
    goal: str | None
    added_by: str
    created_at: datetime
    paused: bool
    next_at: datetime | None
    """None while it is paused."""
    working: bool
    """Whether somebody is at it now."""
    last_due_at: datetime | None
    last_begun_at: datetime | None
    last_ended_at: datetime | None
    last_outcome: Outcome | None
    last_said: str | None
    last_run: str | None


@dataclass(frozen=True)
class Firing:
    """A schedule that is being done."""

    id: int
    tries: int
    due_at: datetime
    asked_by: str | None
    schedule: Schedule


class Schedules:
    """Schedules of one store."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, cron: Cron, action: Action, source: str, goal: str | None, actor: str) -> Schedule:
        """A new one, from its next time on."""
        with self._db.transaction() as connection:
            values = [cron.expression, cron.zone, action, source, goal, actor, cron.next(_now(connection))]
            row = connection.execute(
                """insert into schedules (cron, zone, action, source, goal, added_by, next_at)
                values (%s, %s, %s, %s, %s, %s, %s) returning number""",
                values,
            ).fetchone()
            assert row
            return _changed(connection, row["number"], actor, "added")

    def all(self) -> list[Schedule]:
        """Those that were not removed."""
        return [_schedule(row) for row in self._db.rows(SELECT + " order by s.number")]

    def get(self, number: int) -> Schedule:
        """One of them. Raises NotFound."""
        row = self._db.row(SELECT + " and s.number = %s", [number])
        return _schedule(row) if row else _unknown(number)

    def pause(self, number: int, actor: str) -> Schedule:
        """Has it not be due until it is resumed. Raises NotFound, WrongState."""
        with self._db.transaction() as connection:
            if _locked(connection, number).paused:
                raise WrongState(f"Schedule {number} is paused already.")
            connection.execute("update schedules set paused = true, next_at = null where number = %s", [number])
            return _changed(connection, number, actor, "paused")

    def resume(self, number: int, actor: str) -> Schedule:
        """Has it be due again from its next time on; what was missed while it was paused stays so."""
        with self._db.transaction() as connection:
            found = _locked(connection, number)
            if not found.paused:
                raise WrongState(f"Schedule {number} is not paused.")
            at = Cron(found.cron, found.zone).next(_now(connection))
            connection.execute("update schedules set paused = false, next_at = %s where number = %s", [at, number])
            return _changed(connection, number, actor, "resumed")

    def remove(self, number: int, actor: str) -> Schedule:
        """Takes it out; what is being done of it is finished. Raises NotFound."""
        with self._db.transaction() as connection:
            found = _locked(connection, number)
            alerts.settle(connection, "schedule", str(number))
            connection.execute("update schedules set removed_at = now(), next_at = null where number = %s", [number])
            record(connection, _fact(found, actor, "removed"))
            return found

    def take(self, owner: str, seconds: float) -> Firing | None:
        """What is due, or was left by a worker that is gone, for so long; None where there is neither.

        All times that were missed count as one, the first of them.
        """
        pending = (
            "select from schedules where next_at <= now() union all select from schedule_firings where ended_at is null"
        )
        if self._db.row(f"{pending} limit 1") is None:
            return None
        with self._db.transaction() as connection:
            return _left(connection, owner, seconds) or _due(connection, owner, seconds)

    def take_now(self, number: int, owner: str, seconds: float, actor: str) -> Firing:
        """Takes a schedule up out of turn. Raises NotFound, WrongState while somebody is at it."""
        with self._db.transaction() as connection:
            found = _locked(connection, number)
            firing = _begin(connection, found, _now(connection), owner, seconds, actor)
            if firing is None:
                raise WrongState(f"Schedule {number} is being done right now.", hint="See: assay schedule list")
            record(connection, _fact(found, actor, "run"))
            return firing

    def renew(self, firing: Firing, seconds: float) -> bool:
        """Moves the end of a lease to so many seconds from now. False where somebody else has it."""
        return bool(
            self._db.row(
                """update schedule_firings set lease_until = now() + make_interval(secs => %s)
                where id = %s and tries = %s and ended_at is null returning id""",
                [seconds, firing.id, firing.tries],
            )
        )

    def end(self, firing: Firing, outcome: Outcome, said: str, run_id: str | None = None) -> bool:
        """Writes down what came of it, and has people told of what could not be done. False where it is not its own."""
        with self._db.transaction() as connection:
            # Before the firing, as everybody does: it may be removed at the same time.
            connection.execute("select from schedules where number = %s for update", [firing.schedule.number])
            ended = connection.execute(
                """update schedule_firings set ended_at = now(), outcome = %s, said = %s, run_id = %s
                where id = %s and tries = %s and ended_at is null returning id""",
                [outcome, said, run_id, firing.id, firing.tries],
            ).fetchone()
            if ended:
                _tell(connection, firing.schedule, outcome, said, run_id)
        return ended is not None


def _left(connection: Connection, owner: str, seconds: float) -> Firing | None:
    """A firing whose worker is gone or silent."""
    rows = connection.execute(
        "select *, lease_until < now() as over from schedule_firings where ended_at is null for update skip locked"
    ).fetchall()
    for row in rows:
        if not (row["over"] or is_gone(row["owner"])):
            continue
        found = _whatever(connection, row["schedule"])
        if row["tries"] >= MOST_TRIES:
            said = f"Given up: {MOST_TRIES} workers ended while they were at it."
            connection.execute(
                "update schedule_firings set ended_at = now(), outcome = 'error', said = %s where id = %s",
                [said, row["id"]],
            )
            _tell(connection, found, "error", said, None)
            continue
        connection.execute(
            """update schedule_firings set tries = tries + 1, owner = %s,
                lease_until = now() + make_interval(secs => %s) where id = %s""",
            [owner, seconds, row["id"]],
        )
        return Firing(row["id"], row["tries"] + 1, row["due_at"], row["asked_by"], found)
    return None


def _due(connection: Connection, owner: str, seconds: float) -> Firing | None:
    """A schedule that is due, which is due next in the time to come."""
    row = connection.execute(
        """select number, next_at from schedules s where next_at <= now() and not exists (
            select from schedule_firings where schedule = s.number and ended_at is null)
        order by next_at limit 1 for update skip locked"""
    ).fetchone()
    if row is None:
        return None
    found = _whatever(connection, row["number"])
    at = Cron(found.cron, found.zone).next(_now(connection))
    connection.execute("update schedules set next_at = %s where number = %s", [at, found.number])
    return _begin(connection, found, row["next_at"], owner, seconds, None)


def _begin(
    connection: Connection, found: Schedule, due: datetime, owner: str, seconds: float, asked_by: str | None
) -> Firing | None:
    """None where somebody is at it, or was for this time."""
    row = connection.execute(
        """insert into schedule_firings (schedule, due_at, asked_by, owner, lease_until)
        values (%s, %s, %s, %s, now() + make_interval(secs => %s)) on conflict do nothing returning id""",
        [found.number, due, asked_by, owner, seconds],
    ).fetchone()
    return Firing(row["id"], 1, due, asked_by, found) if row else None


def _tell(connection: Connection, found: Schedule, outcome: Outcome, said: str, run_id: str | None) -> None:
    """An error is a trouble until it is done again, if it is to be; rules that fail are alerts of their own."""
    removed = "select from schedules where number = %s and removed_at is not null"
    if outcome == "error" and connection.execute(removed, [found.number]).fetchone() is None:
        what = f"{found.action} {found.source}"
        alerts.tell(connection, "schedule", str(found.number), what, said, run_id=run_id)
    else:
        alerts.settle(connection, "schedule", str(found.number), run_id=run_id)


def _changed(connection: Connection, number: int, actor: str, deed: str) -> Schedule:
    found = _whatever(connection, number)
    record(connection, _fact(found, actor, deed))
    return found


def _fact(found: Schedule, actor: str, deed: str) -> Fact:
    said: dict[str, Any] = {"cron": found.cron, "zone": found.zone, "action": found.action, "source": found.source}
    return Fact(f"schedule.{deed}", actor, subject=f"schedule {found.number}", data=said)


def _locked(connection: Connection, number: int) -> Schedule:
    """A schedule that nobody else changes until the transaction ends. Raises NotFound."""
    asked = "select from schedules where number = %s and removed_at is null for update"
    if connection.execute(asked, [number]).fetchone() is None:
        _unknown(number)
    return _whatever(connection, number)


def _whatever(connection: Connection, number: int) -> Schedule:
    """A schedule, also one that was removed."""
    every: LiteralString = SELECT.replace("where s.removed_at is null", "where s.number = %s")
    row = connection.execute(every, [number]).fetchone()
    assert row
    return _schedule(row)


def _now(connection: Connection) -> datetime:
    row = connection.execute("select now() as at").fetchone()
    assert row
    at: datetime = row["at"]
    return at


def _schedule(row: Row) -> Schedule:
    return Schedule(**{field.name: row[field.name] for field in fields(Schedule)})


def _unknown(number: int) -> Any:
    raise NotFound(f"There is no schedule {number}.", hint="See: assay schedule list")
