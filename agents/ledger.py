"""What became of a recommender's proposals within one task: which were sent back, and which are dropped for good."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agents.work import Draft, Refused

MOST_TRIES = 2
"""So often a rule may come with numbers that no evidence shows: it is sent back once."""
ALIKE = 0.7
"""From which likeness of two texts on the later rule counts as the earlier one mended."""
MOST_TOLD = 20
LONGEST_TOLD = 300


class Ledger:
    """One per task."""

    def __init__(self) -> None:
        self._open: dict[str, Refused] = {}
        self._tries: Counter[str] = Counter()

    def sort(self, drafts: Sequence[Draft]) -> tuple[list[Draft], list[Refused]]:
        """The drafts that may be tried, and refusals of those that were dropped before."""
        going = [draft for draft in drafts if not (draft.source == "model" and self.is_given_up(draft.rule))]
        gone = [draft for draft in drafts if draft.source == "model" and self.is_given_up(draft.rule)]
        return going, [self._open[_key(draft.rule)] for draft in gone]

    def is_given_up(self, rule: str) -> bool:
        """Whether the rule came with such numbers for the last time."""
        return self._tries[_key(rule)] >= MOST_TRIES

    def note(self, refused: Sequence[Refused], stored: Sequence[str]) -> None:
        """Takes in what became of one call: a stored rule settles the refusal of the rule that it mends."""
        for rule in stored:
            near = difflib.get_close_matches(_key(rule), self._open, n=1, cutoff=ALIKE)
            if near and not self.is_given_up(near[0]):
                del self._open[near[0]]
        for one in refused:
            self._open[_key(one.rule)] = one
            self._tries[_key(one.rule)] += bool(one.numbers)

    def dropped(self) -> list[dict[str, Any]]:
        """What was refused and not mended, for a person: the rule and why."""
        return [{"rule": one.rule[:LONGEST_TOLD], "why": one.why[:LONGEST_TOLD]} for one in self._open.values()]


def _key(rule: str) -> str:
    return " ".join(rule.split())
