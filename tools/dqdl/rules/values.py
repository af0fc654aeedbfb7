"""ColumnValues and ColumnLength: a condition as a predicate over one row, which decides on NULLs as Glue does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from sqlglot import exp

from tools.dqdl.language.model import (
    Between,
    Compare,
    Condition,
    Date,
    Keyword,
    Matches,
    Member,
    Now,
    Operand,
    Rule,
    Text,
    TimeOfDay,
    Variable,
)
from tools.dqdl.plans import kinds, sql
from tools.dqdl.plans.plan import RuleError, RuleFailed
from tools.dqdl.rules.conditions import exact
from tools.dqdl.rules.context import Context
from tools.dqdl.rules.judge import condition_of
from tools.dqdl.rules.texts import NULL, good_text
from tools.sources.table import Field

_COMPARE: dict[str, type[exp.Binary]] = {
    ">": exp.GT,
    ">=": exp.GTE,
    "<": exp.LT,
    "<=": exp.LTE,
    "=": exp.EQ,
    "!=": exp.NEQ,
}
Literal = Callable[[Operand], exp.Expr]


def good_value(rule: Rule, field: Field, context: Context) -> exp.Expr:
    """True in the rows whose value meets the rule's condition, false elsewhere. Raises RuleError or RuleFailed."""
    condition = condition_of(rule)
    if isinstance(condition, Compare) and condition.operand == NULL:
        return _null_check(condition, sql.column(field.name))
    kind = kind_of(condition)
    if kind == "number":
        return _number(condition, field, context.primary.dialect)
    if kind == "date":
        return _date(condition, field, context)
    return good_text(rule, condition, field, context)


def good_length(condition: Condition, length: exp.Expr) -> exp.Expr:
    """True in the rows whose length meets the condition."""
    if isinstance(condition, Member):
        return _member(condition, length, length, _exact)
    return _plain(condition, length, _exact)


def kind_of(condition: Condition) -> str:
    """What a condition on values speaks of: number, date or text. NULL alone counts as a number."""
    if isinstance(condition, Matches) or (isinstance(condition, Member) and isinstance(condition.items, Variable)):
        return "text"
    decided = next((operand for operand in _operands(condition) if operand != NULL), None)
    if isinstance(decided, Date | TimeOfDay | Now):
        return "date"
    return "text" if isinstance(decided, Text | Keyword) else "number"


def by_extremes(condition: Condition) -> bool:
    """Whether Glue decides by the smallest and the largest number, for which the column must be complete."""
    if kind_of(condition) != "number" or (isinstance(condition, Compare) and condition.operand == NULL):
        return False
    if isinstance(condition, Compare):
        return condition.op != "!="
    return isinstance(condition, Between) and not condition.negated


def _operands(condition: Condition) -> tuple[Operand, ...]:
    if isinstance(condition, Compare):
        return (condition.operand,)
    if isinstance(condition, Between):
        return (condition.low, condition.high)
    return condition.items if isinstance(condition, Member) and isinstance(condition.items, tuple) else ()


def _null_check(condition: Compare, column: exp.Expr) -> exp.Expr:
    if condition.op not in ("=", "!="):
        raise RuleError("NULL can only be compared with = and !=.")
    return sql.is_null(column) if condition.op == "=" else sql.not_null(column)


def _number(condition: Condition, field: Field, dialect: str) -> exp.Expr:
    """NULL passes != and not in (unless listed), and fails the rest."""
    column = sql.column(field.name)
    if isinstance(condition, Member) and condition.items == (NULL,):
        return _member(condition, column, column, _exact)
    number = _as_number(condition, field, dialect)
    if isinstance(condition, Member):
        return _member(condition, number, column, _exact)
    passes_null = isinstance(condition, Compare) and condition.op == "!="
    return sql.either_way(_plain(condition, number, _exact), passes_null)


def _as_number(condition: Condition, field: Field, dialect: str) -> exp.Expr:
    """Glue takes extremes of numbers only; the other conditions read a text, or true as 1."""
    if kinds.holds(field, "number"):
        return kinds.number(field, dialect)
    if not by_extremes(condition) and field.kind == "text":
        return sql.attempt(kinds.text(field, dialect), "double")
    if not by_extremes(condition) and field.kind == "boolean":
        one = exp.Case().when(sql.column(field.name), exp.Literal.number(1))
        return one.when(exp.not_(sql.column(field.name)), exp.Literal.number(0))
    raise RuleFailed(f"The column {field.name} does not hold numbers; its type is {field.type}.")


def _exact(operand: Operand) -> exp.Expr:
    return sql.number(exact(operand))


def _date(condition: Condition, field: Field, context: Context) -> exp.Expr:
    """The time of day is dropped; what cannot be read as a date is NULL. NULL passes the three negations."""
    if not kinds.holds(field, "date", "timestamp", "text"):
        raise RuleFailed(f"The column {field.name} does not hold dates; its type is {field.type}.")
    column, dialect = sql.column(field.name), context.primary.dialect
    days = sql.attempt(kinds.text(field, dialect), "date") if field.kind == "text" else exp.cast(column, "date")

    def literal(operand: Operand) -> exp.Expr:
        return sql.day(_day(operand, context))

    if isinstance(condition, Member):
        return _member(condition, days, column, literal)
    negation = isinstance(condition, Between) and condition.negated
    negation = negation or (isinstance(condition, Compare) and condition.op == "!=")
    return sql.either_way(_plain(condition, days, literal), negation)


def _day(operand: Operand, context: Context) -> date:
    if isinstance(operand, Date):
        try:
            return date.fromisoformat(operand.raw)
        except ValueError:
            raise RuleError(f"{operand.raw} is not a day of the calendar.") from None
    if isinstance(operand, Now):
        minutes = operand.offset.minutes if operand.offset else 0
        try:
            return (context.now + timedelta(minutes=minutes if operand.sign == "+" else -minutes)).date()
        except OverflowError:
            raise RuleError(f"{operand} lies outside of the calendar.") from None
    raise RuleError(f"ColumnValues compares with dates, not with {operand}.")


def _plain(condition: Condition, column: exp.Expr, literal: Literal) -> exp.Expr:
    """The condition as SQL has it: NULL where the value is NULL."""
    if isinstance(condition, Compare):
        return _COMPARE[condition.op](this=column.copy(), expression=literal(condition.operand))
    if isinstance(condition, Between):
        low, high = literal(condition.low), literal(condition.high)
        if condition.negated:
            return exp.or_(exp.LTE(this=column.copy(), expression=low), exp.GTE(this=column.copy(), expression=high))
        return exp.and_(exp.GT(this=column.copy(), expression=low), exp.LT(this=column.copy(), expression=high))
    raise RuleError(f"{condition} does not fit here.")


def _member(condition: Member, read: exp.Expr, column: exp.Expr, literal: Literal) -> exp.Expr:
    """``read`` is the column in the type of the list. NULL is a member exactly when it is listed."""
    items = condition.items if isinstance(condition.items, tuple) else ()
    listed = [literal(item) for item in items if item != NULL]
    inside = sql.certain(exp.In(this=read.copy(), expressions=listed)) if listed else exp.false()
    if NULL in items:
        inside = exp.or_(inside, sql.is_null(column))
    return exp.not_(exp.paren(inside)) if condition.negated else inside
