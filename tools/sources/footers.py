"""What the footers of Parquet files know about a column, as far as it is exact.

Bounds come from numbers and dates only: those of texts may be cut short, and writers have disagreed about the order of
other types. A NaN is left out of the bounds by some writers while engines sort it above all numbers, so that a column
of doubles has a least value and no greatest. The format: https://parquet.apache.org/docs/file-format/metadata/
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tools.sources.duck_errors import damaged
from tools.sources.names import check_names
from tools.sources.table import Field, Known

_Footer = tuple[pq.FileMetaData, dict[str, int]]
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")


KEPT = 1_000
"""Of more files the footers are read again when they are asked for again."""
_READERS = 16
Opener = Callable[[str], Any]


@dataclass(frozen=True)
class Layout:
    """What files have in common."""

    rows: int
    alike: bool
    """Whether they have the same columns, types and order."""


class Footers:
    """The footers of the files that make one table; read when first asked.

    ``partitioned``: folders like ``day=1`` hold the values of a column themselves.
    """

    def __init__(self, paths: Sequence[str], *, partitioned: bool, opened: Opener | None = None) -> None:
        self._paths, self._partitioned = paths, partitioned
        self._opened = opened
        self._kept: list[_Footer] | None = None
        self._known: dict[str, Known | None] = {}

    def layout(self) -> Layout:
        """What all files have in common. Raises SourceError for names that differ at most in case, or a bad file."""
        rows, shapes = 0, set()
        for path, (footer, _) in zip(self._paths, self._files(), strict=True):
            schema = footer.schema.to_arrow_schema()
            check_names(schema.names, path)
            rows += footer.num_rows
            shapes.add(tuple((field.name, str(field.type)) for field in schema))
        return Layout(rows, len(shapes) == 1)

    def known(self, field: Field) -> Known | None:
        """None where a file has no such plain column, or does not say how many NULLs it holds."""
        if field.name not in self._known:
            self._known[field.name] = None if self._in_folders(field.name) else self._read(field)
        return self._known[field.name]

    def _files(self) -> Iterable[_Footer]:
        if self._kept is not None:
            return self._kept
        found = self._read_all()
        if len(self._paths) > KEPT:
            return found
        self._kept = list(found)
        return self._kept

    def _read_all(self) -> Iterator[_Footer]:
        if self._opened is None:
            yield from map(self._read_one, self._paths)
        else:  # what is far away is waited for side by side
            with ThreadPoolExecutor(_READERS) as pool:
                yield from pool.map(self._read_one, self._paths)

    def _read_one(self, path: str) -> _Footer:
        with nullcontext(path) if self._opened is None else self._opened(path) as handle:
            try:
                footer = pq.read_metadata(handle)
            except (pa.ArrowInvalid, OSError) as error:
                raise damaged(path) from error
        return footer, _plain_columns(footer.schema)

    def _in_folders(self, name: str) -> bool:
        folders = {part for path in self._paths for part in Path(path).parent.parts if "=" in part}
        return self._partitioned and name.lower() in {folder.partition("=")[0].lower() for folder in folders}

    def _read(self, field: Field) -> Known | None:
        found = []
        for file, columns in self._files():
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
