"""Rules about the table itself: RowCount, ColumnCount, ColumnExists, ColumnNamesMatchPattern."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools.dqdl.language.model import Rule
from tools.dqdl.plans import sql
from tools.dqdl.plans.plan import Aggregate, Plan, Verdict, passed_or_failed
from tools.dqdl.regex import matches_text
from tools.dqdl.rules.conditions import holds, plain, wanted
from tools.dqdl.rules.conditions import rows as count_of
from tools.dqdl.rules.context import Context
from tools.dqdl.rules.judge import condition_of


def row_count(rule: Rule, context: Context) -> Plan:
    """The number of rows, after the filter."""
    where, condition = context.where(rule), condition_of(rule)

    def judge(values: Mapping[str, Any]) -> Verdict:
        count = values["rows"]
        if count is None:
            return Verdict("Passed", "Nothing to check: the table is empty.", vacuous=True)
        passing = "" if where is None else f" that {'passes' if count == 1 else 'pass'} the filter"
        found = f"The table has {count_of(count)}{passing}"
        reason = f"{found}; the rule wants {wanted(condition, plain)}."
        outcome = passed_or_failed(holds(condition, float(count)))
        return Verdict(outcome, reason, {"Dataset.*.RowCount": float(count)})

    return Plan({"rows": Aggregate(sql.count(where))}, judge)


def column_count(rule: Rule, context: Context) -> Plan:
    """The number of columns."""
    count, condition = len(context.primary.fields), condition_of(rule)
    outcome = passed_or_failed(holds(condition, float(count)))
    reason = f"The table has {count:,} columns; the rule wants {wanted(condition, plain)}."
    verdict = Verdict(outcome, reason, {"Dataset.*.ColumnCount": float(count)})
    return Plan({}, lambda values: verdict)


def column_exists(rule: Rule, context: Context) -> Plan:
    """The column is there; :meth:`Context.column` fails the rule when it is not."""
    verdict = Verdict("Passed", f"The column {context.column(rule).name} exists.")
    return Plan({}, lambda values: verdict)


def names_match(rule: Rule, context: Context) -> Plan:
    """Every column name contains a match. No engine is asked: the names are known."""
    pattern = context.parameter(rule).pattern
    matches_text(pattern, "")  # a pattern that is none is an error even of a table without columns
    names = [field.name for field in context.primary.fields]
    verdict = _names_verdict(names, [name for name in names if not matches_text(pattern, name)], pattern)
    return Plan({}, lambda values: verdict)


def _names_verdict(names: list[str], wrong: list[str], pattern: str) -> Verdict:
    if not names:
        metrics = {"Dataset.*.ColumnNamesPatternMatchRatio": float("nan")}
        return Verdict("Passed", "The table has no columns.", metrics, vacuous=True)
    metrics = {"Dataset.*.ColumnNamesPatternMatchRatio": (len(names) - len(wrong)) / len(names)}
    if not wrong:
        return Verdict("Passed", f"All {len(names):,} column names match {pattern}.", metrics)
    some = ", ".join(wrong[:5]) + (", …" if len(wrong) > 5 else "")
    return Verdict("Failed", f"{len(wrong):,} of {len(names):,} column names do not match {pattern}: {some}.", metrics)
