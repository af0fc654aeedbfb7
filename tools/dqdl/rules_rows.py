"""Rules that look at each row by itself: completeness, values, lengths, types, freshness."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlglot import exp

from tools.dqdl import sql
from tools.dqdl.context import Context
from tools.dqdl.freshness import fresh
from tools.dqdl.judge import amiss, condition_of, judge_share, metric_name, nothing, text_column
from tools.dqdl.model import Compare, Condition, Rule, Text
from tools.dqdl.plan import Aggregate, Bad, Need, Plan, RuleError, Verdict
from tools.dqdl.values import good_length, good_value
from tools.sources.table import Field


def completeness(rule: Rule, context: Context) -> Plan:
    """Completeness, and IsComplete: the share of rows with a value."""
    field = context.column(rule)
    good = sql.not_null(sql.column(field.name))
    key = metric_name((field.name,), "Completeness")
    return _rows(good, context.where(rule), rule.condition, key, f"have no {field.name}")


def column_values(rule: Rule, context: Context) -> Plan:
    """Each value meets the condition."""
    field = context.column(rule)
    good = good_value(rule, field, context)
    key = metric_name((field.name,), "ColumnValues.Compliance")
    where = context.where(rule)
    problem = f"have a value of {field.name} that is {amiss(condition_of(rule))}"
    return _with_details(_rows(good, where, rule.threshold, key, problem), field, where)


def column_length(rule: Rule, context: Context) -> Plan:
    """The length of each text; NULL has length 0."""
    field, condition, where = text_column(context.column(rule)), condition_of(rule), context.where(rule)
    length = exp.Coalesce(this=exp.Length(this=sql.column(field.name)), expressions=[sql.number(0)])
    problem = f"have a length of {field.name} that is {amiss(condition)}"
    plan = _rows(good_length(condition, length), where, None, metric_name((field.name,), "LengthCompliance"), problem)
    needs = {
        **plan.needs,
        "least": Aggregate(exp.Min(this=sql.when(where, length))),
        "most": Aggregate(exp.Max(this=sql.when(where, length))),
    }

    def judge(values: Mapping[str, Any]) -> Verdict:
        verdict = plan.judge(values)
        if not values["rows"]:
            return verdict
        least, most = float(values["least"]), float(values["most"])
        extremes = {
            metric_name((field.name,), "MinimumLength"): least,
            metric_name((field.name,), "MaximumLength"): most,
        }
        outcome = verdict.outcome
        if isinstance(condition, Compare) and condition.op == "!=":
            # Only the shortest and the longest count, as in Glue: a value in between may have the length.
            forbidden = float(str(condition.operand))
            outcome = "Failed" if forbidden in (least, most) else "Passed"
        return Verdict(outcome, verdict.reason, {**verdict.metrics, **extremes}, verdict.failed_rows)

    return Plan(needs, judge, plan.bad)


_TYPES = {
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "INTEGER": "int",
    "LONG": "bigint",
    "FLOAT": "float",
    "DOUBLE": "double",
}
_SHAPES = {
    "INTEGRAL": r"^\s*[+-]?[0-9]+\s*$",
    "FRACTIONAL": r"^\s*[+-]?([0-9]+\.[0-9]*|\.?[0-9]+)([eE][+-]?[0-9]+)?\s*$",
}
_FORMAT = re.compile(r"^(dd|MM|yyyy)([-/])(dd|MM|yyyy)(?:\2(dd|MM|yyyy))?$")
_FORMATS = {"dd-MM-yyyy", "MM-dd-yyyy", "yyyy-MM-dd", "MM-yyyy", "dd-MM", "MM-dd", "yyyy-MM"}
_STRPTIME = {"dd": "%d", "MM": "%m", "yyyy": "%Y"}


def column_data_type(rule: Rule, context: Context) -> Plan:
    """The share of rows whose value can be read as a type. No rows pass."""
    field, condition, where = context.column(rule), condition_of(rule), context.where(rule)
    if not (isinstance(condition, Compare) and condition.op in ("=", "!=") and isinstance(condition.operand, Text)):
        raise RuleError("ColumnDataType compares with = or != and the name of a type.")
    name = condition.operand.value.strip()
    readable = _readable(field, name, rule)
    good = readable if condition.op == "=" else exp.not_(exp.paren(readable))
    problem = f"have a value of {field.name} that {'cannot' if condition.op == '=' else 'can'} be read as {name}"
    key = metric_name((field.name,), "ColumnDataType.Compliance")
    return _rows(good, where, rule.threshold, key, problem, empty_passes=True)


def _readable(field: Field, name: str, rule: Rule) -> exp.Expr:
    written = sql.as_text(sql.column(field.name))
    upper = name.upper()
    form = rule.tag("format")
    if form is not None:
        return sql.not_null(_parsed(written, upper, form))
    if upper in _SHAPES:
        return sql.certain(sql.matches(written, _SHAPES[upper]))
    decimal = re.fullmatch(r"DECIMAL\s*\(\s*(\d{1,2})\s*,\s*(\d{1,2})\s*\)", upper)
    if decimal and 0 < int(decimal[1]) <= 38 and int(decimal[2]) <= int(decimal[1]):
        return sql.not_null(sql.attempt(written, f"decimal({decimal[1]}, {decimal[2]})"))
    if upper not in _TYPES:
        known = ", ".join([*_TYPES, *_SHAPES])
        raise RuleError(f"{name} is not a type that ColumnDataType knows; known are {known} and DECIMAL(p,s).")
    return sql.not_null(sql.attempt(written, _TYPES[upper]))


def _parsed(written: exp.Expr, type_name: str, form: str) -> exp.Expr:
    parts = _FORMAT.match(form)
    if type_name != "DATE" or not parts or form.replace("/", "-") not in _FORMATS:
        raise RuleError(f"The format {form} cannot be used; it is for DATE, for example yyyy-MM-dd or MM/yyyy.")
    pattern = parts[2].join(_STRPTIME[part] for part in (parts[1], parts[3], parts[4]) if part)
    return exp.StrToTime(this=written, format=sql.text(pattern), safe=True)


def data_freshness(rule: Rule, context: Context) -> Plan:
    """The age of each row. No rows pass."""
    field, where = context.column(rule), context.where(rule)
    good = fresh(condition_of(rule), field, context.now)
    problem = f"have an age of {field.name} that is {amiss(condition_of(rule))}"
    key = metric_name((field.name,), "DataFreshness.Compliance")
    return _rows(good, where, None, key, problem, empty_passes=True)


def _rows(
    good: exp.Expr,
    where: exp.Expr | None,
    bound: Condition | None,
    key: str,
    problem: str,
    *,
    empty_passes: bool = False,
) -> Plan:
    """A plan that counts the rows for which ``good`` (never NULL) is false."""
    bad = sql.both(where, exp.not_(exp.paren(good)))
    needs: dict[str, Need] = {"rows": Aggregate(sql.count(where)), "bad": Aggregate(sql.count(bad))}

    def judge(values: Mapping[str, Any]) -> Verdict:
        if not values["rows"]:
            return nothing(where is not None or empty_passes, "no row")
        return judge_share(bound, int(values["bad"]), int(values["rows"]), key, problem)

    return Plan(needs, judge, Bad(bad, where=where))


def _with_details(plan: Plan, field: Field, where: exp.Expr | None) -> Plan:
    """Adds how many of the bad rows are NULL to the reason, and the extremes of a number to the metrics."""
    column = sql.column(field.name)
    needs = dict(plan.needs)
    if plan.bad:
        needs["nulls"] = Aggregate(sql.count(sql.both(plan.bad.predicate, sql.is_null(column))))
    if field.kind == "number":
        needs["least"] = Aggregate(exp.Min(this=sql.when(where, column)))
        needs["most"] = Aggregate(exp.Max(this=sql.when(where, column)))

    def judge(values: Mapping[str, Any]) -> Verdict:
        verdict = plan.judge(values)
        nulls, reason = int(values["nulls"] or 0), verdict.reason
        if 0 < nulls < (verdict.failed_rows or 0):
            reason = f"{reason[:-1]}; {nulls:,} of them {'has' if nulls == 1 else 'have'} no value."
        elif nulls:
            reason = f"{reason[:-1]}; there is no value in {'it' if nulls == 1 else 'any of them'}."
        found = {"Minimum": values.get("least"), "Maximum": values.get("most")}
        extremes = {metric_name((field.name,), name): float(v) for name, v in found.items() if v is not None}
        return replace(verdict, reason=reason, metrics={**verdict.metrics, **extremes})

    return Plan(needs, judge, plan.bad)
