"""Requests to decide about proposals: how long they stand, when people are reminded, how they are reopened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, LiteralString

from memory.audit import Fact, record
from memory.db import Connection, Database
from memory.errors import NotFound, StoreError, WrongState
from memory.model import Approval, PendingApproval
from memory.runs import WORKER

Clock = Callable[[], datetime]
REMINDED = 6
"""People are reminded when one sixth of the window is left: 4 hours of 24."""
LONGEST = timedelta(days=365)

PENDING: LiteralString = """
    select a.run_id, r.goal, c.tables, c.undecided, c.total, c.skipped, a.requested_at, a.expires_at,
        a.expires_at <= t.now as expired,
        t.now < a.expires_at and t.now >= a.expires_at - make_interval(secs => a.window_seconds / %(share)s) as closing,
        exists (
            select from run_events e where e.run_id = a.run_id
                and e.key = (case when a.expires_at <= t.now then 'expired ' else 'closing ' end)
                    || to_char(a.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')) as noticed
    from (select coalesce(%(now)s::timestamptz, now()) as now) t cross join approvals a join runs r on r.id = a.run_id
    cross join lateral (
        select count(*) as total, count(*) filter (where d.id is null) as undecided,
            count(*) filter (where d.id is null and exists (select from skips k where k.proposal_id = p.id)) as skipped,
            array_agg(distinct s.short_name) as tables
        from proposals p join datasets s on s.id = p.dataset_id left join decisions d on d.proposal_id = p.id
        where p.run_id = a.run_id
    ) c
    where r.status not in ('done', 'failed', 'cancelled') and c.undecided > 0 order by a.requested_at
"""


class Requests:
    """Requests for approval, by the run that asks. Without a clock the time is that of the database."""

    def __init__(self, db: Database, clock: Clock | None = None) -> None:
        self._db = db
        self._clock = clock

    def set_window(self, run_id: str, window: timedelta) -> None:
        """Says how long a run's request will stand, before it is opened. Raises StoreError."""
        with self._db.transaction() as connection:
            lock_run(connection, run_id)
            connection.execute(
                "update runs set approval_seconds = %s where id = %s", [_checked(window).total_seconds(), run_id]
            )

    def open(self, run_id: str, window: timedelta) -> Approval:
        """Asks for decisions until the window (or the one that the run was given) is over.

        Asked again, the first request stands, unless all that it was about is decided and new proposals have come.
        """
        with self._db.transaction() as connection:
            lock_run(connection, run_id)
            asked = connection.execute(
                """insert into approvals (run_id, requested_at, window_seconds, expires_at)
                select id, t.now, w.seconds, t.now + make_interval(secs => w.seconds) from runs
                    cross join lateral (select coalesce(approval_seconds, %(seconds)s) as seconds) w
                    cross join (select coalesce(%(now)s::timestamptz, now()) as now) t
                where id = %(run_id)s
                on conflict (run_id) do update set requested_at = excluded.requested_at,
                    window_seconds = excluded.window_seconds, expires_at = excluded.expires_at
                where approvals.requested_at < (
                    select min(p.created_at) from proposals p left join decisions d on d.proposal_id = p.id
                    where p.run_id = approvals.run_id and d.id is null)
                returning run_id""",
                {"run_id": run_id, "seconds": _checked(window).total_seconds(), "now": self._now()},
            ).fetchone()
            opened = self._approval(connection, run_id)
            if asked:
                record(connection, Fact("approval.requested", WORKER, run_id, data={"until": opened.expires_at}))
            return opened

    def reopen(self, run_id: str, window: timedelta | None = None, actor: str = WORKER) -> Approval:
        """Lets people decide from now on for as long as at first, or as given. Raises StoreError."""
        with self._db.transaction() as connection:
            _require_going(connection, run_id)
            connection.execute(
                """update approvals set window_seconds = coalesce(%(seconds)s, window_seconds),
                    expires_at = coalesce(%(now)s::timestamptz, now())
                        + make_interval(secs => coalesce(%(seconds)s, window_seconds))
                where run_id = %(run_id)s""",
                {
                    "seconds": _checked(window).total_seconds() if window else None,
                    "now": self._now(),
                    "run_id": run_id,
                },
            )
            reopened = self._approval(connection, run_id)
            record(connection, Fact("approval.reopened", actor, run_id, data={"until": reopened.expires_at}))
            return reopened

    def pending(self) -> list[PendingApproval]:
        """The requests with something left to decide, expired ones too, the oldest first."""
        rows = self._db.rows(PENDING, {"now": self._now(), "share": REMINDED})
        return [PendingApproval(**{**row, "tables": tuple(row["tables"])}) for row in rows]

    def _now(self) -> datetime | None:
        return self._clock() if self._clock else None

    def _approval(self, connection: Connection, run_id: str) -> Approval:
        values: dict[str, Any] = {"now": self._now(), "run_id": run_id}
        row = connection.execute(
            """select run_id, requested_at, expires_at, expires_at <= coalesce(%(now)s::timestamptz, now()) as expired
            from approvals where run_id = %(run_id)s""",
            values,
        ).fetchone()
        if row is None:
            raise WrongState(f"Run {run_id} has not asked for approval.")
        return Approval(**row)

    def _require_open(self, connection: Connection, run_id: str) -> None:
        _require_going(connection, run_id)
        approval = self._approval(connection, run_id)
        if approval.expired:
            raise WrongState(
                f"The approval window of run {run_id} ended at {approval.expires_at:%Y-%m-%d %H:%M} UTC.",
                hint=f"Reopen it with `assay reopen {run_id}`, then decide.",
            )


def lock_run(connection: Connection, run_id: str) -> str:
    """Keeps others from the run until the transaction ends; its status. Raises StoreError."""
    row = connection.execute("select status from runs where id = %s for no key update", [run_id]).fetchone()
    if row is None:
        raise NotFound(f"There is no run {run_id!r} in the store.", hint="List them with: assay runs")
    return str(row["status"])


def _require_going(connection: Connection, run_id: str) -> None:
    status = lock_run(connection, run_id)
    if status in ("done", "cancelled"):
        raise WrongState(f"Run {run_id} is {status}; nothing is left to decide.")


def _checked(window: timedelta) -> timedelta:
    if not timedelta() < window <= LONGEST:
        raise StoreError(f"People cannot decide within {window}.", hint=f"Give up to {LONGEST.days} days.")
    return window


def notice_key(request: PendingApproval) -> str:
    """Under which key a run's log tells that its request is about to end, or has ended: once for each end."""
    return f"{'expired' if request.expired else 'closing'} {request.expires_at:%Y-%m-%dT%H:%M:%S.%f}"
