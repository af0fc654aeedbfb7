"""Small pieces of SQL as sqlglot trees, shared by the profiler's queries."""

from __future__ import annotations

from sqlglot import exp

from tools.sources import Field

CLIP = 200
"""Characters of a text that its frequency and pattern are counted by."""

_BLANK = " \t\n\r\f\v"
CODE = r"\s*[+-]?0[0-9].*"
"""Digits after a leading zero: a code such as a postcode, whose zeros a number would lose."""
INTEGER = r"\s*[+-]?(0|[1-9][0-9]{0,17})\s*"
DATE = r"\s*[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}\s*"
INFERRED = ("INTEGER", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP")
"""What text may turn out to be, the narrowest first."""


def column(field: Field) -> exp.Expr:
    """The column; enumerations and UUIDs as text, whose functions they would otherwise lack."""
    found = exp.column(exp.to_identifier(field.name, quoted=True))
    return text(found) if field.kind == "text" and field.type != "VARCHAR" else found


def call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    """A function of the engine that sqlglot gives no meaning to."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def text(value: exp.Expr) -> exp.Cast:
    """The value as the engine writes it."""
    return exp.cast(value, "VARCHAR")


def count_if(condition: exp.Expr) -> exp.Filter:
    """Rows for which the condition holds."""
    return exp.Filter(this=exp.Count(this=exp.Star()), expression=exp.Where(this=condition))


def is_float(field: Field) -> bool:
    """Whether the column can hold NaN and infinities."""
    return field.type in ("DOUBLE", "FLOAT")


def shown(field: Field) -> exp.Expr:
    """The value as the head and the sample carry it: text clipped, times as text, since Python's dates end at 9999."""
    if field.kind == "text":
        return exp.func("SUBSTRING", column(field), exp.convert(1), exp.convert(CLIP))
    return text(column(field)) if field.kind in ("date", "timestamp", "time") else column(field)


def finite(field: Field) -> exp.Expr:
    """The number, or NULL for NaN and the infinities."""
    value = column(field)
    return exp.case().when(call("isfinite", value), value.copy()) if is_float(field) else value


def blank(value: exp.Expr) -> exp.Expr:
    """Whether a text is empty or ASCII white space; CASE, unlike AND, spares most values the trimming."""
    trimmed = call("trim", value.copy(), exp.Literal.string(_BLANK))
    return exp.case().when(exp.LT(this=value, expression=exp.Literal.string("!")), trimmed.eq("")).else_(exp.false())


def casts_to(value: exp.Expr, kind: str) -> exp.Expr:
    """Whether a text reads as INTEGER, DOUBLE, BOOLEAN, DATE or TIMESTAMP; codes with leading zeros are no numbers."""
    if kind == "INTEGER":
        return call("regexp_full_match", value, exp.Literal.string(INTEGER))
    cast = exp.TryCast(this=value, to=exp.DataType.build(kind)).is_(exp.null()).not_()
    if kind == "DOUBLE":
        return exp.and_(cast, call("regexp_full_match", value.copy(), exp.Literal.string(CODE)).not_())
    if kind == "DATE":
        return exp.and_(call("regexp_full_match", value.copy(), exp.Literal.string(DATE)), cast)
    return cast


def is_number(value: exp.Expr) -> exp.Expr:
    """Whether a text casts to a number."""
    return exp.TryCast(this=value, to=exp.DataType.build("DOUBLE")).is_(exp.null()).not_()
