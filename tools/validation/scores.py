"""How good the data are, in numbers between 0 and 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from tools.dqdl.plans.result import Evaluation, RuleResult


@dataclass(frozen=True)
class Scores:
    """The scores of one evaluation. What could not be evaluated is counted and has no score: it is not bad data."""

    total: float | None
    """The mean over all rules with a score; None when there is none."""
    dimensions: dict[str, float]
    """The mean over the rules of each dimension that has one."""
    rules: list[float | None]
    """In the order of the evaluation; None for a rule that ended in an error."""
    errors: int
    """Rules that ended in an error."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-able values."""
        return {**self.__dict__}


def score(evaluation: Evaluation) -> Scores:
    """Scores every rule, then takes plain means.

    All rules weigh the same, in a dimension and in total, so a dimension with many rules weighs more in the total. This
    is the weighting that a reader can check by hand; severities are not part of DQDL.
    """
    scores = [rule_score(result, evaluation.rows) for result in evaluation.rules]
    by_dimension: dict[str, list[float]] = {}
    for result, value in zip(evaluation.rules, scores, strict=True):
        if value is not None:
            by_dimension.setdefault(result.dimension, []).append(value)
    return Scores(
        total=_mean([value for value in scores if value is not None]),
        dimensions={dimension: fmean(values) for dimension, values in by_dimension.items()},
        rules=scores,
        errors=scores.count(None),
    )


def rule_score(result: RuleResult, rows: int) -> float | None:
    """The share of rows that keep to a rule, ``1 - failed_rows / rows``.

    Where a rule is not about rows, or rows are not to blame, 1 if it passed and 0 if it failed. A rule that passed can
    score below 1: its threshold forgives rows, but they are no better for it. An error has no score.
    """
    if result.outcome == "Error":
        return None
    if not result.failed_rows or not rows:
        return float(result.outcome == "Passed")
    return max(0.0, 1 - result.failed_rows / rows)


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None
