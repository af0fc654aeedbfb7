"""News of alerts, gathered for messages: those of one run together, in one transaction with the messages.

Nothing is told of what came and went before anybody was told, nor of what somebody snoozed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from memory.channels import PREFIX
from memory.db import Connection, Database

LOCK = "select pg_advisory_xact_lock(4026170516)"
TRY_LOCK = "select pg_try_advisory_xact_lock(4026170516) as got"
LONGEST_RUN_SECONDS = 60.0
"""What a run found is told when it ends or waits for people; of a longer one, what it found so far."""
MOST_IN_A_MINUTE = 10
"""So often news is gathered in a minute; then it waits, and is told together: a storm is not told drop by drop."""
BUSY = """
    select count(distinct gathered_at) as often from (
        select gathered_at, told from alert_news where gathered_at is not null order by id desc limit 1000) n
    where told <> '{}' and gathered_at > now() - interval '1 minute'
"""
MOST = 1_000
"""News that are gathered at once."""
DUE: LiteralString = """
    select n.id, n.alert, n.change, n.run_id, n.at, a.kind, a.dataset_id, a.what, a.said, a.detail, a.times,
        a.opened_at, a.resolved_at, a.resolved_by, a.resolution, a.evaluation_id, a.position,
        exists (select from alert_news t where t.alert = n.alert and t.told <> '{}') as known
    from alert_news n join alerts a on a.number = n.alert left join runs r on r.id = n.run_id
    where n.gathered_at is null and not exists (select from assay_snoozed(a.key_hash, a.dataset_id))
        and (coalesce(r.status in ('done', 'failed', 'cancelled', 'waiting'), true)
            or n.at < now() - make_interval(secs => %s))
    order by n.id limit %s
"""


@dataclass(frozen=True)
class News:
    """Something that is to be told of an alert."""

    id: int
    alert: int
    change: str
    """`opened`, `reminded` (still there when a snooze ended) or `resolved`."""
    run_id: str | None
    at: datetime
    kind: str
    dataset_id: UUID | None
    what: str
    said: str
    detail: dict[str, Any]
    times: int
    opened_at: datetime
    resolved_at: datetime | None
    resolved_by: str | None
    resolution: str | None
    evaluation_id: UUID | None
    position: int | None
    known: bool
    """Somebody was told of it before."""

    @property
    def worth_telling(self) -> bool:
        """Whether it is still so, and news to those who are told."""
        return self.known if self.change == "resolved" else self.resolved_at is None


def waiting(db: Database) -> tuple[bool, list[str]]:
    """Whether there is news, and the channels that have messages due: one query.

    Not those that failed of late, or whose message somebody is sending: who hangs is not asked a second time.
    """
    row = db.row(
        """select exists (select from alert_news where gathered_at is null) as news, array(
            select distinct o.kind from outbox o where o.kind like %(prefix)s || '%%' and o.state = 'pending'
                and o.next_attempt_at <= now() and not exists (
                    select from outbox f where f.kind = o.kind and f.state = 'pending' and f.attempts > 0
                        and f.next_attempt_at > now())) as kinds""",
        {"prefix": PREFIX},
    )
    assert row
    return row["news"], [kind.removeprefix(PREFIX) for kind in row["kinds"]]


def due(connection: Connection, *, wait: bool = False) -> list[News]:
    """What may be told now, oldest first; nothing after much was told.

    While another process is at it this one waits, or there is nothing: for a worker, which looks again.
    """
    row = connection.execute("select exists (select from alert_news where gathered_at is null) as any").fetchone()
    if not row or not row["any"]:
        return []
    if wait:
        connection.execute(LOCK)
    elif not (row := connection.execute(TRY_LOCK).fetchone()) or not row["got"]:
        return []
    row = connection.execute(BUSY).fetchone()
    if row and row["often"] >= MOST_IN_A_MINUTE:
        return []
    found = connection.execute(DUE, [LONGEST_RUN_SECONDS, MOST]).fetchall()
    return [News(**one) for one in found]


def gathered(connection: Connection, news: Sequence[News], told: Collection[tuple[int, str]]) -> None:
    """Says that news were made messages of, or need none; ``told`` are numbers of news and names of channels."""
    channels: dict[int, list[str]] = {one.id: [] for one in news}
    for id_, channel in told:
        channels[id_].append(channel)
    connection.cursor().executemany(
        "update alert_news set gathered_at = now(), told = %s where id = %s",
        [(names, id_) for id_, names in channels.items()],
    )
