"""What is not kept for ever: history, raw events, and what nothing speaks of any more."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from memory import audit
from memory.audit import Fact
from memory.db import Connection


@dataclass(frozen=True)
class Expired:
    """How much was removed."""

    edges: int = 0
    sayings: int = 0
    events: int = 0


def expire_history(connection: Connection, before: datetime) -> Expired:
    """Removes what held before a time only; what was said before and still counts then is kept."""
    connection.execute(
        """update lineage_state set version = version + 1, rewritten = version + 1,
            history_from = greatest(history_from, %s)""",
        [before],
    )
    edges = connection.execute("delete from lineage_past_edges where valid_to <= %s", [before]).rowcount
    sayings = connection.execute(_EXPIRE_SAYINGS, {"before": before}).rowcount
    connection.execute(
        """delete from lineage_statements s
        where not exists (select from lineage_sayings y where y.statement_id = s.id)"""
    )
    connection.execute(
        """delete from lineage_runs r where last_at < %s
            and not exists (select from lineage_sayings y where y.run_id = r.id)
            and not exists (select from lineage_edges e where e.job_id = r.job_id and e.run_id = r.id)""",
        [before],
    )
    return Expired(edges=edges, sayings=sayings)


# What a job said only of datasets no longer counts once it says something finer.
_EXPIRE_SAYINGS = """
    with jobs as (select id, coalesce(fine_from >= %(before)s, true) as coarse from lineage_jobs),
    bases as (
        select j.id as job_id, (
            select s.at from lineage_sayings s
            where s.job_id = j.id and s.at < %(before)s and s.completes and exists (
                select from lineage_sayings e where e.run_id = s.run_id and e.at <= s.at
                    and e.coarse = j.coarse and e.statement_id is not null)
            order by s.at desc limit 1) as base
        from jobs j)
    delete from lineage_sayings s using bases b
    where s.job_id = b.job_id and s.at < b.base and s.run_id not in (
        select n.run_id from lineage_sayings n where n.job_id = b.job_id and n.at >= b.base)
"""


def expire_events(connection: Connection, before: datetime) -> Expired:
    """Forgets the raw text of events that arrived before a time, not that they were known: none counts twice."""
    events = connection.execute(
        "update lineage_events set raw = null where raw is not null and received_at < %s", [before]
    ).rowcount
    return Expired(events=events)


def noted(connection: Connection, done: Expired, before: datetime, actor: str | None) -> Expired:
    """What was removed, written into the audit log if a person asked for it and there was something."""
    if actor is not None and done != Expired():
        data = {"before": before.isoformat(), **asdict(done)}
        audit.record(connection, Fact("lineage.expired", actor, data=data))
    return done
