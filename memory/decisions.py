"""How a person's decision is written down, whatever it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from memory.audit import Fact, record
from memory.db import Connection, Row
from memory.errors import StoreError

MACHINES = (
    *("supervisor", "profiler", "recommender", "validator", "statistics", "memory", "model", "offline"),
    *("assay worker", "langgraph server"),
)
"""Names under which no person decides; ``assay_is_person`` in the store refuses the same."""
UNSEEN = "\u200b\u200c\u200d\u2060\ufeff"


@dataclass(frozen=True)
class RuleText:
    """A rule, and what its text says about it."""

    rule: str
    rule_type: str
    threshold: str | None
    columns: tuple[str, ...]
    dimension: str
    fingerprint: str


def require_person(actor: str, what: str) -> None:
    """Raises StoreError where what is to be done would not be in the name of a person."""
    name = actor.strip().strip(UNSEEN).strip()
    if not name:
        raise StoreError(f"{what} needs the name of the person who does it.")
    if name.lower() in MACHINES:
        raise StoreError(f"{what} needs a person; {name!r} is a part of Assay.", hint="Say who you are with --as NAME.")


def read_rule(text: str) -> RuleText:
    """Reads one rule of DQDL; its text becomes canonical. Raises DqdlError."""
    from tools import dqdl
    from tools.dqdl.rules.registry import dimension_of

    rule = dqdl.parse_rule(text)
    condition = (rule.threshold or rule.condition) if isinstance(rule, dqdl.Rule) else None
    return RuleText(
        rule=str(rule),
        rule_type=rule.type,
        threshold=str(condition) if condition else None,
        columns=rule.columns,
        dimension=dimension_of(rule, dqdl.Ruleset(rules=(rule,))),
        fingerprint=dqdl.fingerprint(rule),
    )


def record_decision(
    connection: Connection,
    dataset_id: UUID,
    action: Literal["approve", "edit", "reject", "import"],
    rule: RuleText | None,
    actor: str,
    reason: str | None,
    proposal_id: UUID | None,
) -> UUID:
    """Adds a decision within the caller's transaction; its id. A rejection has no rule, an import no proposal."""
    row = connection.execute(
        """insert into decisions (proposal_id, dataset_id, action, rule, rule_type, threshold, columns, dimension,
            fingerprint, reason, actor)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning id""",
        [
            proposal_id,
            dataset_id,
            action,
            *((rule.rule, rule.rule_type, rule.threshold, list(rule.columns)) if rule else (None,) * 4),
            *((rule.dimension, rule.fingerprint) if rule else (None,) * 2),
            reason,
            actor,
        ],
    ).fetchone()
    assert row
    found: UUID = row["id"]
    return found


def tell_decisions(connection: Connection, ids: Sequence[UUID], *more: Fact) -> None:
    """Writes decisions, and what else was done, into the audit log, last in the caller's transaction."""
    rows = connection.execute(
        """select d.id as decision_id, d.action, d.rule, d.rule_hash, d.reason, d.dataset_id, d.actor,
            p.run_id, p.number, p.rule as proposed
        from decisions d left join proposals p on p.id = d.proposal_id
        where d.id = any(%s) order by p.number, d.decided_at""",
        [list(ids)],
    ).fetchall()
    record(connection, *map(_told, rows), *more)


def _told(row: Row) -> Fact:
    actor, run_id, number = row.pop("actor"), row.pop("run_id"), row.pop("number")
    if row["action"] == "import":
        return Fact("rule.imported", actor, run_id, "rule", row)
    return Fact("rule.decided", actor, run_id, f"proposal {number}", row)
