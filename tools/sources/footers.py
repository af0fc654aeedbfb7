"""What the footers of Parquet files know about a column, as far as it is exact.

Bounds come from numbers and dates only: those of texts may be cut short, and writers have disagreed about the order of
other types. A NaN is left out of the bounds by some writers while engines sort it above all numbers, so that a column
of doubles has a least value and no greatest. The format: https://parquet.apache.org/docs/file-format/metadata/
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tools.sources.table import Field, Known

_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")


class Footers:
    """The footers of the files that make one table; read when first asked."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths
        self._known: dict[str, Known | None] = {}

    def known(self, field: Field) -> Known | None:
        """None where a file has no such plain column, or does not say how many NULLs it holds."""
        if field.name not in self._known:
            self._known[field.name] = None if self._in_folders(field.name) else self._read(field)
        return self._known[field.name]

    @cached_property
    def _files(self) -> list[tuple[pq.FileMetaData, dict[str, int]]]:
        files = [pq.read_metadata(path) for path in self._paths]
        return [(file, _plain_columns(file.schema)) for file in files]

    def _in_folders(self, name: str) -> bool:
        """Folders like ``day=1`` hold the values of a column themselves."""
        folders = {part for path in self._paths for part in Path(path).parent.parts if "=" in part}
        return len(self._paths) > 1 and name.lower() in {folder.partition("=")[0].lower() for folder in folders}

    def _read(self, field: Field) -> Known | None:
        found = []
        for file, columns in self._files:
            index = columns.get(field.name)
            if index is None:
                return None
            found += [file.row_group(i).column(index) for i in range(file.num_row_groups)]
        chunks = [(chunk.num_values, chunk.statistics) for chunk in found if chunk.num_values]
        if any(statistics is None or not statistics.has_null_count for _, statistics in chunks):
            return None
        rows, nulls = sum(count for count, _ in chunks), sum(one.null_count for _, one in chunks)
        filled = [one for count, one in chunks if count > one.null_count]
        low, high = _bounds(filled, field)
        return Known(rows, nulls, low, high)


def _plain_columns(schema: pq.ParquetSchema) -> dict[str, int]:
    """The positions of the columns that are neither nested nor repeated."""
    columns = enumerate(map(schema.column, range(len(schema.names))))
    return {
        column.path: index
        for index, column in columns
        if column.path == column.name and column.max_repetition_level == 0 and column.max_definition_level <= 1
    }


def _bounds(chunks: Sequence[Any], field: Field) -> tuple[Any, Any]:
    ordered = field.type in _INTEGERS or field.type in ("DOUBLE", "DATE")
    if not chunks or not ordered or not all(_readable(one, field.type) for one in chunks):
        return None, None
    try:
        low, high = min(one.min for one in chunks), max(one.max for one in chunks)
    except (OverflowError, ValueError):  # a day that Python's calendar does not have
        return None, None
    if field.type == "DOUBLE":
        return (low if low == low else None), None
    return low, high


def _readable(statistics: Any, type_text: str) -> bool:
    """The file holds the type that the engine shows, so that its bounds are those of the engine's values."""
    if not statistics.has_min_max:
        return False
    kind, logical = statistics.physical_type, statistics.logical_type
    if type_text == "DOUBLE":
        return bool(kind == "DOUBLE")
    if type_text == "DATE":
        return bool(logical.type == "DATE")
    unsigned = logical.type == "INT" and "isSigned=false" in str(logical)
    return kind in ("INT32", "INT64") and logical.type in ("NONE", "INT") and not unsigned
