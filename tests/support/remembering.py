"""Tables of shops that are alike, and decisions about what is proposed for them, without a graph or a model."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from agents.recollection import remember
from agents.work import Draft, Refused
from agents.workbench import Workbench
from memory import Memory
from memory.model import Decision, Proposal
from tests.support.stores import new_run

Verdict = Callable[[Proposal], str | None]
"""The reason for which a proposal is rejected; None approves it."""


def write_shop(folder: Path, name: str = "orders", columns: str = "id,email,status,amount", rows: int = 200) -> str:
    """A CSV of four columns under the given names: a key, addresses (some missing), three words, amounts."""
    source = random.Random(f"{name} {rows}")
    lines = [columns]
    for number in range(1, rows + 1):
        word = "".join(source.choices("abcdefgh", k=8))
        email = f"{word}@example.org" if source.random() > 0.1 else ""
        amount = f"{source.uniform(5, 400):.2f}"
        lines.append(f"{number},{email},{source.choice(['new', 'paid', 'sent'])},{amount}")
    path = folder / f"{name}.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def propose(store: Memory, source: str, *rules: str) -> tuple[str, list[Proposal], list[Refused]]:
    """Profiles a table and proposes rules of one's own, or every suggestion; the run, the stored and the refused."""
    bench, run = Workbench(store), new_run(store)
    bench.profile(source)
    drafts = [Draft(rule, "so it is", {}, 0.5, "model") for rule in rules]
    for one in [] if rules else bench.suggestions(source):
        evidence = one.candidate.evidence | one.recollection.evidence
        drafts.append(
            Draft(one.candidate.rule, one.candidate.reasoning, evidence, one.candidate.confidence, "statistics")
        )
    done = bench.propose(run.id, source, drafts)
    return run.id, done.stored, done.refused


def decide(store: Memory, source: str, verdict: Verdict, *rules: str) -> list[Proposal]:
    """Proposes, decides by the verdict, activates and remembers; the proposals."""
    run_id, stored, _ = propose(store, source, *rules)
    store.approvals.open(run_id, timedelta(hours=1))
    reasons = {proposal.number: verdict(proposal) for proposal in stored}
    decisions = [
        Decision(number, "reject" if reason else "approve", reason=reason) for number, reason in reasons.items()
    ]
    if decisions:
        store.approvals.decide(run_id, decisions, "ada")
        store.rules.activate(run_id)
        remember(store, run_id)
    return stored


def reject(store: Memory, source: str, rule: str, reason: str = "nulls are legal here") -> None:
    """One rejected rule."""
    assert decide(store, source, lambda _: reason, rule)


def approve(store: Memory, source: str, rule: str) -> None:
    """One approved rule."""
    assert decide(store, source, lambda _: None, rule)


def refused(store: Memory, source: str, rule: str) -> str | None:
    """Why a rule cannot be proposed for a table now."""
    _, _, found = propose(store, source, rule)
    return found[0].why if found else None
