"""Statistics without a judgement: the Analyzers of a ruleset, and what DetectAnomalies measures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tools.dqdl.language.model import Analyzer, Compare, Number, Rule, Text, quote
from tools.dqdl.language.signatures import NUMBER, SIGNATURES
from tools.dqdl.plans.plan import Plan, RuleError, RuleFailed, Verdict
from tools.dqdl.rules.context import Context
from tools.sources.table import Field

Planner = Callable[[Rule, Context], Plan]

ALL_COLUMNS = "AllColumns"
_ANYTHING = Compare("!=", Number(Decimal(0)))
"""Rules measure whatever their condition says; this one stands for none."""
_OF_NUMBERS = ("ColumnValues", "Mean", "Sum", "StandardDeviation", "Entropy")


def analyzers(planners: Mapping[str, Planner]) -> dict[str, Callable[[Analyzer, Context], Plan]]:
    """An analyzer for each rule type that has a number to report; AllStatistics is taken apart by :func:`expanded`."""

    def plan(analyzer: Analyzer, context: Context) -> Plan:
        return measure(Rule(analyzer.type, analyzer.parameters, line=analyzer.line), context, planners)

    return {name: plan for name, signature in SIGNATURES.items() if signature.analyzer}


def measure(rule: Rule, context: Context, planners: Mapping[str, Planner]) -> Plan:
    """A plan whose verdict has the metrics of a rule type over its parameters, and counts for nothing else.

    ColumnValues measures the least and the greatest number, or the shortest and the longest text. Raises RuleError for
    a rule type that measures nothing without a condition, RuleFailed where the data has no such metric.
    """
    if rule.type == "AllStatistics":
        raise RuleFailed(context.missing(context.parameter(rule).value))
    if rule.type == "Distribution":
        raise RuleError("Distribution draws a chart in Glue's service and gives no number; see `assay profile` for it.")
    if NUMBER[0] not in SIGNATURES[rule.type].kinds or rule.type not in planners:
        raise RuleError(f"{rule.type} measures nothing without a condition.")
    kind = rule.type
    if kind == "ColumnValues":
        kind = _extremes(context.column(rule))
    plan = planners[kind](replace(rule, type=kind, condition=_ANYTHING), context)

    def judge(values: Mapping[str, Any]) -> Verdict:
        verdict = plan.judge(values)
        metrics = {key: value for key, value in verdict.metrics.items() if not key.endswith("Compliance")}
        return Verdict(verdict.outcome, verdict.reason, metrics)

    return Plan(plan.needs, judge)


def expanded(analyzer: Analyzer, context: Context) -> tuple[Analyzer, ...]:
    """AllStatistics as the analyzers that it stands for; "AllColumns" is every column, unless one has that name."""
    if analyzer.type != "AllStatistics":
        return (analyzer,)
    rule = Rule(analyzer.type, analyzer.parameters)
    try:
        fields: tuple[Field, ...] = (context.column(rule),)
    except (RuleFailed, RuleError):
        parameter = analyzer.parameters[0]
        fields = context.primary.fields if isinstance(parameter, Text) and parameter.value == ALL_COLUMNS else ()
    if not fields:
        return (analyzer,)
    table = tuple(Analyzer(name, line=analyzer.line) for name in ("RowCount", "ColumnCount"))
    return table + tuple(_about(name, field, analyzer) for field in fields for name in _statistics(field))


def _statistics(field: Field) -> tuple[str, ...]:
    more = {"number": _OF_NUMBERS, "text": ("ColumnLength",)}
    return ("Completeness", "Uniqueness", *more.get(field.kind, ()))


def _about(name: str, field: Field, source: Analyzer) -> Analyzer:
    return Analyzer(name, (Text(quote(field.name)[1:-1]),), line=source.line)


def _extremes(field: Field) -> str:
    """Which rule type reports the extremes of a column."""
    if field.kind == "number":
        return "ColumnValues"
    if field.kind == "text":
        return "ColumnLength"
    raise RuleFailed(f"The column {field.name} holds neither numbers nor text; its type is {field.type}.")
