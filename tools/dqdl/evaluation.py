"""Rules against data: prepare, run, judge, report."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal

from tools.dqdl.bare import without_columns
from tools.dqdl.explanation import Explanation, explanation
from tools.dqdl.history.points import History, statistic_key
from tools.dqdl.language.model import Composite, Rule, Ruleset
from tools.dqdl.language.parser import parse
from tools.dqdl.planning import Planned, Prepared, prepare
from tools.dqdl.plans.plan import Plan, RuleError, Verdict
from tools.dqdl.plans.result import Evaluation, RuleResult
from tools.dqdl.queries.asking import Desk
from tools.dqdl.queries.samples import Wanted, examples
from tools.dqdl.queries.scan import ROWS, Scan
from tools.dqdl.rules.context import Context
from tools.dqdl.rules.dynamic import resolve
from tools.dqdl.rules.judge import named
from tools.dqdl.rules.registry import dimension_of
from tools.sources.table import SourceError, Table


def run(
    ruleset: Ruleset | str,
    tables: Mapping[str, Any],
    *,
    history: Any = None,
    now: datetime | None = None,
    composite: Literal["column", "row"] = "column",
    file_roots: Sequence[str] | None = None,
) -> Evaluation:
    """See :func:`tools.dqdl.evaluate`."""
    with _ready(ruleset, tables, history, now, composite, file_roots) as (prepared, context):
        return evaluated(prepared, context)


def explained(
    ruleset: Ruleset | str,
    tables: Mapping[str, Any],
    dialect: str | None = None,
    *,
    history: Any = None,
    now: datetime | None = None,
    composite: Literal["column", "row"] = "column",
) -> Explanation:
    """See :func:`tools.dqdl.explain`."""
    with _ready(ruleset, tables, history, now, composite) as (prepared, context):
        return explanation(prepared, context.tables, dialect)


@contextmanager
def _ready(
    ruleset: Ruleset | str,
    tables: Mapping[str, Any],
    history: Any,
    now: datetime | None,
    composite: str,
    file_roots: Sequence[str] | None = None,
) -> Iterator[tuple[Prepared, Context]]:
    parsed = parse(ruleset) if isinstance(ruleset, str) else ruleset
    with opened(parsed, tables, now) as given:
        roots = None if file_roots is None else tuple(file_roots)
        context = replace(given, history=History(history), by_row=composite == "row", file_roots=roots)
        yield prepare(parsed, context, lambda rule: resolve(rule, context)), context


@contextmanager
def opened(ruleset: Ruleset, tables: Mapping[str, Any], now: datetime | None = None) -> Iterator[Context]:
    """What the rules may know before any query; closes the tables that it had to open. Raises SourceError."""
    if "primary" not in tables:
        raise SourceError("There is no table to check.", hint='Give it under the name "primary".')
    moment = (now or datetime.now(UTC)).astimezone(UTC).replace(second=0, microsecond=0)
    with ExitStack() as ours:
        open_tables = {alias: _opened(table, ours) for alias, table in tables.items()}
        yield Context(open_tables, {constant.name: constant for constant in ruleset.constants}, moment)


def _opened(table: Any, ours: ExitStack) -> Table:
    if isinstance(table, Table):
        return table
    from tools import sources

    return ours.enter_context(without_columns(table) or sources.open(table))


def evaluated(prepared: Prepared, context: Context) -> Evaluation:
    """Runs what was prepared, and judges it. Raises SourceError where not even the rows can be counted."""
    desk = Desk(context.tables)
    with closing(desk):
        return _asked(prepared, Scan(desk))


def _asked(prepared: Prepared, scan: Scan) -> Evaluation:
    scan.run(prepared.needs())
    verdicts = {id(part): _judged(part, scan) for planned in prepared.rules for part in planned.deciding()}
    results = [_result(planned, verdicts, prepared.ruleset) for planned in prepared.rules]
    statistics, problems, points = _statistics(prepared, scan)
    return Evaluation(
        rules=_with_examples(prepared.rules, results, verdicts, scan),
        rows=int(scan.value(ROWS)),
        queries=scan.desk.queries,
        statistics=statistics,
        problems=problems,
        points={**points, **_points(verdicts, prepared)},
    )


Verdicts = Mapping[int, Verdict]
"""The verdicts on what decides, by identity: equal rules may stand in a ruleset twice."""


def _judged(planned: Planned, scan: Scan) -> Verdict:
    known = planned.verdict or Verdict("Error", "The rule has no members.")
    verdict = known if planned.plan is None else _judgement(planned.plan, scan)
    return replace(verdict, reason=named(planned.rule, verdict.reason)) if verdict.outcome == "Error" else verdict


def _judgement(plan: Plan, scan: Scan) -> Verdict:
    try:
        return plan.judge({name: scan.value(need) for name, need in plan.needs.items()})
    except RuleError as error:
        return Verdict("Error", str(error))
    except ZeroDivisionError:
        return Verdict("Error", "The rule divides by zero.")
    except ArithmeticError:
        return Verdict("Error", "A number of the rule is too large to calculate with.")


def _statistics(prepared: Prepared, scan: Scan) -> tuple[dict[str, float], list[str], dict[str, float]]:
    """The metrics of the analyzers; for each one that has none, why; and the same metrics by their history's key."""
    found: dict[str, float] = {}
    points: dict[str, float] = {}
    problems = []
    for analyzer, plan in prepared.analyzers:
        verdict = _judgement(plan, scan) if isinstance(plan, Plan) else plan
        metrics = _finite(verdict.metrics)
        found.update(metrics)
        points.update(_kept(Rule(analyzer.type, analyzer.parameters), metrics))
        if verdict.outcome == "Error" or not verdict.metrics:
            problems.append(f"{analyzer}: {verdict.reason}")
    return found, problems, points


def _points(verdicts: Verdicts, prepared: Prepared) -> dict[str, float]:
    found: dict[str, float] = {}
    for planned in prepared.rules:
        for part in planned.deciding():
            if isinstance(part.rule, Rule):
                found.update(_kept(part.rule, _finite(verdicts[id(part)].metrics)))
    return found


def _kept(rule: Rule, metrics: Mapping[str, float]) -> dict[str, float]:
    """Each metric once: of two spellings of a column's name, the table's, which comes first."""
    kept: dict[str, str] = {}
    for key in metrics:
        kept.setdefault(key.lower(), key)
    return {statistic_key(rule, key): metrics[key] for key in kept.values()}


def _result(planned: Planned, verdicts: Verdicts, ruleset: Ruleset) -> RuleResult:
    verdict = _verdict(planned, verdicts)
    return RuleResult(
        rule=str(planned.rule),
        rule_type=planned.rule.type,
        columns=planned.columns,
        outcome=verdict.outcome,
        reason=verdict.reason,
        dimension=dimension_of(planned.rule, ruleset),
        metrics=_finite(verdict.metrics),
        failed_rows=verdict.failed_rows,
        vacuous=verdict.vacuous,
    )


def _finite(metrics: Mapping[str, float]) -> dict[str, float]:
    return {key: value for key, value in metrics.items() if math.isfinite(value)}


def _verdict(planned: Planned, verdicts: Verdicts) -> Verdict:
    if id(planned) in verdicts or not isinstance(planned.rule, Composite):
        return verdicts[id(planned)]
    return _combined(planned.rule, [_verdict(member, verdicts) for member in planned.members])


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
    rules: tuple[Planned, ...], results: list[RuleResult], verdicts: Verdicts, scan: Scan
) -> list[RuleResult]:
    wanted: dict[int, Wanted] = {}
    known = {field.name for field in scan.primary.fields}
    for index, (planned, result) in enumerate(zip(rules, results, strict=True)):
        if result.outcome != "Failed":
            continue
        for part in planned.deciding():
            failed = verdicts[id(part)].failed_rows
            if part.plan and part.plan.bad and failed:
                columns = tuple(name for name in part.columns if name in known)
                wanted[index] = Wanted(part.plan.bad, columns, failed)
                break
    for index, rows in zip(wanted, examples(list(wanted.values()), scan.desk), strict=True):
        results[index] = replace(results[index], examples=rows)
    return results
