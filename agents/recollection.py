"""What people decided before, put into the terms of the table at hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from agents.embeddings import embedder
from tools import recommending
from tools.profiling import Profile

if TYPE_CHECKING:
    from memory import Memory
    from memory.model import PastRule
    from tools.recommending import Candidate

LIKE = 0.75
"""Cosine from which on two rules on two columns count as similar."""
MOST_RECALLED = 3


def remember(memory: Memory, run_id: str) -> int:
    """Remembers each decision of a run once; how many were new."""
    meanings: dict[int, str] = {}
    profiles: dict[UUID, Profile | None] = {}
    for proposal in memory.approvals.proposals(run_id):
        if proposal.dataset_id not in profiles:
            stored = memory.catalog.latest_profile(proposal.dataset_id)
            profiles[proposal.dataset_id] = Profile.from_dict(stored.profile) if stored else None
        profile = profiles[proposal.dataset_id]
        if profile is not None:
            meanings[proposal.number] = meaning(proposal.rule_type, proposal.columns, profile)
    return memory.recall.remember(run_id, embedder(), meanings)


def notes(memory: Memory, profile: Profile, rules: Sequence[Candidate]) -> list[str | None]:
    """For each candidate what people decided about similar rules elsewhere, in one line, or None."""
    if not rules:
        return [None] * len(rules)
    texts = [meaning(rule.rule_type, rule.columns, profile) for rule in rules]
    found = memory.recall.recall(texts, embedder(), k=MOST_RECALLED)
    return [_note([p for p in past if p.rule_type == rule.rule_type]) for rule, past in zip(rules, found, strict=True)]


def meaning(rule_type: str, columns: Sequence[str], profile: Profile) -> str:
    """What a rule is about in words that compare well: its type and what its columns are. Holds no value."""
    known = {column.name.lower(): column for column in profile.columns}
    about = [recommending.semantics(known[name.lower()], profile.rows) for name in columns if name.lower() in known]
    return f"{rule_type} of {'; '.join(about) or 'the table'}"


def _note(past: Sequence[PastRule]) -> str | None:
    alike = [rule for rule in past if rule.similarity >= LIKE]
    if not alike:
        return None
    accepted = [rule for rule in alike if rule.outcome != "reject"]
    refused = [rule for rule in alike if rule.outcome == "reject"]
    parts = []
    if accepted:
        parts.append(f"accepted on {_places(accepted)}")
    if refused:
        reasons = "; ".join(dict.fromkeys(f"{rule.reason!r}" for rule in refused))
        parts.append(f"rejected on {_places(refused)}: {reasons}")
    return " and ".join(parts)


def _places(rules: Sequence[PastRule]) -> str:
    return ", ".join(dict.fromkeys(f"{rule.table}.{'+'.join(rule.columns) or '*'}" for rule in rules))
