"""What one rule means beside another: the same, nothing more, more, or the opposite.

Told from the texts alone, and only where they decide it: the same metric of the same columns under the same filter,
held against numbers, dates or lists of texts. Where that is not so nothing is said, which does not mean that the rules
get along.
"""

from __future__ import annotations

from typing import Literal

from tools.dqdl.language import ranges
from tools.dqdl.language.identity import fingerprint
from tools.dqdl.language.lint_meaning import facts, possible
from tools.dqdl.language.model import Compare, Condition, Member, Rule, Text, TopRule
from tools.dqdl.language.ranges import Ranges

Relation = Literal["same", "implied", "stricter", "contradicts"]
"""Of a rule to another: it says the same, follows from it, implies it, or is never true together with it."""
Said = dict[tuple[str, ...], Ranges | frozenset[str]]
"""What a rule says: the values that pass, by what has them."""


def relation(rule: TopRule, other: TopRule) -> Relation | None:
    """What ``rule`` is to ``other``; None where their texts do not tell. Rules about no rows pass whatever they say."""
    if fingerprint(rule) == fingerprint(other):
        return "same"
    mine, theirs = _said(rule), _said(other)
    if not mine or not theirs:
        return None
    if any(_apart(mine[about], theirs[about]) for about in mine.keys() & theirs.keys()):
        return "contradicts"
    implied, implies = _follows(mine, theirs), _follows(theirs, mine)
    if implied and implies:
        return "same"
    return "implied" if implied else "stricter" if implies else None


def _said(rule: TopRule) -> Said:
    if not isinstance(rule, Rule) or rule.tags:
        return {}
    texts = _texts(rule.condition) if rule.type == "ColumnValues" else None
    if texts:
        where = rule.where.raw if rule.where else ""
        return {("texts", *(column.lower() for column in rule.columns), where): texts}
    limited = {about: _limited(about[0], allowed) for about, allowed in facts(rule)}
    return {about: allowed for about, allowed in limited.items() if allowed}


def _limited(metric: str, allowed: Ranges) -> Ranges:
    """Without values that the metric never has, so that ``Completeness >= 1`` is ``= 1``."""
    limits = possible(metric)
    return ranges.common(allowed, limits) if limits else allowed


def _texts(condition: Condition | None) -> frozenset[str] | None:
    if isinstance(condition, Compare) and condition.op == "=" and isinstance(condition.operand, Text):
        return frozenset([condition.operand.value])
    if isinstance(condition, Member) and not condition.negated and isinstance(condition.items, tuple):
        texts = [item.member for item in condition.items if isinstance(item, Text)]
        return frozenset(texts) if len(texts) == len(condition.items) else None
    return None


def _follows(what: Said, given: Said) -> bool:
    return all(about in given and _within(given[about], passing) for about, passing in what.items())


def _within(inner: Ranges | frozenset[str], outer: Ranges | frozenset[str]) -> bool:
    if isinstance(inner, frozenset) or isinstance(outer, frozenset):
        return isinstance(inner, frozenset) and isinstance(outer, frozenset) and inner <= outer
    return ranges.within(inner, outer)


def _apart(one: Ranges | frozenset[str], other: Ranges | frozenset[str]) -> bool:
    if isinstance(one, frozenset) or isinstance(other, frozenset):
        return isinstance(one, frozenset) and isinstance(other, frozenset) and not one & other
    return not ranges.common(one, other)
