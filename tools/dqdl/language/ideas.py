"""What a rule is about, whatever its bound and however it is written: by this a rule that was refused is known again.

``IsComplete "a"``, ``Completeness "a" > 0.9`` and ``ColumnValues "a" != NULL`` have one idea: the column is filled. A
bound has the idea of its side, so that a greatest value can be refused where a least one is welcome. Filters and
thresholds do not count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Literal

from tools.dqdl.language.claims import COMPLETE, KEY, UNIQUE, Idea, Leaf, leaf
from tools.dqdl.language.model import Composite, Rule, Text, TopRule

if TYPE_CHECKING:
    from tools.dqdl.language.statements import Part

LONGEST_FORM = 150
NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True)
class Joined:
    """What several rules say together."""

    operator: Literal["and", "or"]
    members: tuple[Said, ...]


Said = Leaf | Joined


def about(rule: TopRule) -> tuple[str, ...]:
    """The columns of the primary table that it speaks of, in lower case; those in the SQL of a CustomSql too."""
    return tuple(dict.fromkeys(c for one in _leaves(said(rule)) for idea in sorted(one.ideas) for c in idea.columns))


def form(rule: TopRule) -> str:
    """The ideas without the columns, in at most some 170 characters: the same for such a rule on another table."""
    told = _form(said(rule))
    digest = hashlib.sha256(told.encode()).hexdigest()[:16]
    return told if len(told) <= LONGEST_FORM else f"{told[:LONGEST_FORM]} {digest}"


def said(rule: TopRule, renamed: Mapping[str, str] = NOTHING) -> Said:
    """What a rule says.

    ``renamed`` has by lower-cased names of before the columns' names of now: by these it speaks of them.
    """
    if isinstance(rule, Composite):
        return _join(rule.operator, tuple(said(one, renamed) for one in rule.rules))
    if rule.type == "CustomSql" or (rule.type == "RowCount" and rule.where):
        return _of_sql(rule, renamed)
    return leaf(rule, renamed)


def implies(mine: Said, refused: Said) -> bool:
    """Whether a rule says again what was refused, or more, bounds aside."""
    if isinstance(mine, Joined) and mine.operator == "or":
        return all(implies(one, refused) for one in mine.members)
    if isinstance(mine, Joined) and any(implies(one, refused) for one in mine.members):
        return True
    if isinstance(refused, Joined):
        enough = all if refused.operator == "and" else any
        return enough(implies(mine, one) for one in refused.members)
    return bool(_claims(mine) & refused.ideas)


def _claims(one: Said) -> frozenset[Idea]:
    """All that follows: what is unique and filled is a key."""
    if isinstance(one, Leaf):
        return one.claims
    members = [_claims(member) for member in one.members]
    if one.operator == "or":
        return reduce(frozenset.intersection, members)
    found = _all(members)
    keys = (idea.columns for idea in found if idea.what == UNIQUE)
    return found | {Idea(KEY, key) for key in keys if all(Idea(COMPLETE, (column,)) in found for column in key)}


def _of_sql(rule: Rule, renamed: Mapping[str, str]) -> Said:
    """Of a CustomSql, and of a row count under a filter; of SQL that is nested too deep the text counts."""
    try:
        return _rows(rule, renamed) if rule.type == "RowCount" else _statement(rule, renamed)
    except RecursionError:
        return leaf(rule, renamed) if rule.type == "RowCount" else _unread(rule)


def _rows(rule: Rule, renamed: Mapping[str, str]) -> Said:
    from tools.dqdl.language import statements

    others = statements.others(rule, renamed)
    if statements.none(rule.condition) and others:
        return _parts(others)
    found = [leaf(rule, renamed), *(_leaves(_parts(others)) if others else ())]
    return Leaf(_all(one.ideas for one in found), _all(one.claims for one in found))


def _statement(rule: Rule, renamed: Mapping[str, str]) -> Said:
    from tools.dqdl.language import statements

    found = statements.parts(rule, renamed)
    return _unread(rule) if found is None else _parts(found)


def _unread(rule: Rule) -> Leaf:
    parameter = rule.parameters[0]
    text = parameter.pattern if isinstance(parameter, Text) else str(parameter)
    return _alone(Idea(f"CustomSql {' '.join(text.lower().split())}", ()))


def _parts(found: list[Part]) -> Said:
    from sqlglot import exp

    from tools.dqdl.language import statements

    members: list[Said] = []
    for part in found:
        if isinstance(part, exp.Expr):
            columns: dict[str, int] = {}
            text = statements.text(part, columns)
            members.append(_alone(Idea(f"CustomSql {text}", tuple(columns))))
        else:
            members.append(said(part))
    return _join("and", tuple(members))


def _alone(idea: Idea) -> Leaf:
    return Leaf(frozenset([idea]), frozenset([idea]))


def _all(sets: Iterable[frozenset[Idea]]) -> frozenset[Idea]:
    return frozenset[Idea]().union(*sets)


def _join(operator: Literal["and", "or"], members: tuple[Said, ...]) -> Said:
    return members[0] if len(members) == 1 else Joined(operator, members)


def _leaves(one: Said) -> Iterator[Leaf]:
    for member in one.members if isinstance(one, Joined) else ():
        yield from _leaves(member)
    if isinstance(one, Leaf):
        yield one


def _form(one: Said) -> str:
    if isinstance(one, Leaf):
        return ", ".join(sorted({idea.what for idea in one.ideas}))
    return f" {one.operator} ".join(sorted(f"({_form(member)})" for member in one.members))
