"""What a column's type says about its values: how to use it as a number or as text."""

from __future__ import annotations

from functools import lru_cache

from sqlglot import exp
from sqlglot.errors import SqlglotError

from tools.dqdl.plans import sql
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
    return type_.this in exp.DataType.INTEGER_TYPES or (is_decimal(type_) and scale(type_) == 0)


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


def is_decimal(type_: exp.DataType) -> bool:
    """Whether the type is of exact numbers with a fixed count of digits after the point."""
    return type_.this in (Type.DECIMAL, Type.DECIMAL32, Type.DECIMAL64, Type.DECIMAL128, Type.DECIMAL256)
