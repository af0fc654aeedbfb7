"""Small pieces of SQL as sqlglot trees, the same for every engine."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from tools.sources import Field, Table

CLIP = 200
"""Characters of a text that its frequency and pattern are counted by."""

_WHITE = "[ \t\n\r\f\v]*"
CODE = f"{_WHITE}[+-]?0[0-9].*"
"""Digits after a leading zero: a code such as a postcode, whose zeros a number would lose."""
INTEGER = f"{_WHITE}[+-]?(0|[1-9][0-9]{{0,17}}){_WHITE}"
DATE = f"{_WHITE}[0-9]{{4}}-[0-9]{{1,2}}-[0-9]{{1,2}}{_WHITE}"
INFERRED = ("INTEGER", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP")
"""What text may turn out to be, the narrowest first."""
_LARGEST = "1.7976931348623157e308"
_FLOATS = ("DOUBLE", "FLOAT", "REAL", "DOUBLE PRECISION")


def raw(field: Field) -> exp.Column:
    """The column as it is."""
    return exp.Column(this=exp.Identifier(this=field.name, quoted=True))


def call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    """A function of the engine that sqlglot gives no meaning to."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def text(value: exp.Expr) -> exp.Cast:
    """The value as the engine writes it."""
    return exp.Cast(this=value, to=exp.DataType(this=exp.DataType.Type.VARCHAR))


def named(value: exp.Expr, name: str) -> exp.Alias:
    """The value under a name, taken over as it is: copies of thousands of trees take longer than some scans."""
    return exp.Alias(this=value, alias=exp.Identifier(this=name, quoted=True))


def asked(table: Table, parts: Sequence[exp.Expr]) -> exp.Select:
    """SELECT the parts FROM the table."""
    return exp.Select(expressions=list(parts)).from_(table.relation(), copy=False)


def count_if(condition: exp.Expr) -> exp.Count:
    """Rows for which the condition holds."""
    return exp.Count(this=exp.case().when(condition, exp.convert(1)))


def is_float(field: Field) -> bool:
    """Whether the column can hold NaN and infinities."""
    return field.type.upper().split("(")[0].strip() in _FLOATS


def finite(field: Field) -> exp.Expr:
    """The number, or NULL for NaN and the infinities."""
    return exp.case().when(_is_finite(field), raw(field)) if is_float(field) else raw(field)


def nonfinite(field: Field) -> exp.Count:
    """Rows with NaN or an infinity."""
    return count_if(_is_finite(field).not_())


def _is_finite(field: Field) -> exp.Expr:
    # NaN is above all numbers on every engine that has it.
    largest = double(exp.Literal.number(_LARGEST))
    return exp.Between(this=double(raw(field)), low=exp.Neg(this=largest), high=largest.copy())


def double(value: exp.Expr) -> exp.Cast:
    """As a floating point number."""
    return exp.Cast(this=value, to=exp.DataType(this=exp.DataType.Type.DOUBLE))
