"""What is remembered of a decision, with what became of the rule since."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from memory.db import Row
from memory.model import Action

REMEMBERED: LiteralString = """
    select e.number, d.dataset_id, s.short_name as "table", s.name as dataset, p.run_id, p.number as proposal,
        coalesce(p.rule, d.rule) as proposed, d.rule, coalesce(d.rule_type, p.rule_type) as rule_type,
        coalesce(d.columns, p.columns) as columns, coalesce(d.dimension, p.dimension) as dimension,
        coalesce(e.outcome, case d.action when 'import' then 'approve' else d.action end) as outcome,
        d.action as decided, coalesce(e.reason, d.reason) as reason, d.actor, d.decided_at,
        coalesce((select meaning from rule_memory v where v.memory = e.number limit 1), '') as meaning,
        e.traits, f.passed, f.failed, r.number as rule_number,
        case when r.status = 'disabled' then coalesce(r.disabled_reason, '') end as disabled,
        e.corrected_by, e.corrected_at
    from memories e join decisions d on d.id = e.decision_id join datasets s on s.id = d.dataset_id
        left join proposals p on p.id = d.proposal_id left join dq_rules r on r.decision_id = d.id
        cross join lateral (
            select count(*) filter (where outcome = 'Passed') as passed,
                count(*) filter (where outcome = 'Failed') as failed
            from rule_results where rule_id = r.id) f
    where e.forgotten_at is null
"""


@dataclass(frozen=True)
class Remembered:
    """A decision as it is remembered."""

    number: int
    """What people call it; small and never used again."""
    dataset_id: UUID
    table: str
    """The dataset's short name."""
    dataset: str
    run_id: str | None
    """None where the rule was imported."""
    proposal: int | None
    proposed: str
    """The rule as it was proposed."""
    rule: str | None
    """The rule as it was accepted; None after a rejection."""
    rule_type: str
    columns: tuple[str, ...]
    dimension: str
    outcome: Action
    """What counts: what was decided (an import is an approval), or what a person corrected it to."""
    decided: str
    reason: str | None
    actor: str
    decided_at: datetime
    meaning: str
    """What is compared: words for the columns, never a value."""
    traits: list[dict[str, Any]]
    """Statistics of the columns when it was remembered."""
    passed: int
    """Validations since in which the rule held."""
    failed: int
    rule_number: int | None
    """Of the rule that the decision made."""
    disabled: str | None
    """Why that rule was disabled; None where it was not."""
    corrected_by: str | None
    corrected_at: datetime | None


@dataclass(frozen=True)
class PastRule(Remembered):
    """A remembered decision, and how near it is to what was asked."""

    similarity: float
    """Cosine: 1 for the same text, about 0 for texts without relation."""


FIELDS = [field.name for field in fields(Remembered)]


def values(row: Row) -> dict[str, Any]:
    """A row of REMEMBERED as arguments of :class:`Remembered`."""
    return {name: row[name] for name in FIELDS} | {
        "columns": tuple(row["columns"]),
        "traits": row["traits"] or [],
    }
