"""Forgets the checkpoints of runs that ended long ago: what they did stays, the way there goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from memory import Memory
    from memory.lineage.upkeep import Expired

AT_ONCE = 100
"""Runs in one transaction."""


@dataclass(frozen=True)
class Pruned:
    """What was forgotten."""

    runs: int
    checkpoints: int
    messages: int = 0
    """Of the outbox, which were delivered."""
    lineage: Expired | None = None
    """None where that was not asked for."""
    objects: int = 0
    """Of large profiles, which belonged to nothing any more."""
    profiles: int = 0
    """Which were old and not the newest of their dataset, or lost."""


def prune(memory: Memory, older_than: timedelta, *, profiles: bool = False) -> Pruned:
    """Deletes the checkpoints of runs that are done, failed or cancelled for longer than that, and old messages.

    Also objects elsewhere that no profile speaks of; with ``profiles`` old profiles, but the newest of each dataset.

    Reports, decisions, results and the audit log stay. A failed run that is resumed afterwards begins anew, and what
    it had stored is not stored twice. Safe beside workers: a run that is taken up again meanwhile is left alone.
    """
    from langgraph.checkpoint.postgres import PostgresSaver

    from memory import overflow

    runs = checkpoints = 0
    while True:
        with memory.db.transaction() as connection:
            rows = connection.execute(
                """select id, (select count(*) from checkpoints where thread_id = id) as checkpoints from runs
                where finished_at < now() - %s and status in ('done', 'failed', 'cancelled')
                    and exists (select from checkpoints where thread_id = id)
                order by finished_at limit %s for update skip locked""",
                [older_than, AT_ONCE],
            ).fetchall()
            PostgresSaver(connection).prune([row["id"] for row in rows], strategy="delete")
        runs, checkpoints = runs + len(rows), checkpoints + sum(row["checkpoints"] for row in rows)
        if len(rows) < AT_ONCE:
            break
    forgotten = overflow.forget(memory.db, older_than) if profiles else 0
    objects = overflow.prune(memory.db, older_than)
    return Pruned(runs, checkpoints, memory.outbox.forget(older_than), objects=objects, profiles=forgotten)
