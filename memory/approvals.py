"""Proposed rules, the request to decide about them, and the decisions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import LiteralString
from uuid import UUID

from memory.audit import Fact, record
from memory.db import Connection, Row, payload
from memory.decisions import read_rule, record_decision, require_person, tell_decisions
from memory.errors import NotFound, OtherPerson, StoreError
from memory.model import (
    Conflict,
    DecideOutcome,
    Decision,
    NewProposal,
    Proposal,
    RecordedDecision,
    Skipped,
)
from memory.requests import Requests, lock_run
from memory.runs import wake
from memory.settings import is_set

SELECT_PROPOSALS: LiteralString = """
    select p.id, p.run_id, p.number, p.dataset_id, p.rule, p.rule_type, p.columns, p.dimension, p.fingerprint,
        p.reasoning, p.evidence, p.dry_run, p.confidence, p.source, p.created_at,
        d.action, d.rule as decided_rule, d.reason, d.actor, d.decided_at,
        k.actor as skipped_by, k.reason as skipped_because, k.skipped_at
    from proposals p left join decisions d on d.proposal_id = p.id
    left join lateral (
        select actor, reason, skipped_at from skips where proposal_id = p.id order by id desc limit 1) k on true
    where p.run_id = %(run_id)s and (%(numbers)s::int[] is null or p.number = any(%(numbers)s)) order by p.number
"""
DECISION_COLUMNS = ("action", "reason", "actor", "decided_at")


class Approvals(Requests):
    """Where people's decisions are asked for and kept; the first decision about a proposal stands."""

    def propose(self, run_id: str, dataset_id: UUID, proposals: Sequence[NewProposal]) -> list[Proposal]:
        """Stores proposals, each fingerprint once per run and dataset; those of this call as stored, by number."""
        with self._db.transaction() as connection:
            lock_run(connection, run_id)
            before = {proposal.id for proposal in _proposals(connection, run_id)}
            for proposal in proposals:
                _insert_proposal(connection, run_id, dataset_id, proposal)
            stored = _proposals(connection, run_id)
            record(connection, *(_proposed(proposal) for proposal in stored if proposal.id not in before))
        wanted = {proposal.fingerprint for proposal in proposals}
        return [p for p in stored if p.dataset_id == dataset_id and p.fingerprint in wanted]

    def proposals(self, run_id: str, numbers: Collection[int] | None = None) -> list[Proposal]:
        """The proposals of a run by number, with their decisions: all, or those of some numbers."""
        return [_proposal(row) for row in self._db.rows(SELECT_PROPOSALS, _which(run_id, numbers))]

    def version(self, run_id: str) -> tuple[int, int, int]:
        """What changes when a proposal of a run is made, decided or put off: how often each was done."""
        (row,) = self._db.rows(
            """select count(*) as made, count(d.proposal_id) as decided,
                (select count(*) from skips s join proposals q on q.id = s.proposal_id
                where q.run_id = %(run_id)s) as skipped
            from proposals p left join decisions d on d.proposal_id = p.id where p.run_id = %(run_id)s""",
            {"run_id": run_id},
        )
        return row["made"], row["decided"], row["skipped"]

    def decide(self, run_id: str, decisions: Sequence[Decision], actor: str) -> DecideOutcome:
        """Records decisions in one transaction; when the last proposal is decided, the run is queued again.

        What is skipped is put off: who did it is kept, and the proposal goes on waiting.
        A proposal that was decided otherwise before comes back as a conflict, and the others are recorded all the same.
        Raises StoreError, and DqdlError for an edit, and records nothing, when one of the decisions is not possible
        or the request has expired.
        """
        with self._db.transaction() as connection:
            self._require_open(connection, run_id)
            meant = [decision.number for decision in decisions]
            stored = {proposal.number: proposal for proposal in _proposals(connection, run_id, meant)}
            _check(connection, run_id, decisions, stored, actor)
            _check_author(connection, run_id, decisions, actor)
            conflicts, made, skipped = [], [], []
            for decision in decisions:
                before = stored[decision.number].decision
                if before is None and decision.action == "skip":
                    _insert_skip(connection, stored[decision.number], decision, actor)
                    skipped.append(decision.number)
                elif before is None:
                    made.append(_insert_decision(connection, stored[decision.number], decision, actor))
                elif not _agrees(before, decision, actor):
                    conflicts.append(Conflict(decision.number, before))
            undecided = _undecided(connection, run_id)
            if undecided == 0 and made:
                wake(connection, run_id)
            put_off = (Fact("proposal.skipped", actor, run_id, f"proposal {number}") for number in skipped)
            tell_decisions(connection, made, *put_off)
        others = {*skipped, *(conflict.number for conflict in conflicts)}
        recorded = tuple(d.number for d in decisions if d.number not in others)
        return DecideOutcome(recorded, tuple(conflicts), undecided, tuple(skipped))


def _proposed(proposal: Proposal) -> Fact:
    said = {"rule": proposal.rule, "reasoning": proposal.reasoning, "dataset_id": proposal.dataset_id}
    return Fact("rule.proposed", proposal.source, proposal.run_id, f"proposal {proposal.number}", said)


def _insert_proposal(connection: Connection, run_id: str, dataset_id: UUID, proposal: NewProposal) -> None:
    values = {
        **proposal.__dict__,
        "run_id": run_id,
        "dataset_id": dataset_id,
        "columns": list(proposal.columns),
        "evidence": payload(proposal.evidence),
        "dry_run": payload(proposal.dry_run),
    }
    connection.execute(
        """insert into proposals (run_id, number, dataset_id, rule, rule_type, columns, dimension, fingerprint,
            reasoning, evidence, dry_run, confidence, source)
        select %(run_id)s, coalesce(max(number), 0) + 1, %(dataset_id)s, %(rule)s, %(rule_type)s, %(columns)s,
            %(dimension)s, %(fingerprint)s, %(reasoning)s, %(evidence)s, %(dry_run)s, %(confidence)s, %(source)s
        from proposals where run_id = %(run_id)s
        on conflict (run_id, dataset_id, fingerprint) do nothing""",
        values,
    )


def _proposals(connection: Connection, run_id: str, numbers: Collection[int] | None = None) -> list[Proposal]:
    return [_proposal(row) for row in connection.execute(SELECT_PROPOSALS, _which(run_id, numbers)).fetchall()]


def _which(run_id: str, numbers: Collection[int] | None) -> dict[str, object]:
    return {"run_id": run_id, "numbers": None if numbers is None else list(numbers)}


def _undecided(connection: Connection, run_id: str) -> int:
    (row,) = connection.execute(
        """select count(*) as undecided from proposals p where p.run_id = %s
        and not exists (select from decisions d where d.proposal_id = p.id)""",
        [run_id],
    ).fetchall()
    return int(row["undecided"])


def _proposal(row: Row) -> Proposal:
    decided = {name: row.pop(name) for name in DECISION_COLUMNS}
    rule = row.pop("decided_rule")
    decision = RecordedDecision(rule=rule, **decided) if decided["action"] else None
    by, because, at = row.pop("skipped_by"), row.pop("skipped_because"), row.pop("skipped_at")
    skipped = Skipped(by, because, at) if by and decision is None else None
    return Proposal(**{**row, "columns": tuple(row["columns"])}, decision=decision, skipped=skipped)


def _check(
    connection: Connection, run_id: str, decisions: Sequence[Decision], stored: dict[int, Proposal], actor: str
) -> None:
    """Refuses the whole set if one decision is not possible."""
    require_person(actor, "A decision")
    numbers = [decision.number for decision in decisions]
    for decision in decisions:
        number = decision.number
        if number not in stored:
            raise NotFound(f"Run {run_id} has no proposal {number}.", hint=f"It has {_range(connection, run_id)}.")
        if numbers.count(number) > 1:
            raise StoreError(f"There are two decisions about proposal {number}.", hint="Give one.")
        if decision.action == "edit" and not (decision.rule or "").strip():
            raise StoreError(f"The edit of proposal {number} has no rule.", hint="Give the rule as it should be.")
        if decision.action == "reject" and not (decision.reason or "").strip():
            raise StoreError(f"The rejection of proposal {number} has no reason.", hint="Say why, in a few words.")


def _check_author(connection: Connection, run_id: str, decisions: Sequence[Decision], actor: str) -> None:
    """Refuses decisions that need a second person, where the store is set so; the table's trigger does it anyway."""
    accepted = [decision for decision in decisions if decision.action in ("approve", "edit")]
    if not accepted or not is_set(connection, "approver_differs"):
        return
    row = connection.execute("select requested_by from runs where id = %s", [run_id]).fetchone()
    if row and row["requested_by"].strip().lower() == actor.strip().lower():
        raise OtherPerson(f"{actor} started run {run_id}, and may not approve its rules.", hint="Ask another approver.")
    for decision in decisions:
        if decision.action == "edit":
            raise OtherPerson(
                f"Who edits proposal {decision.number} would be author and approver of the new text.",
                hint="Reject it with a reason, and have the rule proposed as it should be.",
            )


def _range(connection: Connection, run_id: str) -> str:
    numbers = [proposal.number for proposal in _proposals(connection, run_id)]
    return f"1 to {max(numbers)}" if numbers else "none"


def _agrees(before: RecordedDecision, decision: Decision, actor: str) -> bool:
    """Whether this is the decision already recorded, sent again."""
    if before.actor != actor or before.action != decision.action:
        return False
    return decision.rule is None or decision.action != "edit" or read_rule(decision.rule).rule == before.rule


def _insert_skip(connection: Connection, proposal: Proposal, decision: Decision, actor: str) -> None:
    connection.execute(
        "insert into skips (proposal_id, reason, actor) values (%s, %s, %s)", [proposal.id, decision.reason, actor]
    )


def _insert_decision(connection: Connection, proposal: Proposal, decision: Decision, actor: str) -> UUID:
    assert decision.action != "skip"  # which is none
    text = {"approve": proposal.rule, "edit": decision.rule, "reject": None}[decision.action]
    rule = read_rule(text) if text else None
    if rule and decision.action == "approve":
        rule = replace(
            rule,
            rule=proposal.rule,
            rule_type=proposal.rule_type,
            columns=proposal.columns,
            dimension=proposal.dimension,
            fingerprint=proposal.fingerprint,
        )
    return record_decision(connection, proposal.dataset_id, decision.action, rule, actor, decision.reason, proposal.id)
