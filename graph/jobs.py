"""Work of one step that needs no agent and no model: profile, recommend, validate. Recorded as runs like all others."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Literal

from graph.one_step import PARENT, one_step
from graph.permissions import require

if TYPE_CHECKING:
    from agents.work import DryRun, Profiled, Validated
    from memory import Memory
    from memory.model import Dataset, MetricPoint, PointVerdict, Rule
    from memory.remembered import Remembered
    from tools.comparing.model import Comparison
    from tools.dqdl.explanation import Explanation
    from tools.profiling.foreign import Inclusion


def shown(source: str) -> str:
    """A source as it is recorded and may be shown: without a password that is written out."""
    from tools.sources import uris

    return uris.shown(source)


def _place(source: str) -> str:
    """A source or target as it is recorded: a path is the same whoever reads it, from wherever."""
    return shown(source) if "://" in source or not source.strip() else os.path.abspath(os.path.expanduser(source))


class Jobs:
    """One-step work on one store, in the name of a person. All but :meth:`dataset` may raise PermissionDenied."""

    def __init__(self, memory: Memory, requested_by: str) -> None:
        from agents.workbench import Workbench

        self._memory = memory
        self._bench = Workbench(memory)
        self._requested_by = requested_by

    def profile(self, source: str, on_progress: Callable[[float], None] | None = None) -> Profiled:
        """The profile of a source, scanned only if its content changed since the last. Raises SourceError."""
        with self._recorded("profile", source) as run_id:
            done = self._bench.profile(source, on_progress)
            told = {"table": done.dataset.short_name, "dataset_id": str(done.dataset.id)}
            told["profile_id"] = str(done.profile_id)
            self._memory.runs.append_event(run_id, "finished", told, agent="profiler")
            return done

    def foreign_keys(self, sources: Sequence[str]) -> dict[str, list[Inclusion]]:
        """For each source the columns that hold keys of another one, surest first. Raises SourceError."""
        from agents.relations import foreign_keys

        with self._recorded("relate", *sources):
            return foreign_keys(self._bench, sources)

    def recommend(self, source: str) -> list[DryRun]:
        """Candidates with their dry runs, best first; nothing is proposed. Raises SourceError."""
        with self._recorded("recommend", source):
            return self._bench.dry_runs(source)

    def validate(
        self,
        source: str,
        ruleset: str | None = None,
        others: Mapping[str, str] | None = None,
        quarantine: str | None = None,
        composite: Literal["column", "row"] = "column",
        on_progress: Callable[[float], None] | None = None,
    ) -> Validated:
        """Evaluates a ruleset (None: the active rules) and stores the result.

        ``others`` are the sources of other tables by their alias in the rules, ``quarantine`` where good and bad rows
        are written, ``composite`` whether composites are judged in each row. Raises SourceError, DqdlError, WorkError,
        OutletError, QuarantineError.
        """
        from tools import dqdl

        if ruleset is not None:
            dqdl.parse(ruleset)
        place = f" into {_place(quarantine)}" if quarantine else ""
        with self._recorded("validate", source, *(others or {}).values(), goal=f"validate{place}") as run_id:
            return self._bench.validate(run_id, source, ruleset, others, quarantine, composite, on_progress)

    def compare(
        self,
        left: str,
        right: str,
        ignore: Collection[str] = (),
        on_progress: Callable[[float], None] | None = None,
    ) -> Comparison:
        """What changed from one source to the other, without some columns; nothing is stored. Raises SourceError."""
        from tools import comparing

        with self._recorded("compare", left, right), ExitStack() as opened:
            tables = [opened.enter_context(self._bench.open(source)[0]) for source in (left, right)]
            return comparing.compare(*tables, ignore=ignore, on_progress=on_progress)

    def explain(
        self,
        source: str,
        ruleset: str | None = None,
        others: Mapping[str, str] | None = None,
        dialect: str | None = None,
        composite: Literal["column", "row"] = "column",
    ) -> Explanation:
        """The queries that :meth:`validate` would run, also in the SQL of another engine; runs none of them.

        Raises SourceError, DqdlError, WorkError.
        """
        require(self._requested_by, "start")
        return self._bench.explain(source, ruleset, others, dialect, composite)

    def dataset(self, name: str) -> Dataset:
        """The dataset meant by a URI, a path that exists, or a short name. Raises WorkError, SourceError."""
        return self._bench.dataset(name)

    def import_rules(self, dataset: Dataset, rules: Sequence[str], reason: str | None = None) -> list[Rule]:
        """Makes rules active that a person brings along, which is a decision. Raises WorkError, DqdlError."""
        from agents.refusals import missing_column
        from agents.work import WorkError
        from tools import dqdl

        person = require(self._requested_by, "import")
        for rule in rules:
            missing = missing_column(dqdl.parse_rule(rule), dataset)
            if missing:
                raise WorkError(f"{rule}: {missing}")
        return self._memory.rules.import_rules(dataset.id, rules, person, reason)

    def import_ruleset(self, dataset: Dataset, text: str, reason: str | None = None) -> list[Rule]:
        """Like :meth:`import_rules`, from a document in DQDL. Raises WorkError, DqdlError."""
        from tools import dqdl
        from tools.dqdl.language.documents import usable

        return self.import_rules(dataset, [str(rule) for rule in dqdl.standalone(usable(text))], reason)

    def exported(self, dataset: Dataset) -> list[str]:
        """The active rules, for a document. Raises NotFound without any, WrongState for one that is refused."""
        from memory.errors import NotFound, WrongState

        rules = self._memory.rules.active(dataset.id)
        if refused := next((rule for rule in rules if rule.problem), None):
            raise WrongState(f"Rule {refused.number}: {refused.problem}", hint="Disable it, and approve the rule anew.")
        if not rules:
            raise NotFound(f"{dataset.name} has no active rules.", hint=f"Approve some with `assay run {dataset.uri}`.")
        return [rule.rule_expression for rule in rules]

    def disable(self, number: int, reason: str) -> Rule:
        """Takes a rule out of use. Raises StoreError."""
        return self._memory.rules.disable(number, require(self._requested_by, "disable"), reason)

    def judge(self, number: int, verdict: PointVerdict, reason: str) -> MetricPoint:
        """Writes down what a person says about a point of a metric. Raises StoreError."""
        return self._memory.history.decide(number, verdict, require(self._requested_by, "judge"), reason)

    def correct_memory(
        self, number: int, outcome: Literal["approve", "reject"] | None = None, reason: str | None = None
    ) -> Remembered:
        """Says what is recalled from now on in place of a decision; no rule changes by it. Raises StoreError."""
        person = require(self._requested_by, "remember")
        return self._memory.memories.correct(number, person, outcome=outcome, reason=reason)

    def forget_memory(self, number: int) -> Remembered:
        """Takes a decision out of what is recalled, for good; what was remembered. Raises StoreError."""
        return self._memory.memories.forget(number, require(self._requested_by, "remember"))

    def forget_table(self, dataset: Dataset) -> list[Remembered]:
        """Takes all decisions about a dataset out of what is recalled, for good; what was remembered."""
        return self._memory.memories.forget_dataset(dataset.id, require(self._requested_by, "remember"))

    @contextmanager
    def _recorded(self, kind: str, *sources: str, goal: str = "") -> Iterator[str]:
        """A run around the work, which ends as that does and is told of then. Raises Stopped at a Ctrl-C."""
        from graph.delivery import deliver_briefly

        try:
            person, places = require(self._requested_by, "start"), [_place(source) for source in sources]
            parent = os.environ.get(PARENT)
            with one_step(self._memory, person, kind, goal or kind, places, parent) as run_id:
                yield run_id
        finally:
            deliver_briefly(self._memory)
