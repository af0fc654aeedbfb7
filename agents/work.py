"""What work on tables takes and gives: profiles, drafts of rules, dry runs, verdicts; and how it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tools.errors import AssayError

if TYPE_CHECKING:
    from agents.recollection import Recollection
    from memory.model import Dataset, Proposal, ProposalSource
    from tools.dqdl.plans.result import Evaluation, RuleResult
    from tools.profiling.model import Profile
    from tools.recommending import Candidate
    from tools.validation.quarantine import Split


class WorkError(AssayError):
    """A request that names something that is not there, or a rule that cannot be used."""


@dataclass(frozen=True)
class Profiled:
    """A stored profile: its id, the dataset, the content version, and whether it was there before."""

    profile_id: UUID
    dataset: Dataset
    version: str
    profile: Profile
    cached: bool


@dataclass(frozen=True)
class Draft:
    """A rule that somebody wants proposed: its DQDL text and why."""

    rule: str
    reasoning: str
    evidence: dict[str, Any]
    confidence: float
    source: ProposalSource


@dataclass(frozen=True)
class Proposed:
    """What became of the drafts."""

    stored: list[Proposal]
    refused: list[Refused]


@dataclass(frozen=True)
class Refused:
    """A rule that cannot be proposed, and why."""

    rule: str
    """Its text as it was given."""
    why: str
    numbers: tuple[str, ...] = ()
    """What its reasoning says and no evidence shows, where that is why."""


@dataclass(frozen=True)
class Suggestion:
    """A statistical candidate, its number on this content of the table, and what people decided about similar rules."""

    number: int
    """Whatever people decide meanwhile, the same candidate has it."""
    candidate: Candidate
    """With the confidence that the statistics and people's decisions come to together."""
    recollection: Recollection


@dataclass(frozen=True)
class DryRun:
    """A suggestion and how it fares on the present content."""

    suggestion: Suggestion
    result: RuleResult


@dataclass(frozen=True)
class Validated:
    """A stored evaluation with its scores."""

    dataset: Dataset
    version: str
    evaluation: Evaluation
    total: float | None
    dimensions: dict[str, float]
    stored: dict[str, Any]
    """The evaluation as plain values, what broke with its blast radius."""
    split: Split | None = None
    """Where the good and the bad rows went, if that was asked for."""
