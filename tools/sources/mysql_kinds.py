"""MySQL's and MariaDB's types: the family of each. No driver is needed for that."""

from __future__ import annotations

from tools.sources.table import Kind

_NUMBERS = ("tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "float", "double", "year")
_KINDS: dict[str, Kind] = {
    **dict.fromkeys([*_NUMBERS, "bit"], "number"),
    **dict.fromkeys(["char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set", "uuid"], "text"),
    "date": "date",
    "time": "time",
    "datetime": "timestamp",
    "timestamp": "timestamp",
}


def kind_of(data_type: str, column_type: str) -> Kind:
    """The family of a type. ``tinyint(1)`` and ``bit(1)`` are MySQL's booleans; JSON and blobs are ``other``."""
    if column_type in ("tinyint(1)", "bit(1)"):
        return "boolean"
    return _KINDS.get(data_type, "other")
