"""What the store gives out and takes in. Times are UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

Status = Literal["queued", "running", "waiting", "done", "failed", "cancelled"]
Action = Literal["approve", "edit", "reject"]
Choice = Literal["approve", "edit", "reject", "skip"]
RuleStatus = Literal["draft", "approved", "disabled"]
ProposalSource = Literal["statistics", "memory", "model"]
PointVerdict = Literal["exclude", "normal", "include"]


@dataclass(frozen=True)
class Dataset:
    """A dataset of the catalog."""

    id: UUID
    namespace: str
    name: str
    short_name: str
    uri: str
    """What it was last opened with."""
    fields: list[dict[str, str]]
    """``name``, ``type`` and ``kind`` of each column, in order."""
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class StoredProfile:
    """The profile of a dataset at one content version, as plain values."""

    id: UUID
    dataset_id: UUID
    version: str
    profile: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True)
class Run:
    """One piece of work for the graph."""

    id: str
    """Eight characters that are easy to read aloud and to type."""
    kind: str
    goal: str
    sources: list[str]
    model: str
    graph_version: str
    requested_by: str
    status: Status
    error: str | None
    attempt: int
    """How many workers took it up since a person last asked for it."""
    cancel_requested: bool
    lease_owner: str | None
    lease_until: datetime | None
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True)
class Lease:
    """The right to work on a run until ``until``. A later lease of the same run has a greater token."""

    run: Run
    owner: str
    token: int
    until: datetime
    retry: bool = False
    """A person asked to try again the tables that the run had given up."""


@dataclass(frozen=True)
class Event:
    """Something that a run did, for those who watch."""

    run_id: str
    seq: int
    """1, 2, 3… within the run."""
    kind: str
    agent: str | None
    key: str | None
    data: dict[str, Any]
    at: datetime


@dataclass(frozen=True)
class NewProposal:
    """A rule that somebody should decide about."""

    rule: str
    """Canonical DQDL."""
    rule_type: str
    columns: tuple[str, ...]
    dimension: str
    fingerprint: str
    """The same for rules that mean the same."""
    reasoning: str
    evidence: dict[str, Any]
    dry_run: dict[str, Any]
    confidence: float
    """0 to 1."""
    source: ProposalSource


@dataclass(frozen=True)
class RecordedDecision:
    """What a person decided about a proposal."""

    action: Action
    rule: str | None
    """The text that was approved; None after a rejection."""
    reason: str | None
    actor: str
    decided_at: datetime


@dataclass(frozen=True)
class Skipped:
    """Who put a proposal off last."""

    actor: str
    reason: str | None
    skipped_at: datetime


@dataclass(frozen=True)
class Proposal:
    """A proposal as stored; ``number`` is 1, 2, 3… within the run, over all its tables."""

    id: UUID
    run_id: str
    number: int
    dataset_id: UUID
    rule: str
    rule_type: str
    columns: tuple[str, ...]
    dimension: str
    fingerprint: str
    reasoning: str
    evidence: dict[str, Any]
    dry_run: dict[str, Any]
    confidence: float
    source: ProposalSource
    created_at: datetime
    decision: RecordedDecision | None
    skipped: Skipped | None = None
    """None where nobody put it off, or where it is decided."""


@dataclass(frozen=True)
class Approval:
    """The request to decide about a run's proposals."""

    run_id: str
    requested_at: datetime
    expires_at: datetime
    expired: bool


@dataclass(frozen=True)
class PendingApproval:
    """A run that waits for people."""

    run_id: str
    goal: str
    tables: tuple[str, ...]
    """Short names."""
    undecided: int
    total: int
    requested_at: datetime
    expires_at: datetime
    expired: bool
    closing: bool = False
    """True when the last sixth of the window has begun."""
    skipped: int = 0
    """How many of the undecided were put off."""
    noticed: bool = False
    """Whether the run's log tells already that this request is closing, or that it expired."""


@dataclass(frozen=True)
class Decision:
    """What a person wants to decide about proposal ``number`` of a run."""

    number: int
    action: Choice
    rule: str | None = None
    """DQDL, for an edit."""
    reason: str | None = None
    """Needed for a rejection, welcome otherwise."""


@dataclass(frozen=True)
class Conflict:
    """A proposal that was already decided otherwise; that decision stays."""

    number: int
    decision: RecordedDecision


@dataclass(frozen=True)
class DecideOutcome:
    """What became of a set of decisions."""

    recorded: tuple[int, ...]
    """Numbers whose decision now stands as asked, including those that stood so before."""
    conflicts: tuple[Conflict, ...]
    undecided: int
    """How many proposals of the run still wait."""
    skipped: tuple[int, ...] = ()
    """Numbers that were put off; they still wait."""


@dataclass(frozen=True)
class Rule:
    """A rule of a dataset."""

    id: UUID
    number: int
    """What people call it; small and never used again."""
    dataset_id: UUID
    rule_expression: str
    """DQDL."""
    rule_type: str
    threshold: str | None
    """Its condition as DQDL, where it has one."""
    columns: tuple[str, ...]
    dimension: str
    fingerprint: str
    reasoning: str
    status: RuleStatus
    decision_id: UUID | None
    created_by: str
    created_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    disabled_by: str | None
    disabled_reason: str | None
    disabled_at: datetime | None
    problem: str | None = None
    """Why an active rule is not to be used: what is recorded does not approve this text. None where all is well."""


@dataclass(frozen=True)
class DeclinedRule:
    """A rule that people did not want on a dataset as it was proposed."""

    fingerprint: str
    rule: str
    rule_type: str
    columns: tuple[str, ...]
    reason: str
    actor: str
    decided_at: datetime


@dataclass(frozen=True)
class StoredEvaluation:
    """The result of a validation."""

    id: UUID
    run_id: str
    dataset_id: UUID
    version: str
    evaluation: dict[str, Any]
    """As ``Evaluation.to_dict`` gives it."""
    total: float | None
    """0 to 1; None when there was nothing to score."""
    dimensions: dict[str, float]
    """0 to 1 by dimension."""
    measured_at: datetime


@dataclass(frozen=True)
class Score:
    """What a validation came to."""

    run_id: str
    version: str
    passed: bool
    total: float | None
    """0 to 1; None when there was nothing to score."""
    dimensions: dict[str, float]
    """0 to 1 by dimension."""
    measured_at: datetime


@dataclass(frozen=True)
class Metric:
    """A metric of a dataset."""

    key: str
    """As in results: ``Dataset.*.RowCount``, with what else decides its value."""
    points: int
    value: float
    """The newest."""
    measured_at: datetime


@dataclass(frozen=True)
class MetricPoint:
    """What one version of a dataset measured, and the last word of a person about it."""

    number: int
    """What people call it; unique in the store."""
    dataset_id: UUID
    key: str
    value: float
    version: str
    measured_at: datetime
    """When that version was first validated."""
    run_id: str
    """The last run that measured it."""
    verdict: PointVerdict | None
    """None where nobody said anything, or took it back."""
    reason: str | None
    actor: str | None
    decided_at: datetime | None
