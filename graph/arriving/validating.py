"""Validates what arrived where it lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memory.arrivals import Hold, Outcome

if TYPE_CHECKING:
    from memory import Memory


def land(memory: Memory, held: Hold) -> Outcome:
    """What the active rules of the watch say of it. Raises SourceError."""
    from graph.jobs import Jobs
    from graph.permissions import Actor

    rules = memory.catalog.find(held.watch.rules_of)
    active = [rule.rule_expression for rule in memory.rules.active(rules[0].id)] if len(rules) == 1 else []
    if not active:
        return Outcome("none", "There are no active rules.")
    text = "Rules = [\n" + ",\n".join(active) + "\n]"
    done = Jobs(memory, Actor(held.watch.created_by, "author")).validate(held.arrival.source, text)
    return Outcome("passed" if done.evaluation.passed else "failed")
