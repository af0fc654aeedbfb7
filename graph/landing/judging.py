"""What is found out about a batch: its profile, what the rules say, how it compares with those before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from agents.workbench import Part, Workbench
from memory.publications import Judged

if TYPE_CHECKING:
    from datetime import datetime

    from agents.work import Profiled, Validated
    from memory import Memory
    from memory.model import Dataset
    from memory.watches import Watch

MOST_TOLD = 100
"""Rules that did not pass and things unlike before that are kept with a batch; all are in its run."""


@dataclass(frozen=True)
class Verdict:
    """What was found out."""

    dataset: Dataset
    passed: bool | None
    """None where there are no rules to judge by."""
    judged: Judged


def bench_of(memory: Memory, watch: Watch) -> Workbench:
    """A bench on which everything counts as a batch of what a watch names. Raises SourceError."""
    from tools.sources.registry import dataset_name

    return Workbench(memory, Part(dataset_name(watch.rules_of), watch.rules_of))


def judge(memory: Memory, run_id: str, bench: Workbench, source: str, at: datetime) -> Verdict:
    """Profiles a batch, compares it, and validates it where there are active rules; ``at`` is when it landed.

    Raises SourceError; also where it changed in between.
    """
    from graph.recorded import PROFILED

    with bench.opened(source) as held:
        profiled = bench.profile(source, held=held)
        dataset = profiled.dataset
        told = {"table": dataset.short_name, "dataset_id": str(dataset.id), "profile_id": str(profiled.profile_id)}
        memory.runs.append_event(run_id, PROFILED, told, agent="profiler")
        findings = unlike(memory, profiled, at)
        if not memory.rules.active(dataset.id):
            return Verdict(dataset, None, _judged(run_id, profiled, None, findings))
        validated = bench.validate(run_id, source, held=held)
    return Verdict(dataset, validated.evaluation.passed, _judged(run_id, profiled, validated, findings))


def unlike(memory: Memory, profiled: Profiled, at: datetime) -> list[dict[str, Any]]:
    """What is unlike the batches that were published before; nothing where there are none."""
    from tools.comparing import batches
    from tools.profiling import Profile

    before = [one for one in memory.publications.before(profiled.dataset.id, at) if one.version != profiled.version]
    if not before:
        return []
    newest = memory.catalog.profile(profiled.dataset.id, before[0].version)
    found = batches.drift(Profile.from_dict(newest.profile), profiled.profile) if newest else []
    counts = [float(one.rows) for one in reversed(before) if one.rows is not None]
    more = [
        batches.volume(counts, profiled.profile.rows),
        batches.freshness([one.landed_at for one in reversed(before)], at),
    ]
    return [asdict(one) for one in (*found, *more) if one is not None][:MOST_TOLD]


def _judged(run_id: str, profiled: Profiled, validated: Validated | None, findings: list[dict[str, Any]]) -> Judged:
    rules = validated.evaluation.rules if validated else ()
    reasons: list[Mapping[str, Any]] = [
        {"rule": rule.rule, "outcome": rule.outcome, "reason": rule.reason, "failed_rows": rule.failed_rows}
        for rule in rules
        if rule.outcome != "Passed"
    ]
    return Judged(
        run_id=run_id,
        version=profiled.version,
        rows=profiled.profile.rows,
        total=validated.total if validated else None,
        reasons=reasons[:MOST_TOLD],
        findings=findings,
    )
