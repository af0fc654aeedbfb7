"""Which queries answer the needs of a ruleset, and what needs none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from tools.dqdl.plans import sql
from tools.dqdl.plans.plan import Aggregate, Grouped, Need, Statement
from tools.dqdl.plans.wide import plain_query
from tools.dqdl.queries import known
from tools.dqdl.queries.asking import aliased
from tools.sources.table import Known, Table

MAX_BITS = 1 << 27
"""The most bits that mark which whole numbers occur: 16 MB for each thread."""
BITS_PER_ROW = 64
"""More of them than this would be filled too sparsely to be worth it."""


@dataclass(frozen=True)
class Distinct:
    """A key set that is unique if as many distinct values as values are counted in the plain scan."""

    values: Aggregate
    distinct: Aggregate


@dataclass
class Schedule:
    """The needs by how they are answered. Equal needs are one."""

    known: dict[Need, Any] = field(default_factory=dict)
    """Answers that need no query."""
    plain: dict[Aggregate, None] = field(default_factory=dict)
    """For one scan, in this order."""
    groups: dict[tuple[str, ...], dict[Grouped, None]] = field(default_factory=dict)
    """For one grouped scan a key set."""
    counted: dict[tuple[str, ...], Distinct] = field(default_factory=dict)
    """Key sets whose grouped scan falls away if the plain scan finds them unique."""
    statements: dict[Statement, None] = field(default_factory=dict)
    """For one query each."""


def schedule(needs: Iterable[Need], primary: Table, dialect: str | None = None) -> Schedule:
    """Sorts needs by how they are answered; in a dialect that is not the table's own, nothing is known.

    Raises SourceError.
    """
    found = Schedule()
    for need in needs:
        if isinstance(need, Aggregate):
            found.plain[need] = None
        elif isinstance(need, Grouped):
            found.groups.setdefault(need.keys, {})[need] = None
        else:
            found.statements[need] = None
    if dialect not in (None, primary.dialect):
        return found
    columns = {need: {column.name for column in need.expression.find_all(exp.Column)} for need in found.plain}
    facts = primary.known(set().union(*columns.values(), (keys[0] for keys in found.groups if len(keys) == 1)))
    rows = next((one.rows for one in facts.values()), primary.row_count)
    if rows is not None:
        _answer(found, rows, facts, columns)
    for keys, wanted in found.groups.items():
        _count(found, keys, wanted, facts, primary)
    return found


def _answer(found: Schedule, rows: int, facts: Mapping[str, Known], columns: Mapping[Aggregate, set[str]]) -> None:
    """Takes out of the plain scan what is known."""
    for need in [need for need in found.plain if facts.keys() >= columns[need]]:
        try:
            classes = known.classes(rows, {name: facts[name] for name in columns[need]})
            found.known[need] = known.answer(need.expression, classes)
        except known.Unknown:
            continue
        del found.plain[need]


def _count(
    found: Schedule,
    keys: tuple[str, ...],
    wanted: Iterable[Grouped],
    facts: Mapping[str, Known],
    primary: Table,
) -> None:
    """Lets the plain scan count distinct whole numbers of a narrow range: a bit for each is cheaper than groups."""
    fact = facts.get(keys[0]) if len(keys) == 1 else None
    if fact is None or primary.dialect != "duckdb" or any(need.where is not None for need in wanted):
        return
    if type(fact.low) is not int or type(fact.high) is not int:
        return
    filled, span = fact.rows - fact.nulls, fact.high - fact.low + 1
    if filled <= span <= min(MAX_BITS, BITS_PER_ROW * filled):
        column = sql.column(keys[0])
        ends = [exp.convert(end) for end in (fact.low, fact.high)]
        bits = exp.Anonymous(this="bitstring_agg", expressions=[column, *ends])
        distinct = Aggregate(exp.Anonymous(this="bit_count", expressions=[bits]))
        found.counted[keys] = Distinct(Aggregate(exp.Count(this=column.copy())), distinct)
        found.plain.update({found.counted[keys].distinct: None})
        if found.counted[keys].values not in found.known:
            found.known[found.counted[keys].values] = filled


def if_unique(need: Grouped, values: int, rows: int) -> Any:
    """The answer to a need over groups of which each value is alone. Raises Unknown."""
    one = known.Span(1, 1)
    groups = [known.Class(values, {sql.COUNT: one, "assay_k0": known.Span()})] if values else []
    if rows > values:
        groups.append(known.Class(1, {sql.COUNT: known.Span(rows - values, rows - values), "assay_k0": None}))
    return known.answer(need.expression, groups)


def grouped_query(keys: tuple[str, ...], wanted: Iterable[Grouped], primary: Table) -> exp.Select:
    """One row over the groups of a key, each filter with its own count of rows in a group."""
    needs = list(wanted)
    filters = {need.where: f"{sql.COUNT}{i}" for i, need in enumerate(needs)}
    inner = exp.select(
        *(exp.alias_(sql.column(name), f"assay_k{i}") for i, name in enumerate(keys)),
        *(exp.alias_(sql.count(where), name) for where, name in filters.items()),
    ).from_(aliased(primary, sql.ROWS))
    inner = inner.group_by(*(sql.column(name) for name in keys))
    renamed = [Aggregate(_renamed(need.expression, filters[need.where])) for need in needs]
    return plain_query(renamed, inner.subquery("assay_groups"), primary.dialect)


def _renamed(expression: exp.Expr, count: str) -> exp.Expr:
    copy = expression.copy()
    for column in copy.find_all(exp.Column):
        if column.name == sql.COUNT:
            column.set("this", exp.to_identifier(count))
    return copy
