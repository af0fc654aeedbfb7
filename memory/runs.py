"""Runs, the leases under which workers execute them, and their events."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import fields
from datetime import timedelta
from typing import Any, Literal, LiteralString

from memory import owner as owners
from memory import start_keys, task_tokens
from memory.audit import Fact, record
from memory.db import Connection, Database, Row, payload
from memory.errors import LeaseLost, NotFound, WrongState
from memory.model import Event, Lease, Run, Status
from memory.start_keys import StartKey
from memory.usage import Budget, write_budget

MAX_ATTEMPTS = 5
TAKEN_AT_ONCE = timedelta(minutes=5)
"""A one-step job that waits for longer lost its process before it began."""
WORKER = "assay worker"
"""Who acts where no person does."""
ID_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
ID_LENGTH = 8
ANSWERED = "answered"
"""The kind of event that tells what a model said; it goes into the audit log too."""
RUN_FIELDS = [field.name for field in fields(Run)]

# One statement, and no wait for the disk: a run tells dozens of things, and the last may be lost with the machine.
APPEND_EVENT: LiteralString = """
    with quick as (select set_config('synchronous_commit', 'off', true)),
    open as (
        select r.id from runs r, quick where r.id = %(run_id)s
            and (%(token)s::bigint is null or (r.lease_token = %(token)s and r.status = 'running'))
        for no key update of r
    ),
    counted as (update runs set last_event = last_event + 1 from open where runs.id = open.id returning last_event)
    insert into run_events (run_id, seq, kind, agent, key, data)
    select %(run_id)s, last_event, %(kind)s, %(agent)s, %(key)s, %(data)s from counted returning seq
"""


class Runs:
    """The queue of work and its log."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def create(
        self,
        *,
        kind: str,
        goal: str,
        sources: Sequence[str],
        model: str,
        graph_version: str,
        requested_by: str,
        budget: Budget | None = None,
        start_key: StartKey | None = None,
        parent: str | None = None,
        task_token: str | None = None,
    ) -> Run:
        """Puts a run into the queue, with what it may spend; once for each key of a person. Raises KeyReused.

        ``parent`` is the run of a scheduler or pipeline that it is part of: namespace/job/uuid. ``task_token`` is that
        of a task of Step Functions that waits for its end.
        """
        run_id = "".join(secrets.choice(ID_LETTERS) for _ in range(ID_LENGTH))
        values = [run_id, kind, goal, list(sources), model, graph_version, requested_by, parent]
        with self._db.transaction() as connection:
            if start_key and (known := start_keys.claim(connection, requested_by, start_key, run_id)) != run_id:
                return _locked(connection, known)
            row = connection.execute(
                """insert into runs (id, kind, goal, sources, model, graph_version, requested_by, parent)
                values (%s, %s, %s, %s, %s, %s, %s, %s) returning *""",
                values,
            ).fetchone()
            asked = {"kind": kind, "goal": goal, "sources": list(sources), "model": model}
            if budget is not None:
                write_budget(connection, run_id, budget)
            if task_token:
                task_tokens.expect(connection, run_id, task_token)
            record(connection, Fact("run.started", requested_by, run_id, data=asked))
        assert row
        return _run(row)

    def get(self, id_or_prefix: str) -> Run:
        """The run of that id, or whose id alone begins so. Raises StoreError."""
        rows = self._db.rows(
            "select * from runs where starts_with(id, %s) order by created_at desc limit 5",
            [id_or_prefix.strip().lower()],
        )
        if not rows or not id_or_prefix.strip():
            raise _unknown(id_or_prefix)
        if len(rows) > 1:
            ids = ", ".join(row["id"] for row in rows)
            raise NotFound(f"Several runs begin with {id_or_prefix!r}: {ids}.", hint="Give more of the id.")
        return _run(rows[0])

    def started(self, actor: str, start_key: StartKey) -> Run | None:
        """The run that somebody started under a key, if there is one. Raises KeyReused."""
        with self._db.transaction() as connection:
            known = start_keys.known_run(connection, actor, start_key)
            return _locked(connection, known) if known else None

    def recent(
        self, limit: int = 20, *, before: str | None = None, status: Status | None = None, kind: str | None = None
    ) -> list[Run]:
        """The newest runs, newest first: all, those that are older than another one, of a status or kind."""
        rows = self._db.rows(
            """select * from runs where (%(status)s::text is null or status = %(status)s)
                and (%(kind)s::text is null or kind = %(kind)s)
                and (%(before)s::text is null
                    or (created_at, id) < (select created_at, id from runs where id = %(before)s))
            order by created_at desc, id desc limit %(limit)s""",
            {"limit": limit, "before": before, "status": status, "kind": kind},
        )
        return [_run(row) for row in rows]

    def claim(
        self, owner: str, *, seconds: float, run_id: str | None = None, graph_version: str | None = None
    ) -> Lease | None:
        """A lease on that run, else on the oldest of kind ``run``, that is queued or whose worker is gone or silent.

        None if there is none: a one-step job or a server's run is nobody else's to take up, and with a
        ``graph_version`` only runs of that version are.

        A run that was taken up ``MAX_ATTEMPTS`` times without getting anywhere fails instead.
        """
        while True:
            with self._db.transaction() as connection:
                gone = _gone(connection)
                _bury_jobs(connection, gone)
                found = _next_run(connection, run_id, graph_version, gone)
                if found is None:
                    return None
                if found["attempt"] < MAX_ATTEMPTS:
                    return _lease(connection, found["id"], owner, seconds)
                _give_up(connection, found)

    def renew(self, lease: Lease, seconds: float) -> bool:
        """Moves the end of a lease to so many seconds from now. False when the lease is lost."""
        return bool(
            self._db.row(
                """update runs set lease_until = now() + make_interval(secs => %s)
                where id = %s and lease_token = %s and status = 'running' returning id""",
                [seconds, lease.run.id, lease.token],
            )
        )

    def release(
        self,
        lease: Lease,
        status: Literal["queued", "waiting", "done", "failed", "cancelled"],
        error: str | None = None,
        *,
        tell: bool = False,
    ) -> bool:
        """Ends a lease. False, and nothing written, when it was lost before. ``tell`` adds the new state to the log.

        Back to ``queued`` without an error does not count as an attempt. A run that was woken in the meantime
        (:meth:`requeue`) is queued again instead of ``waiting``, and one that was to be cancelled is cancelled.
        """
        with self._db.transaction() as connection:
            row = connection.execute(
                """update runs set
                    status = case when %(status)s in ('waiting', 'queued') and cancel_requested then 'cancelled'
                        when %(status)s = 'waiting' and wake then 'queued' else %(status)s end,
                    attempt = case when %(status)s = 'queued' and %(error)s::text is null
                        then greatest(attempt - 1, 0) else attempt end,
                    error = %(error)s,
                    finished_at = case when %(status)s in ('done', 'failed', 'cancelled')
                        or (%(status)s in ('waiting', 'queued') and cancel_requested) then now() end,
                    retry = retry and %(status)s = 'queued',
                    lease_owner = null, lease_until = null, updated_at = now()
                where id = %(run_id)s and lease_token = %(token)s and status = 'running' returning status""",
                {"status": status, "error": error, "run_id": lease.run.id, "token": lease.token},
            ).fetchone()
            if row and tell and row["status"] != "queued":
                _tell(connection, lease.run.id, row["status"], {"error": error} if error else {})
            if row and row["status"] not in ("queued", "waiting"):
                record(connection, _ended(lease.run.id, row["status"], error))
        return row is not None

    def requeue(self, run_id: str, actor: str = WORKER) -> Run:
        """Has a waiting, failed or cancelled run taken up again, with all its attempts.

        A running one is marked, so that it does not go to sleep over a decision that came just before.
        One that ended without some of its tables tries these again. Raises StoreError for a run that is done.
        """
        with self._db.transaction() as connection:
            run = _locked(connection, run_id)
            if run.status == "done" and not run.error:
                raise WrongState(f"Run {run_id} is done.", hint="Start a new run.")
            if run.status in ("done", "failed"):
                connection.execute("update runs set retry = true where id = %s", [run_id])
            woken = wake(connection, run_id)
            record(connection, Fact("run.resumed", actor, run_id, data={"was": run.status}))
            return woken

    def request_cancel(self, run_id: str, actor: str = WORKER) -> Run:
        """Cancels a run: at once if nobody works on it, else its worker is asked to stop. Raises StoreError."""
        with self._db.transaction() as connection:
            before = _locked(connection, run_id).status
            row = connection.execute(
                """update runs set
                    cancel_requested = cancel_requested or status in ('queued', 'waiting', 'running'),
                    finished_at = case when status in ('queued', 'waiting') then now() else finished_at end,
                    status = case when status in ('queued', 'waiting') then 'cancelled' else status end,
                    updated_at = now()
                where id = %s returning *""",
                [run_id],
            ).fetchone()
            assert row
            if before in ("queued", "waiting", "running"):
                record(connection, Fact("run.cancel_requested", actor, run_id, data={"was": before}))
        return _run(row)

    def observe(
        self, run_id: str, status: Literal["running", "waiting", "done", "failed"], error: str | None = None
    ) -> None:
        """Writes down how far a run of kind ``server`` is, which no worker of ours executes; others stay as they are.

        While it runs it is the calling process' own, so that it does not run for ever when that process is gone.
        """
        with self._db.transaction() as connection:
            row = connection.execute(
                """update runs set status = %(status)s, error = %(error)s, updated_at = now(),
                    finished_at = case when %(status)s in ('done', 'failed') then now() end,
                    lease_owner = case when %(status)s = 'running' then %(owner)s end,
                    lease_until = case when %(status)s = 'running' then now() + interval '1 day' end
                where id = %(run_id)s and kind = 'server' and (status, error) is distinct from (%(status)s, %(error)s)
                returning status""",
                {"run_id": run_id, "status": status, "error": error, "owner": owners.this_process()},
            ).fetchone()
            if row and status in ("done", "failed"):
                record(connection, _ended(run_id, status, error))

    def cancel_requested(self, run_id: str) -> bool:
        """Whether somebody asked to cancel it. Raises StoreError."""
        row = self._db.row("select cancel_requested from runs where id = %s", [run_id])
        if row is None:
            raise _unknown(run_id)
        return bool(row["cancel_requested"])

    def append_event(
        self,
        run_id: str,
        kind: str,
        data: dict[str, Any],
        *,
        agent: str | None = None,
        key: str | None = None,
        lease: Lease | None = None,
    ) -> int:
        """Adds to a run's log; the number of the event. With a key that the run has used before, nothing is added.

        Raises LeaseLost when a lease is given that is not the run's current one, StoreError for an unknown run.
        """
        values = {
            "run_id": run_id,
            "token": lease.token if lease else None,
            "kind": kind,
            "agent": agent,
            "key": key,
            "data": payload(data),
        }
        if kind == ANSWERED:
            # Flushed to the disk with its entry, which no other may overtake.
            with self._db.transaction() as connection:
                row = connection.execute(APPEND_EVENT, values).fetchone()
                if row:
                    connection.execute("set local synchronous_commit to default")
                    record(connection, Fact("model.answered", agent or "model", run_id, data=data))
        elif key is None:
            row = self._db.row(APPEND_EVENT, values)
        else:
            with self._db.transaction() as connection:
                connection.execute("select from runs where id = %s for no key update", [run_id])
                row = connection.execute(
                    "select seq from run_events where run_id = %s and key = %s", [run_id, key]
                ).fetchone()
                row = row or connection.execute(APPEND_EVENT, values).fetchone()
        if row is None:
            self.get(run_id)
            raise LeaseLost(f"Run {run_id} is in the hands of another worker.")
        return int(row["seq"])

    def events(self, run_id: str, after: int = 0, limit: int | None = None) -> list[Event]:
        """The events with a number greater than ``after``, in order; at most so many."""
        rows = self._db.rows(
            """select run_id, seq, kind, agent, key, data, at from run_events
            where run_id = %s and seq > %s order by seq limit %s""",
            [run_id, after, limit],
        )
        return [Event(**row) for row in rows]


def _tell(connection: Connection, run_id: str, kind: str, data: dict[str, Any]) -> None:
    values = {"run_id": run_id, "token": None, "kind": kind, "agent": None, "key": None, "data": payload(data)}
    connection.execute(APPEND_EVENT, values)
    connection.execute("set local synchronous_commit to default")


def wake(connection: Connection, run_id: str) -> Run:
    """Queues a run, or marks it if it is running; within the caller's transaction, which holds its row."""
    row = connection.execute(
        """update runs set
            wake = (status = 'running'),
            attempt = case when status = 'running' then attempt else 0 end,
            cancel_requested = cancel_requested and status = 'running',
            error = null, finished_at = null, updated_at = now(),
            status = case when status = 'running' then 'running' else 'queued' end
        where id = %s returning *""",
        [run_id],
    ).fetchone()
    assert row
    return _run(row)


def _gone(connection: Connection) -> list[str]:
    """The owners of leases whose process has ended."""
    running = connection.execute("select distinct lease_owner from runs where status = 'running'").fetchall()
    return [row["lease_owner"] for row in running if owners.is_gone(row["lease_owner"])]


def _ended(run_id: str, status: str, error: str | None) -> Fact:
    return Fact(f"run.{status}", WORKER, run_id, data={"error": error} if error else {})


def _bury_jobs(connection: Connection, gone: list[str]) -> None:
    """A one-step job that was cut off is never taken up again: whoever wanted it asks anew."""
    rows = connection.execute(
        """update runs set status = 'failed', error = 'Cut off.', finished_at = now(), updated_at = now(),
            lease_owner = null, lease_until = null
        where (kind <> 'run' and status = 'running' and (lease_until < now() or lease_owner = any(%s)))
            -- Whoever makes one takes it at once.
            or (kind not in ('run', 'server') and status = 'queued' and created_at < now() - %s) returning id""",
        [gone, TAKEN_AT_ONCE],
    ).fetchall()
    record(connection, *(_ended(row["id"], "failed", "Cut off.") for row in rows))


def _next_run(connection: Connection, run_id: str | None, graph_version: str | None, gone: list[str]) -> Row | None:
    return connection.execute(
        """select id, attempt, error, retry from runs
        where (status = 'queued' or (status = 'running' and (lease_until < now() or lease_owner = any(%(gone)s))))
            and case when %(run_id)s::text is null then kind = 'run' else id = %(run_id)s end
            and graph_version = coalesce(%(graph_version)s, graph_version)
        order by created_at limit 1 for no key update skip locked""",
        {"gone": gone, "run_id": run_id, "graph_version": graph_version},
    ).fetchone()


def _lease(connection: Connection, run_id: str, owner: str, seconds: float) -> Lease:
    row = connection.execute(
        """update runs set status = 'running', attempt = attempt + 1, lease_token = lease_token + 1,
            lease_owner = %s, lease_until = now() + make_interval(secs => %s), wake = false, updated_at = now()
        where id = %s returning *""",
        [owner, seconds, run_id],
    ).fetchone()
    assert row
    return Lease(run=_run(row), owner=owner, token=row["lease_token"], until=row["lease_until"], retry=row["retry"])


def _give_up(connection: Connection, run: Row) -> None:
    last = f" The last error: {run['error']}" if run["error"] else ""
    error = f"Given up after {run['attempt']} attempts, each cut short.{last}"
    connection.execute(
        """update runs set status = 'failed', error = %s, finished_at = now(),
            lease_owner = null, lease_until = null, updated_at = now()
        where id = %s""",
        [error, run["id"]],
    )
    record(connection, _ended(run["id"], "failed", error))


def _locked(connection: Connection, run_id: str) -> Run:
    row = connection.execute("select * from runs where id = %s for no key update", [run_id]).fetchone()
    if row is None:
        raise _unknown(run_id)
    return _run(row)


def _run(row: Row) -> Run:
    return Run(**{name: row[name] for name in RUN_FIELDS})


def _unknown(run_id: str) -> NotFound:
    return NotFound(f"There is no run {run_id!r} in the store.", hint="List them with: assay runs")
