"""The alerts of a store, for those who look at them, and what people say about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, LiteralString
from uuid import UUID

from memory import alerts
from memory.audit import Fact, record
from memory.db import Connection, Database, payload
from memory.errors import NotFound, StoreError, WrongState

SELECT: LiteralString = """
    select a.number, a.kind, a.dataset_id, d.name as dataset, d.short_name as table, a.what, a.said, a.detail, a.times,
        a.opened_at, a.opened_run, a.last_at, a.last_run, a.resolved_at, a.resolved_by, a.resolution,
        s.until as snoozed_until, s.reason as snoozed_reason, s.actor as snoozed_by,
        coalesce((select array_agg(distinct t order by t) from alert_news n cross join unnest(n.told) t
            where n.alert = a.number), array[]::text[]) as told
    from alerts a left join datasets d on d.id = a.dataset_id
        left join lateral assay_snoozed(a.key_hash, a.dataset_id) s on true
"""
PAGE = "page_address"
"""The setting that links begin with."""
State = Literal["open", "resolved", "all"]


@dataclass(frozen=True)
class Alert:
    """A trouble, from when it was met first to when it was met last or was over."""

    number: int
    kind: alerts.Kind
    dataset_id: UUID | None
    dataset: str | None
    """Its full name; None where it is about no dataset."""
    table: str | None
    """Its short name."""
    what: str
    """The rule, the score, or what else is in trouble."""
    said: str
    """What was found last."""
    detail: dict[str, Any]
    times: int
    """How often it was met."""
    opened_at: datetime
    opened_run: str | None
    last_at: datetime
    last_run: str | None
    resolved_at: datetime | None
    resolved_by: str | None
    """None where it went away by itself."""
    resolution: str | None
    snoozed_until: datetime | None
    """Nobody is told before."""
    snoozed_reason: str | None
    snoozed_by: str | None
    told: list[str]
    """The channels that it was sent to."""


@dataclass(frozen=True)
class Threshold:
    """The least that a score may be, 0 to 1."""

    dataset_id: UUID | None
    """None: of all datasets that have none of their own."""
    dimension: str
    """Empty: the total score."""
    least: float
    changed_by: str
    changed_at: datetime


class Alerts:
    """All of them. What a person does to them is in the audit log."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def list(
        self, state: State = "open", *, dataset_id: UUID | None = None, before: int | None = None, limit: int = 100
    ) -> Sequence[Alert]:
        """The newest first, of one dataset or all, with smaller numbers than one."""
        rows = self._db.rows(
            SELECT
            + """where (%(dataset)s::uuid is null or a.dataset_id = %(dataset)s)
                and (%(state)s = 'all' or (a.resolved_at is null) = (%(state)s = 'open'))
                and (%(before)s::bigint is null or a.number < %(before)s) order by a.number desc limit %(limit)s""",
            {"dataset": dataset_id, "state": state, "before": before, "limit": limit},
        )
        return [Alert(**row) for row in rows]

    def get(self, number: int) -> Alert:
        """Raises NotFound."""
        row = self._db.row(SELECT + "where a.number = %s", [number])
        if row is None:
            raise NotFound(f"There is no alert {number}.", hint="See: assay alerts list --all")
        return Alert(**row)

    def resolve(self, number: int, reason: str, actor: str) -> Alert:
        """Says that a trouble is over; met again, it is a new one. Raises NotFound, WrongState, StoreError."""
        _words(reason)
        alert = self.get(number)
        with self._db.transaction() as connection:
            row = connection.execute(
                """update alerts set resolved_at = now(), resolved_by = %s, resolution = %s
                where number = %s and resolved_at is null returning number""",
                [actor, reason, number],
            ).fetchone()
            if row is None:
                raise WrongState(f"Alert {number} is resolved already.")
            connection.execute("insert into alert_news (alert, change) values (%s, 'resolved')", [number])
            record(connection, Fact("alert.resolved", actor, subject=f"alert {number}", data=_about(alert, reason)))
        return self.get(number)

    def snooze(self, number: int, until: datetime, reason: str, actor: str) -> Alert:
        """Has nobody told of a trouble until then, also if it goes and comes; a time that is past ends that.

        If it is still there then, it is told again. Raises NotFound, StoreError.
        """
        _words(reason)
        alert = self.get(number)
        with self._db.transaction() as connection:
            connection.execute(
                """insert into alert_snoozes (key_hash, until, reason, actor)
                select key_hash, %s, %s, %s from alerts where number = %s""",
                [until, reason, actor, number],
            )
            _remind(connection, number, None)
            told = {**_about(alert, reason), "until": until}
            record(connection, Fact("alert.snoozed", actor, subject=f"alert {number}", data=told))
        return self.get(number)

    def snooze_dataset(self, dataset_id: UUID, until: datetime, reason: str, actor: str) -> None:
        """Like :meth:`snooze`, for whatever is found in a dataset."""
        _words(reason)
        with self._db.transaction() as connection:
            connection.execute(
                "insert into alert_snoozes (dataset_id, until, reason, actor) values (%s, %s, %s, %s)",
                [dataset_id, until, reason, actor],
            )
            _remind(connection, None, dataset_id)
            told = {"reason": reason, "until": until}
            record(connection, Fact("alert.snoozed", actor, subject=f"dataset {dataset_id}", data=told))

    def thresholds(self) -> Sequence[Threshold]:
        """Those of all datasets first."""
        rows = self._db.rows("select * from alert_thresholds order by dataset_id nulls first, dimension")
        return [Threshold(**row) for row in rows]

    def set_threshold(self, dataset_id: UUID | None, dimension: str, least: float | None, actor: str) -> None:
        """The least that a score may be, from the next validation on; None takes it away."""
        with self._db.transaction() as connection:
            connection.execute(
                "delete from alert_thresholds where dataset_id is not distinct from %s and dimension = %s",
                [dataset_id, dimension],
            )
            if least is not None:
                connection.execute(
                    "insert into alert_thresholds (dataset_id, dimension, least, changed_by) values (%s, %s, %s, %s)",
                    [dataset_id, dimension, least, actor],
                )
            told = {"dataset_id": dataset_id, "dimension": dimension, "least": least}
            record(connection, Fact("alert.threshold_set", actor, subject="alerts", data=told))

    def page(self) -> str:
        """The address of the page, which links lead to; empty where nobody said it."""
        row = self._db.row("select value from settings where name = %s", [PAGE])
        return str(row["value"]) if row else ""

    def set_page(self, address: str, actor: str) -> None:
        """Says where the page is."""
        with self._db.transaction() as connection:
            connection.execute(
                """insert into settings (name, value, changed_by) values (%s, %s, %s)
                on conflict (name) do update
                    set value = excluded.value, changed_by = excluded.changed_by, changed_at = now()""",
                [PAGE, payload(address), actor],
            )
            record(connection, Fact("setting.changed", actor, subject=PAGE, data={"to": address}))


def _remind(connection: Connection, number: int | None, dataset_id: UUID | None) -> None:
    """What was told already is told again when the time is over, if it is there then."""
    connection.execute(
        """insert into alert_news (alert, change) select number, 'reminded' from alerts a
        where (number = %s or dataset_id = %s) and resolved_at is null
            and not exists (select from alert_news n where n.alert = a.number and n.gathered_at is null)""",
        [number, dataset_id],
    )


def _words(reason: str) -> None:
    if not reason.strip():
        raise StoreError("Say why: it is kept.")


def _about(alert: Alert, reason: str) -> dict[str, Any]:
    return {"kind": alert.kind, "what": alert.what, "dataset_id": alert.dataset_id, "reason": reason}
