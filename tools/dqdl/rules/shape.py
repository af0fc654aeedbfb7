"""Rules about how the numbers of a column are spread: skewness, kurtosis, the range between the quartiles.

The same SQL runs on every engine: their own functions differ in whether they speak of the population and in which ones
they have.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
from sqlglot import exp

from tools.dqdl.language.model import Rule
from tools.dqdl.plans import kinds, sql
from tools.dqdl.plans.plan import Plan, Statement, Verdict
from tools.dqdl.queries.asking import aliased
from tools.dqdl.rules.context import Context
from tools.dqdl.rules.judge import condition_of, judge_number, metric_name, nothing, number_column

Planner = Callable[[Rule, Context], Plan]
Row = dict[str, Any]


def skewness(rule: Rule, context: Context) -> Plan:
    """The third standardised moment of the population; of equal numbers it is NaN, which fails but for !=."""

    def measure(row: Row) -> float:
        return float(row["m3"] / row["n"] / (row["m2"] / row["n"]) ** 1.5) if row["m2"] else math.nan

    return _plan(rule, context, "Skewness", "skewness", _moments, lambda rows: measure(rows[0]))


def kurtosis(rule: Rule, context: Context) -> Plan:
    """The fourth standardised moment of the population less 3, the normal distribution's; of equal numbers NaN."""

    def measure(row: Row) -> float:
        return float(row["m4"] * row["n"] / row["m2"] ** 2 - 3) if row["m2"] else math.nan

    return _plan(rule, context, "Kurtosis", "kurtosis", _moments, lambda rows: measure(rows[0]))


def interquartile_range(rule: Rule, context: Context) -> Plan:
    """The third quartile less the first, interpolated between neighbours (type 7 of Hyndman and Fan, 1996)."""

    def measure(rows: list[Row]) -> float:
        low, high = (_quantile(rows, share) for share in (0.25, 0.75))
        return high - low

    return _plan(rule, context, "InterquartileRange", "interquartile range", _quartiles, measure)


def _plan(
    rule: Rule,
    context: Context,
    metric: str,
    word: str,
    query: Callable[[exp.Select], exp.Select],
    measure: Callable[[list[Row]], float],
) -> Plan:
    field, where, condition = number_column(context.column(rule)), context.where(rule), condition_of(rule)
    value = kinds.number(field, context.primary.dialect)
    present = sql.both(where, sql.not_null(value)) or exp.true()
    rows = exp.select(exp.alias_(sql.double(value), "v")).from_(aliased(context.primary, sql.ROWS)).where(present)
    key, label = metric_name((field.name,), metric), f"The {word} of {field.name}"

    def judge(values: Mapping[str, Any]) -> Verdict:
        answer: pa.Table = values["answer"]
        found = answer.to_pylist()
        if not found or not found[0]["n"]:
            return nothing(where is not None, f"no value in {field.name}")
        return judge_number(condition, measure(found), key, label)

    return Plan({"answer": Statement(query(rows), ("primary",))}, judge)


def _moments(rows: exp.Select) -> exp.Select:
    """Sums of powers of the deviations from the mean, each deviation divided by the range.

    Neither moment depends on the unit, and between -1 and 1 no power can leave the range of a double.
    """
    about = exp.select("AVG(v) AS m", "MAX(v) - MIN(v) AS r").from_(rows.copy().subquery("assay_v"))
    deviation = exp.select("(v - m) / NULLIF(r, 0) AS z").from_(rows.subquery("assay_v"))
    scaled = deviation.join(about.subquery("assay_m"), join_type="cross").subquery("assay_z")
    powers = [f"SUM({' * '.join('z' * power)}) AS m{power}" for power in (2, 3, 4)]
    return exp.select("COUNT(*) AS n", *powers).from_(scaled)


def _quartiles(rows: exp.Select) -> exp.Select:
    """The at most four values next to the quartiles, with their places from 0 and the number of values."""
    place = "ROW_NUMBER() OVER (ORDER BY v) - 1 AS i"
    ranked = exp.select("v", place, "COUNT(*) OVER () AS n").from_(rows.subquery("assay_v")).subquery("assay_r")
    near = [f"(4 * i > {part} * (n - 1) - 4 AND 4 * i < {part} * (n - 1) + 4)" for part in (1, 3)]
    return exp.select("i", "n", "v").from_(ranked).where(" OR ".join(near))


def _quantile(rows: list[Row], share: float) -> float:
    values = {int(row["i"]): float(row["v"]) for row in rows}
    place = share * (rows[0]["n"] - 1)
    low, high = values[math.floor(place)], values[math.ceil(place)]
    return low if low == high else low + (high - low) * (place - math.floor(place))
