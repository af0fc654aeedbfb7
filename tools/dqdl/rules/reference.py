"""Rules that compare the primary table with another one: counts, keys, schemas, aggregates, whole rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from sqlglot import exp

from tools.dqdl.language.model import Rule
from tools.dqdl.lowering.kinds import of_field
from tools.dqdl.plans import kinds, sql
from tools.dqdl.plans.plan import Aggregate, Bad, Need, Plan, RuleError, RuleFailed, Statement, Verdict
from tools.dqdl.queries.asking import aliased
from tools.dqdl.rules.conditions import percent
from tools.dqdl.rules.context import Context, no_column
from tools.dqdl.rules.judge import condition_of, judge_number, judge_share, nothing, number_column
from tools.sources.table import Field, Table

REFERENCE = "assay_reference"
Pair = tuple[Field, Field]
"""A column of the primary table, and the column of the reference that it is compared with."""


def row_count_match(rule: Rule, context: Context) -> Plan:
    """Rows of the primary table, as a multiple of the rows of the reference."""
    alias, condition = context.parameter(rule).value, condition_of(rule)
    reference = _reference(alias, context)
    counted = exp.select(exp.alias_(sql.count(), "n")).from_(aliased(reference, REFERENCE))
    needs: dict[str, Need] = {"rows": Aggregate(sql.count()), "reference": Statement(counted, (alias,))}

    def judge(values: Mapping[str, Any]) -> Verdict:
        rows, other = int(values["rows"]), int(_first(values["reference"]))
        if not other:
            return Verdict("Failed", f"The reference {alias} has no rows, the table has {rows:,}.")
        label = f"The number of rows ({rows:,}), as a share of the rows of {alias} ({other:,}),"
        return judge_number(condition, rows / other, f"Dataset.{alias}.RowCountMatch", label, percent)

    return Plan(needs, judge)


def schema_match(rule: Rule, context: Context) -> Plan:
    """Columns that agree in name and type, as a share; 0 when the tables differ in the number of columns."""
    alias, condition = context.parameter(rule).value, condition_of(rule)
    reference = _reference(alias, context)
    kinds_only = context.primary.dialect != reference.dialect
    mine, theirs = (_types(table, kinds_only) for table in (context.primary, reference))
    other = sorted(name for name in {*mine, *theirs} if not _agree(mine.get(name), theirs.get(name)))
    agreed = len(mine) - len([name for name in other if name in mine])
    share = 0.0 if len(mine) != len(theirs) else agreed / len(mine) if mine else 1.0
    verdict = judge_number(
        condition, share, f"Dataset.{alias}.SchemaMatch", f"The share of columns that agree with {alias}", percent
    )
    if other:
        told = [f"{name} ({_apart(mine.get(name), theirs.get(name), alias)})" for name in other[:5]]
        reason = f"{verdict.reason} Different: {', '.join(told)}{', …' if len(other) > 5 else ''}."
        verdict = Verdict(verdict.outcome, reason, verdict.metrics)
    return Plan({}, lambda values: verdict)


Type = tuple[str, str]
"""What is compared of a column's type, and how its engine writes the type."""


def _types(table: Table, kinds_only: bool) -> dict[str, Type]:
    """The columns' types, or only their kinds: two engines have hardly a type in common, though they hold the same."""
    found = {}
    for field in table.fields:
        declared = kinds.declared(field, table.dialect)
        type_ = declared.sql() if declared else field.type.upper()
        known = of_field(field) or (field.kind if field.kind != "other" else None)
        found[field.name.lower()] = (known if kinds_only and known else type_, field.type)
    return found


def _agree(mine: Type | None, theirs: Type | None) -> bool:
    return mine is not None and theirs is not None and mine[0] == theirs[0]


def _apart(mine: Type | None, theirs: Type | None, alias: str) -> str:
    if mine is None or theirs is None:
        return f"not in {alias}" if theirs is None else f"only in {alias}"
    return f"{mine[1]}, in {alias} {theirs[1]}"


def referential_integrity(rule: Rule, context: Context) -> Plan:
    """Rows whose key exists in the reference, as a share; a NULL never does."""
    keys = [part.strip() for part in context.parameter(rule).value.split(",")]
    target = context.parameter(rule, 1).value
    alias, _, rest = target.partition(".")
    names = [part.strip() for part in rest.strip("{}").split(",")]
    if not rest or len(names) != len(keys):
        raise RuleError(f"{target} must name as many columns as {', '.join(keys)}, for example ref.{{x,y}}.")
    reference = _reference(alias, context)
    pairs = [(_mine(key, context), _theirs(name, alias, reference)) for key, name in zip(keys, names, strict=True)]
    bad = _absent(reference, pairs, [])
    problem = f"have a value of {' + '.join(keys)} that {alias} does not have"
    return _rows(rule, bad, (alias,), context, f"Column.{alias}.ReferentialIntegrity", problem)


def dataset_match(rule: Rule, context: Context) -> Plan:
    """Rows that the reference has under the same key with the same values, as a share. Keys must be unique in both."""
    alias = context.parameter(rule).value
    reference = _reference(alias, context)
    keys = _pairs(context.parameter(rule, 1).value, alias, context)
    if len(rule.parameters) > 2:
        compared = _pairs(context.parameter(rule, 2).value, alias, context)
    else:
        compared = _others(keys, alias, context)
    problem = f"have no equal row in {alias}"
    key = f"Dataset.{alias}.DatasetMatch"
    plan = _rows(rule, _absent(reference, keys, compared), (alias,), context, key, problem)
    needs = {
        **plan.needs,
        "mine twice": Statement(_repeated(context.primary, [mine.name for mine, _ in keys]), ("primary",)),
        "theirs twice": Statement(_repeated(reference, [theirs.name for _, theirs in keys]), (alias,)),
    }

    def judge(values: Mapping[str, Any]) -> Verdict:
        for name, where in (("mine twice", "the table"), ("theirs twice", alias)):
            if int(_first(values[name])):
                return Verdict(
                    "Failed", f"The key {' + '.join(mine.name for mine, _ in keys)} is not unique in {where}."
                )
        return plan.judge(values)

    return Plan(needs, judge, plan.bad)


def _others(keys: list[Pair], alias: str, context: Context) -> list[Pair]:
    """All columns that are no key, which both tables must have."""
    reference = context.tables[alias]
    mine = {field.name for field in context.primary.fields} - {key.name for key, _ in keys}
    theirs = {field.name.lower() for field in reference.fields} - {other.name.lower() for _, other in keys}
    extra = sorted(theirs - {name.lower() for name in mine})
    if extra:
        raise RuleFailed(f"{alias} has columns that the table does not have: {', '.join(extra[:5])}.")
    names = [field for field in context.primary.fields if field.name in mine]
    return [(field, _theirs(field.name, alias, reference)) for field in names]


_AGGREGATE = re.compile(r"\s*(sum|avg)\s*\(\s*(.+?)\s*\)\s*", re.IGNORECASE)


def aggregate_match(rule: Rule, context: Context) -> Plan:
    """One sum or mean divided by another; 0/0 is 1, and x/0 is 0."""
    condition = condition_of(rule)
    said = [context.parameter(rule, index).value for index in (0, 1)]
    found = [_aggregate(text, context) for text in said]
    needs = {str(index): need for index, (need, _) in enumerate(found)}
    columns = ",".join(dict.fromkeys(name for _, name in found))

    def judge(values: Mapping[str, Any]) -> Verdict:
        top, bottom = (_first(values[name]) for name in ("0", "1"))
        if top is None or bottom is None:
            return nothing(False, f"no value for {said[0] if top is None else said[1]}")
        ratio = float(top) / float(bottom) if bottom else float(not top)
        label = f"{said[0]} ({float(top):,.6g}) as a share of {said[1]} ({float(bottom):,.6g})"
        return judge_number(condition, ratio, f"Column.{columns}.AggregateMatch", label, percent)

    return Plan(needs, judge)


def _aggregate(text: str, context: Context) -> tuple[Need, str]:
    """The need, which over the primary table rides on its scan, and the column that it is about."""
    match = _AGGREGATE.fullmatch(text)
    if not match:
        raise RuleError(f"{text} is not sum(column) or avg(column).")
    alias, _, name = match[2].partition(".")
    if name and alias not in context.tables and context.find(match[2]) is None:
        _reference(alias, context)
    if not name or alias not in context.tables:
        alias, name = "primary", match[2]
    table = context.tables[alias]
    field = number_column(_mine(name, context) if alias == "primary" else _theirs(name, alias, table))
    column = kinds.number(field, table.dialect)
    value = exp.Sum(this=column) if match[1].lower() == "sum" else exp.Avg(this=sql.double(column))
    if alias == "primary":
        return Aggregate(value), field.name
    return Statement(exp.select(exp.alias_(value, "v")).from_(aliased(table, REFERENCE)), (alias,)), field.name


def _rows(rule: Rule, bad: exp.Expr, aliases: tuple[str, ...], context: Context, key: str, problem: str) -> Plan:
    condition = condition_of(rule)
    flags = [exp.alias_(sql.count(), "n"), exp.alias_(sql.count(bad), "bad")]
    counted = exp.select(*flags).from_(aliased(context.primary, sql.ROWS))

    def judge(values: Mapping[str, Any]) -> Verdict:
        answer: pa.Table = values["answer"]
        total, failed = (answer.column(i)[0].as_py() for i in (0, 1))
        if not total:
            return nothing(False, "no row", " ".join(map(str, rule.parameters)))
        return judge_share(condition, int(failed), int(total), key, problem)

    return Plan({"answer": Statement(counted, ("primary", *aliases))}, judge, Bad(bad))


def _absent(reference: Table, keys: Sequence[Pair], compared: Sequence[Pair]) -> exp.Expr:
    def sides(pair: Pair) -> dict[str, exp.Expr]:
        mine, theirs = sql.column(pair[0].name, sql.ROWS), sql.column(pair[1].name, REFERENCE)
        return {"this": _as(theirs, pair[1], pair[0]), "expression": _as(mine, pair[0], pair[1])}

    same = [*(exp.EQ(**sides(pair)) for pair in keys), *(exp.NullSafeEQ(**sides(pair)) for pair in compared)]
    return exp.not_(exp.Exists(this=exp.select("1").from_(aliased(reference, REFERENCE)).where(*same)))


def _as(column: exp.Expr, field: Field, other: Field) -> exp.Expr:
    """A text is read as what the other side is, so that no engine refuses the comparison."""
    if field.kind != "text":
        return column
    target = {"number": "double", "boolean": "boolean", "date": "date", "timestamp": "timestamp"}.get(other.kind)
    if target:
        return sql.attempt(column, target)
    return column if field.type == other.type else sql.as_text(column)


def _repeated(table: Table, keys: list[str]) -> exp.Select:
    columns = [sql.column(key) for key in keys]
    groups = exp.select(*columns).from_(aliased(table, REFERENCE)).group_by(*(column.copy() for column in columns))
    twice = groups.having(exp.GT(this=sql.count(), expression=exp.Literal.number(1)))
    return exp.select(exp.alias_(sql.count(), "n")).from_(twice.subquery("assay_twice"))


def _pairs(text: str, alias: str, context: Context) -> list[Pair]:
    """``a->b,c`` : a is compared with b, and c with c."""
    found = []
    for part in text.split(","):
        mine, _, theirs = (side.strip() for side in part.partition("->"))
        found.append((_mine(mine, context), _theirs(theirs or mine, alias, context.tables[alias])))
    return found


def _reference(alias: str, context: Context) -> Table:
    if alias not in context.tables:
        known = ", ".join(name for name in context.tables if name != "primary") or "none"
        raise RuleFailed(f"No table named {alias} was given to this evaluation; given: {known}.")
    return context.tables[alias]


def _mine(name: str, context: Context) -> Field:
    field = context.find(name)
    if field is None:
        raise RuleFailed(context.missing(name))
    return field


def _theirs(name: str, alias: str, table: Table) -> Field:
    try:
        return table.field(name)
    except KeyError:
        raise RuleFailed(no_column(name, (field.name for field in table.fields), f" in {alias}")) from None


def _first(answer: Any) -> Any:
    """The value of an aggregate, or of a query for one."""
    return answer.column(0)[0].as_py() if isinstance(answer, pa.Table) else answer
