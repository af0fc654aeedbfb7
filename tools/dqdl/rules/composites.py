"""Composites row by row: with ``compositeRuleEvaluation.method = ROW`` the members are joined in each row, and all rows
must pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp

from tools.dqdl.language.model import Composite, Rule, TopRule
from tools.dqdl.plans import sql
from tools.dqdl.plans.plan import Aggregate, Bad, Need, Plan, RuleError, Statement, Verdict, passed_or_failed
from tools.dqdl.queries.asking import aliased
from tools.dqdl.rules.conditions import percent, rows
from tools.dqdl.rules.context import Context
from tools.dqdl.rules.judge import nothing

BY_ROW = {
    *("IsComplete", "IsUnique", "IsPrimaryKey", "ColumnValues", "ColumnLength", "ColumnDataType", "DataFreshness"),
    "CustomSql",
}
"""Rule types that say of each row whether it is good."""
RATIOS = {"Completeness", "Uniqueness", "DatasetMatch", "ReferentialIntegrity"}
Members = Callable[[Rule], Plan | Verdict]
"""The plan of a plain rule, or the verdict on one that cannot have a plan."""


def by_row(composite: Composite, member: Members, context: Context) -> Plan:
    """One plan over the rows for a composite; what a member's filter leaves out, that member passes.

    A member that fails for all data, such as one whose column is missing, fails every row. Raises RuleError for members
    that speak of the table, of a share of its rows, or have a threshold.
    """
    plans: list[Plan] = []
    bad = _bad(composite, member, context, plans)
    needs = [need for plan in plans for need in plan.needs.values()]
    counts: dict[str, exp.Expr] = {"rows": sql.count(), "bad": sql.count(bad)}
    own_query = bad.find(exp.Exists) is not None

    def judge(values: Mapping[str, Any]) -> Verdict:
        total, failed = _counted(values["answer"]) if own_query else (values["rows"], values["bad"])
        return _judged(int(total), int(failed or 0))

    if not own_query:
        return Plan({name: Aggregate(count) for name, count in counts.items()}, judge, Bad(bad))
    return Plan({"answer": _statement(counts, needs, context)}, judge, Bad(bad))


def _bad(top: TopRule, member: Members, context: Context, plans: list[Plan]) -> exp.Expr:
    """True in the rows that a rule or composite fails, false elsewhere."""
    if isinstance(top, Composite):
        parts = [exp.paren(_bad(part, member, context, plans)) for part in top.rules]
        return exp.or_(*parts) if top.operator == "and" else exp.and_(*parts)
    _check(top)
    plan = member(top)
    if isinstance(plan, Verdict):
        if plan.outcome == "Error":
            raise RuleError(plan.reason)
        return exp.true()
    if plan.bad is None:
        raise RuleError(f"{top} has no answer for each row.")
    plans.append(plan)
    return sql.certain(_predicate(plan.bad, context))


def _check(rule: Rule) -> None:
    if rule.type in RATIOS:
        raise RuleError(f"{rule.type} is a share of the rows, which has no answer for each row.")
    if rule.type not in BY_ROW or (rule.type == "CustomSql" and rule.condition is not None):
        raise RuleError(f"{rule} is about the whole table; it has no answer for each row.")
    if rule.threshold is not None:
        raise RuleError(f"A threshold is about all rows and cannot be used row by row: {rule}.")


def _predicate(bad: Bad, context: Context) -> exp.Expr:
    if not bad.keys:
        return bad.predicate.copy() if bad.predicate is not None else exp.false()
    about = sql.both(bad.where, bad.keyed)
    repeated = sql.both(about, _repeated(bad.keys, about, context))
    return exp.or_(*(part for part in (bad.predicate, repeated) if part is not None))


def _repeated(keys: tuple[str, ...], about: exp.Expr | None, context: Context) -> exp.Expr:
    """The row's key is one of those that occur more than once."""
    named = [exp.alias_(sql.column(key), f"assay_k{i}") for i, key in enumerate(keys)]
    groups = exp.select(*named).from_(aliased(context.primary, "assay_all")).group_by(*map(sql.column, keys))
    if about is not None:
        groups = groups.where(about.copy())
    twice = groups.having(exp.GT(this=sql.count(), expression=exp.Literal.number(1))).subquery("assay_twice")
    equal: type[exp.Binary] = exp.EQ if len(keys) == 1 else exp.NullSafeEQ
    same = [
        equal(this=sql.column(f"assay_k{i}", "assay_twice"), expression=sql.column(key, sql.ROWS))
        for i, key in enumerate(keys)
    ]
    return exp.Exists(this=exp.select("1").from_(twice).where(*same))


def _statement(counts: Mapping[str, exp.Expr], needs: list[Need], context: Context) -> Statement:
    asked = [need for need in needs if isinstance(need, Statement)]
    aliases = dict.fromkeys(["primary", *(alias for need in asked for alias in need.tables)])
    flags = [exp.alias_(count, name) for name, count in counts.items()]
    query = exp.select(*flags).from_(aliased(context.primary, sql.ROWS))
    return Statement(query, tuple(aliases), own_sql=any(need.own_sql for need in asked))


def _counted(answer: Any) -> tuple[Any, Any]:
    return answer.column(0)[0].as_py(), answer.column(1)[0].as_py()


def _judged(total: int, failed: int) -> Verdict:
    if not total:
        return nothing(False, "no row")
    if not failed:
        return Verdict("Passed", f"Row by row, all {rows(total)} comply.", failed_rows=0)
    does = "does" if failed == 1 else "do"
    share = percent((total - failed) / total)
    reason = f"Row by row, {failed:,} of {rows(total)} {does} not comply ({share} good, the rule wants all)."
    return Verdict(passed_or_failed(False), reason, failed_rows=failed)
