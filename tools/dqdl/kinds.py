"""What a column's type says about its values: how to use it as a number or as text, and how Spark prints its values."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from sqlglot import exp
from sqlglot.errors import SqlglotError

from tools.dqdl import sql
from tools.sources.table import Field, Kind

Type = exp.DataType.Type


def declared(field: Field, dialect: str) -> exp.DataType | None:
    """The type as a tree, which is not to be changed; None for what sqlglot does not know."""
    return _read(field.type, dialect)


@lru_cache(maxsize=1024)
def _read(type_: str, dialect: str) -> exp.DataType | None:
    try:
        return exp.DataType.build(type_, dialect=dialect)
    except SqlglotError:
        return None


def untyped(field: Field) -> bool:
    """Whether the column never had a value, so that it has no type: it fits every rule."""
    return field.type.strip('"').upper() in ("NULL", "VOID", "UNKNOWN")


def holds(field: Field, *kinds: Kind) -> bool:
    """Whether the column is of one of the kinds, or of none at all."""
    return field.kind in kinds or untyped(field) or ("text" in kinds and field.type.upper() == "JSON")


def whole(field: Field, dialect: str) -> bool:
    """Whether the type admits whole numbers only."""
    type_ = declared(field, dialect)
    if type_ is None:
        return False
    return type_.this in exp.DataType.INTEGER_TYPES or (_is_decimal(type_) and scale(type_) == 0)


def floating(field: Field, dialect: str) -> bool:
    """Whether the type admits NaN and infinity."""
    type_ = declared(field, dialect)
    return type_ is not None and type_.this in (Type.FLOAT, Type.DOUBLE)


def scale(type_: exp.DataType) -> int | None:
    """Digits after the point; None where the type leaves that to the value."""
    parts = [int(part.name) for part in type_.expressions]
    return (parts[1] if len(parts) > 1 else 0) if parts else None


def number(field: Field, dialect: str) -> exp.Expr:
    """The column as a number. A 32-bit float is widened, as Glue has it: 0.1 is then 0.10000000149011612."""
    column, type_ = sql.column(field.name), declared(field, dialect)
    return sql.double(column) if type_ is None or type_.this == Type.FLOAT else column


def text(field: Field, dialect: str) -> exp.Expr:
    """A column of text as text, whatever its type is called."""
    column, type_ = sql.column(field.name), declared(field, dialect)
    return column if type_ is not None and type_.this in exp.DataType.TEXT_TYPES else sql.as_text(column)


def native(field: Field, dialect: str) -> str | None:
    """The type that Spark reads a text as in order to compare it with the column; None where it cannot."""
    if field.kind == "number":
        return "bigint" if whole(field, dialect) else "double"
    return field.kind if field.kind in ("boolean", "date", "timestamp") else None


def printed(field: Field, dialect: str, said: str) -> exp.Expr | None:
    """The value of a column's type that Spark prints as this text; None where it prints no value so."""
    if field.kind == "number":
        value = _number(said, declared(field, dialect))
        return None if value is None else sql.number(value)
    if field.kind == "boolean":
        return exp.Boolean(this=said == "true") if said in ("true", "false") else None
    if field.kind not in ("date", "timestamp"):
        return None
    try:
        read = date.fromisoformat(said) if field.kind == "date" else datetime.fromisoformat(said)
    except ValueError:
        return None
    return sql.attempt(sql.text(said), field.kind) if _spark_time(read) == said else None


def _is_decimal(type_: exp.DataType) -> bool:
    return type_.this in (Type.DECIMAL, Type.DECIMAL32, Type.DECIMAL64, Type.DECIMAL128, Type.DECIMAL256)


def _number(said: str, type_: exp.DataType | None) -> Decimal | None:
    if type_ is not None and type_.this in exp.DataType.INTEGER_TYPES:
        return Decimal(said) if re.fullmatch(r"0|-?[1-9][0-9]*", said) else None
    if type_ is not None and _is_decimal(type_):
        places = scale(type_)
        tail = rf"\.[0-9]{{{places}}}" if places else r"(\.[0-9]+)?" if places is None else ""
        return Decimal(said) if re.fullmatch(rf"-?(0|[1-9][0-9]*){tail}", said) else None
    if not re.fullmatch(r"-?[0-9]+\.[0-9]+(E-?[0-9]+)?", said):
        return None
    return Decimal(said) if _spark_double(float(said)) == said else None


def _spark_double(value: float) -> str:
    """As Java prints a double: plain from 0.001 to below ten million, else with one digit before the point."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        plain = format(Decimal(repr(value)), "f")
        return plain if "." in plain else f"{plain}.0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    shown = "".join(map(str, digits))
    power = int(exponent) + len(shown) - 1
    return f"{'-' * sign}{shown[0]}.{shown[1:] or '0'}E{power}"


def _spark_time(value: date | datetime) -> str:
    shown = value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    return shown.rstrip("0") if "." in shown else shown
