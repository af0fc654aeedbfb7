"""The judgements that rule types share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tools.dqdl.language.model import Between, Compare, Condition, Matches, Member, Rule
from tools.dqdl.plans.kinds import holds as holds_kind
from tools.dqdl.plans.plan import Plan, RuleError, RuleFailed, Verdict, passed_or_failed
from tools.dqdl.rules import conditions
from tools.dqdl.rules.conditions import holds, percent, rows, wanted
from tools.sources.table import Field


def condition_of(rule: Rule) -> Condition:
    """The rule's condition. Raises RuleError when there is none."""
    if rule.condition is None:
        raise RuleError(f"{rule.type} needs a condition.")
    return rule.condition


def number_column(field: Field) -> Field:
    """The column, when it holds numbers. Raises RuleFailed."""
    if not holds_kind(field, "number"):
        raise RuleFailed(f"The column {field.name} does not hold numbers; its type is {field.type}.")
    return field


def text_column(field: Field) -> Field:
    """The column, when it holds text. Raises RuleFailed."""
    if not holds_kind(field, "text"):
        raise RuleFailed(f"The column {field.name} does not hold text; its type is {field.type}.")
    return field


def metric_name(columns: tuple[str, ...], metric: str) -> str:
    """A metric's key as Glue writes it."""
    if not columns:
        return f"Dataset.*.{metric}"
    return f"Column.{columns[0]}.{metric}" if len(columns) == 1 else f"Multicolumn.{','.join(columns)}.{metric}"


def as_written(plan: Plan, names: Sequence[tuple[str, str]]) -> Plan:
    """Gives the metrics also under the columns' names as the rule spells them, as Glue does.

    ``names`` are pairs of a column's name and how it is written.
    """
    if all(name == written for name, written in names):
        return plan
    renamed = {f"Column.{name}.": f"Column.{written}." for name, written in names}
    real, said = (",".join(side) for side in zip(*names, strict=True))
    renamed[f"Multicolumn.{real}."] = f"Multicolumn.{said}."

    def judge(values: Mapping[str, Any]) -> Verdict:
        verdict = plan.judge(values)
        more = {
            key.replace(old, new, 1): value
            for key, value in verdict.metrics.items()
            for old, new in renamed.items()
            if key.startswith(old)
        }
        return replace(verdict, metrics={**verdict.metrics, **more})

    return replace(plan, judge=judge)


def nothing(passes: bool, what: str, about: str = "") -> Verdict:
    """There was nothing to measure. Under a filter that passes, as in Glue, and says so; without one it fails.

    ``what`` is missing, like "no row"; ``about`` is the column, where ``what`` does not name it.
    """
    of = f" in {about}" if about else ""
    return Verdict(passed_or_failed(passes), f"Nothing to check{of}: there is {what}.", vacuous=passes)


def found_rows(where: object) -> str:
    """What is missing where no row takes part."""
    return "no row" if where is None else "no row that passes the filter"


def named(rule: object, problem: str) -> str:
    """An error after the rule that has it, so that it stands by itself in a list or a log."""
    return f"{_short(str(rule), 100)}: {problem}"


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
    passed = outcome if outcome is not None else (bad == 0 if bound is None else holds(bound, share))
    wants = "all" if bound is None else wanted(bound, percent)
    if bad == 0:
        reason = "The only row complies" if total == 1 else f"All {rows(total)} comply"
        reason += "." if bound is None else f" (the rule wants {wants})."
    else:
        reason = f"{bad:,} of {rows(total)} {agreed(problem, bad)} ({percent(share)} good, the rule wants {wants})."
    return Verdict(passed_or_failed(passed), reason, {key: share}, failed_rows=bad)


def agreed(problem: str, count: int) -> str:
    """The verb at the beginning of a problem, in the number of the rows that have it."""
    verb, _, rest = problem.partition(" ")
    singular = {"have": "has", "are": "is", "share": "shares"}
    return f"{singular[verb]} {rest}" if count == 1 and verb in singular else problem


def amiss(condition: Condition) -> str:
    """What a bad value is, for example "not more than 5"."""
    if isinstance(condition, Compare) and condition.op in ("=", "!="):
        return f"{'other than' if condition.op == '=' else 'equal to'} {condition.operand}"
    if isinstance(condition, Matches):
        return f"{'empty or beginning with the word' if condition.negated else 'not of the form'} {condition.regex}"
    if isinstance(condition, Member):
        return f"{'in' if condition.negated else 'outside of'} the list {_short(str(condition).partition('in ')[2])}"
    if isinstance(condition, Between) and condition.negated:
        return wanted(replace(condition, negated=False), conditions.plain)
    return f"not {wanted(condition, conditions.plain)}"


def _short(text: str, most: int = 80) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
