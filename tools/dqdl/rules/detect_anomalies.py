"""DetectAnomalies: a metric against what its history leads one to expect."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tools.dqdl.history.points import Point, measured
from tools.dqdl.language.model import Rule
from tools.dqdl.language.signatures import SIGNATURES
from tools.dqdl.language.words import nearest
from tools.dqdl.plans.plan import Plan, RuleError, Verdict, passed_or_failed
from tools.dqdl.rules.analyzers import Planner, measure
from tools.dqdl.rules.conditions import percent, plain
from tools.dqdl.rules.context import Context

if TYPE_CHECKING:
    from tools.dqdl.history.anomalies import Expectation

METRICS = (
    *("RowCount", "ColumnCount", "Completeness", "Uniqueness", "UniqueValueRatio", "DistinctValuesCount", "Mean"),
    *("Sum", "StandardDeviation", "Entropy", "ColumnLength", "ColumnValues", "ColumnCorrelation", "CustomSql"),
)
"""The rule types that it takes, as the public documentation lists them."""
LARGEST = 1e100
"""What is larger is no measurement, and its square is no number."""
_SHARES = (".Completeness", ".Uniqueness", ".UniqueValueRatio")


def detect_anomalies(planners: Mapping[str, Planner]) -> Planner:
    """The planner of DetectAnomalies: it measures as the rule type does that it names."""

    def plan(rule: Rule, context: Context) -> Plan:
        part = measure(_checked(measured(rule)), context, planners)

        def judge(values: Mapping[str, Any]) -> Verdict:
            found = part.judge(values)
            metrics = {key: value for key, value in found.metrics.items() if math.isfinite(value)}
            if not metrics:
                reason = found.reason if not found.metrics else "The metric is not a number."
                return Verdict("Failed", reason, found.metrics)
            return _judged(rule, metrics, context)

        return Plan(part.needs, judge)

    return plan


def _checked(rule: Rule) -> Rule:
    if rule.type not in METRICS:
        guess = nearest(rule.type, METRICS)
        hint = f"did you mean {guess}?" if guess else f"it knows {', '.join(METRICS)}."
        raise RuleError(f"DetectAnomalies does not know {rule.type}; {hint}")
    signature, count = SIGNATURES[rule.type], len(rule.parameters)
    if not signature.least <= count <= signature.most:
        raise RuleError(f"DetectAnomalies {rule.type} needs as many parameters as {rule.type}, not {count}.")
    return rule


def _judged(rule: Rule, metrics: Mapping[str, float], context: Context) -> Verdict:
    verdicts = [_metric(rule, key, value, context) for key, value in metrics.items()]
    failed = [verdict for verdict in verdicts if verdict.outcome == "Failed"]
    told = failed or verdicts
    return Verdict(
        passed_or_failed(not failed),
        " ".join(verdict.reason for verdict in told),
        dict(metrics),
        vacuous=all(verdict.vacuous for verdict in verdicts),
    )


def _metric(rule: Rule, key: str, value: float, context: Context) -> Verdict:
    from tools.dqdl.history.anomalies import LEAST, expect
    from tools.dqdl.history.seasons import Timeline

    show = percent if key.endswith(_SHARES) else plain
    points = [point for point in context.history.points(rule, key) if abs(point.value) < LARGEST]
    normal = context.history.normal(rule, key)
    expected = expect(points, Timeline.of(points, context.now), normal) if points else None
    if expected is None:
        have = f"there are {len(points)} of the {LEAST} earlier points that a judgement needs"
        return Verdict("Passed", f"{key} is {show(value)}; {have}.", vacuous=True)
    low, high = _possible(key, expected.usual.low, points), _possible(key, expected.usual.high, points)
    usual = f"{_bound(low, show)} to {_bound(high, show)} was expected from {expected.points:,} points"
    reason = f"{key} is {show(value)}; {usual} ({expected.pattern})."
    if expected.allows(value):
        return Verdict("Passed", reason + _why(value, expected))
    return Verdict("Failed", reason)


def _why(value: float, expected: Expectation) -> str:
    """Why a value outside of the usual range is no anomaly."""
    if value in expected.usual:
        return ""
    if any(value in known for known in expected.normal):
        return " It is near a value that somebody called normal."
    return " It is near the point before, which was news once."


def _possible(key: str, bound: float, points: Sequence[Point]) -> float:
    """A bound that the metric can reach: a share lies from 0 to 1, and what was never negative will not be."""
    if key.endswith(_SHARES):
        return min(1.0, max(0.0, bound))
    return max(0.0, bound) if all(point.value >= 0 for point in points) else bound


def _bound(number: float, show: Callable[[float], str]) -> str:
    """A bound in no more digits than it deserves."""
    if not number or show is percent:
        return show(number)
    digits = max(0, 3 - math.floor(math.log10(abs(number))))
    return show(round(number, digits))
