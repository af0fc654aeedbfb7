"""Rules that say nothing: repeated, implied by another, always true, never true, or never true together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

from tools.dqdl.language import ranges
from tools.dqdl.language.header import everything
from tools.dqdl.language.identity import fingerprint
from tools.dqdl.language.model import Compare, Condition, Number, Rule, Ruleset, TopRule
from tools.dqdl.language.ranges import Ranges

SHARES = (
    *("Completeness", "Uniqueness", "UniqueValueRatio", "ReferentialIntegrity", "DatasetMatch", "SchemaMatch"),
    "FileUniqueness",
)
COUNTS = ("RowCount", "ColumnCount", "DistinctValuesCount", "DuplicateRowCount", "ColumnLength", "ZerosCount")
AMOUNTS = ("Entropy", "StandardDeviation", "Variance", "Range", "RowCountMatch", "FileSize", "InterquartileRange")
SHARE, ALL_OF_IT = ranges.closed(0, 1), Compare("=", Number(Decimal(1)))
COMPARED = 100
"""How many rules about the same thing each rule is held against."""


class Remark(NamedTuple):
    """A warning and its place."""

    code: str
    line: int
    column: int
    message: str


class Fact(NamedTuple):
    """What a rule says of one metric: its name, columns and filter, and the values that it may have."""

    about: tuple[str, ...]
    allowed: Ranges


def remarks(ruleset: Ruleset) -> Iterator[Remark]:
    """One remark for each rule that says nothing or cannot hold."""
    for rule in everything(ruleset.rules):
        if isinstance(rule, Rule):
            yield from _alone(rule)
    repeated: set[int] = set()
    first: dict[str, TopRule] = {}
    for index, rule in enumerate(ruleset.rules):
        earlier = first.setdefault(fingerprint(rule), rule)
        if earlier is not rule:
            repeated.add(index)
            yield _remark(rule, "repeated-rule", f"The same as the rule in line {earlier.line}.")
    yield from _together([rule for index, rule in enumerate(ruleset.rules) if index not in repeated])


def _alone(rule: Rule) -> Iterator[Remark]:
    named = [("The condition", rule.condition, possible(rule.type)), ("The threshold", rule.threshold, SHARE)]
    for what, condition, limits in named:
        read = ranges.read(condition) if condition else None
        if read is None:
            continue
        allowed = _exact(rule.type, read[1]) if condition is rule.condition else read[1]
        if not read[1]:
            yield _remark(rule, "never-true", f"{what} {condition} is never true; between leaves both ends out.")
        elif limits and not ranges.common(allowed, limits):
            yield _remark(rule, "never-true", f"{what} {condition} is never true: {_because(rule, condition)}.")
        elif limits and ranges.within(limits, allowed):
            yield _remark(rule, "always-true", f"{what} {condition} is always true: {_because(rule, condition)}.")


def _because(rule: Rule, condition: Condition | None) -> str:
    if condition is rule.threshold or rule.type in SHARES:
        return "a share is from 0 to 1"
    if rule.type == "ColumnCorrelation":
        return "a correlation is from -1 to 1"
    return "a count is a whole number from 0 up" if rule.type in COUNTS else "it is at least 0"


def possible(rule_type: str) -> Ranges | None:
    """The values that the metric of a rule type can have at all; None where there is no limit."""
    if rule_type in SHARES:
        return SHARE
    if rule_type == "ColumnCorrelation":
        return ranges.closed(-1, 1)
    return ranges.closed(0, None) if rule_type in (*COUNTS, *AMOUNTS) else None


def _exact(rule_type: str, found: Ranges) -> Ranges:
    return ranges.whole(found) if rule_type in COUNTS else found


def facts(rule: Rule) -> list[Fact]:
    """What a rule says in terms of metrics; nothing where that cannot be told, or where a tag changes it."""
    columns = tuple(sorted(column.lower() for column in rule.columns))
    if rule.tags:
        return []
    if rule.type in ("IsComplete", "IsUnique", "IsPrimaryKey"):
        unique = [] if rule.type == "IsComplete" else [_fact(rule, "Uniqueness", columns, ALL_OF_IT)]
        complete = [_fact(rule, "Completeness", (column,), ALL_OF_IT) for column in columns]
        return [fact for fact in (*unique, *(complete if rule.type != "IsUnique" else ())) if fact]
    given = columns if rule.type == "Uniqueness" else tuple(str(parameter).lower() for parameter in rule.parameters)
    given = tuple(name.strip('"') for name in given)
    found = _fact(rule, rule.type, given, rule.condition) if rule.condition and rule.type != "CustomSql" else None
    return [found] if found else []


def _fact(rule: Rule, metric: str, columns: tuple[str, ...], condition: Condition) -> Fact | None:
    read = ranges.read(condition)
    if read is None:
        return None
    unit, allowed = read
    return Fact((metric, *columns, unit, rule.where.raw if rule.where else ""), _exact(rule.type, allowed))


def _together(rules: list[TopRule]) -> Iterator[Remark]:
    known = [(rule, facts(rule)) for rule in rules if isinstance(rule, Rule)]
    by_subject: dict[tuple[str, ...], list[tuple[int, Rule, Ranges]]] = defaultdict(list)
    for index, (rule, said) in enumerate(known):
        for fact in said:
            by_subject[fact.about].append((index, rule, fact.allowed))
    for index, (rule, said) in enumerate(known):
        yield from _against(rule, index, said, by_subject)


def _against(
    rule: Rule, index: int, said: list[Fact], by_subject: dict[tuple[str, ...], list[tuple[int, Rule, Ranges]]]
) -> Iterator[Remark]:
    implying: list[set[int]] = []
    opposed: Rule | None = None
    for about, allowed in said:
        others = [one for one in islice(by_subject[about], COMPARED) if one[0] != index and one[2] and allowed]
        implying.append({at for at, _, theirs in others if _stronger(theirs, allowed, first=at < index)})
        apart = [other for at, other, theirs in others if at < index and not ranges.common(allowed, theirs)]
        opposed = opposed or next(iter(apart), None)
    if opposed:
        yield _remark(rule, "contradiction", f"Never true together with {opposed} in line {opposed.line}.")
    for stronger in sorted(set.intersection(*implying) if implying else ())[:1]:
        found = next(other for at, other, _ in by_subject[said[0].about] if at == stronger)
        yield _remark(rule, "implied", f"Follows from {found} in line {found.line}.")


def _stronger(theirs: Ranges, allowed: Ranges, *, first: bool) -> bool:
    """Of two that allow the same, the first one."""
    return ranges.within(theirs, allowed) and (first or theirs != allowed)


def _remark(rule: TopRule, code: str, message: str) -> Remark:
    return Remark(code, rule.line, rule.column, message)
