"""What people decided before, put into the terms of the table at hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from agents.embeddings import embedder
from tools import dqdl, recommending
from tools.characters import visible
from tools.dqdl.language import ideas
from tools.profiling import Profile
from tools.recommending.likeness import Traits, likeness, traits

if TYPE_CHECKING:
    from memory import Memory
    from memory.remembered import PastRule

LIKE = 0.75
"""From which on two rules of one form on two columns count as similar."""
BY_WORDS = 0.7
"""How much of the likeness of two columns is that of their names and meanings; the rest is that of statistics."""
MOST_RECALLED = 20
MOST_SHOWN = 8
MOST_COLUMNS = 30
LONGEST_REASON, LONGEST_SAID, LONGEST_NAME = 200, 80, 60
"""Characters of a reason in the evidence and in a sentence, and of a name in either."""
OWN_WEIGHT = 2.0
"""How many decisions on columns that are just the same weigh as much as the statistics do."""
ENOUGH, VERY_LIKE = 2, 0.85
"""So many rejections on columns that are so alike, and no approval, and a rule is not offered."""
NOUNS = (("table", "tables"), ("column", "columns"), ("set of columns", "sets of columns"))
"""By how many columns a rule is about."""
WORDS = {"approve": "approved", "edit": "edited", "reject": "rejected"}


@dataclass(frozen=True)
class Recollection:
    """What people decided about such rules on similar columns; the likest first, each column once."""

    past: tuple[PastRule, ...] = ()
    """``similarity`` is that of the columns: of what they are called and mean, and of their statistics."""

    @property
    def sentence(self) -> str | None:
        """All of it in a line for a person or a model, or None."""
        accepted, rejected = _parted(self.past)
        parts = [f"approved on {_places(accepted)}"] if accepted else []
        if rejected:
            parts.append(f"rejected on {_places(rejected)}{_reasons(rule.reason for rule in rejected)}")
        told = [", ".join(parts), *_since(accepted)] if parts else []
        return "; ".join(told) or None

    @property
    def references(self) -> list[dict[str, Any]]:
        """The decisions behind the sentence, as evidence: which memory, how alike, what became of the rule."""
        return [
            {
                "memory": rule.number,
                "on": _place(rule),
                "outcome": WORDS[rule.outcome],
                "similarity": round(rule.similarity, 3),
                "reason": short(rule.reason),
                "by": rule.corrected_by or rule.actor,
                "passed_since": rule.passed,
                "failed_since": rule.failed,
                "disabled": short(rule.disabled),
            }
            for rule in self.past[:MOST_SHOWN]
        ]

    @property
    def evidence(self) -> dict[str, Any]:
        """What a proposal carries of it."""
        return {"memory": self.sentence, "recalled": self.references} if self.past else {}

    @property
    def discouraging(self) -> bool:
        """Whether people rejected it on several columns that are very much alike, and approved it on no similar one."""
        accepted, rejected = _parted(self.past)
        sure = [rule for rule in rejected if rule.similarity >= VERY_LIKE]
        return len(sure) >= ENOUGH and all(rule.disabled is not None for rule in accepted)

    def weighed(self, confidence: float) -> float:
        """The confidence of the statistics, drawn towards what people decided, by how alike the columns are."""
        wanted = sum(rule.similarity for rule in self.past if rule.outcome != "reject" and rule.disabled is None)
        heard = sum(rule.similarity for rule in self.past)
        return round((OWN_WEIGHT * confidence + wanted) / (OWN_WEIGHT + heard), 2)


def remember(memory: Memory, run_id: str | None = None) -> int:
    """Remembers each decision of a run, or of all, once; how many were new."""
    from memory.recall import Note

    found = memory.recall.fresh(embedder().model, run_id)
    tables = {one: _Known(_latest(memory, one)) for one in {decision.dataset_id for decision in found}}
    notes = []
    for decision in found:
        rule, table = dqdl.parse_rule(decision.rule), tables[decision.dataset_id]
        columns = ideas.about(rule)
        known = [one.to_dict() for one in table.traits(columns)]
        notes.append(Note(decision, table.meaning(columns), ideas.form(rule), known))
    return memory.recall.remember(notes, embedder())


def recollect(memory: Memory, profile: Profile, rules: Sequence[str]) -> list[Recollection]:
    """For each rule on the table of a profile what people decided about such rules on similar columns."""
    if not rules:
        return []
    remember(memory)
    parsed = [dqdl.parse_rule(rule) for rule in rules]
    columns = [ideas.about(rule) for rule in parsed]
    table = _Known(profile)
    found = memory.recall.recall(
        [table.meaning(names) for names in columns],
        embedder(),
        forms=[ideas.form(rule) for rule in parsed],
        k=MOST_RECALLED,
    )
    return [_recollection(past, table.traits(names)) for past, names in zip(found, columns, strict=True)]


def _recollection(past: Sequence[PastRule], here: Sequence[Traits]) -> Recollection:
    newest: dict[tuple[UUID, tuple[str, ...]], PastRule] = {}
    for rule in sorted(past, key=lambda one: one.number):
        newest[rule.dataset_id, tuple(name.lower() for name in rule.columns)] = rule
    weighed = (replace(rule, similarity=_alike(rule, here)) for rule in newest.values())
    alike = [rule for rule in weighed if rule.similarity >= LIKE]
    return Recollection(tuple(sorted(alike, key=lambda rule: (-rule.similarity, -rule.number))))


def _alike(rule: PastRule, here: Sequence[Traits]) -> float:
    there = [Traits(**one) for one in rule.traits]
    if not there or len(there) != len(here):
        return rule.similarity
    same = sum(map(likeness, there, here)) / len(here)
    return BY_WORDS * rule.similarity + (1 - BY_WORDS) * same


class _Known:
    """The columns of a table, as its profile knows them: asked about for each of a thousand rules."""

    def __init__(self, profile: Profile | None) -> None:
        self._profile = profile
        self._columns = {column.name.lower(): column for column in profile.columns} if profile else {}

    def meaning(self, columns: Sequence[str]) -> str:
        """What the columns are, in words that compare well. Holds no value."""
        if self._profile is None:
            return ", ".join(columns) or "a table"
        if not columns:
            names = ", ".join(column.name.replace("_", " ") for column in self._profile.columns[:MOST_COLUMNS])
            return f"a table of {names}"
        rows, known = self._profile.rows, self._columns
        return "; ".join(recommending.semantics(known[name], rows) if name in known else name for name in columns)

    def traits(self, columns: Sequence[str]) -> list[Traits]:
        """The statistics of those that are known."""
        return [
            traits(self._columns[name], self._profile.rows)
            for name in columns
            if self._profile and name in self._columns
        ]


def _latest(memory: Memory, dataset_id: UUID) -> Profile | None:
    stored = memory.catalog.latest_profile(dataset_id)
    return Profile.from_dict(stored.profile) if stored else None


def _parted(past: Sequence[PastRule]) -> tuple[list[PastRule], list[PastRule]]:
    accepted = [rule for rule in past if rule.outcome != "reject"]
    return accepted, [rule for rule in past if rule.outcome == "reject"]


def _places(rules: Sequence[PastRule]) -> str:
    one, many = NOUNS[min(2, len(rules[0].columns))]
    listed = ", ".join(map(_place, rules[:3])) + (", …" if len(rules) > 3 else "")
    return f"{len(rules)} similar {one if len(rules) == 1 else many} ({listed})"


def _place(rule: PastRule) -> str:
    named = f"{rule.table}.{'+'.join(rule.columns)}" if rule.columns else rule.table
    return short(named, LONGEST_NAME) or "?"


def _since(accepted: Sequence[PastRule]) -> list[str]:
    """What became of the rules that were accepted."""
    failed = [rule for rule in accepted if rule.failed and rule.disabled is None]
    disabled = [rule for rule in accepted if rule.disabled is not None]
    told = [f"disabled since on {_places(disabled)}{_reasons(rule.disabled for rule in disabled)}"] if disabled else []
    if failed:
        times, of = sum(rule.failed for rule in failed), sum(rule.failed + rule.passed for rule in failed)
        told.append(f"failed since in {times} of {of} validations on {_places(failed)}")
    return told


def _reasons(given: Iterable[str | None]) -> str:
    """Up to three different reasons in people's own words, cut short."""
    reasons = list(dict.fromkeys(filter(None, (short(reason, LONGEST_SAID) for reason in given))))[:3]
    return f": {'; '.join(map(repr, reasons))}" if reasons else ""


def short(text: str | None, most: int = LONGEST_REASON) -> str | None:
    """What people typed, in one line without what nobody sees, cut; None where nothing is left."""
    shown = " ".join(visible(text or "").split())
    return (shown if len(shown) <= most else f"{shown[:most]} …") or None
