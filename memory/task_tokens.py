"""Tasks of AWS Step Functions that wait for the end of a run. A trigger of the store has them told of it."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from memory.db import Connection, Database


class TaskToken(NamedTuple):
    """A run, and what wakes the task that waits for it."""

    run_id: str
    token: str


def expect(connection: Connection, run_id: str, token: str) -> None:
    """Has the task told of the end of the run, by a message ``task-token`` in the outbox."""
    connection.execute("insert into task_tokens (run_id, token) values (%s, %s)", [run_id, token])


class TaskTokens:
    """Tokens of the runs that did not end yet."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def due(self, every: timedelta, limit: int = 50) -> list[TaskToken]:
        """Tokens of tasks that were not told for so long that their run is in good hands; they are the caller's now."""
        rows = self._db.rows(
            """update task_tokens set beat_at = now() where run_id in (
                select run_id from task_tokens where beat_at < now() - %s::interval
                order by beat_at limit %s for update skip locked)
            returning run_id, token""",
            [every, limit],
        )
        return [TaskToken(**row) for row in rows]

    def forget(self, run_id: str) -> None:
        """Nobody waits for the run any more."""
        self._db.rows("delete from task_tokens where run_id = %s returning run_id", [run_id])
