"""What is remembered, for people: to look at, to correct and to forget."""

from __future__ import annotations

from typing import Any, Literal, LiteralString
from uuid import UUID

from memory.audit import Fact, record
from memory.db import Connection, Database
from memory.decisions import require_person
from memory.errors import NotFound, StoreError
from memory.remembered import REMEMBERED, Remembered, values

OF_DATASET_AND_COLUMN: LiteralString = """
    and (%(dataset_id)s::uuid is null or e.dataset_id = %(dataset_id)s)
    and (%(column)s::text is null
        or exists (select from unnest(coalesce(d.columns, p.columns)) c where lower(c) = lower(%(column)s)))
    order by e.number
"""


class Memories:
    """Decisions as they are remembered. The decisions themselves are never changed."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def all(
        self, dataset_id: UUID | None = None, column: str | None = None, outcome: str | None = None
    ) -> list[Remembered]:
        """What is remembered, by number: of one dataset, one column (whatever its case), one outcome."""
        rows = self._db.rows(REMEMBERED + OF_DATASET_AND_COLUMN, {"dataset_id": dataset_id, "column": column})
        return [Remembered(**values(row)) for row in rows if outcome in (None, row["outcome"])]

    def get(self, number: int) -> Remembered:
        """What is remembered under that number. Raises StoreError."""
        with self._db.transaction() as connection:
            return _get(connection, number)

    def correct(
        self, number: int, actor: str, *, outcome: Literal["approve", "reject"] | None = None, reason: str | None = None
    ) -> Remembered:
        """Says what counts from now on in place of what was decided; it activates and disables nothing.

        Raises StoreError without a name, for what changes nothing, and for a rejection without a reason.
        """
        require_person(actor, f"To correct memory {number}")
        reason = (reason or "").strip() or None
        if outcome is None and reason is None:
            raise StoreError("There is nothing to correct.", hint="Give --outcome, --reason or both.")
        with self._db.transaction() as connection:
            before = _get(connection, number)
            if outcome in (None, before.outcome) and reason in (None, before.reason):
                raise StoreError(
                    f"Memory {number} counts so already.", hint=f"See what it says with: assay memory show {number}"
                )
            if outcome == "reject" and not (reason or before.reason):
                raise StoreError("A rejection needs a reason.", hint="Give one with --reason.")
            connection.execute(
                """update memories set outcome = coalesce(%s, outcome), reason = coalesce(%s, reason),
                    corrected_by = %s, corrected_at = now() where number = %s""",
                [outcome, reason, actor, number],
            )
            after = _get(connection, number)
            said = {"from": _told(before), "to": _told(after), **_which(before)}
            record(connection, Fact("memory.corrected", actor, before.run_id, f"memory {number}", said))
        return after

    def forget(self, number: int, actor: str) -> Remembered:
        """Takes one out of the memory for good; what it was. Raises StoreError."""
        require_person(actor, f"To forget memory {number}")
        with self._db.transaction() as connection:
            gone = _get(connection, number)
            _forget(connection, [gone], actor)
        return gone

    def forget_dataset(self, dataset_id: UUID, actor: str) -> list[Remembered]:
        """Takes all of a dataset out of the memory for good; what it was. Raises StoreError."""
        require_person(actor, "To forget a table")
        with self._db.transaction() as connection:
            rows = connection.execute(REMEMBERED + " and e.dataset_id = %s order by e.number", [dataset_id]).fetchall()
            gone = [Remembered(**values(row)) for row in rows]
            _forget(connection, gone, actor)
        return gone


def _get(connection: Connection, number: int) -> Remembered:
    row = connection.execute(REMEMBERED + " and e.number = %s", [number]).fetchone()
    if row is None:
        raise NotFound(f"Nothing is remembered under {number}.", hint="List what is with: assay memory list")
    return Remembered(**values(row))


def _forget(connection: Connection, gone: list[Remembered], actor: str) -> None:
    numbers = [one.number for one in gone]
    connection.execute("delete from rule_memory where memory = any(%s)", [numbers])
    connection.execute(
        """update memories set traits = null, outcome = null, reason = null, corrected_by = null, corrected_at = null,
            forgotten_by = %s, forgotten_at = now() where number = any(%s)""",
        [actor, numbers],
    )
    facts = (Fact("memory.forgotten", actor, one.run_id, f"memory {one.number}", _which(one)) for one in gone)
    record(connection, *facts)


def _told(one: Remembered) -> dict[str, Any]:
    return {"outcome": one.outcome, "reason": one.reason}


def _which(one: Remembered) -> dict[str, Any]:
    """What an entry of the audit log needs to be found with: not what was remembered."""
    return {"dataset_id": one.dataset_id, "proposal": one.proposal, "rule_type": one.rule_type}
