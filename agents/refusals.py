"""Why a rule may not be proposed for a dataset."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from agents.recollection import short
from tools import dqdl
from tools.dqdl.language import ideas
from tools.profiling import Profile
from tools.recommending.likeness import renamed

if TYPE_CHECKING:
    from memory import Memory
    from memory.model import Dataset


class Refusals:
    """What speaks against a rule on one dataset, as the store knows it when this is made."""

    def __init__(self, memory: Memory, dataset: Dataset, profile: Profile | None = None) -> None:
        """``profile`` is that of the present content: by it columns are known again that were renamed."""
        self._dataset = dataset
        self._active = {rule.fingerprint for rule in memory.rules.active(dataset.id)}
        declined = [(past, dqdl.parse_rule(past.rule)) for past in memory.recall.declined(dataset.id)]
        self._renamed = _renamed(memory, dataset, profile, [rule for _, rule in declined]) if profile else {}
        self._declined = [(past, rule, ideas.said(rule, self._renamed)) for past, rule in declined]

    def why(self, rule: str) -> str | None:
        """It does not parse, names no such column, is active, or a person declined what it says.

        What was declined is known again in other words, with another bound, and under another name of a column.
        """
        try:
            parsed = dqdl.parse_rule(rule)
        except dqdl.DqdlError as error:
            return str(error)
        missing = missing_column(parsed, self._dataset)
        if missing:
            return missing
        if dqdl.fingerprint(parsed) in self._active:
            return "This rule is active already."
        said = ideas.said(parsed)
        for past, refused, meant in self._declined:
            if ideas.implies(said, meant):
                return f"A person declined this kind of rule for {self._about(refused)}: {short(past.reason)}"
        return None

    def _about(self, refused: dqdl.TopRule) -> str:
        columns = ideas.about(refused)
        shown = [f"{name} (now {self._renamed[name]})" if name in self._renamed else name for name in columns]
        return ", ".join(shown) or "the table"


def _renamed(memory: Memory, dataset: Dataset, profile: Profile, refused: Sequence[dqdl.TopRule]) -> dict[str, str]:
    """By lower-cased names of columns that are gone, on which rules were refused, what they are called now."""
    here = {field["name"].lower() for field in dataset.fields}
    gone = {name for rule in refused for name in ideas.about(rule)} - here
    found: dict[str, str] = {}
    for name in sorted(gone):
        before = None if name in found else memory.recall.profile_with(dataset.id, name)
        if before is not None:
            found = {**renamed(Profile.from_dict(before), profile), **found}
    return found


def missing_column(rule: dqdl.TopRule, dataset: Dataset) -> str | None:
    """The first column of a rule that the dataset does not have, as a sentence, or None."""
    names = {field["name"].lower(): field["name"] for field in dataset.fields}
    for column in rule.columns:
        if column.lower() not in names:
            near = difflib.get_close_matches(column.lower(), names, n=1)
            hint = f" Did you mean {names[near[0]]!r}?" if near else ""
            return f"{dataset.short_name} has no column {column!r}.{hint}"
    return None
