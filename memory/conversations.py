"""Conversations: which runs were asked for one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from memory.db import Database
from memory.model import Status

RUNS_EACH = 8
"""How many runs per conversation are looked through for the newest conversations."""
RECENT: LiteralString = """
    with newest as (
        select id, created_at from runs where kind = 'run' order by created_at desc limit %(runs)s
    ), latest as (
        select coalesce(c.first_run, n.id) as first, max(n.created_at) as at
        from newest n left join conversation_runs c on c.run_id = n.id
        group by 1 order by at desc limit %(limit)s
    )
    select l.at, o.goal, a.runs, a.statuses[array_length(a.statuses, 1)] as status
    from latest l join runs o on o.id = l.first cross join lateral (
        select array_agg(r.id order by r.created_at) as runs, array_agg(r.status order by r.created_at) as statuses
        from runs r where r.id = l.first
            or r.id in (select run_id from conversation_runs where first_run = l.first)
    ) a order by l.at desc
"""


@dataclass(frozen=True)
class Conversation:
    """Runs of one conversation, oldest first."""

    goal: str
    """What was asked first."""
    runs: list[str]
    status: Status
    """Of the newest run."""
    at: datetime
    """When the newest run was asked for."""


class Conversations:
    """Which runs belong together."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def follow(self, run_id: str, before: str) -> None:
        """Puts a run into the conversation of another one; one that nobody knows leaves it alone. Raises StoreError."""
        self._db.rows(
            """insert into conversation_runs (run_id, first_run)
            select %(run_id)s, coalesce(c.first_run, r.id)
            from runs r left join conversation_runs c on c.run_id = r.id where r.id = %(before)s and r.id <> %(run_id)s
            on conflict (run_id) do nothing returning run_id""",
            {"run_id": run_id, "before": before},
        )

    def recent(self, limit: int) -> list[Conversation]:
        """The newest conversations, newest first."""
        rows = self._db.rows(RECENT, {"limit": limit, "runs": RUNS_EACH * limit})
        return [Conversation(**row) for row in rows]
