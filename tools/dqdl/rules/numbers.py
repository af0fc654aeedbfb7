"""Rules about one number of a numeric column: mean, sum, deviation, variance, range, zeros, correlation."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp

from tools.dqdl.language.model import Rule
from tools.dqdl.plans import kinds, sql
from tools.dqdl.plans.plan import Aggregate, Plan, Verdict
from tools.dqdl.rules.context import Context
from tools.dqdl.rules.judge import condition_of, found_rows, judge_number, metric_name, nothing, number_column

Planner = Callable[[Rule, Context], Plan]


def _statistic(metric: str, word: str, aggregate: Callable[[exp.Expr], exp.Expr]) -> Planner:
    def plan(rule: Rule, context: Context) -> Plan:
        field, where, condition = number_column(context.column(rule)), context.where(rule), condition_of(rule)
        value = aggregate(sql.when(where, kinds.number(field, context.primary.dialect)))
        key, label = metric_name((field.name,), metric), f"The {word} of {field.name}"

        def judge(values: Mapping[str, Any]) -> Verdict:
            if values["value"] is None:
                return nothing(where is not None, f"no value in {field.name}")
            return judge_number(condition, values["value"], key, label)

        return Plan({"value": Aggregate(value)}, judge)

    return plan


def _spread(column: exp.Expr) -> exp.Expr:
    return exp.Sub(this=exp.Max(this=column), expression=exp.Min(this=column.copy()))


mean = _statistic("Mean", "mean", lambda column: exp.Avg(this=sql.double(column)))
sum_ = _statistic("Sum", "sum", lambda column: exp.Sum(this=column))
standard_deviation = _statistic(
    "StandardDeviation", "standard deviation", lambda column: exp.StddevPop(this=sql.double(column))
)
variance = _statistic("Variance", "variance", lambda column: exp.VariancePop(this=sql.double(column)))
range_ = _statistic("Range", "range", _spread)


def zeros_count(rule: Rule, context: Context) -> Plan:
    """The rows whose number is 0."""
    field, where, condition = number_column(context.column(rule)), context.where(rule), condition_of(rule)
    zero = exp.EQ(this=kinds.number(field, context.primary.dialect), expression=exp.Literal.number(0))
    key, label = metric_name((field.name,), "ZerosCount"), f"The number of zeros of {field.name}"

    def judge(values: Mapping[str, Any]) -> Verdict:
        if not values["rows"]:
            return nothing(where is not None, found_rows(where), field.name)
        return judge_number(condition, values["zeros"], key, label)

    needs = {"rows": Aggregate(sql.count(where)), "zeros": Aggregate(sql.count(sql.both(where, zero)))}
    return Plan(needs, judge)


def correlation(rule: Rule, context: Context) -> Plan:
    """Pearson over the rows where both columns have a value. A constant column gives NaN, which fails but for !=."""
    left, right = (number_column(field) for field in context.columns(rule))
    where, condition = context.where(rule), condition_of(rule)
    pair = [kinds.number(field, context.primary.dialect) for field in (left, right)]
    complete = sql.both(where, *map(sql.not_null, pair))
    first, second = (sql.double(sql.when(complete, column)) for column in pair)
    key, label = (
        metric_name((left.name, right.name), "ColumnCorrelation"),
        f"The correlation of {left.name} and {right.name}",
    )

    def judge(values: Mapping[str, Any]) -> Verdict:
        if not values["pairs"]:
            return nothing(where is not None, f"no row with both {left.name} and {right.name}")
        value = float("nan") if values["value"] is None else _snapped(float(values["value"]))
        return judge_number(condition, value, key, label)

    needs = {
        "pairs": Aggregate(sql.count(complete)),
        "value": Aggregate(exp.Corr(this=first, expression=second)),
    }
    return Plan(needs, judge)


def _snapped(correlation: float) -> float:
    """Exactly 1 or -1 where only the order of the additions kept it from that, which differs between engines."""
    return math.copysign(1.0, correlation) if abs(abs(correlation) - 1) < 1e-12 else correlation
