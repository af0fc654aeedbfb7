"""Where the files of an Iceberg table are for DuckDB, and which of them do not number their columns."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from pyiceberg.table.deletion_vector import deletion_vectors_from_puffin_file
from pyiceberg.table.name_mapping import NameMapping
from pyiceberg.table.puffin import PuffinFile
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import DateType, IcebergType, TimestampType, TimestamptzType
from sqlglot import exp

from tools.sources import s3
from tools.sources.iceberg_files import PATH_FIELD, POSITION_FIELD

_READERS = 16


def local_path(path: str) -> str:
    """A path of Iceberg's metadata as DuckDB is given it."""
    scheme, found, rest = path.partition("://")
    if path.startswith("file:"):
        return "/" + path.removeprefix("file:").lstrip("/")
    return f"s3://{rest}" if found and scheme in ("s3a", "s3n") else path


@dataclass(frozen=True)
class Named:
    """Files that are read alike."""

    files: tuple[DataFile, ...]
    names: dict[int, str] | None
    """The columns of files without numbers, by the number that the table's mapping gives them; None: by number."""
    fixed: dict[int, Any]
    """Values that only the partition tells, since such files need not repeat them."""

    def value(self, number: int) -> exp.Expr:
        """What stands for the column of a number."""
        if self.names is not None and number in self.names:
            return exp.column(self.names[number], quoted=True)
        return exp.convert(self.fixed.get(number))


class Layout:
    """The files of one open table. Close it to remove what was written for it."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._columns: dict[str, tuple[str, ...] | None] = {}
        self._folder: str | None = None
        self._vectors: dict[str, str] = {}

    def local(self, paths: Iterable[str]) -> list[str]:
        """The paths as DuckDB is given them; deletion vectors are written as position deletes first."""
        return [self._unpacked(path) if path.endswith(".puffin") else local_path(path) for path in paths]

    def pins(self, sizes: Mapping[str, int]) -> dict[str, s3.Pin]:
        """Those of the files that are on S3. They are never written twice, so that the size says enough."""
        paths = {local_path(path): size for path, size in sizes.items()}
        return {path: s3.Pin(size, client=self._client) for path, size in paths.items() if path.startswith(s3.S3)}

    @property
    def _client(self) -> Any:
        """Who may read the files, where the catalog hands out keys for that."""
        return getattr(self._table.io, "client", None)

    def divided(self, files: Sequence[DataFile]) -> list[Named]:
        """Files with numbered columns together; the others by their columns and partition."""
        mapping = self._table.name_mapping()
        if mapping is None:  # then all files have numbers, or columns that are not the table's
            return [Named(tuple(files), None, {})]
        self._read_columns(files)
        groups: dict[tuple[tuple[str, ...] | None, tuple[tuple[int, Any], ...]], list[DataFile]] = {}
        for file in files:
            columns = self._columns[file.file_path]
            fixed = () if columns is None else tuple(self._partition(file).items())
            groups.setdefault((columns, fixed), []).append(file)
        return [
            Named(tuple(same), None if columns is None else _numbered(mapping, columns), dict(fixed))
            for (columns, fixed), same in groups.items()
        ]

    def close(self) -> None:
        """Removes the files that were written; closing twice is no error."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _read_columns(self, files: Sequence[DataFile]) -> None:
        unread = [file for file in files if file.file_path not in self._columns]
        with ThreadPoolExecutor(_READERS) as pool:
            for file, names in zip(unread, pool.map(self._unnumbered, unread), strict=True):
                self._columns[file.file_path] = names

    def _unnumbered(self, file: DataFile) -> tuple[str, ...] | None:
        """The names of a file's columns; None where they have numbers."""
        path = local_path(file.file_path)
        pin = s3.Pin(file.file_size_in_bytes, client=self._client)
        far = path.startswith(s3.S3)
        with s3.Part(path, pin) if far else self._table.io.new_input(file.file_path).open() as handle:
            schema = pq.read_schema(handle)
        numbered = any(b"PARQUET:field_id" in (field.metadata or {}) for field in schema)
        return None if numbered else tuple(schema.names)

    def _partition(self, file: DataFile) -> dict[int, Any]:
        spec, schema = self._table.specs()[file.spec_id], self._table.schema()
        return {
            field.source_id: _stored(file.partition[place], schema.find_type(field.source_id))
            for place, field in enumerate(spec.fields)
            if isinstance(field.transform, IdentityTransform) and field.source_id in schema.field_ids
        }

    def _unpacked(self, path: str) -> str:
        """A file of position deletes with what the deletion vectors of a Puffin file say."""
        if path not in self._vectors:
            if self._folder is None:
                self._folder = tempfile.mkdtemp(prefix="assay-deletes-")
            with self._table.io.new_input(path).open() as handle:
                vectors = deletion_vectors_from_puffin_file(PuffinFile(handle.read()))
            target = os.path.join(self._folder, f"{len(self._vectors)}.parquet")
            with pq.ParquetWriter(target, _POSITIONS) as writer:
                for vector in vectors:
                    rows = vector.to_vector().combine_chunks().cast(pa.int64())
                    names = pa.array([vector.referenced_data_file]).take(pa.array([0] * len(rows), pa.int64()))
                    writer.write_table(pa.Table.from_arrays([names, rows], schema=_POSITIONS))
            self._vectors[path] = target
        return self._vectors[path]


def _stored(value: Any, kind: IcebergType) -> Any:
    """A value of a partition; days and moments come as numbers since 1970."""
    if isinstance(value, int) and isinstance(kind, DateType):
        return date(1970, 1, 1) + timedelta(days=value)
    if isinstance(value, int) and isinstance(kind, (TimestampType, TimestamptzType)):
        return datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None) + timedelta(microseconds=value)
    return value


def _number(number: int) -> dict[str, str]:
    return {"PARQUET:field_id": str(number)}


_POSITIONS = pa.schema(
    [
        pa.field("file_path", pa.string(), metadata=_number(PATH_FIELD)),
        pa.field("pos", pa.int64(), metadata=_number(POSITION_FIELD)),
    ]
)


def _numbered(mapping: NameMapping, columns: Iterable[str]) -> dict[int, str]:
    """The names of the columns that the mapping knows, by number."""
    numbers = {name: field.field_id for field in mapping for name in field.names}
    return {number: name for name in columns if (number := numbers.get(name)) is not None}
