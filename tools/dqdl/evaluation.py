"""Rules against data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from tools.dqdl.context import Context
from tools.dqdl.model import Composite, Rule, Ruleset, TopRule
from tools.dqdl.parser import parse
from tools.dqdl.plan import Need, Plan, RuleError, RuleFailed, Verdict
from tools.dqdl.registry import PLANNERS, dimension_of
from tools.dqdl.result import Evaluation, RuleResult
from tools.dqdl.samples import examples
from tools.dqdl.scan import ROWS, Scan
from tools.sources.table import SourceError, Table


def run(ruleset: Ruleset | str, tables: Mapping[str, Any], *, now: datetime | None = None) -> Evaluation:
    """See :func:`tools.dqdl.evaluate`."""
    parsed = parse(ruleset) if isinstance(ruleset, str) else ruleset
    if "primary" not in tables:
        raise SourceError("There is no table to check.", hint='Give it under the name "primary".')
    moment = (now or datetime.now(UTC)).astimezone(UTC).replace(second=0, microsecond=0)
    opened = {alias: _opened(table) for alias, table in tables.items()}
    try:
        context = Context(opened, {constant.name: constant for constant in parsed.constants}, moment)
        return _evaluate(parsed, context)
    finally:
        for alias, table in opened.items():
            if table is not tables[alias]:
                table.close()


def _opened(table: Any) -> Table:
    if isinstance(table, Table):
        return table
    from tools import sources

    return sources.open(table)


@dataclass
class _Leaf:
    """A plain rule on its way to a verdict."""

    rule: Rule
    plan: Plan | None
    verdict: Verdict | None = None
    columns: tuple[str, ...] = ()


def _evaluate(ruleset: Ruleset, context: Context) -> Evaluation:
    leaves = {id(rule): _planned(rule, context) for top in ruleset.rules for rule in _leaves(top)}
    scan = Scan(context.tables)
    needs: list[Need] = [ROWS]
    for leaf in leaves.values():
        needs += leaf.plan.needs.values() if leaf.plan else []
    scan.run(needs)
    for leaf in leaves.values():
        leaf.verdict = leaf.verdict or _judged(leaf, scan)
    results = [_result(top, leaves, ruleset, context) for top in ruleset.rules]
    return Evaluation(_with_examples(ruleset, results, leaves, scan), int(scan.value(ROWS)), scan.queries)


def _leaves(top: TopRule) -> list[Rule]:
    return list(top.leaves()) if isinstance(top, Composite) else [top]


def _planned(rule: Rule, context: Context) -> _Leaf:
    planner = PLANNERS.get(rule.type)
    if planner is None:
        return _Leaf(rule, None, Verdict("Error", f"{rule.type} is not evaluated yet."))
    columns = tuple(_real_name(name, context) for name in rule.columns)
    try:
        return _Leaf(rule, planner(rule, context), columns=columns)
    except RuleFailed as failed:
        return _Leaf(rule, None, Verdict("Failed", str(failed)), columns)
    except RuleError as error:
        return _Leaf(rule, None, Verdict("Error", str(error)), columns)


def _real_name(name: str, context: Context) -> str:
    if name.startswith("$") and name[1:] in context.constants:
        name = getattr(context.constants[name[1:]].value, "value", name)
    field = context.find(name)
    return field.name if field else name


def _judged(leaf: _Leaf, scan: Scan) -> Verdict:
    if leaf.plan is None:
        raise ValueError("A rule without a plan has its verdict.")
    try:
        return leaf.plan.judge({name: scan.value(need) for name, need in leaf.plan.needs.items()})
    except RuleError as error:
        return Verdict("Error", str(error))


def _result(top: TopRule, leaves: Mapping[int, _Leaf], ruleset: Ruleset, context: Context) -> RuleResult:
    verdict = _verdict(top, leaves)
    return RuleResult(
        rule=str(top),
        rule_type=top.type,
        columns=tuple(_real_name(name, context) for name in top.columns),
        outcome=verdict.outcome,
        reason=verdict.reason,
        dimension=dimension_of(top, ruleset),
        metrics={key: value for key, value in verdict.metrics.items() if math.isfinite(value)},
        failed_rows=verdict.failed_rows,
        vacuous=verdict.vacuous,
    )


def _verdict(top: TopRule, leaves: Mapping[int, _Leaf]) -> Verdict:
    if isinstance(top, Rule):
        verdict = leaves[id(top)].verdict
        return verdict or Verdict("Error", "The rule was not judged.")
    return _combined(top, [_verdict(member, leaves) for member in top.rules])


def _combined(composite: Composite, members: list[Verdict]) -> Verdict:
    """and: failed when one failed; or: passed when one passed; an error decides only what no other member decides."""
    outcomes = [member.outcome for member in members]
    decisive, other = ("Failed", "Passed") if composite.operator == "and" else ("Passed", "Failed")
    outcome: Any = decisive if decisive in outcomes else "Error" if "Error" in outcomes else other
    told = [member.reason for member in members if member.outcome == outcome]
    deciding = [member for member in members if member.outcome == outcome]
    metrics = {key: value for member in members for key, value in member.metrics.items()}
    vacuous = outcome == "Passed" and all(member.vacuous for member in deciding)
    return Verdict(outcome, " ".join(told), metrics, vacuous=vacuous)


def _with_examples(
    ruleset: Ruleset, results: list[RuleResult], leaves: Mapping[int, _Leaf], scan: Scan
) -> list[RuleResult]:
    wanted = []
    for index, (top, result) in enumerate(zip(ruleset.rules, results, strict=True)):
        if result.outcome != "Failed":
            continue
        for rule in _leaves(top):
            leaf = leaves[id(rule)]
            if leaf.plan and leaf.plan.bad and leaf.verdict and leaf.verdict.failed_rows:
                wanted.append((index, leaf.plan.bad, leaf.columns))
                break
    found = examples([(bad, columns) for _, bad, columns in wanted], scan) if wanted else []
    for (index, _, _), rows in zip(wanted, found, strict=True):
        results[index] = replace(results[index], examples=rows)
    return results
