"""The rules of datasets. A rule is active only through a recorded decision; the database itself sees to that."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import fields
from typing import LiteralString
from uuid import UUID

from memory.audit import Fact, record
from memory.db import Connection, Database, Row
from memory.decisions import read_rule, record_decision, require_person, tell_decisions
from memory.errors import NotFound, StoreError
from memory.model import Rule, RuleStatus

RULE_FIELDS = [field.name for field in fields(Rule) if field.name != "problem"]

RULES: LiteralString = """
    select r.*, d.rule_hash as decided_hash, d.actor as decided_by, d.decided_at
    from dq_rules r left join decisions d on d.id = r.decision_id and d.dataset_id = r.dataset_id
"""
ACTIVATE: LiteralString = """
    insert into dq_rules (dataset_id, rule_type, rule_expression, threshold, columns, dimension, fingerprint,
        reasoning, status, decision_id, created_by, approved_by, approved_at)
    select d.dataset_id, d.rule_type, d.rule, d.threshold, d.columns, d.dimension, d.fingerprint,
        coalesce(p.reasoning, d.reason, ''), 'approved', d.id, coalesce(p.source, d.actor), d.actor, d.decided_at
    from decisions d left join proposals p on p.id = d.proposal_id
    where d.id = any(%(ids)s::uuid[]) and not exists (
        select from dq_rules r where r.dataset_id = d.dataset_id and r.fingerprint = d.fingerprint
            and r.disabled_at >= d.decided_at)
    order by p.number, array_position(%(ids)s::uuid[], d.id)
    on conflict (dataset_id, fingerprint) where status = 'approved' do nothing returning *
"""


class Rules:
    """The rulebook."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def activate(self, run_id: str) -> list[Rule]:
        """Makes what was approved or edited in a run active, once; the active rules that stem from it or equal it."""
        with self._db.transaction() as connection:
            # Whoever comes second waits here, and then finds the rules made.
            connection.execute("select from runs where id = %s for no key update", [run_id])
            decided = connection.execute(
                """select d.id, d.dataset_id, d.fingerprint from decisions d
                join proposals p on p.id = d.proposal_id where p.run_id = %s and d.action <> 'reject'""",
                [run_id],
            ).fetchall()
            active, made = _activate(connection, decided)
            _tell_activated(connection, made, run_id)
            return active

    def import_rules(self, dataset_id: UUID, rules: Sequence[str], actor: str, reason: str | None = None) -> list[Rule]:
        """Makes rules that a person brings along active, by that person's decision; the active ones that equal them.

        Raises StoreError without a name, DqdlError for a text that is no rule; then nothing is imported.
        """
        require_person(actor, "An import")
        read = {rule.fingerprint: rule for rule in map(read_rule, rules)}
        with self._db.transaction() as connection:
            # The lock keeps two imports from recording one decision each about the same rule.
            connection.execute("select from datasets where id = %s for no key update", [dataset_id])
            active = {rule.fingerprint for rule in _active(connection, dataset_id, list(read))}
            new = [rule for fingerprint, rule in read.items() if fingerprint not in active]
            ids = [record_decision(connection, dataset_id, "import", rule, actor, reason, None) for rule in new]
            made = connection.execute(ACTIVATE, {"ids": ids}).fetchall()
            found = _active(connection, dataset_id, list(read))
            tell_decisions(connection, ids)
            _tell_activated(connection, made, None)
            return found

    def active(self, dataset_id: UUID) -> list[Rule]:
        """The rules that a validation of the dataset uses, by number."""
        return self.all(dataset_id, "approved")

    def active_of(self, ids: Collection[UUID]) -> dict[UUID, list[Rule]]:
        """For each of some datasets what :meth:`active` gives, in one query."""
        rows = self._db.rows(
            RULES + " where r.dataset_id = any(%s) and r.status = 'approved' order by r.number", [list(ids)]
        )
        found: dict[UUID, list[Rule]] = {one: [] for one in ids}
        for row in rows:
            found[row["dataset_id"]].append(_rule(row))
        return found

    def all(
        self,
        dataset_id: UUID | None = None,
        status: RuleStatus | None = None,
        *,
        after: int = 0,
        limit: int | None = None,
    ) -> list[Rule]:
        """Rules by number, of one dataset or all, of one status or all; ``limit`` of those after a number."""
        rows = self._db.rows(
            RULES
            + """ where (%(dataset_id)s::uuid is null or r.dataset_id = %(dataset_id)s)
                and (%(status)s::text is null or r.status = %(status)s) and r.number > %(after)s
            order by r.number limit %(limit)s""",
            {"dataset_id": dataset_id, "status": status, "after": after, "limit": limit},
        )
        return [_rule(row) for row in rows]

    def counts(self) -> dict[UUID, int]:
        """How many active rules each dataset has; those without any are left out."""
        rows = self._db.rows("select dataset_id, count(*) from dq_rules where status = 'approved' group by dataset_id")
        return {row["dataset_id"]: row["count"] for row in rows}

    def get(self, number: int) -> Rule:
        """The rule of that number. Raises StoreError."""
        row = self._db.row(RULES + " where r.number = %s", [number])
        if row is None:
            raise _unknown(number)
        return _rule(row)

    def disable(self, number: int, actor: str, reason: str) -> Rule:
        """Takes a rule out of use; who did it first, and why, stays. Raises StoreError."""
        require_person(actor, f"To disable rule {number}")
        if not reason.strip():
            raise StoreError(f"To disable rule {number} needs a reason.")
        with self._db.transaction() as connection:
            connection.execute(
                """update dq_rules set status = 'disabled', disabled_by = coalesce(disabled_by, %s),
                    disabled_reason = coalesce(disabled_reason, %s), disabled_at = coalesce(disabled_at, now())
                where number = %s""",
                [actor, reason, number],
            )
            row = connection.execute(RULES + " where r.number = %s", [number]).fetchone()
            if row is None:
                raise _unknown(number)
            told = {"rule": row["rule_expression"], "reason": reason, "dataset_id": row["dataset_id"]}
            record(connection, Fact("rule.disabled", actor, subject=f"rule {number}", data=told))
        return _rule(row)


def _activate(connection: Connection, decided: list[Row]) -> tuple[list[Rule], list[Row]]:
    """Inserts the rules of decisions that have not led to a rule yet, so that a disabled rule does not come back.

    The active rules, and the rows of the new ones.
    """
    ids = [row["id"] for row in decided]
    used = connection.execute("select decision_id from dq_rules where decision_id = any(%s)", [ids]).fetchall()
    fresh = set(ids) - {row["decision_id"] for row in used}
    made = connection.execute(ACTIVATE, {"ids": list(fresh)}).fetchall()
    rows = connection.execute(
        RULES
        + """ join unnest(%s::uuid[], %s::text[]) as w (dataset_id, fingerprint)
            on w.dataset_id = r.dataset_id and w.fingerprint = r.fingerprint
        where r.status = 'approved' order by r.number""",
        [[row["dataset_id"] for row in decided], [row["fingerprint"] for row in decided]],
    ).fetchall()
    return list({row["id"]: _rule(row) for row in rows}.values()), made


def _tell_activated(connection: Connection, made: list[Row], run_id: str | None) -> None:
    names = ("dataset_id", "decision_id", "rule_hash")
    facts = [
        Fact(
            "rule.activated",
            row["approved_by"],
            run_id,
            f"rule {row['number']}",
            {"rule": row["rule_expression"], **{name: row[name] for name in names}},
        )
        for row in made
    ]
    record(connection, *facts)


def _active(connection: Connection, dataset_id: UUID, fingerprints: list[str]) -> list[Rule]:
    rows = connection.execute(
        RULES + """ where r.dataset_id = %s and r.fingerprint = any(%s) and r.status = 'approved' order by r.number""",
        [dataset_id, fingerprints],
    ).fetchall()
    return [_rule(row) for row in rows]


def _rule(row: Row) -> Rule:
    values = {name: row[name] for name in RULE_FIELDS} | {"columns": tuple(row["columns"])}
    return Rule(**values, problem=_problem(row))


def _problem(row: Row) -> str | None:
    """The database refuses such rules; here they show if somebody got round it, as a superuser can."""
    if row["status"] != "approved":
        return None
    if row["decided_hash"] is None:
        return "No person's decision about this rule is recorded."
    if row["decided_hash"] != hashlib.sha256(row["rule_expression"].encode()).hexdigest():
        return f"This is not the text that {row['decided_by']} approved on {row['decided_at']:%Y-%m-%d %H:%M} UTC."
    return None


def _unknown(number: int) -> NotFound:
    return NotFound(f"There is no rule {number} in the store.", hint="List them with: assay rules list")
