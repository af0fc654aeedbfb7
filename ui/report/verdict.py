"""The order and the wording that all reports of a validation share."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ui.report import text

RuleDict = dict[str, Any]
"""A :class:`tools.dqdl.plans.result.RuleResult` as plain values."""
ORDER = {"Error": 0, "Failed": 1, "Passed": 2}
DIMENSIONS = ("completeness", "uniqueness", "validity", "accuracy", "consistency", "timeliness")
MOST_EXAMPLE_COLUMNS = 5
MOST_RADIUS = 400
"""Characters of a line about what depends on a rule's data."""
NOT_GIVEN = re.compile(r"No table named (.+?) was given|: (\w+) is not a table of this evaluation")


def sorted_rules(evaluation: dict[str, Any]) -> list[RuleDict]:
    """The rules of an evaluation, worst first: errors, then failures, then the others.

    Of the same kind first those on whose data the most depends (with personal data, then tables, then columns), then
    by the number of failed rows.
    """
    return sorted(evaluation["rules"], key=_order)


def _order(rule: RuleDict) -> tuple[int, ...]:
    radius = rule.get("blast_radius") or {}
    reach = (-radius.get(part, 0) for part in ("personal", "tables", "columns"))
    return (ORDER[rule["outcome"]], *reach, -(rule["failed_rows"] or 0))


def headline(evaluation: dict[str, Any]) -> str:
    """``1,000 rows, 14 rules: 9 passed, 5 failed``."""
    outcomes = Counter(rule["outcome"] for rule in evaluation["rules"])
    parts = [f"{outcomes['Passed']} passed"]
    parts += [f"{outcomes['Failed']} failed"] if outcomes["Failed"] else []
    parts += [f"{outcomes['Error']} could not be evaluated"] if outcomes["Error"] else []
    rules = text.count(len(evaluation["rules"]), "rule")
    return f"{text.count(evaluation['rows'], 'row')}, {rules}: {', '.join(parts)}"


def not_given(evaluation: dict[str, Any]) -> list[str]:
    """The tables that rules name and the evaluation did not have, by what their reasons say."""
    found = [NOT_GIVEN.search(rule["reason"]) for rule in evaluation["rules"] if rule["outcome"] != "Passed"]
    return list(dict.fromkeys(one[1] or one[2] for one in found if one))


def by_dimension(dimensions: dict[str, float]) -> list[tuple[str, float]]:
    """The scores in the order in which people list the dimensions."""
    known = [(name, dimensions[name]) for name in DIMENSIONS if name in dimensions]
    return known + [(name, share) for name, share in dimensions.items() if name not in DIMENSIONS]


def metrics(rule: RuleDict) -> str:
    """The measured values in one line."""
    return ", ".join(f"{text.clean(name)} = {text.number(value)}" for name, value in rule["metrics"].items())


def failed(rule: RuleDict) -> str:
    """``12 rows``, or nothing where the rule is not about rows."""
    return text.count(rule["failed_rows"], "row") if rule["failed_rows"] else ""


def radius(told: Mapping[str, Any]) -> str:
    """What depends on the data of a rule's result or a proposal's evidence, in a line; empty where nothing does."""
    found = told.get("blast_radius")
    return f"Depends on it: {text.clean(found['summary'], MOST_RADIUS)}" if found else ""


def example_columns(examples: list[dict[str, Any]], columns: Iterable[str]) -> list[str]:
    """The columns of example rows to show: those of the rule, then the first others."""
    names = list(examples[0]) if examples else []
    wanted = {column.lower() for column in columns}
    own = [name for name in names if name.lower() in wanted]
    others = [name for name in names if name not in own]
    kept = set((own + others)[: max(len(own), MOST_EXAMPLE_COLUMNS)])
    return [name for name in names if name in kept]


def exit_code(evaluations: Iterable[dict[str, Any]]) -> int:
    """0 all rules passed, 1 one failed, 2 one could not be evaluated."""
    outcomes = {rule["outcome"] for evaluation in evaluations for rule in evaluation["rules"]}
    return 2 if "Error" in outcomes else 1 if "Failed" in outcomes else 0
