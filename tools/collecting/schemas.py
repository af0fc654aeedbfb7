"""The columns of tables, from a file: JSON `{table: [columns]}` or `{table: {column: type}}`, or CREATE TABLE."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tools.collecting.files import text_of
from tools.collecting.model import CollectError
from tools.collecting.saying import by_table, read
from tools.collecting.tables import Place, Tables
from tools.lineage.names import split_name
from tools.lineage.observed import Field

_FORMS = 'Write JSON such as {"shop.orders": ["id", "total"]}, or CREATE TABLE statements.'


def load(path: Path | None, place: Place) -> Tables:
    """The tables of a file; none without a file. Raises CollectError."""
    tables = Tables(place)
    if path is None:
        return tables
    got = text_of(path)
    if isinstance(got, str):
        raise CollectError(f"{path}: {got}.")
    text = got[0]
    if path.suffix.lower() == ".json" or text.lstrip().startswith("{"):
        for table, columns in _json(text, path).items():
            tables.know(split_name(table), _fields(columns, path))
        return tables
    for written in by_table(read(text, place.dialect, tables)):
        if written.table and written.columns:
            tables.know(split_name(written.table), [Field(column) for column in written.columns])
    return tables


def _json(text: str, path: Path) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        raise CollectError(f"{path} is no JSON.", hint=_FORMS) from None
    if not isinstance(told, dict):
        raise CollectError(f"{path} is no object of tables.", hint=_FORMS)
    return told


def _fields(columns: object, path: Path) -> list[Field]:
    if isinstance(columns, dict):
        return [Field(str(name), str(kind)) for name, kind in columns.items()]
    if isinstance(columns, list) and all(isinstance(name, str) for name in columns):
        return [Field(name) for name in columns]
    raise CollectError(f"{path}: columns are neither a list of names nor an object.", hint=_FORMS)
