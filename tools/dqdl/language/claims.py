"""What a single rule says of which columns, whatever its bound, filter and threshold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from tools.dqdl.language.model import (
    Between,
    Compare,
    Condition,
    Date,
    Keyword,
    Matches,
    Member,
    Now,
    Number,
    Operand,
    Rule,
    Text,
    Variable,
)

COMPLETE, UNIQUE, KEY, FILLED_IN, FRESH = "complete", "unique", "key", "not blank", "DataFreshness high"
LOW, HIGH, VALUES, NOT, PATTERN = "low", "high", "values", "not", "pattern"
PLAIN = {"IsComplete": COMPLETE, "IsUnique": UNIQUE, "IsPrimaryKey": KEY}
SHARES = {"Completeness": COMPLETE, "Uniqueness": UNIQUE, "UniqueValueRatio": UNIQUE}
SAME = {"Variance": "StandardDeviation"}
"""Metrics that are told from each other."""
SIGNED = frozenset({"ColumnValues", "Mean", "Sum", "ColumnCorrelation", "Skewness", "Kurtosis", "CustomSql"})
"""Metrics that can be below nought; one of the others that is not nought is more."""
WHOLE = frozenset({"ColumnDataType", "ColumnNamesMatchPattern", "ColumnExists"})
"""Rules with one idea, whatever their condition."""
LISTED = re.compile(r"\^?\(?(?:\?:)?[^\\.\[\](){}*+?^$]+\)?\$?")
"""A regular expression that lists texts: ``new|paid|sent``."""
UNLIKE = ("a", "Zz 9", "+-_.,;", "ßж0")
"""Texts that no pattern matches but one that matches nearly everything."""
AGGREGATE = re.compile(r"\s*(\w+)\s*\(\s*(.+?)\s*\)\s*")


class Idea(NamedTuple):
    """One thing that a rule says, and of which columns."""

    what: str
    columns: tuple[str, ...]
    """In lower case; sorted, where their order means nothing."""


@dataclass(frozen=True)
class Leaf:
    """What a rule without parts says."""

    ideas: frozenset[Idea]
    """Any of them is refused with the rule."""
    claims: frozenset[Idea]
    """These, and what follows from them."""


def leaf(rule: Rule, now: Mapping[str, str]) -> Leaf:
    """``now`` has by lower-cased names of before the columns' names of now."""
    columns = tuple(sorted(named(column, now) for column in rule.columns))
    plain = PLAIN.get(rule.type)
    if plain:
        return _leaf([Idea(plain, columns)])
    if rule.type == "DetectAnomalies":
        metric, *about = (_value(parameter) for parameter in rule.parameters)
        return _leaf([Idea(f"DetectAnomalies {metric.lower()}", tuple(sorted(named(one, now) for one in about)))])
    what, more = _elsewhere(rule, now)
    columns = tuple(sorted({*columns, *more}))
    said, follows = _sides(rule)
    ideas = {Idea(_idea(rule.type, what, side), columns) for side in said}
    return _leaf(ideas, {Idea(_idea(rule.type, what, side), columns) for side in follows})


def named(column: str, now: Mapping[str, str]) -> str:
    """The column's name of now, in lower case."""
    return now.get(column.lower(), column).lower()


def sides(condition: Condition | None) -> frozenset[str]:
    """Whether a condition on a number bounds it from below, above, or both."""
    match condition:
        case Between(negated=False) | Compare(op="=") | Member(negated=False):
            return frozenset([LOW, HIGH])
        case Compare(op=">" | ">="):
            return frozenset([LOW])
        case Compare(op="<" | "<="):
            return frozenset([HIGH])
    return frozenset()


def _leaf(ideas: Iterable[Idea], follows: Iterable[Idea] = ()) -> Leaf:
    """With all that follows: a key is unique, and its columns are filled."""
    said = frozenset(ideas)
    keys = [idea.columns for idea in said if idea.what == KEY]
    parts = {Idea(UNIQUE, columns) for columns in keys} | {Idea(COMPLETE, (one,)) for key in keys for one in key}
    return Leaf(said, said | parts | frozenset(follows))


def _idea(rule_type: str, what: str, side: str) -> str:
    if side in (COMPLETE, FILLED_IN, FRESH):
        return side
    if side == LOW and rule_type in SHARES:
        return SHARES[rule_type]
    if side == HIGH and rule_type == "DuplicateRowCount":
        return UNIQUE
    return " ".join(filter(None, (SAME.get(rule_type, rule_type), what, side)))


def _sides(rule: Rule) -> tuple[set[str], set[str]]:
    """What the condition binds, and what follows from that."""
    condition = rule.condition
    if condition is None or rule.type in WHOLE:
        return {""}, set()
    positive = rule.type not in SIGNED
    match condition:
        case Between(low=low, negated=True):
            above = positive and isinstance(low, Number) and low.value <= 0
            return ({LOW}, set()) if above else ({NOT}, {LOW, HIGH})
        case Matches(regex=regex, negated=False):
            return _matching(regex.pattern)
        case Matches():
            return {"no pattern"}, set()
        case Compare(op="!=", operand=operand):
            return {_not(operand, positive)}, set()
        case Member(items=items, negated=True):
            listed = items if isinstance(items, tuple) else (items,)
            return {_not(item, positive) for item in listed}, set()
        case Compare(op="=", operand=operand) if _of_values(rule, (operand,)):
            return _one_of(rule.type, (operand,))
        case Member(items=items) if isinstance(items, Variable) or _of_values(rule, items):
            return _one_of(rule.type, items if isinstance(items, tuple) else ())
    return _bounded(rule, condition)


def _bounded(rule: Rule, condition: Condition) -> tuple[set[str], set[str]]:
    said = set(sides(condition))
    if LOW in said and rule.type == "ColumnLength" and _at_most_one(condition):
        return said | {FILLED_IN}, {COMPLETE}
    if LOW in said and rule.type == "ColumnValues" and isinstance(getattr(condition, "operand", None), Now):
        return said | {FRESH}, set()
    return said, set()


def _at_most_one(condition: Condition) -> bool:
    low = condition.low if isinstance(condition, Between) else getattr(condition, "operand", None)
    return isinstance(low, Number) and low.value <= 1


def _of_values(rule: Rule, items: Iterable[Operand]) -> bool:
    return rule.type == "ColumnValues" or any(isinstance(item, Text | Keyword) for item in items)


def _one_of(rule_type: str, items: tuple[Operand, ...]) -> tuple[set[str], set[str]]:
    if items and all(item == Keyword("NULL") for item in items):
        return {"missing"}, set()
    numbers = bool(items) and all(isinstance(item, Number | Date) for item in items)
    return {VALUES}, {LOW, HIGH} if numbers and rule_type == "ColumnValues" else set()


def _not(operand: Operand, positive: bool) -> str:
    if operand == Keyword("NULL"):
        return COMPLETE
    if isinstance(operand, Keyword) or operand == Text(""):
        return FILLED_IN
    return LOW if positive and isinstance(operand, Number) and operand.value <= 0 else NOT


def _matching(regex: str) -> tuple[set[str], set[str]]:
    try:
        anything = all(re.fullmatch(regex, text) for text in UNLIKE)
    except re.error:
        anything = False  # Java's, not Python's
    if anything:
        return {COMPLETE, FILLED_IN}, {PATTERN}
    return ({PATTERN, VALUES} if LISTED.fullmatch(regex) else {PATTERN}), set()


def _elsewhere(rule: Rule, now: Mapping[str, str]) -> tuple[str, set[str]]:
    """What parameters name that are no columns: other tables, files; and the columns of this table within them."""
    given = [_value(parameter) for parameter in rule.parameters]
    match rule.type:
        case "ReferentialIntegrity":
            alias, _, keys = given[1].partition(".")
            return f"{alias}.{_listed(keys.strip('{} '))}".lower(), set()
        case "DatasetMatch":
            pairs = [_pairs(text, now) for text in given[1:]]
            told = "; ".join(",".join(sorted(theirs for _, theirs in each)) for each in pairs)
            return f"{given[0]} {told}".lower(), {mine for each in pairs for mine, _ in each}
        case "AggregateMatch":
            found = [_aggregate(text, now) for text in given]
            return " ".join(sorted(told for told, _ in found)), {column for _, column in found if column}
        case "FileMatch" | "RowCountMatch" | "SchemaMatch" | "FileFreshness" | "FileSize" | "FileUniqueness":
            return " ".join(sorted(text.rstrip("/").lower() for text in given)), set()
    return "", set()


def _pairs(text: str, now: Mapping[str, str]) -> list[tuple[str, str]]:
    parts = [part.partition("->") for part in text.split(",")]
    return [(named(mine.strip(), now), (theirs.strip() or mine.strip()).lower()) for mine, _, theirs in parts]


def _aggregate(text: str, now: Mapping[str, str]) -> tuple[str, str | None]:
    found = AGGREGATE.fullmatch(text.lower())
    if not found:
        return text.lower(), None
    function, column = found.groups()
    column = column.removeprefix("primary.")
    return (f"{function}({column})", None) if "." in column else (function, named(column, now))


def _listed(text: str) -> str:
    return ",".join(sorted(part.strip() for part in text.split(",")))


def _value(parameter: Text | Variable) -> str:
    return parameter.value if isinstance(parameter, Text) else str(parameter)
