"""CustomSql: a number to judge, or the rows that are good."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from sqlglot import exp

from tools.dqdl import lowering
from tools.dqdl.language.model import Condition, Rule
from tools.dqdl.plans import sql
from tools.dqdl.plans.plan import Bad, Plan, RuleError, RuleFailed, Statement, Verdict
from tools.dqdl.queries.asking import Refused, aliased, ask
from tools.dqdl.rules.context import Context
from tools.dqdl.rules.guard import GuardError, guard_select
from tools.dqdl.rules.judge import judge_number, judge_share, nothing
from tools.dqdl.rules.sql_names import check_names

GOOD = "assay_good"
SHOWN = 60
"""So many characters of a statement stand in a reason."""


def custom_sql(rule: Rule, context: Context) -> Plan:
    """With a condition: one number. Without: the rows that the statement returns pass, matched on all its columns."""
    text = context.parameter(rule).pattern
    try:
        query = guard_select(text, dialect=context.primary.dialect, tables=context.named_tables)
    except GuardError as error:
        raise RuleError(f"The SQL cannot be run: {error}") from None
    lowering.check(query, context.primary.dialect)
    if rule.condition is None and not _starred(query):
        _returned(query, context)  # that the table lacks what is to be matched is a failure, and told before errors
    check_names(query, context.tables)
    names = _bind(query, context)
    if rule.condition is not None:
        return _number(rule.condition, query, names, said(rule, context))
    return _rows(rule, query, names, context)


def said(rule: Rule, context: Context) -> str:
    """The statement for a reason: ``SQL "select count(*) from primary"``, a long one cut."""
    text = " ".join(context.parameter(rule).pattern.split())
    return f'SQL "{text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"}"'


def _bind(query: exp.Query, context: Context) -> tuple[str, ...]:
    """Puts the real tables in the place of their aliases; names of the WITH clause stay."""
    by_lower = {name.lower(): name for name in context.tables}
    used: list[str] = []
    for table in list(query.find_all(exp.Table)):
        name = by_lower.get(table.name.lower())
        if name is None:
            continue
        used.append(name)
        relation = aliased(context.tables[name], table.alias or table.name)
        relation.set("joins", table.args.get("joins"))
        table.replace(relation)
    return tuple(dict.fromkeys(used))


def _number(condition: Condition, query: exp.Query, names: tuple[str, ...], said: str) -> Plan:
    limited = exp.select("*").from_(query.subquery(GOOD)).limit(2)

    def judge(values: Mapping[str, Any]) -> Verdict:
        answer: pa.Table = values["answer"]
        if answer.num_columns != 1 or answer.num_rows > 1:
            found = f"{answer.num_columns} columns" if answer.num_columns != 1 else "more than one row"
            return Verdict("Failed", f"The {said} must give one number, but it gives {found}.")
        value = answer.column(0)[0].as_py() if answer.num_rows else None
        if value is None:
            return Verdict("Failed", f"The {said} gives no value.")
        try:
            number = float(value)
        except (TypeError, ValueError):
            kind = str(answer.schema.types[0]).partition("<")[0]
            return Verdict("Failed", f"The {said} must give a number, but it gives a {kind}.")
        return judge_number(condition, number, "Dataset.*.CustomSQL", f"The value of the {said}")

    return Plan({"answer": Statement(limited, names, own_sql=True)}, judge)


def _rows(rule: Rule, query: exp.Query, names: tuple[str, ...], context: Context) -> Plan:
    columns = _returned(query, context)
    same = [
        exp.NullSafeEQ(this=sql.column(returned, GOOD), expression=sql.column(mine, sql.ROWS))
        for returned, mine in columns.items()
    ]
    good = exp.Exists(this=exp.select("1").from_(query.subquery(GOOD)).where(*same))
    bad = exp.not_(good)
    counted = exp.select(exp.alias_(sql.count(), "n"), exp.alias_(exp.Sum(this=_flag(bad)), "bad")).from_(
        aliased(context.primary, sql.ROWS)
    )
    shown = said(rule, context)

    def judge(values: Mapping[str, Any]) -> Verdict:
        total, failed = (values["answer"].column(i)[0].as_py() for i in (0, 1))
        if not total:
            return nothing(False, "no row in the table", f"the {shown}")
        key, amiss = "Dataset.*.CustomSQL.Compliance", f"are not among the rows that the {shown} returns"
        outcome = False if failed == total else None
        return judge_share(rule.threshold, int(failed), int(total), key, amiss, outcome=outcome)

    return Plan({"answer": Statement(counted, (*names, "primary"), own_sql=True)}, judge, Bad(bad))


def _flag(condition: exp.Expr) -> exp.Expr:
    return exp.Case().when(condition.copy(), exp.Literal.number(1)).else_(exp.Literal.number(0))


def _returned(query: exp.Query, context: Context) -> dict[str, str]:
    """The columns that the statement returns, each with the column of the primary table of that name."""
    found: dict[str, str] = {}
    for name in _names(query, context):
        field = context.find(name)
        if field is None:
            raise RuleFailed(f"The SQL must return columns of the table. {context.missing(name)}")
        if field.name in found.values():
            raise RuleError(
                f"The SQL returns two columns {name}; name the columns of the primary table that it selects."
            )
        found[name] = field.name
    return found


def _names(query: exp.Query, context: Context) -> list[str]:
    """Only the engine knows what a star stands for: then it is asked, without reading a row."""
    if not _starred(query):
        return [_name(projection, context.primary.dialect) for projection in query.selects]
    empty = exp.select("*").from_(query.copy().subquery(GOOD)).limit(0)
    try:
        answer = ask(empty, context.tables, own_sql=True)
    except Refused as refusal:
        raise RuleError(f"The engine could not run the SQL: {refusal}") from None
    return [str(name) for name in answer.column_names]


def _starred(query: exp.Query) -> bool:
    return any(projection.is_star for projection in query.selects)


def _name(projection: exp.Expr, dialect: str) -> str:
    """How the engine calls a column of the answer: some fold names that are not quoted to lower case."""
    name = projection.args.get("alias") or projection.this
    folds = dialect in ("postgres", "redshift", "athena") and not (isinstance(name, exp.Identifier) and name.quoted)
    shown = projection.alias_or_name if isinstance(projection, exp.Column | exp.Alias) else projection.sql()
    return shown.lower() if folds else shown
