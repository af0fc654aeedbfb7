"""Ties a proposal to what speaks for it: the stored profile, its dry run, and what people decided before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from agents.evidence.check import check
from agents.evidence.facts import facts
from agents.work import Draft, Profiled, Refused

if TYPE_CHECKING:
    from tools.dqdl.plans.result import RuleResult
    from tools.profiling.model import Profile

REFERENCES = "references"
"""The key of a proposal's evidence below which it is told where each fact stands."""


def grounded(profiled: Profiled, draft: Draft, result: RuleResult) -> Draft | Refused:
    """The draft with references into what is stored, or why its reasoning cannot be shown to a person.

    The words of a model are checked number by number. Those of a candidate are code's, made from the same profile:
    its facts are looked up there, and no more.
    """
    evidence = dict(draft.evidence)
    if draft.source == "model":
        also = _named(draft.reasoning, profiled.profile)
        checked = check(draft.reasoning, facts(draft.rule, result, profiled.profile, also, evidence.get("memory")))
        if checked.unsupported:
            numbers = tuple(checked.unsupported)
            return Refused(
                draft.rule, f"The reasoning has numbers that no evidence shows: {', '.join(numbers)}.", numbers
            )
        evidence |= checked.evidence()
        found = checked.references({"profile": str(profiled.profile_id)})
    else:
        found = _references(evidence, profiled)
    found.append({"of": "dry_run", "id": None, "path": "$.outcome", "value": result.outcome})
    for past in evidence.get("recalled", []):
        found.append({"of": "memory", "id": past["memory"], "path": "$.outcome", "value": past["outcome"]})
    return replace(draft, evidence={**evidence, REFERENCES: found})


def _named(text: str, profile: Profile) -> list[str]:
    """The columns that a text names."""
    words = {word.strip("\"'`.,;:()").lower() for word in text.split()}
    return [column.name for column in profile.columns if column.name.lower() in words]


def _references(evidence: dict[str, Any], profiled: Profiled) -> list[dict[str, Any]]:
    """Where the facts of a candidate stand in the stored profile; what was computed from them has no place there."""
    id, found = str(profiled.profile_id), []
    for name, value in evidence.items():
        path = _path(name, value, profiled.profile)
        if path:
            found.append({"of": "profile", "id": id, "path": path, "value": value})
    return found


def _path(name: str, value: Any, profile: Profile) -> str | None:
    if name == "rows":
        return "$.rows"
    for at, column in enumerate(profile.columns):
        key = name.removeprefix(f"column.{column.name}.")
        if key != name and getattr(column, key, None) == value:
            return f"$.columns[{at}].{key}"
    return None
