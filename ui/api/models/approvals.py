"""Proposals, what is decided about them, and what an edit would change."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StrictBool, StringConstraints, model_validator

from memory.model import Action, Choice, ProposalSource, Status
from ui.api.models.base import Asked, Number, RuleText, Told, Window, Words
from ui.api.problems import Problem

Relation = Literal["same", "implied", "stricter", "contradicts"]
Names = Annotated[
    list[Annotated[str, StringConstraints(min_length=1, max_length=1_000)]], Field(default_factory=list, max_length=100)
]
MOST_DECISIONS = 5_000


class Pending(Told):
    """A run that waits for people."""

    run_id: str
    goal: str
    tables: list[str]
    undecided: int
    total: int
    skipped: int
    """How many of the undecided were put off."""
    requested_at: datetime
    expires_at: datetime
    expired: bool
    """Then it has to be reopened before anything can be decided."""
    closing: bool
    """True when the last sixth of the window has begun."""


class Decided(Told):
    """What a person decided."""

    action: Action
    rule: str | None
    """The text that was approved; null after a rejection."""
    reason: str | None
    actor: str
    decided_at: datetime


class Skipped(Told):
    """Who put a proposal off last."""

    actor: str
    reason: str | None
    skipped_at: datetime


class Related(Told):
    """An active rule of the same table that says something about a proposal, told from the texts of plain rules."""

    number: int
    """The active rule's."""
    rule: str
    relation: Relation
    """Of the proposal to the active rule: `same` and `implied` are duplicates, `contradicts` is a conflict."""
    says: str
    """One sentence for a person."""


class Proposal(Told):
    """A rule that somebody should decide about."""

    number: int
    """1, 2, 3… within the run, over all its tables."""
    dataset_id: UUID
    table: str
    rule: str = Field(examples=['IsComplete "order_id"'])
    rule_type: str
    columns: list[str]
    dimension: str
    reasoning: str
    evidence: dict[str, Any]
    dry_run: dict[str, Any]
    """How the rule fares on today's data: `outcome`, `reason`, `metrics`, `failed_rows`, `examples`."""
    confidence: float
    source: ProposalSource
    created_at: datetime
    decision: Decided | None
    skipped: Skipped | None
    related: list[Related]
    """Duplicates and conflicts; none for what is decided."""


class EditRule(Asked):
    """Another wording of a proposal."""

    model_config = ConfigDict(json_schema_extra={"example": {"rule": "RowCount between 200 and 500"}})

    rule: RuleText


class Piece(Told):
    """A part of a rule, and what an edit does to it."""

    kind: Literal["same", "removed", "added"]
    text: str


class EditPreview(Told):
    """What an edit would make of a proposal. Nothing is stored."""

    number: int
    before: str
    after: str
    """The edit as it would be stored."""
    changed: bool
    diff: list[Piece]
    proposed: dict[str, Any]
    """The dry run of the rule as it was proposed."""
    today: dict[str, Any]
    """The dry run of the edit, made now."""
    related: list[Related]


class Decision(Asked):
    """What you decide about one proposal."""

    number: Number
    action: Choice
    rule: RuleText | None = None
    """DQDL, for an edit and for nothing else."""
    reason: Words | None = None
    """Needed for a rejection, welcome otherwise."""

    @model_validator(mode="after")
    def _whole(self) -> Decision:
        if self.action == "reject" and not self.reason:
            raise ValueError("a rejection needs a reason: it is remembered, and steers what is proposed next")
        if (self.action == "edit") != (self.rule is not None):
            raise ValueError("an edit has a rule, and nothing else has")
        return self


class Filter(Asked):
    """Which undecided proposals are meant. What is empty does not narrow it; of several values one has to fit."""

    tables: Names
    columns: Names
    rule_types: Names
    dimensions: Names
    confidence: float = Field(default=0.0, strict=True, ge=0, le=1, allow_inf_nan=False)
    """The least."""
    passing: StrictBool = False
    """Only those that hold on today's data."""


class DecideAll(Asked):
    """The same decision about all undecided proposals that a filter leaves and that are not named."""

    action: Literal["approve", "reject", "skip"]
    reason: Words | None = None
    """Needed for a rejection."""
    where: Filter = Field(default_factory=lambda: Filter.model_validate({}))

    @model_validator(mode="after")
    def _whole(self) -> DecideAll:
        if self.action == "reject" and not self.reason:
            raise ValueError("a rejection needs a reason: it is remembered, and steers what is proposed next")
        return self


class Decide(Asked):
    """What you decide: about proposals by number, about all the others that a filter leaves, or both."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "decisions": [
                    {"number": 3, "action": "reject", "reason": "guests have none"},
                    {"number": 5, "action": "edit", "rule": "RowCount between 200 and 500"},
                ],
                "all": {"action": "approve", "where": {"columns": ["email"], "passing": True}},
            }
        }
    )

    decisions: list[Decision] = Field(default_factory=list, max_length=MOST_DECISIONS)
    all: DecideAll | None = None

    @model_validator(mode="after")
    def _something(self) -> Decide:
        if not self.decisions and self.all is None:
            raise ValueError("say something: decisions, or all")
        return self


class Lost(Told):
    """A proposal about which somebody else decided otherwise first; that decision stays."""

    number: int
    decision: Decided


class DecisionLost(Problem):
    """Some of the proposals were decided by somebody else first; the other decisions are stored."""

    conflicts: list[Lost] | None = None
    """Who decided what, and when. Absent where nothing could be decided at all."""
    recorded: list[int] | None = None
    skipped: list[int] | None = None
    undecided: int | None = None


class Outcome(Told):
    """What became of a set of decisions."""

    recorded: list[int]
    """Numbers whose decision now stands as asked, including those that stood so before."""
    skipped: list[int]
    """Numbers that were put off; they still wait."""
    undecided: int
    """How many proposals of the run still wait. When none does, the run goes on by itself."""
    status: Status
    """The run's."""


class Reopen(Asked):
    """For how long; as long as at first if not given."""

    model_config = ConfigDict(json_schema_extra={"example": {"window": "3d"}})

    window: Window | None = None


class Approval(Told):
    """The request to decide about a run's proposals."""

    run_id: str
    requested_at: datetime
    expires_at: datetime
    expired: bool
