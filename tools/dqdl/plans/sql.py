"""Small pieces of SQL trees. Names are quoted and values are literal nodes: nothing is put together as text."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlglot import exp

ROWS = "assay_rows"
"""The alias of the primary table in every query, for predicates that refer to it from a subquery."""
COUNT = "assay_n"
"""In a grouped query: the rows of a group that pass the filter."""


def column(name: str, table: str | None = None) -> exp.Column:
    """A quoted column."""
    place = None if table is None else exp.to_identifier(table)
    return exp.Column(this=exp.Identifier(this=name, quoted=True), table=place)


def text(value: str) -> exp.Literal:
    """A text literal."""
    return exp.Literal.string(value)


def number(value: Decimal | float) -> exp.Expr:
    """A number literal; a negative one in parentheses, so that it stands anywhere."""
    literal = exp.Literal.number(format(abs(value), "f") if isinstance(value, Decimal) else repr(abs(value)))
    return exp.Paren(this=exp.Neg(this=literal)) if value < 0 else literal


def day(value: date) -> exp.Expr:
    """A date literal."""
    return exp.cast(text(value.isoformat()), "date")


def moment(value: datetime, *, zoned: bool) -> exp.Expr:
    """A timestamp literal of a UTC time."""
    if zoned:
        return exp.cast(text(value.isoformat(sep=" ")), "timestamptz")
    return exp.cast(text(value.replace(tzinfo=None).isoformat(sep=" ")), "timestamp")


def is_null(operand: exp.Expr) -> exp.Expr:
    """``operand IS NULL``."""
    return exp.Is(this=operand.copy(), expression=exp.Null())


def not_null(operand: exp.Expr) -> exp.Expr:
    """``NOT operand IS NULL``."""
    return exp.not_(is_null(operand), copy=False)


def both(*parts: exp.Expr | None) -> exp.Expr | None:
    """All of the predicates, or None when there is none."""
    present = [part.copy() for part in parts if part is not None]
    return exp.and_(*present, copy=False) if present else None


def certain(predicate: exp.Expr) -> exp.Expr:
    """True or false where the predicate, which is taken over, may be NULL: NULL becomes false."""
    return exp.Coalesce(this=exp.paren(predicate, copy=False), expressions=[exp.false()])


def either_way(predicate: exp.Expr, when_null: bool) -> exp.Expr:
    """True or false where the predicate, which is taken over, may be NULL: NULL becomes ``when_null``."""
    return exp.Coalesce(this=exp.paren(predicate, copy=False), expressions=[exp.true() if when_null else exp.false()])


def when(condition: exp.Expr | None, value: exp.Expr) -> exp.Expr:
    """The value in the rows of the condition, NULL elsewhere."""
    return value.copy() if condition is None else exp.Case().when(condition.copy(), value.copy(), copy=False)


def count(condition: exp.Expr | None = None, *, copy: bool = True) -> exp.Expr:
    """The number of rows; NULL on an empty table when there is a condition."""
    if condition is None:
        return exp.Count(this=exp.Star())
    flag = exp.Case().when(condition.copy() if copy else condition, exp.Literal.number(1), copy=False)
    flag.else_(exp.Literal.number(0), copy=False)
    return exp.Sum(this=flag)


def total(value: exp.Expr, condition: exp.Expr | None = None) -> exp.Expr:
    """The sum of a value over the rows of a condition."""
    return exp.Sum(this=when(condition, value))


def as_text(operand: exp.Expr) -> exp.Expr:
    """The value as text."""
    return exp.cast(operand.copy(), "text")


def double(operand: exp.Expr) -> exp.Expr:
    """The value as a double."""
    return exp.cast(operand.copy(), "double")


def attempt(operand: exp.Expr, target: str) -> exp.Expr:
    """The value in another type, NULL where it cannot be read as such."""
    return exp.TryCast(this=operand.copy(), to=exp.DataType.build(target))


def matches(operand: exp.Expr, regex: str) -> exp.Expr:
    """The text contains a match."""
    return exp.RegexpLike(this=operand.copy(), expression=text(regex))
