"""What depends on the data that a rule is about: told with each rule that broke, and with each that is proposed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from memory import Memory
    from memory.lineage.blast import Blast
    from memory.model import Dataset, NewProposal

RADIUS = "blast_radius"
"""The key in the result of a rule and in the evidence of a proposal; absent where nothing is known to depend on it."""
Key = TypeVar("Key")


def with_radii(memory: Memory, dataset: Dataset, evaluation: dict[str, Any]) -> dict[str, Any]:
    """An ``Evaluation.to_dict`` in which what did not pass has its blast radius."""
    rules = evaluation["rules"]
    broken = {place: rule["columns"] for place, rule in enumerate(rules) if rule["outcome"] != "Passed"}
    radii = _radii(memory, dataset, broken)
    told = [rule | {RADIUS: radii[place].to_dict()} if place in radii else rule for place, rule in enumerate(rules)]
    return {**evaluation, "rules": told}


def in_evidence(memory: Memory, dataset: Dataset, proposals: Sequence[NewProposal]) -> list[NewProposal]:
    """Proposals, each with what is at stake if the rule is broken."""
    radii = _radii(memory, dataset, {place: one.columns for place, one in enumerate(proposals)})
    return [
        replace(one, evidence={**one.evidence, RADIUS: radii[place].to_dict()}) if place in radii else one
        for place, one in enumerate(proposals)
    ]


def _radii(memory: Memory, dataset: Dataset, columns: Mapping[Key, Sequence[str]]) -> dict[Key, Blast]:
    if not columns:
        return {}
    from tools.lineage.naming import canonical
    from tools.lineage.observed import DatasetId

    return memory.lineage.blast(canonical(DatasetId(dataset.namespace, dataset.name)), columns)
