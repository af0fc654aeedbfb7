"""ColumnDataType: whether a value can be read as a type, as Spark casts without its ANSI mode."""

from __future__ import annotations

import re
from decimal import Decimal

from sqlglot import exp

from tools.dqdl.language.model import Rule
from tools.dqdl.language.words import nearest
from tools.dqdl.plans import kinds, sql
from tools.dqdl.plans.plan import RuleError, RuleFailed
from tools.sources.table import Field

_TYPES = {
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "INTEGER": "int",
    "LONG": "bigint",
    "FLOAT": "float",
    "DOUBLE": "double",
}
_SHAPES = {
    "INTEGRAL": r"^\s*[+-]?[0-9]+\s*$",
    "FRACTIONAL": r"^\s*[+-]?([0-9]+\.[0-9]*|\.?[0-9]+)([eE][+-]?[0-9]+)?\s*$",
}
_ALWAYS: dict[str, set[str]] = {
    "number": {"BOOLEAN", "INTEGER", "LONG", "FLOAT", "DOUBLE", "TIMESTAMP", "FRACTIONAL"},
    "boolean": {"BOOLEAN", "INTEGER", "LONG", "FLOAT", "DOUBLE", "TIMESTAMP"},
    "date": {"DATE", "TIMESTAMP"},
    "timestamp": {"BOOLEAN", "INTEGER", "LONG", "FLOAT", "DOUBLE", "DATE", "TIMESTAMP"},
}
"""Kind of column to the types as which Spark reads each of its values."""
_EPOCH_DIGITS = 10
"""Digits of a present time in seconds, which is what Spark makes of a timestamp as a number."""


def readable(field: Field, dialect: str, rule: Rule, name: str) -> exp.Expr:
    """True in the rows whose value can be read as the type, false elsewhere. Raises RuleError or RuleFailed."""
    upper, form = name.upper(), _format(rule, name.upper())
    decimal = _decimal(upper)
    if upper not in {*_TYPES, *_SHAPES} and decimal is None:
        known, guess = [*_TYPES, *_SHAPES], nearest(name, [*_TYPES, *_SHAPES])
        hint = f"did you mean {guess}? Known" if guess else "known"
        raise RuleError(f"{name} is not a type of DQDL; {hint} are {', '.join(known)} and DECIMAL(p,s).")
    if not kinds.holds(field, "text"):
        return _native(field, dialect, upper, decimal)
    written = kinds.text(field, dialect)
    if form:
        return _formatted(written, form)
    if upper in _SHAPES:
        return sql.certain(sql.matches(written, _SHAPES[upper]))
    target = f"decimal({decimal[0]}, {decimal[1]})" if decimal else _TYPES[upper]
    return sql.not_null(sql.attempt(written, target))


def _decimal(name: str) -> tuple[int, int] | None:
    found = re.fullmatch(r"DECIMAL\s*\(\s*(\d{1,2})\s*,\s*(\d{1,2})\s*\)", name)
    precision, scale = (int(found[1]), int(found[2])) if found else (0, 0)
    return (precision, scale) if 0 < precision <= 38 and scale <= precision else None


def _native(field: Field, dialect: str, name: str, decimal: tuple[int, int] | None) -> exp.Expr:
    if field.kind not in _ALWAYS:
        raise RuleFailed(f"The values of {field.name} cannot be read as another type; it is {field.type}.")
    present = sql.not_null(sql.column(field.name))
    if decimal:
        return _as_decimal(field, dialect, *decimal)
    if name == "INTEGRAL":
        return present if kinds.whole(field, dialect) else exp.false()
    if name == "TIMESTAMP" and kinds.floating(field, dialect):
        return _finite(field, dialect)
    return present if name in _ALWAYS[field.kind] else exp.false()


def _finite(field: Field, dialect: str) -> exp.Expr:
    """Neither NaN nor infinite: these less themselves are NaN."""
    value = kinds.number(field, dialect)
    return sql.certain(exp.EQ(this=exp.Sub(this=value, expression=value.copy()), expression=exp.Literal.number(0)))


def _as_decimal(field: Field, dialect: str, precision: int, scale: int) -> exp.Expr:
    """A number fits when it has few enough digits before the point, after it was rounded to ``scale``."""
    present = sql.not_null(sql.column(field.name))
    if field.kind == "number":
        bound = Decimal(10) ** (precision - scale) - Decimal(5).scaleb(-scale - 1)
        size = exp.Abs(this=kinds.number(field, dialect))
        return sql.certain(exp.LT(this=size, expression=sql.number(bound)))
    needed = {"boolean": 1, "timestamp": _EPOCH_DIGITS}.get(field.kind, precision + 1)
    return present if precision - scale >= needed else exp.false()


_FORMAT = re.compile(r"(dd|MM|yyyy)([-/])(dd|MM|yyyy)(?:\2(dd|MM|yyyy))?")
_FORMATS = {"dd-MM-yyyy", "MM-dd-yyyy", "yyyy-MM-dd", "MM-yyyy", "dd-MM", "MM-dd", "yyyy-MM"}


def _format(rule: Rule, name: str) -> str | None:
    others = [tag.name for tag in rule.tags if tag.name.lower() not in ("threshold", "format")]
    if name == "DATE" and others:
        raise RuleError(f"DATE takes a format and a threshold, not {others[0]}.")
    form = rule.tag("format")
    if form is not None and (name != "DATE" or form.replace("/", "-") not in _FORMATS or not _FORMAT.fullmatch(form)):
        raise RuleError(f"The format {form} cannot be used; it is for DATE, for example yyyy-MM-dd or MM/yyyy.")
    return form


def _formatted(written: exp.Expr, form: str) -> exp.Expr:
    """As many digits as the format has letters, that make a day; what the format leaves out is that of 1970-01-01."""
    shape = re.sub(r"[dMy]+", lambda part: f"[0-9]{{{len(part[0])}}}", form)
    shaped = exp.and_(
        sql.matches(written, f"^{shape}$"),
        exp.EQ(this=exp.Length(this=written.copy()), expression=exp.Literal.number(len(form))),
    )
    parts: list[exp.Expr] = []
    for letters, missing in (("yyyy", "1970"), ("MM", "01"), ("dd", "01")):
        start = form.find(letters) + 1
        place = {"start": exp.Literal.number(start), "length": exp.Literal.number(len(letters))}
        parts += [exp.Substring(this=written.copy(), **place) if start else sql.text(missing), sql.text("-")]
    day = sql.attempt(exp.Concat(expressions=parts[:-1], safe=True), "date")
    return sql.certain(exp.and_(shaped, sql.not_null(day)))
