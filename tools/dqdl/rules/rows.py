"""Rules that look at each row by itself: completeness, values, lengths, types, freshness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlglot import exp

from tools.dqdl.language.model import Compare, Condition, Matches, Rule, Text
from tools.dqdl.plans import kinds, sql
from tools.dqdl.plans.plan import Aggregate, Bad, Need, Plan, RuleError, Verdict, passed_or_failed
from tools.dqdl.rules.conditions import holds
from tools.dqdl.rules.context import Context
from tools.dqdl.rules.datatypes import readable
from tools.dqdl.rules.freshness import fresh
from tools.dqdl.rules.judge import amiss, condition_of, found_rows, judge_share, metric_name, nothing, text_column
from tools.dqdl.rules.values import by_extremes, good_length, good_value
from tools.sources.table import Field


def completeness(rule: Rule, context: Context) -> Plan:
    """Completeness, and IsComplete: the share of rows with a value."""
    field = context.column(rule)
    good = sql.not_null(sql.column(field.name))
    key = metric_name((field.name,), "Completeness")
    return _rows(field, good, context.where(rule), rule.condition, key, f"have no {field.name}")


def column_values(rule: Rule, context: Context) -> Plan:
    """Each value meets the condition."""
    field, condition, where = context.column(rule), condition_of(rule), context.where(rule)
    good = good_value(rule, field, context)
    key = metric_name((field.name,), "ColumnValues.Compliance")
    problem = f"have a value of {field.name} that is {amiss(condition)}"
    plan = _with_nulls(_rows(field, good, where, rule.threshold, key, problem), field)
    if isinstance(condition, Matches):
        return _also(plan, key, metric_name((field.name,), "PatternMatch"))
    if not kinds.holds(field, "number"):
        return plan
    return _with_extremes(plan, rule, kinds.number(field, context.primary.dialect), field)


def column_length(rule: Rule, context: Context) -> Plan:
    """The length of each text; NULL has length 0."""
    field, condition, where = text_column(context.column(rule)), condition_of(rule), context.where(rule)
    text = kinds.text(field, context.primary.dialect)
    length = exp.Coalesce(this=exp.Length(this=text), expressions=[sql.number(0)])
    problem = f"have a length of {field.name} that is {amiss(condition)}"
    key = metric_name((field.name,), "LengthCompliance")
    plan = _rows(field, good_length(condition, length), where, None, key, problem)
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
        metrics = {**verdict.metrics, **_extremes(field, "MinimumLength", "MaximumLength", least, most)}
        if not (isinstance(condition, Compare) and condition.op == "!="):
            return replace(verdict, metrics=metrics)
        # Only the shortest and the longest count, as in Glue: a value in between may have the length.
        met = holds(condition, least) and holds(condition, most)
        reason = verdict.reason
        if met and verdict.failed_rows:
            reason += " Only the shortest and the longest value decide."
        return Verdict(passed_or_failed(met), reason, metrics, verdict.failed_rows)

    return Plan(needs, judge, plan.bad)


def column_data_type(rule: Rule, context: Context) -> Plan:
    """The share of rows whose value can be read as a type. No rows pass."""
    field, condition, where = context.column(rule), condition_of(rule), context.where(rule)
    if not (isinstance(condition, Compare) and condition.op in ("=", "!=") and isinstance(condition.operand, Text)):
        raise RuleError("ColumnDataType compares with = or != and the name of a type.")
    name = condition.operand.value.strip()
    can = readable(field, context.primary.dialect, rule, name)
    good = can if condition.op == "=" else exp.not_(exp.paren(can))
    problem = f"have a value of {field.name} that {'cannot' if condition.op == '=' else 'can'} be read as {name}"
    key = metric_name((field.name,), "ColumnDataType.Compliance")
    return _rows(field, good, where, rule.threshold, key, problem, empty_passes=True)


def data_freshness(rule: Rule, context: Context) -> Plan:
    """The age of each row. No rows pass."""
    field, where = context.column(rule), context.where(rule)
    good = fresh(condition_of(rule), field, context.now)
    problem = f"have an age of {field.name} that is {amiss(condition_of(rule))}"
    key = metric_name((field.name,), "DataFreshness.Compliance")
    return _rows(field, good, where, None, key, problem, empty_passes=True)


def _rows(
    field: Field,
    good: exp.Expr,
    where: exp.Expr | None,
    bound: Condition | None,
    key: str,
    problem: str,
    *,
    empty_passes: bool = False,
) -> Plan:
    """A plan that counts the rows for which ``good``, never NULL and taken over, is false."""
    # The trees of a plan are not changed, so that they may have parts in common: queries are made of copies.
    wrong = exp.not_(exp.paren(good, copy=False), copy=False)
    bad = wrong if where is None else sql.both(where, wrong)
    needs: dict[str, Need] = {"rows": Aggregate(sql.count(where)), "bad": Aggregate(sql.count(bad, copy=False))}

    def judge(values: Mapping[str, Any]) -> Verdict:
        if not values["rows"]:
            return nothing(where is not None or empty_passes, found_rows(where), field.name)
        return judge_share(bound, int(values["bad"]), int(values["rows"]), key, problem)

    return Plan(needs, judge, Bad(bad, where=where))


def _with_nulls(plan: Plan, field: Field) -> Plan:
    """Adds to the reason how many of the bad rows are NULL."""
    bad = plan.bad.predicate if plan.bad else None
    nulls = Aggregate(sql.count(sql.both(bad, sql.is_null(sql.column(field.name))), copy=False))

    def judge(values: Mapping[str, Any]) -> Verdict:
        verdict = plan.judge(values)
        nulls, reason = int(values["nulls"] or 0), verdict.reason
        if 0 < nulls < (verdict.failed_rows or 0):
            reason = f"{reason[:-1]}; {nulls:,} of them {'has' if nulls == 1 else 'have'} no value."
        elif nulls:
            reason = f"{reason[:-1]}; there is no value in {'it' if nulls == 1 else 'any of them'}."
        return replace(verdict, reason=reason)

    return Plan({**plan.needs, "nulls": nulls}, judge, plan.bad)


def _also(plan: Plan, key: str, other: str) -> Plan:
    """The metric under a second name."""

    def judge(values: Mapping[str, Any]) -> Verdict:
        verdict = plan.judge(values)
        share = verdict.metrics.get(key)
        return verdict if share is None else replace(verdict, metrics={key: share, other: share})

    return Plan(plan.needs, judge, plan.bad)


def _with_extremes(plan: Plan, rule: Rule, column: exp.Expr, field: Field) -> Plan:
    """Adds the smallest and the largest number and, where Glue decides by these alone, the completeness it asks for."""
    condition, where = condition_of(rule), plan.bad.where if plan.bad else None
    needs = {
        **plan.needs,
        "least": Aggregate(exp.Min(this=sql.when(where, column))),
        "most": Aggregate(exp.Max(this=sql.when(where, column))),
    }

    def judge(values: Mapping[str, Any]) -> Verdict:
        verdict = plan.judge(values)
        metrics = {**verdict.metrics, **_extremes(field, "Minimum", "Maximum", values["least"], values["most"])}
        if not values["rows"] or not by_extremes(condition):
            return replace(verdict, metrics=metrics)
        # Every NULL is a bad row of these conditions.
        rows = int(values["rows"])
        metrics[metric_name((field.name,), "Completeness")] = (rows - int(values["nulls"] or 0)) / rows
        if rule.threshold is None and verdict.outcome == "Passed" and values["least"] != values["least"]:
            reason = f"{field.name} holds nothing but NaN, which is {amiss(condition)}."
            return Verdict("Failed", reason, metrics, verdict.failed_rows)
        return replace(verdict, metrics=metrics)

    return Plan(needs, judge, plan.bad)


def _extremes(field: Field, lower: str, upper: str, least: Any, most: Any) -> dict[str, float]:
    found = {lower: least, upper: most}
    return {metric_name((field.name,), name): float(value) for name, value in found.items() if value is not None}
