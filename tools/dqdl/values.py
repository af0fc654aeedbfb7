"""ColumnValues and ColumnLength: a condition as a predicate over one row, which decides on NULLs as Glue does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from sqlglot import exp

from tools.dqdl import sql
from tools.dqdl.conditions import exact
from tools.dqdl.context import Context
from tools.dqdl.judge import condition_of
from tools.dqdl.model import (
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
from tools.dqdl.plan import RuleError, RuleFailed
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
    if isinstance(condition, Compare) and condition.operand == Keyword("NULL"):
        return _null_check(condition, sql.column(field.name))
    kind = _kind(condition)
    if kind == "number":
        return _number(condition, field)
    if kind == "date":
        return _date(condition, field, context.now)
    return _text(rule, condition, field, context)


def good_length(condition: Condition, length: exp.Expr) -> exp.Expr:
    """True in the rows whose length meets the condition."""
    return _plain(condition, length, lambda operand: sql.number(exact(operand)))


def _kind(condition: Condition) -> str:
    if isinstance(condition, Matches):
        return "text"
    operands: tuple[Operand, ...] = ()
    if isinstance(condition, Compare):
        operands = (condition.operand,)
    elif isinstance(condition, Between):
        operands = (condition.low, condition.high)
    elif isinstance(condition.items, tuple):
        operands = condition.items
    else:
        return "text"
    decided = [operand for operand in operands if operand != Keyword("NULL")]
    if not decided or not isinstance(decided[0], Date | TimeOfDay | Now | Text | Keyword):
        return "number"
    return "date" if isinstance(decided[0], Date | TimeOfDay | Now) else "text"


def _null_check(condition: Compare, column: exp.Expr) -> exp.Expr:
    if condition.op not in ("=", "!="):
        raise RuleError("NULL can only be compared with = and !=.")
    return sql.is_null(column) if condition.op == "=" else sql.not_null(column)


def _number(condition: Condition, field: Field) -> exp.Expr:
    """NULL passes != and not in (unless listed), and fails the rest."""
    if isinstance(condition, Member) and condition.items == (Keyword("NULL"),):
        return _member(condition, sql.column(field.name), sql.column(field.name), _no_literal)
    column = _as_number(condition, field)
    if isinstance(condition, Member):
        return _member(condition, column, sql.column(field.name), lambda operand: sql.number(exact(operand)))
    passes_null = isinstance(condition, Compare) and condition.op == "!="
    return sql.either_way(_plain(condition, column, lambda operand: sql.number(exact(operand))), passes_null)


def _as_number(condition: Condition, field: Field) -> exp.Expr:
    column = sql.column(field.name)
    if field.kind == "number":
        return column
    by_extremes = isinstance(condition, Compare) and condition.op != "!="
    by_extremes = by_extremes or (isinstance(condition, Between) and not condition.negated)
    if field.kind != "text" or by_extremes:
        raise RuleFailed(f"The column {field.name} does not hold numbers; its type is {field.type}.")
    return sql.attempt(column, "double")


def _date(condition: Condition, field: Field, now: datetime) -> exp.Expr:
    """The time of day is dropped; what cannot be read as a date is NULL. NULL passes the three negations."""
    if field.kind not in ("date", "timestamp", "text"):
        raise RuleFailed(f"The column {field.name} does not hold dates; its type is {field.type}.")
    column = sql.column(field.name)
    days = sql.attempt(column, "date") if field.kind == "text" else exp.cast(column, "date")

    def literal(operand: Operand) -> exp.Expr:
        return sql.day(_day(operand, now))

    if isinstance(condition, Member):
        return _member(condition, days, column, literal)
    negation = isinstance(condition, Between) and condition.negated
    negation = negation or (isinstance(condition, Compare) and condition.op == "!=")
    return sql.either_way(_plain(condition, days, literal), negation)


def _day(operand: Operand, now: datetime) -> date:
    if isinstance(operand, Date):
        try:
            return date.fromisoformat(operand.raw)
        except ValueError:
            raise RuleError(f"{operand.raw} is not a day of the calendar.") from None
    if isinstance(operand, Now):
        minutes = operand.offset.minutes if operand.offset else 0
        try:
            return (now + timedelta(minutes=minutes if operand.sign == "+" else -minutes)).date()
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
    if isinstance(condition, Member) and isinstance(condition.items, tuple):
        return _member(condition, column, column, literal)
    raise RuleError(f"{condition} does not fit here.")


def _member(condition: Member, read: exp.Expr, column: exp.Expr, literal: Literal) -> exp.Expr:
    """``read`` is the column in the type of the list. NULL is a member exactly when it is listed."""
    items = condition.items if isinstance(condition.items, tuple) else ()
    listed = [literal(item) for item in items if item != Keyword("NULL")]
    inside = sql.certain(exp.In(this=read.copy(), expressions=listed)) if listed else exp.false()
    if Keyword("NULL") in items:
        inside = exp.or_(inside, sql.is_null(column))
    return exp.not_(exp.paren(inside)) if condition.negated else inside


def _text(rule: Rule, condition: Condition, field: Field, context: Context) -> exp.Expr:
    column = sql.column(field.name)
    written = column if field.kind == "text" else sql.as_text(column)
    if isinstance(condition, Matches):
        return _matches(condition, written)
    fold = (rule.tag("ignoreCase") or "").lower() == "true"
    if isinstance(condition, Compare) and condition.op in ("=", "!="):
        equal = _equals(condition.operand, written, fold=fold, in_list=False)
        return sql.either_way(equal if condition.op == "=" else exp.not_(exp.paren(equal)), condition.op == "!=")
    if isinstance(condition, Member):
        items = context.items(condition.items) if isinstance(condition.items, Variable) else condition.items
        return _text_member(items, condition.negated, written, fold=fold)
    raise RuleError(f"{condition} cannot be applied to text.")


def _text_member(items: tuple[Operand, ...], negated: bool, written: exp.Expr, *, fold: bool) -> exp.Expr:
    words = [item for item in items if item != Keyword("NULL")]
    texts = [item for item in words if isinstance(item, Text)]
    tests = [_equals(item, written, fold=fold, in_list=True) for item in words if not isinstance(item, Text)]
    if texts:
        listed = [sql.text(item.member.lower() if fold else item.member) for item in texts]
        tests.append(exp.In(this=_folded(written, fold), expressions=listed))
    inside = sql.either_way(exp.or_(*tests) if tests else exp.false(), Keyword("NULL") in items)
    return exp.not_(inside) if negated else inside


def _equals(operand: Operand, written: exp.Expr, *, fold: bool, in_list: bool) -> exp.Expr:
    if operand == Keyword("EMPTY"):
        return exp.EQ(this=written.copy(), expression=sql.text(""))
    if operand == Keyword("WHITESPACES_ONLY"):
        return exp.RegexpLike(this=written.copy(), expression=sql.text(r"^\s+$"))
    if not isinstance(operand, Text):
        raise RuleError(f"{operand} is not a text.")
    value = operand.member if in_list else operand.value
    return exp.EQ(this=_folded(written, fold), expression=sql.text(value.lower() if fold else value))


def _folded(written: exp.Expr, fold: bool) -> exp.Expr:
    return exp.Lower(this=written.copy()) if fold else written.copy()


def _matches(condition: Matches, written: exp.Expr) -> exp.Expr:
    """As Glue: the whole text matches, and is not empty; ``not matches`` means that it does not begin with the word."""
    regex = condition.regex.pattern
    filled = exp.NEQ(this=written.copy(), expression=sql.text(""))
    if condition.negated:
        begins = sql.matches(written, rf"^(?:\b{regex}\b)")
        return sql.certain(exp.and_(filled, exp.not_(begins)))
    return sql.certain(exp.and_(filled, sql.matches(written, f"^{regex}$")))


def _no_literal(operand: Operand) -> exp.Expr:
    raise RuleError(f"{operand} does not fit here.")
