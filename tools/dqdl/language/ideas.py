"""What a rule is about, whatever its bound and however it is written: by this a rule that was refused is known again.

``IsComplete "a"``, ``Completeness "a" > 0.9`` and ``ColumnValues "a" != NULL`` have one idea: the column is filled. A
bound has the idea of its side, so that a greatest value can be refused where a least one is welcome. Filters and
thresholds do not count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from tools.dqdl.language.identity import fingerprint
from tools.dqdl.language.model import (
    Between,
    Compare,
    Composite,
    Condition,
    Keyword,
    Matches,
    Member,
    Rule,
    Text,
    TopRule,
)
from tools.dqdl.language.signatures import SIGNATURES

COMPLETE, UNIQUE, KEY = "complete", "unique", "key"
SHARES = {"Completeness": COMPLETE, "Uniqueness": UNIQUE, "UniqueValueRatio": UNIQUE}
LOW, HIGH = "low", "high"
LONGEST_FORM = 150


class Idea(NamedTuple):
    """One thing that a rule says, and of which columns."""

    what: str
    columns: tuple[str, ...]
    """In lower case; sorted, where their order means nothing."""


def ideas(rule: Rule) -> frozenset[Idea]:
    """What a person refuses who refuses this rule."""
    if rule.type == "CustomSql":
        return frozenset([_statement(rule)])
    columns = tuple(sorted(column.lower() for column in rule.columns))
    plain = {"IsComplete": COMPLETE, "IsUnique": UNIQUE, "IsPrimaryKey": KEY}.get(rule.type)
    if plain:
        return frozenset([Idea(plain, columns)])
    if rule.type == "DetectAnomalies":
        metric, *about = (str(parameter).strip('"').lower() for parameter in rule.parameters)
        return frozenset([Idea(f"DetectAnomalies {metric}", tuple(sorted(about)))])
    sides = _sides(rule.type, rule.condition)
    return frozenset(Idea(what, columns) for what in _named(rule, sides))


def about(rule: TopRule) -> tuple[str, ...]:
    """The columns of the primary table that it speaks of, in lower case; those in the SQL of a CustomSql too."""
    leaves = rule.leaves() if isinstance(rule, Composite) else [rule]
    return tuple(dict.fromkeys(c for leaf in leaves for idea in sorted(ideas(leaf)) for c in idea.columns))


def form(rule: TopRule) -> str:
    """The ideas without the columns, in at most some 170 characters: the same for such a rule on another table."""
    if isinstance(rule, Composite):
        said = f" {rule.operator} ".join(sorted(f"({form(one)})" for one in rule.rules))
    else:
        said = ", ".join(sorted({idea.what for idea in ideas(rule)}))
    digest = hashlib.sha256(said.encode()).hexdigest()[:16]
    return said if len(said) <= LONGEST_FORM else f"{said[:LONGEST_FORM]} {digest}"


def restates(rule: TopRule, refused: TopRule, renamed: Mapping[str, str] | None = None) -> bool:
    """Whether a rule says again what was refused, or more.

    ``renamed`` has by lower-cased names of before the columns' names of now.
    """
    if fingerprint(rule) == fingerprint(refused):
        return True
    if isinstance(refused, Composite):
        mine = rule.rules if isinstance(rule, Composite) and rule.operator == refused.operator else ()
        return bool(mine) and all(any(restates(one, other, renamed) for one in mine) for other in refused.rules)
    if isinstance(rule, Composite):
        found = [restates(one, refused, renamed) for one in rule.rules]
        return any(found) if rule.operator == "and" else all(found)
    return bool(_claims(rule) & {_moved(idea, renamed or {}) for idea in ideas(refused)})


def _claims(rule: Rule) -> frozenset[Idea]:
    """All that follows from it: a key is unique, and its columns are filled."""
    said = ideas(rule)
    if rule.type != "IsPrimaryKey":
        return said
    columns = tuple(sorted(column.lower() for column in rule.columns))
    return said | {Idea(UNIQUE, columns), *(Idea(COMPLETE, (column,)) for column in columns)}


def _moved(idea: Idea, renamed: Mapping[str, str]) -> Idea:
    columns = tuple(renamed.get(column, column).lower() for column in idea.columns)
    return Idea(idea.what, columns if idea.what.startswith("CustomSql") else tuple(sorted(columns)))


def _named(rule: Rule, sides: frozenset[str]) -> set[str]:
    share = SHARES.get(rule.type)
    if share and LOW in sides:
        return {share}
    if rule.type == "ColumnValues" and COMPLETE in sides:
        return {COMPLETE}
    if rule.type == "DuplicateRowCount" and HIGH in sides:
        return {UNIQUE}
    # What names another table or a file is about that, too.
    elsewhere = rule.parameters if not SIGNATURES[rule.type].columns else ()
    if rule.type == "ReferentialIntegrity":
        elsewhere = rule.parameters[1:]
    others = "" if rule.type == "ColumnNamesMatchPattern" else " ".join(str(one).lower() for one in elsewhere)
    return {" ".join(filter(None, (rule.type, others, side))) for side in sides or {""}}


def _sides(rule_type: str, condition: Condition | None) -> frozenset[str]:
    """Which part of a metric a condition binds."""
    match condition:
        case None:
            return frozenset()
        case Between(negated=negated):
            return frozenset(["not"]) if negated else frozenset([LOW, HIGH])
        case Matches(negated=negated):
            return frozenset(["no pattern" if negated else "pattern"])
        case Member(items=items, negated=negated):
            listed = items if isinstance(items, tuple) else ()
            if negated and listed and all(item == Keyword("NULL") for item in listed):
                return frozenset([COMPLETE])
            return frozenset(["not" if negated else "values"])
        case Compare(op="!=", operand=Keyword(name=name)):
            return frozenset([COMPLETE if name == "NULL" else "not blank"])
        case Compare(op="!="):
            return frozenset(["not"])
        case Compare(op="=", operand=operand):
            one_of = rule_type == "ColumnValues" or isinstance(operand, Text | Keyword)
            return frozenset(["values"]) if one_of else frozenset([LOW, HIGH])
        case Compare(op=op, operand=_):
            return frozenset([LOW if op in (">", ">=") else HIGH])


def _statement(rule: Rule) -> Idea:
    """A statement with its columns numbered and without its numbers, so that another bound in it is the same idea."""
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError

    parameter = rule.parameters[0]
    text = parameter.pattern if isinstance(parameter, Text) else str(parameter)
    try:
        tree = parse_one(text, dialect="spark")
    except SqlglotError:
        return Idea(f"CustomSql {' '.join(text.lower().split())}", ())
    columns: dict[str, int] = {}
    for column in list(tree.find_all(exp.Column, bfs=False)):
        number = columns.setdefault(column.name.lower(), len(columns) + 1)
        column.replace(exp.column(f"c{number}"))
    for literal in list(tree.find_all(exp.Literal)):
        if not literal.is_string:
            literal.replace(exp.Placeholder())
    for name in tree.find_all(exp.Identifier):
        name.set("this", name.name.lower())
        name.set("quoted", False)
    return Idea(f"CustomSql {tree.sql(dialect='spark', comments=False)}", tuple(columns))
