"""The engines and the store put together: what the agents' tools do, with no language model in it.

The commands that need no agent (``assay profile``, ``assay validate``) use it directly.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from agents import reach
from agents.past import Past
from agents.work import Draft, DryRun, Profiled, Proposed, Refused, Suggestion, Validated, WorkError
from memory.audit import Fact

if TYPE_CHECKING:
    from agents.recollection import Recollection
    from memory import Memory
    from memory.model import Dataset, Rule
    from tools.dqdl import Ruleset
    from tools.dqdl.explanation import Explanation
    from tools.dqdl.plans.result import Evaluation, RuleResult
    from tools.profiling.model import Profile
    from tools.sources import Table
    from tools.sources.table import DatasetName
    from tools.validation.quarantine import Split

Progress = Callable[[float], None]
Opened = tuple["Table", "Dataset"]


class _AtHand(NamedTuple):
    """The dataset, its tables by alias, its active rules where those are meant, the rules to judge by, and its past."""

    dataset: Dataset
    tables: dict[str, Table]
    active: list[Rule]
    rules: Ruleset
    past: Past


class Part(NamedTuple):
    """A dataset that single files or states are batches of."""

    name: DatasetName
    uri: str


class Workbench:
    """One per process and store. Thread-safe: it keeps nothing but the store.

    With ``part_of`` every source counts as a batch of that dataset, whose rules and history apply to it.
    """

    def __init__(self, memory: Memory, part_of: Part | None = None) -> None:
        self.memory = memory
        self._part_of = part_of

    def open(self, source: str) -> tuple[Table, Dataset]:
        """Opens a source and records its dataset. The caller closes the table. Raises SourceError."""
        from tools import sources

        table = sources.open(source)
        fields = [{"name": f.name, "type": f.type, "kind": f.kind} for f in table.fields]
        try:
            name, uri = self._part_of or (table.dataset, table.uri)
            return table, self.memory.catalog.upsert_dataset(name.namespace, name.name, uri, fields)
        except BaseException:
            table.close()
            raise

    @contextmanager
    def opened(self, source: str, held: Opened | None = None) -> Iterator[Opened]:
        """:meth:`open` for a block, which closes the table; what the caller ``held`` open stays open."""
        if held is not None:
            yield held
            return
        table, dataset = self.open(source)
        with table:
            yield table, dataset

    def profile(self, source: str, on_progress: Progress | None = None, held: Opened | None = None) -> Profiled:
        """The profile of the source's present content: from the store if it was profiled before, else by a scan."""
        from tools import profiling

        with self.opened(source, held) as (table, dataset):
            stored = self.memory.catalog.profile(dataset.id, table.version)
            if stored is not None:
                profile = profiling.Profile.from_dict(stored.profile)
                return Profiled(stored.id, dataset, table.version, profile, cached=True)
            started = time.perf_counter()
            profile = profiling.profile(table, on_progress=on_progress)
            elapsed = {"seconds": round(time.perf_counter() - started, 3)}
            profile_id = self.memory.catalog.save_profile(dataset.id, table.version, {**profile.to_dict(), **elapsed})
            return Profiled(profile_id, dataset, table.version, profile, cached=False)

    def suggestions(self, source: str) -> list[Suggestion]:
        """Statistical candidates, best first, without those that are active or that a person declined."""
        from agents.recollection import recollect
        from agents.refusals import Refusals
        from tools import recommending

        profiled = self.profile(source)
        refusals = Refusals(self.memory, profiled.dataset, profiled.profile)
        numbered = enumerate(recommending.candidates(profiled.profile), start=1)
        fresh = [(number, one) for number, one in numbered if refusals.why(one.rule) is None]
        past = recollect(self.memory, profiled.profile, [one.rule for _, one in fresh])
        found = [
            Suggestion(number, replace(one, confidence=known.weighed(one.confidence)), known)
            for (number, one), known in zip(fresh, past, strict=True)
        ]
        return sorted(found, key=lambda one: -recommending.worth(one.candidate))

    def dry_runs(self, source: str) -> list[DryRun]:
        """The suggestions with how they fare, without those that cannot be evaluated; nothing is stored."""
        suggestions = self.suggestions(source)
        if not suggestions:
            return []
        table, dataset = self.open(source)
        with table:
            rules = [suggestion.candidate.rule for suggestion in suggestions]
            results = _evaluate(table, rules, self._past(dataset, table)).rules
        return [DryRun(*each) for each in zip(suggestions, results, strict=True) if each[1].outcome != "Error"]

    def checked_dry_run(self, source: str, rule: str) -> RuleResult:
        """The dry run of a rule that somebody wrote. Raises WorkError or DqdlError when it cannot be used."""
        from agents.refusals import missing_column
        from tools import dqdl

        parsed = dqdl.parse_rule(rule)
        table, dataset = self.open(source)
        with table:
            missing = missing_column(parsed, dataset)
            if missing:
                raise WorkError(missing)
            result = _evaluate(table, [rule], self._past(dataset, table)).rules[0]
        if result.outcome == "Error":
            raise WorkError(f"{parsed}: {result.reason}")
        return result

    def dataset(self, name: str, asked: str | None = None) -> Dataset:
        """The dataset that is meant by a URI, a full name, a path that exists, or a short name that only one has.

        A source that the store does not know yet is opened; if a model names it, only one that is in what a person
        ``asked`` for. Raises WorkError, SourceError.
        """
        return reach.dataset(self.memory.catalog, self.open, name, asked)

    def only(self, tables: Mapping[str, str], name: str | None, asked: str | None = None) -> Dataset:
        """The dataset of a run's table; if none is named, the only one of the run or the store. Raises WorkError."""
        return reach.only(self.memory.catalog, self.open, tables, name, asked)

    def propose(self, run_id: str, source: str, drafts: Sequence[Draft]) -> Proposed:
        """Dry-runs the drafts and stores those a person can decide on. Done twice, it stores nothing twice."""
        from agents.grounding import grounded
        from agents.radius import in_evidence
        from agents.refusals import Refusals

        if not drafts:
            return Proposed([], [])
        profiled = self.profile(source)
        table, dataset = self.open(source)
        with table:
            refusals = Refusals(self.memory, dataset, profiled.profile)
            reasons = [refusals.why(draft.rule) for draft in drafts]
            usable = [draft for draft, why in zip(drafts, reasons, strict=True) if not why]
            refused = [Refused(draft.rule, why) for draft, why in zip(drafts, reasons, strict=True) if why]
            usable = self._recalled(profiled.profile, usable)
            rules = [draft.rule for draft in usable]
            results = _evaluate(table, rules, self._past(dataset, table)).rules if usable else []
        good = []
        for draft, result in zip(usable, results, strict=True):
            if result.outcome == "Error":
                refused.append(Refused(draft.rule, result.reason))
                continue
            sound = grounded(profiled, draft, result)
            if isinstance(sound, Refused):
                refused.append(sound)
            else:
                good.append(_proposal(sound, result))
        good = in_evidence(self.memory, dataset, good)
        return Proposed(self.memory.approvals.propose(run_id, dataset.id, good), refused)

    def _recalled(self, profile: Profile, drafts: Sequence[Draft]) -> list[Draft]:
        """The drafts, those in a model's own words with what people decided about such rules elsewhere."""
        from agents.recollection import recollect

        own = [draft for draft in drafts if draft.source == "model"]
        past = iter(recollect(self.memory, profile, [draft.rule for draft in own]))
        return [_with_past(draft, next(past)) if draft.source == "model" else draft for draft in drafts]

    def validate(
        self,
        run_id: str,
        source: str,
        ruleset: str | None = None,
        others: Mapping[str, str] | None = None,
        quarantine: str | None = None,
        composite: Literal["column", "row"] = "column",
        on_progress: Progress | None = None,
        held: Opened | None = None,
    ) -> Validated:
        """Evaluates the ruleset (None: the active rules) and stores verdicts and scores.

        ``others`` are the sources of the tables that rules compare with, by the alias in the rules. ``quarantine`` is
        the folder or s3:// URI below which good and bad rows are written. ``composite`` says whether composites join
        whole verdicts or the members in each row. Raises WorkError and OutletError.
        """
        from agents.radius import with_radii
        from agents.unapproved import with_refused
        from tools import dqdl, validation
        from tools.sources import file_access
        from tools.validation.outlets import check

        with self._at_hand(source, ruleset, others, held) as (dataset, tables, active, rules, past):
            table, roots = tables["primary"], file_access.roots(tables.values())
            if quarantine is not None:
                check(quarantine, table.dataset.short)
            evaluation = dqdl.evaluate(rules, tables, history=past, composite=composite, file_roots=roots)
            evaluation = with_refused(evaluation, active) if active else evaluation
            scores = validation.score(evaluation)
            stored = with_radii(self.memory, dataset, evaluation.to_dict())
            self.memory.results.save(run_id, dataset.id, table.version, stored, scores.dimensions, scores.total)
            split = None
            if quarantine is not None:
                split = _split(rules, tables, quarantine, evaluation, past, on_progress)
                self.memory.audit.record(Fact("rows.quarantined", "validator", run_id, dataset.name, split.to_dict()))
        return Validated(dataset, table.version, evaluation, scores.total, scores.dimensions, stored, split)

    def explain(
        self,
        source: str,
        ruleset: str | None = None,
        others: Mapping[str, str] | None = None,
        dialect: str | None = None,
        composite: Literal["column", "row"] = "column",
    ) -> Explanation:
        """The queries that :meth:`validate` would run, written for its engine or in ``dialect``. Raises WorkError."""
        from tools import dqdl

        with self._at_hand(source, ruleset, others) as (_, tables, _, rules, past):
            return dqdl.explain(rules, tables, dialect, history=past, composite=composite)

    @contextmanager
    def _at_hand(
        self, source: str, ruleset: str | None, others: Mapping[str, str] | None, held: Opened | None = None
    ) -> Iterator[_AtHand]:
        """What a validation needs, with the tables open. Raises WorkError."""
        from agents.unapproved import sound
        from tools import dqdl

        with ExitStack() as opened:
            table, dataset = opened.enter_context(self.opened(source, held))
            tables = {"primary": table}
            for alias, other in (others or {}).items():
                tables[alias] = opened.enter_context(self.open(other)[0])
            active = self._active(dataset, source) if ruleset is None else []
            rules = dqdl.parse(ruleset) if ruleset is not None else _ruleset(sound(active))
            yield _AtHand(dataset, tables, active, rules, self._past(dataset, table))

    def _past(self, dataset: Dataset, table: Table) -> Past:
        """What was measured before, for the judgement of the present content."""
        return Past(self.memory, dataset.id, table.version)

    def _active(self, dataset: Dataset, source: str) -> list[Rule]:
        from tools.sources.uris import shown

        rules = self.memory.rules.active(dataset.id)
        if not rules:
            raise WorkError(
                f"{dataset.short_name} has no active rules.",
                hint=f"Propose and approve some with `assay run {shown(source)}`, or name a file with --rules.",
            )
        return rules


def _evaluate(table: Table, rules: Sequence[str], past: Past) -> Evaluation:
    from tools import dqdl
    from tools.sources import file_access

    roots = file_access.roots([table])
    return dqdl.evaluate(_ruleset(rules), {"primary": table}, history=past, file_roots=roots)


def _split(
    rules: Ruleset,
    tables: Mapping[str, Table],
    target: str,
    evaluation: Evaluation,
    past: Past,
    on_progress: Progress | None,
) -> Split:
    from tools.validation import quarantine

    return quarantine.split(rules, tables, target, evaluation, history=past, on_progress=on_progress)


def _ruleset(rules: Sequence[str]) -> Ruleset:
    """Parsed one by one: joined as text, a comment in one would swallow the next."""
    from tools import dqdl

    return dqdl.Ruleset(rules=tuple(map(dqdl.parse_rule, rules)))


def _with_past(draft: Draft, past: Recollection) -> Draft:
    evidence = draft.evidence | past.evidence
    return replace(draft, evidence=evidence, confidence=past.weighed(draft.confidence))


def _proposal(draft: Draft, result: RuleResult) -> Any:
    from memory.model import NewProposal
    from tools import dqdl

    rule = dqdl.parse_rule(draft.rule)
    return NewProposal(
        rule=str(rule),
        rule_type=rule.type,
        columns=rule.columns,
        dimension=result.dimension,
        fingerprint=dqdl.fingerprint(rule),
        reasoning=draft.reasoning,
        evidence=draft.evidence,
        dry_run=result.to_dict(),
        confidence=draft.confidence,
        source=draft.source,
    )
