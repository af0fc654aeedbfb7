"""The way of a run between its pauses: carried out here, decided on by whoever may, and shown at the end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ui.cli.asking import ask, tell_conflicts
from ui.cli.ending import finish
from ui.cli.output import Output
from ui.report.text import count

if TYPE_CHECKING:
    from graph.runs import Runs
    from memory.model import DecideOutcome, Decision, Run


def go(
    out: Output,
    runs: Runs,
    run: Run,
    actor: str,
    *,
    approve_all: bool = False,
    may_ask: bool = True,
    html: Path | None = None,
) -> int:
    """Carries the run to its end, or to where somebody else has to decide; the exit code."""
    from memory.model import Decision
    from ui.cli.driving import carry_out

    told = _last_event(runs, run)
    while True:
        run = carry_out(out, runs, run.id, told)
        told = _last_event(runs, run)
        if run.status != "waiting":
            break
        if approve_all:
            approvals = [Decision(proposal.number, "approve") for proposal in runs.undecided(run.id)]
            store(out, runs, run, approvals, actor)
        elif not (may_ask and out.interactive and ask(out, runs, run.id, actor)):
            break
    return finish(out, runs, run.id, html)


def store(out: Output, runs: Runs, run: Run, chosen: Sequence[Decision], actor: str) -> DecideOutcome:
    """Stores decisions and says what became of them."""
    outcome = runs.decide(run.id, chosen, actor)
    tell_conflicts(out, outcome)
    if outcome.skipped:
        out.talk(f"{count(len(outcome.skipped), 'rule')} left for later.")
    if outcome.recorded or not outcome.skipped:
        out.talk(("✓ ", "green"), f"{count(len(outcome.recorded), 'decision')} stored, by {actor}.")
    return outcome


def _last_event(runs: Runs, run: Run) -> int:
    return max((event.seq for event in runs.memory.runs.events(run.id)), default=0)
