"""Casts between types that are no texts, and values written as text: as Spark does both."""

from __future__ import annotations

from sqlglot import exp

from tools.dqdl.lowering import forms
from tools.dqdl.lowering.casts import either, from_text
from tools.dqdl.lowering.engine import Engine, call, number, string
from tools.dqdl.lowering.kinds import Kind, of_type
from tools.dqdl.plans.plan import RuleError

_LIMITS = {
    exp.DType.TINYINT: "128",
    exp.DType.SMALLINT: "32768",
    exp.DType.INT: "2147483648",
    exp.DType.BIGINT: "9223372036854775808",
}
_MOMENTS = frozenset((exp.DType.TIMESTAMPTZ, exp.DType.TIMESTAMPLTZ, exp.DType.TIMESTAMPNTZ))


def convert(engine: Engine, operand: exp.Expr, kind: Kind | None, to: exp.DataType) -> exp.Expr:
    """The value in another type, or NULL. Raises RuleError for a type that no text can be read as."""
    target = of_type(to)
    if target == "text":
        return to_text(engine, operand, kind)
    if kind in ("text", None):
        return from_text(engine, operand if kind else engine.text(operand), to)
    if to.this in _MOMENTS:
        to = exp.DataType.build("timestamp")
    if kind == "boolean" and target in ("integer", "decimal", "double"):
        ones = either((operand, number(1)), (exp.not_(operand.copy()), number(0)))
        return exp.Cast(this=ones, to=to)
    if target == "boolean":
        return operand if kind == "boolean" else exp.NEQ(this=operand, expression=number(0))
    if target == "integer" and kind in ("decimal", "double", "integer"):
        return _to_integer(engine, operand, kind, to)
    return engine.cast(operand, to.sql())


def _to_integer(engine: Engine, operand: exp.Expr, kind: Kind, to: exp.DataType) -> exp.Expr:
    """The fraction is cut off; what does not fit is NULL."""
    if engine.dialect == "spark":
        return exp.TryCast(this=operand, to=to)
    whole = operand
    if kind != "integer":
        zero = [number(0)] if engine.dialect == "mysql" else []
        whole = call("TRUNCATE" if engine.dialect in ("mysql", "athena") else "TRUNC", operand, *zero)
    if engine.tries:
        return exp.TryCast(this=whole, to=to)
    limit = number(_LIMITS.get(to.this, "9223372036854775808"))
    fits = exp.LT(this=call("ABS", whole), expression=limit)
    return either((fits, exp.Cast(this=whole.copy(), to=to)))


def to_text(engine: Engine, operand: exp.Expr, kind: Kind | None) -> exp.Expr:
    """The value as Spark writes it: ``true``, ``1.0``, ``1.50``, ``2024-01-31``, ``2024-01-31 10:00:00.5``."""
    if kind == "text":
        return operand
    if kind == "boolean":
        return either((operand, string("true")), (exp.not_(exp.paren(operand.copy())), string("false")))
    if kind == "double" and engine.dialect != "spark":
        return _double_text(engine, operand)
    if kind == "timestamp" and engine.dialect == "mysql":
        short = call("REGEXP_REPLACE", engine.text(operand), string(r"\.?0+$"), string(""))
        fraction = exp.GT(this=call("MICROSECOND", operand.copy()), expression=number(0))
        return either((fraction, short), default=call("DATE_FORMAT", operand.copy(), string("%Y-%m-%d %H:%i:%s")))
    if kind == "timestamp" and engine.dialect in ("postgres", "duckdb"):
        return engine.text(exp.cast(operand, "timestamp"))
    return engine.text(operand)


def _double_text(engine: Engine, operand: exp.Expr) -> exp.Expr:
    """From 0.001 to 10 million with at least one decimal; outside of it the engine's own digits."""
    written = engine.text(operand)
    whole = exp.and_(
        exp.EQ(this=call("FLOOR", operand.copy()), expression=operand.copy()),
        exp.LT(this=call("ABS", operand.copy()), expression=number("1e15")),
    )
    if engine.dialect == "duckdb":
        return either(
            (call("ISNAN", operand.copy()), string("NaN")),
            (call("ISINF", operand.copy()), _signed(operand, "Infinity")),
            default=written,
        )
    return either((whole, engine.join(written, string(".0"))), default=written.copy())


def _signed(operand: exp.Expr, word: str) -> exp.Expr:
    negative = exp.LT(this=operand.copy(), expression=number(0))
    return either((negative, string(f"-{word}")), default=string(word))


def formatted(engine: Engine, operand: exp.Expr, form: str) -> exp.Expr:
    """The start of the day in a format of %d, %m and %Y (each of full width), or NULL. Raises RuleError."""
    pattern = forms.formatted(form)
    if pattern is None:
        raise RuleError(f"The format {form} cannot be used.")
    parts = {part: _part(operand, form, part) for part in ("%Y", "%m", "%d")}
    day = engine.join(parts["%Y"], string("-"), parts["%m"], string("-"), parts["%d"])
    start = exp.cast(from_text(engine, day, exp.DataType.build("date")), "timestamp")
    return either((engine.matches(operand, pattern), start))


_WIDTHS = {"%Y": 4, "%m": 2, "%d": 2}
_MISSING = {"%Y": "1970", "%m": "01", "%d": "01"}


def _part(operand: exp.Expr, form: str, part: str) -> exp.Expr:
    before, found, _ = form.partition(part)
    if not found:
        return string(_MISSING[part])
    start = 1 + len(before) + sum(_WIDTHS[one] - 2 for one in _WIDTHS if one in before)
    return exp.Substring(this=operand.copy(), start=number(start), length=number(_WIDTHS[part]))
