"""Runs, as the faces see them: start, follow, decide, resume, cancel, report. The only way in."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from graph import inbox
from graph.errors import NoProposal, NotNow, other_version
from graph.inbox import EditPreview, Filter, Related
from graph.lineage import Lineage
from graph.one_step import PARENT
from graph.permissions import require
from graph.reminding import remind
from graph.retention import Pruned, prune
from graph.state import DEFAULT_GOAL, GRAPH_VERSION
from graph.window import read_window
from tools.errors import AssayError

if TYPE_CHECKING:
    from agents.workbench import Workbench
    from memory import Memory
    from memory.model import Approval, Choice, DecideOutcome, Decision, Event, PendingApproval, Proposal, Run
    from memory.start_keys import StartKey
    from memory.usage import Budget, Spending

__all__ = ["EditPreview", "Filter", "Related", "RunReport", "Runs", "TableReport"]

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
    def resumable(self) -> bool:
        """True when `assay resume` would go on with it."""
        run = self.run
        ended_short = run.status in ("failed", "cancelled", "queued") or (run.status == "done" and bool(run.error))
        return ended_short and run.kind == "run" and run.graph_version == GRAPH_VERSION

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
        window: str | None = None,
        start_key: StartKey | None = None,
        follows: str | None = None,
        task_token: str | None = None,
    ) -> Run:
        """Queues a run for a worker. Sources and model are checked first, so that what cannot work fails here and now.

        Without a budget that of ASSAY_BUDGET_USD and ASSAY_BUDGET_TOKENS counts, if any.
        ``window`` is how long people may take to decide, such as "90m" or "3d"; ASSAY_APPROVAL_WINDOW or 24 h if None.
        Under a ``start_key`` it is started once; who asks again with the same words gets the run as it is.
        ``follows`` is a run in whose conversation this one is asked for. ``task_token`` is that of a task of Step
        Functions, which is told of the end.
        Raises SourceError, ModelError, RunError, PermissionDenied, KeyReused.
        """
        from agents.budget import budget
        from agents.models import model_name, preflight
        from tools.privacy import request_masked
        from tools.sources.uris import without_passwords

        person = require(requested_by, "start")
        if start_key and (known := self.memory.runs.started(person, start_key)):
            return known
        spec = model_name(model)
        preflight(spec)
        limit = budget(spec, budget_usd, budget_tokens)
        time_to_decide = read_window(window)
        uris = [self._check(source) for source in sources]
        run = self.memory.runs.create(
            kind="run",
            goal=request_masked(without_passwords(goal)) if goal else DEFAULT_GOAL,
            sources=list(dict.fromkeys(uris)),
            model=spec,
            graph_version=GRAPH_VERSION,
            requested_by=person,
            budget=limit,
            start_key=start_key,
            parent=os.environ.get(PARENT),
            task_token=task_token,
        )
        if window is not None:
            self.memory.approvals.set_window(run.id, time_to_decide)
        if follows is not None:
            self.memory.conversations.follow(run.id, follows)
        return run

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
        """What waits for a person, oldest first; also what expired, and then waits to be reopened."""
        return self.memory.approvals.pending()

    def proposals(self, run_id: str, numbers: Collection[int] | None = None) -> list[Proposal]:
        """The proposals of a run with their decisions, by number: all, or those of some numbers."""
        return self.memory.approvals.proposals(self.memory.runs.get(run_id).id, numbers)

    def undecided(self, run_id: str, where: Filter = inbox.EVERY) -> list[Proposal]:
        """The proposals of a run that wait for a decision, skipped ones too, by number. Raises StoreError."""
        left = [proposal for proposal in self.proposals(run_id) if proposal.decision is None]
        known = self.memory.catalog.several({proposal.dataset_id for proposal in left})
        names = {one: (dataset.short_name, dataset.name, dataset.uri) for one, dataset in known.items()}
        return [proposal for proposal in left if where.keeps(proposal, names[proposal.dataset_id])]

    def same(
        self, run_id: str, action: Choice, where: Filter, reason: str | None, named: Sequence[Decision] = ()
    ) -> list[Decision]:
        """The same decision about all undecided proposals that are meant, but for those that are named otherwise.

        Raises AssayError where that leaves nothing to decide.
        """
        from memory.model import Decision

        taken = {decision.number for decision in named}
        meant = [proposal.number for proposal in self.undecided(run_id, where) if proposal.number not in taken]
        if not (meant or named):
            raise AssayError("No undecided rule is like that.", hint=f"See what there is: assay pending {run_id}")
        return [Decision(number, action, reason=reason or None) for number in meant]

    def related(self, run_id: str, numbers: Collection[int] | None = None) -> dict[int, list[Related]]:
        """By number of an undecided proposal the active rules that repeat, imply or contradict it; only where some do.

        ``numbers`` are the proposals to look at, None for all.

        It is told from the texts of simple conditions; that nothing is told does not mean that nothing is there.
        """
        left = [proposal for proposal in self.proposals(run_id, numbers) if proposal.decision is None]
        active = self.memory.rules.active_of({proposal.dataset_id for proposal in left})
        found = {proposal.number: inbox.related(proposal.rule, active[proposal.dataset_id]) for proposal in left}
        return {number: rules for number, rules in found.items() if rules}

    def preview_edit(self, run_id: str, number: int, rule: str) -> EditPreview:
        """What an edit would change and how it fares on today's data; nothing is stored.

        Raises DqdlError, WorkError, SourceError, RunError, StoreError.
        """
        from tools import dqdl

        proposal = self._proposal(run_id, number)
        dataset = self.memory.catalog.dataset(proposal.dataset_id)
        after = str(dqdl.parse_rule(rule))
        return EditPreview(
            number=number,
            before=proposal.rule,
            after=after,
            diff=inbox.diff(proposal.rule, after),
            proposed=proposal.dry_run,
            today=self._bench.checked_dry_run(dataset.uri, rule),
            related=inbox.related(after, self.memory.rules.active(dataset.id)),
        )

    def decide(self, run_id: str, decisions: Sequence[Decision], actor: str) -> DecideOutcome:
        """Stores a person's decisions, all or none, and puts the run back into the queue when none is left to take.

        An edit is parsed and dry-run before anything is stored; one that changes nothing is an approval. What somebody
        else decided first stays and comes back as a conflict. Raises RunError, DqdlError, WorkError, SourceError,
        StoreError, PermissionDenied.
        """
        person = require(actor, "decide")
        run = self.memory.runs.get(run_id)
        checked = [self._checked(run.id, decision) for decision in decisions]
        return self.memory.approvals.decide(run.id, checked, person)

    def _checked(self, run_id: str, decision: Decision) -> Decision:
        if decision.action != "edit" or not (decision.rule or "").strip():
            return decision
        preview = self.preview_edit(run_id, decision.number, decision.rule or "")
        return replace(decision, action="edit" if preview.changed else "approve", rule=preview.after)

    def _proposal(self, run_id: str, number: int) -> Proposal:
        proposals = self.proposals(run_id)
        for proposal in proposals:
            if proposal.number == number:
                return proposal
        numbers = f"1 to {len(proposals)}" if proposals else "none"
        raise NoProposal(f"Run {run_id} has no proposal {number}.", hint=f"Its proposals: {numbers}.")

    def reopen(self, run_id: str, actor: str | None = None, window: str | None = None) -> Approval:
        """Lets people decide from now on for as long as at first, or for a window such as "90m" or "3d".

        Raises RunError, StoreError, PermissionDenied.
        """
        person = require(actor, "reopen")
        run = self.memory.runs.get(run_id)
        reopened = self.memory.approvals.reopen(run.id, read_window(window) if window else None, person)
        told = {"by": str(person), "expires_at": reopened.expires_at.isoformat()}
        self.memory.runs.append_event(run.id, "approval_reopened", told)
        return reopened

    def remind(self) -> list[PendingApproval]:
        """Tells in the logs of runs that their requests are about to end or have ended; those it was told of now."""
        return remind(self.memory)

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
        A cancelled run is taken up again, too, and one that gave up tables tries these again. Raises RunError for one
        that waits for decisions, is a single step or of another version, StoreError for a run that is done,
        PermissionDenied.
        """
        person = require(actor, "resume")
        run = self.memory.runs.get(run_id)
        if run.kind != "run":
            raise NotNow(f"Run {run.id} is a {run.kind}: there are no steps to go on from.", hint="Start it anew.")
        if run.graph_version != GRAPH_VERSION:
            raise other_version(run)
        if run.status == "waiting" and any(proposal.decision is None for proposal in self.proposals(run.id)):
            raise NotNow(f"Run {run.id} waits for decisions.", hint=f"Take them with `assay decide {run.id}`.")
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
        """Cancels a run: at once, or within a second or two if a worker executes it. Raises PermissionDenied."""
        person = require(actor, "cancel")
        self.memory.runs.request_cancel(self.memory.runs.get(run_id).id, person)

    def prune(
        self, older_than: timedelta, actor: str | None = None, *, lineage: bool = False, profiles: bool = False
    ) -> Pruned:
        """Deletes the checkpoints of runs that ended longer ago than that. Raises PermissionDenied, ObjectsError.

        With ``lineage`` also what ended so long ago in the lineage, and raw events that came so long ago; with
        ``profiles`` those that are as old, but the newest of each dataset, and those that are lost.
        """
        person = require(actor, "settings")
        done = prune(self.memory, older_than, profiles=profiles)
        if not lineage:
            return done
        return replace(done, lineage=Lineage(self.memory, person).expire(datetime.now(UTC) - older_than))

    def report(self, run_id: str) -> RunReport:
        """What the run did so far."""
        run = self.memory.runs.get(run_id)
        answers = [event.data["text"] for event in self.memory.runs.events(run.id) if event.kind == "answer"]
        results = self.memory.results.for_run(run.id)
        known = self.memory.catalog.several({result.dataset_id for result in results})
        tables = [TableReport(known[one.dataset_id].name, one.evaluation, one.total, one.dimensions) for one in results]
        usage, budget = self.memory.usage.of_run(run.id), self.memory.usage.standing(run.id).budget
        return RunReport(run, answers[-1] if answers else "", self.proposals(run.id), tables, usage, budget)

    @property
    def _bench(self) -> Workbench:
        from agents.workbench import Workbench

        return Workbench(self.memory)
