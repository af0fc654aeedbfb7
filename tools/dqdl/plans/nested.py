"""Fields of structs: ``info.city`` is the field city of the column info, wherever a rule names a column."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from tools.dqdl.plans import kinds, sql
from tools.sources.table import Field, Kind

Path = tuple[str, ...]


def nested(fields: Iterable[Field], name: str, dialect: str) -> Field | None:
    """The field of a struct as if it were a column, named by its path as the table spells it; None for no such path."""
    found = _found(fields, name, dialect)
    if found is None:
        return None
    path, type_ = found
    return Field(".".join(path), type_.sql(dialect=dialect), _kind(type_))


def opened(query: exp.Query, fields: Iterable[Field], dialect: str) -> exp.Query:
    """The query with paths where it names fields of structs as columns; changed in place."""
    known = list(fields)
    names = {field.name for field in known}
    for column in list(query.find_all(exp.Column)):
        if "." not in column.name or column.name in names:
            continue
        found = _found(known, column.name, dialect)
        if found is not None:
            column.replace(_path(found[0], column.table or None))
    return query


def _path(path: Path, table: str | None) -> exp.Expr:
    """In parentheses, since without them the first part could be a table."""
    expression: exp.Expr = exp.paren(sql.column(path[0], table))
    for part in path[1:]:
        expression = exp.Dot(this=expression, expression=exp.to_identifier(part, quoted=True))
    return expression


def _found(fields: Iterable[Field], name: str, dialect: str) -> tuple[Path, exp.DataType] | None:
    first, *rest = name.split(".")
    top = next((field for field in fields if field.name.lower() == first.lower()), None)
    type_ = kinds.declared(top, dialect) if top and top.kind == "other" and rest else None
    if top is None or type_ is None:
        return None
    path = [top.name]
    for part in rest:
        member = _member(type_, part)
        if member is None or member.kind is None:
            return None
        path.append(member.name)
        type_ = member.kind
    return tuple(path), type_


def _member(type_: exp.DataType, name: str) -> exp.ColumnDef | None:
    if type_.this != kinds.Type.STRUCT:
        return None
    members = [part for part in type_.expressions if isinstance(part, exp.ColumnDef)]
    return next((member for member in members if member.name.lower() == name.lower()), None)


def _kind(type_: exp.DataType) -> Kind:
    groups: tuple[tuple[Kind, Iterable[object]], ...] = (
        ("number", exp.DataType.NUMERIC_TYPES),
        ("text", {*exp.DataType.TEXT_TYPES, kinds.Type.UUID, kinds.Type.ENUM}),
        ("boolean", (kinds.Type.BOOLEAN,)),
        ("date", (kinds.Type.DATE, kinds.Type.DATE32)),
        ("time", (kinds.Type.TIME, kinds.Type.TIMETZ)),
        ("timestamp", exp.DataType.TEMPORAL_TYPES),
    )
    return next((kind for kind, types in groups if type_.this in types), "other")
