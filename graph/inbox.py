"""What helps a person to decide: which proposals, what an edit changes, and which active rules stand beside them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from memory.model import Proposal, Rule
    from tools.dqdl.language.relations import Relation
    from tools.dqdl.plans.result import RuleResult

Piece = tuple[Literal["same", "removed", "added"], str]
"""A part of a rule, and what an edit does to it."""
WORDS = re.compile(r'"(?:\\.|[^"\\])*"|\s+|[\w.]+|.', re.DOTALL)
"""A text in quotes, blanks, a word or number, or a sign: what an edit changes as a whole."""


@dataclass(frozen=True)
class Filter:
    """Which proposals are meant. What is empty does not narrow it; of several values one has to fit."""

    tables: tuple[str, ...] = ()
    """Short or full names."""
    columns: tuple[str, ...] = ()
    rule_types: tuple[str, ...] = ()
    dimensions: tuple[str, ...] = ()
    confidence: float = 0.0
    """The least, 0 to 1."""
    passing: bool = False
    """Only those that hold today."""

    def keeps(self, proposal: Proposal, table: Sequence[str]) -> bool:
        """Whether it is one of them; ``table`` has the names of its table. Upper and lower case are the same."""
        return (
            _meet(self.tables, table)
            and _meet(self.columns, proposal.columns)
            and _meet(self.rule_types, [proposal.rule_type])
            and _meet(self.dimensions, [proposal.dimension])
            and proposal.confidence >= self.confidence
            and not (self.passing and proposal.dry_run["outcome"] != "Passed")
        )


EVERY = Filter()


@dataclass(frozen=True)
class Related:
    """An active rule of the same table that says something about a proposal, or about an edit of one."""

    number: int
    """The active rule's."""
    rule: str
    relation: Relation
    """Of the proposal to the active rule."""

    @property
    def says(self) -> str:
        """One sentence for a person."""
        active = f"active rule {self.number}: {self.rule}"
        return {
            "same": f"The same as {active}",
            "implied": f"Adds nothing to {active}",
            "stricter": f"Stricter than {active}",
            "contradicts": f"Never true together with {active}",
        }[self.relation]


@dataclass(frozen=True)
class EditPreview:
    """What an edit would make of a proposal. Nothing is stored."""

    number: int
    before: str
    after: str
    """The edit as it would be stored."""
    diff: list[Piece]
    proposed: dict[str, Any]
    """The dry run of the rule as it was proposed (``RuleResult.to_dict``)."""
    today: RuleResult
    """The dry run of the edit, made now."""
    related: list[Related]

    @property
    def changed(self) -> bool:
        """False where the edit says what was proposed."""
        return self.before != self.after


def diff(before: str, after: str) -> list[Piece]:
    """What of ``before`` stays, goes and comes, word by word."""
    old, new = WORDS.findall(before), WORDS.findall(after)
    pieces: list[Piece] = []
    for tag, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(("same", "".join(old[i:j])))
            continue
        if i < j:
            pieces.append(("removed", "".join(old[i:j])))
        if k < m:
            pieces.append(("added", "".join(new[k:m])))
    return pieces


def related(rule: str, active: Sequence[Rule]) -> list[Related]:
    """What the active rules of its table say about a rule, by number. One that may not be used says nothing."""
    from tools import dqdl
    from tools.dqdl.language.relations import relation

    parsed = dqdl.parse_rule(rule)
    # Rules of other columns say nothing about it, and among a thousand rules they are nearly all.
    about = _names(parsed.columns)
    near = [one for one in active if not one.problem and _names(one.columns) == about]
    found = [(one, relation(parsed, dqdl.parse_rule(one.rule_expression))) for one in near]
    return [Related(one.number, one.rule_expression, how) for one, how in found if how]


def _meet(wanted: Iterable[str], names: Iterable[str]) -> bool:
    one, other = _names(wanted), _names(names)
    return not one or bool(one & other)


def _names(names: Iterable[str]) -> set[str]:
    return {name.casefold() for name in names}
