"""Runs, as the faces see them: start, follow, decide, resume, cancel, report. The only way in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from graph.errors import RunError
from graph.permissions import require
from graph.state import DEFAULT_GOAL, GRAPH_VERSION

if TYPE_CHECKING:
    from agents.workbench import Workbench
    from memory import Memory
    from memory.model import DecideOutcome, Decision, Event, PendingApproval, Proposal, Run
    from memory.usage import Budget, Spending
    from tools.dqdl.plans.result import RuleResult

PAUSES = frozenset({"waiting", "done", "failed", "cancelled"})
"""States in which nothing happens until somebody does something."""
POLL_SECONDS = 0.05


class Executor(Protocol):
    """What drives runs: a worker."""

    def run(self, run_id: str | None = None) -> bool:
        """Executes one run until it waits or ends."""


@dataclass(frozen=True)
class TableReport:
    """What a run found out about one table."""

    name: str
    evaluation: dict[str, Any]
    total: float | None
    dimensions: dict[str, float]


@dataclass(frozen=True)
class RunReport:
    """What a run did."""

    run: Run
    answer: str
    proposals: list[Proposal]
    tables: list[TableReport]
    usage: list[Spending] = field(default_factory=list)
    """Of language models, by agent."""
    budget: Budget | None = None

    @property
    def passed(self) -> bool:
        """True when no rule failed or could not be evaluated, and no table was given up."""
        return self.run.error is None and all(table.evaluation["passed"] for table in self.tables)


class Runs:
    """Runs on one store."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def start(
        self,
        sources: Sequence[str],
        *,
        goal: str | None = None,
        requested_by: str,
        model: str | None = None,
        budget_usd: float | None = None,
        budget_tokens: int | None = None,
    ) -> Run:
        """Queues a run for a worker. Sources and model are checked first, so that what cannot work fails here and now.

        Without a budget that of ASSAY_BUDGET_USD and ASSAY_BUDGET_TOKENS counts, if any.
        Raises SourceError, ModelError, PermissionDenied.
        """
        from agents.budget import budget
        from agents.models import model_name, preflight

        person = require(requested_by, "start")
        spec = model_name(model)
        preflight(spec)
        limit = budget(spec, budget_usd, budget_tokens)
        uris = [self._check(source) for source in sources]
        return self.memory.runs.create(
            kind="run",
            goal=goal or DEFAULT_GOAL,
            sources=list(dict.fromkeys(uris)),
            model=spec,
            graph_version=GRAPH_VERSION,
            requested_by=person,
            budget=limit,
        )

    def _check(self, source: str) -> str:
        table, dataset = self._bench.open(source)
        table.close()
        if "://" in source and dataset.uri != source:
            # The worker has only what is stored, and that holds no password.
            self._bench.open(dataset.uri)[0].close()
        return dataset.uri

    def follow(self, run_id: str, after: int = 0, *, alive: Callable[[], bool] = lambda: True) -> Iterator[Event]:
        """The events of a run as they come, from ``after`` on, until it pauses or ends or nobody works on it."""
        while True:
            # The state is read before the events: what was written before the run paused is then never missed.
            paused = self.memory.runs.get(run_id).status in PAUSES or not alive()
            for event in self.memory.runs.events(run_id, after):
                after = event.seq
                yield event
            if paused:
                return
            time.sleep(POLL_SECONDS)

    def pending(self) -> list[PendingApproval]:
        """What waits for a person, oldest first."""
        return self.memory.approvals.pending()

    def proposals(self, run_id: str) -> list[Proposal]:
        """The proposals of a run with their decisions, by number."""
        return self.memory.approvals.proposals(self.memory.runs.get(run_id).id)

    def check_edit(self, run_id: str, number: int, rule: str) -> RuleResult:
        """The dry run of an edited rule on the proposal's table. Raises DqdlError, WorkError, SourceError, RunError."""
        proposal = self._proposal(run_id, number)
        dataset = self.memory.catalog.dataset(proposal.dataset_id)
        return self._bench.checked_dry_run(dataset.uri, rule)

    def decide(self, run_id: str, decisions: Sequence[Decision], actor: str) -> DecideOutcome:
        """Stores a person's decisions, all or none, and puts the run back into the queue when none is left to take.

        An edit is parsed and dry-run before anything is stored. Raises RunError, DqdlError, WorkError, StoreError,
        PermissionDenied.
        """
        person = require(actor, "decide")
        run = self.memory.runs.get(run_id)
        checked = [self._checked(run.id, decision) for decision in decisions]
        return self.memory.approvals.decide(run.id, checked, person)

    def _checked(self, run_id: str, decision: Decision) -> Decision:
        from tools import dqdl

        if decision.action != "edit" or not decision.rule:
            return decision
        self.check_edit(run_id, decision.number, decision.rule)
        return replace(decision, rule=str(dqdl.parse_rule(decision.rule)))

    def _proposal(self, run_id: str, number: int) -> Proposal:
        proposals = self.proposals(run_id)
        for proposal in proposals:
            if proposal.number == number:
                return proposal
        numbers = f"1 to {len(proposals)}" if proposals else "none"
        raise RunError(f"Run {run_id} has no proposal {number}.", hint=f"Its proposals: {numbers}.")

    def reopen(self, run_id: str, actor: str | None = None) -> None:
        """Lets people decide on a run whose request expired, for as long as it had at first.

        Raises StoreError, PermissionDenied.
        """
        person = require(actor, "reopen")
        self.memory.approvals.reopen(self.memory.runs.get(run_id).id, actor=person)

    def resume(
        self,
        run_id: str,
        actor: str | None = None,
        *,
        budget_usd: float | None = None,
        budget_tokens: int | None = None,
    ) -> Run:
        """Puts a failed run back into the queue, to go on from its last checkpoint; a cut-off one is there.

        A budget replaces the one it had, and counts what it has spent before.
        A cancelled run is taken up again, too. Raises RunError for one that waits for decisions, StoreError for a
        run that is done, PermissionDenied.
        """
        person = require(actor, "resume")
        run = self.memory.runs.get(run_id)
        if run.status == "waiting" and any(proposal.decision is None for proposal in self.proposals(run.id)):
            raise RunError(f"Run {run.id} waits for decisions.", hint=f"Take them with `assay decide {run.id}`.")
        if budget_usd is not None or budget_tokens is not None:
            self._rebudget(run, budget_usd, budget_tokens)
        return run if run.status in ("queued", "running") else self.memory.runs.requeue(run.id, person)

    def _rebudget(self, run: Run, usd: float | None, tokens: int | None) -> None:
        from agents.budget import budget
        from memory.usage import Budget

        had, given = self.memory.usage.standing(run.id).budget, budget(run.model, usd, tokens)
        new = Budget(had.usd if usd is None else given.usd, had.tokens if tokens is None else given.tokens)
        self.memory.usage.set_budget(run.id, new)

    def cancel(self, run_id: str, actor: str | None = None) -> None:
        """Cancels a run: at once, or after the step in hand if a worker executes it. Raises PermissionDenied."""
        person = require(actor, "cancel")
        self.memory.runs.request_cancel(self.memory.runs.get(run_id).id, person)

    def report(self, run_id: str) -> RunReport:
        """What the run did so far."""
        run = self.memory.runs.get(run_id)
        answers = [event.data["text"] for event in self.memory.runs.events(run.id) if event.kind == "answer"]
        tables = [
            TableReport(
                self.memory.catalog.dataset(result.dataset_id).name, result.evaluation, result.total, result.dimensions
            )
            for result in self.memory.results.for_run(run.id)
        ]
        usage, budget = self.memory.usage.of_run(run.id), self.memory.usage.standing(run.id).budget
        return RunReport(run, answers[-1] if answers else "", self.proposals(run.id), tables, usage, budget)

    @property
    def _bench(self) -> Workbench:
        from agents.workbench import Workbench

        return Workbench(self.memory)
