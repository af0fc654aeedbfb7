"""Iceberg's types as DuckDB's."""

from __future__ import annotations

import re

from pyiceberg.schema import Schema
from pyiceberg.types import (
    DecimalType,
    FixedType,
    IcebergType,
    ListType,
    MapType,
    NestedField,
    StructType,
)

from tools.sources.table import SourceError

_PLAIN = {
    "boolean": "BOOLEAN",
    "int": "INTEGER",
    "long": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "date": "DATE",
    "time": "TIME",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMP WITH TIME ZONE",
    "timestamp_ns": "TIMESTAMP_NS",
    "timestamptz_ns": "TIMESTAMP WITH TIME ZONE",
    "string": "VARCHAR",
    "uuid": "UUID",
    "binary": "BLOB",
}
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def type_of(kind: IcebergType, what: str) -> str:
    """The type as SQL text; ``what`` names the column. Raises SourceError for a type that DuckDB does not have."""
    if isinstance(kind, DecimalType):
        return f"DECIMAL({kind.precision},{kind.scale})"
    if isinstance(kind, FixedType):
        return "BLOB"
    if isinstance(kind, ListType):
        return f"{type_of(kind.element_type, what)}[]"
    if isinstance(kind, MapType):
        return f"MAP({type_of(kind.key_type, what)}, {type_of(kind.value_type, what)})"
    if isinstance(kind, StructType):
        return f"STRUCT({', '.join(f'{_quoted(one.name)} {type_of(one.field_type, what)}' for one in kind.fields)})"
    if str(kind) not in _PLAIN:
        raise SourceError(f"{what} is of the type {kind}, which cannot be read here.", hint="Read it through a view.")
    return _PLAIN[str(kind)]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def renamed_inside(column: NestedField, schemas: list[Schema]) -> bool:
    """Whether files may spell a field within a nested column otherwise: it ever had another name, or one that writers
    replace by one of plain letters."""
    inside = _inside(column)
    if not all(_PLAIN_NAME.fullmatch(path.rpartition("\0")[2]) for path in inside.values()):
        return True
    seen: dict[int, set[str]] = {}
    for schema in schemas:
        for one in schema.fields:
            if one.field_id == column.field_id:
                for number, name in _inside(one).items():
                    seen.setdefault(number, set()).add(name)
    numbers: dict[str, set[int]] = {}
    for number, names in seen.items():
        for name in names:
            numbers.setdefault(name, set()).add(number)
    return any(len(names) > 1 for names in seen.values()) or any(len(ids) > 1 for ids in numbers.values())


def _inside(column: NestedField) -> dict[int, str]:
    """The fields below a column: number to path."""
    found: dict[int, str] = {}

    def walk(kind: IcebergType, path: str) -> None:
        if isinstance(kind, StructType):
            for one in kind.fields:
                found[one.field_id] = f"{path}\0{one.name}"
                walk(one.field_type, f"{path}\0{one.name}")
        elif isinstance(kind, ListType):
            walk(kind.element_type, f"{path}[]")
        elif isinstance(kind, MapType):
            walk(kind.key_type, f"{path}\0key")
            walk(kind.value_type, f"{path}\0value")

    walk(column.field_type, "")
    return found
