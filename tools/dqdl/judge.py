"""The judgements that rule types share."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from tools.dqdl import conditions
from tools.dqdl.conditions import holds, percent, rows, wanted
from tools.dqdl.model import Condition, Rule
from tools.dqdl.plan import RuleError, RuleFailed, Verdict, passed_or_failed
from tools.sources.table import Field


def condition_of(rule: Rule) -> Condition:
    """The rule's condition. Raises RuleError when there is none."""
    if rule.condition is None:
        raise RuleError(f"{rule.type} needs a condition.")
    return rule.condition


def number_column(field: Field) -> Field:
    """The column, when it holds numbers. Raises RuleFailed."""
    if field.kind != "number":
        raise RuleFailed(f"The column {field.name} does not hold numbers; its type is {field.type}.")
    return field


def text_column(field: Field) -> Field:
    """The column, when it holds text. Raises RuleFailed."""
    if field.kind != "text":
        raise RuleFailed(f"The column {field.name} does not hold text; its type is {field.type}.")
    return field


def metric_name(columns: tuple[str, ...], metric: str) -> str:
    """A metric's key as Glue writes it."""
    if not columns:
        return f"Dataset.*.{metric}"
    return f"Column.{columns[0]}.{metric}" if len(columns) == 1 else f"Multicolumn.{','.join(columns)}.{metric}"


def nothing(filtered: bool, what: str) -> Verdict:
    """There was nothing to measure: with a filter that passes, as in Glue, and it says so; without one it fails."""
    if filtered:
        return Verdict("Passed", f"Nothing to check: the filter leaves {what}.", vacuous=True)
    return Verdict("Failed", f"Nothing to check: the table has {what}.")


def judge_number(
    condition: Condition, value: Any, key: str, label: str, show: Callable[[float], str] = conditions.plain
) -> Verdict:
    """A metric against a condition: "The mean of price is 3.2; the rule wants more than 4."."""
    metric = float(value)
    reason = f"{label} is {show(metric)}; the rule wants {wanted(condition, show)}."
    return Verdict(passed_or_failed(holds(condition, metric)), reason, {key: metric})


def judge_share(
    bound: Condition | None, bad: int, total: int, key: str, problem: str, *, outcome: bool | None = None
) -> Verdict:
    """A share of good rows against a bound, or against 100 % when there is none.

    ``problem`` says what is wrong with the bad rows: "have no email". ``outcome`` overrides the comparison.
    """
    share = (total - bad) / total
    holds_ = outcome if outcome is not None else (bad == 0 if bound is None else holds(bound, share))
    wants = "all" if bound is None else wanted(bound, percent)
    reason = f"{bad:,} of {rows(total)} {problem} ({percent(share)} good, the rule wants {wants})."
    if bad == 0:
        reason = f"None of {rows(total)} {problem}" + (f" (the rule wants {wants} good)." if bound else ".")
    return Verdict(passed_or_failed(holds_), reason, {key: share}, failed_rows=bad)


def finite(value: Any) -> float | None:
    """A metric as a float: NULL stays None, and so does what is not a number in the engine's answer."""
    return None if value is None else float(value)


def is_nan(value: float | None) -> bool:
    """Not a number."""
    return value is not None and math.isnan(value)
