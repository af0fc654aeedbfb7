"""Iceberg tables for tests, with deletes as other engines write them: PyIceberg itself writes none."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.catalog import Catalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.manifest import (
    DataFile,
    DataFileContent,
    FileFormat,
    ManifestContent,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestFile,
    ManifestWriterV2,
    write_manifest_list,
)
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.table import Table
from pyiceberg.table.refs import SnapshotRefType
from pyiceberg.table.snapshots import Operation, Snapshot, Summary
from pyiceberg.table.update import AddSnapshotUpdate, SetSnapshotRefUpdate
from pyiceberg.typedef import Record
from pyroaring import BitMap

_PATH, _POSITION = 2147483546, 2147483545
_MAGIC = bytes([0xD1, 0xD3, 0x39, 0x64])


def local_catalog(folder: Path, name: str = "local") -> SqlCatalog:
    """A catalog in ``folder/catalog.db`` with one namespace, ``shop``."""
    folder.mkdir(parents=True, exist_ok=True)
    catalog = SqlCatalog(name, uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}/data")
    catalog.create_namespace_if_not_exists("shop")
    return catalog


def make(catalog: Catalog, name: str, *batches: pa.Table, properties: dict[str, str] | None = None) -> Table:
    """A table with one commit per batch."""
    table = catalog.create_table(name, schema=batches[0].schema, properties=properties or {})
    for batch in batches:
        table.append(batch)
    return table


def delete_positions(table: Table, rows: dict[str, Sequence[int]], partition: Record | None = None) -> None:
    """A commit with a file of position deletes: data file to the numbers of its rows."""
    fields = [_numbered("file_path", pa.string(), _PATH), _numbered("pos", pa.int64(), _POSITION)]
    pairs = [(path, number) for path in sorted(rows) for number in sorted(rows[path])]
    data = pa.table([[path for path, _ in pairs], [number for _, number in pairs]], schema=pa.schema(fields))
    _commit(table, _written(table, data, DataFileContent.POSITION_DELETES, partition))


def delete_by_vector(table: Table, rows: dict[str, Sequence[int]]) -> None:
    """A commit with a Puffin file that holds a deletion vector for each data file."""
    blobs, body = [], b"PFA1"
    for path, numbers in rows.items():
        vector = struct.pack("<qi", 1, 0) + BitMap(numbers).serialize()
        inner = _MAGIC + vector
        blob = struct.pack(">i", len(inner)) + inner + struct.pack(">I", zlib.crc32(inner))
        described = {"type": "deletion-vector-v1", "fields": [_POSITION], "snapshot-id": -1, "sequence-number": -1}
        properties = {"referenced-data-file": path, "cardinality": str(len(numbers))}
        blobs.append({**described, "offset": len(body), "length": len(blob), "properties": properties})
        body += blob
    footer = json.dumps({"blobs": blobs}).encode()
    body += b"PFA1" + footer + struct.pack("<i", len(footer)) + bytes(4) + b"PFA1"
    target = f"{table.location()}/data/{uuid4()}.puffin"
    with table.io.new_output(target).create() as handle:
        handle.write(body)
    count = sum(len(numbers) for numbers in rows.values())
    _commit(table, _described(table, target, FileFormat.PUFFIN, count, DataFileContent.POSITION_DELETES, None))


def delete_equal(
    table: Table, data: pa.Table, partition: Record | None = None, spec: PartitionSpec | None = None
) -> None:
    """A commit with equality deletes: rows that agree with one of these in all of their columns are gone."""
    fields = [_numbered(one.name, one.type, table.schema().find_field(one.name).field_id) for one in data.schema]
    numbered = data.cast(pa.schema(fields))
    file = _written(table, numbered, DataFileContent.EQUALITY_DELETES, partition, spec)
    _commit(table, file)


def data_files(table: Table) -> list[str]:
    """The paths of its data files, the oldest first."""
    snapshot = table.current_snapshot()
    manifests = snapshot.manifests(table.io) if snapshot else []
    entries = [entry for manifest in manifests for entry in manifest.fetch_manifest_entry(table.io)]
    data = [entry for entry in entries if entry.data_file.content == DataFileContent.DATA]
    return [entry.data_file.file_path for entry in sorted(data, key=lambda entry: entry.sequence_number or 0)]


def _numbered(name: str, kind: pa.DataType, number: int) -> pa.Field:
    return pa.field(name, kind, metadata={"PARQUET:field_id": str(number)})


def _written(
    table: Table,
    data: pa.Table,
    content: DataFileContent,
    partition: Record | None,
    spec: PartitionSpec | None = None,
) -> DataFile:
    target = f"{table.location()}/data/{uuid4()}-deletes.parquet"
    with table.io.new_output(target).create() as handle:
        pq.write_table(data, handle)
    numbers = None
    if content == DataFileContent.EQUALITY_DELETES:
        numbers = [int((field.metadata or {})[b"PARQUET:field_id"]) for field in data.schema]
    return _described(table, target, FileFormat.PARQUET, data.num_rows, content, partition, numbers, spec)


def _described(
    table: Table,
    path: str,
    kind: FileFormat,
    rows: int,
    content: DataFileContent,
    partition: Record | None,
    numbers: list[int] | None = None,
    spec: PartitionSpec | None = None,
) -> DataFile:
    file = DataFile.from_args(
        content=content,
        file_path=path,
        file_format=kind,
        partition=partition or Record(),
        record_count=rows,
        file_size_in_bytes=len(table.io.new_input(path)),
        equality_ids=numbers,
    )
    file.spec_id = (spec or table.spec()).spec_id
    return file


class _DeletesWriter(ManifestWriterV2):
    def content(self) -> ManifestContent:
        return ManifestContent.DELETES

    @property
    def _meta(self) -> dict[str, str]:
        return {**super()._meta, "content": "deletes"}


def _commit(table: Table, file: DataFile) -> None:
    """A snapshot of what there is, and of a file that deletes."""
    number = table.metadata.new_snapshot_id()
    parent = table.current_snapshot()
    assert parent is not None
    folder = f"{table.location()}/metadata"
    target = table.io.new_output(f"{folder}/{uuid4()}-m0.avro")
    with _DeletesWriter(table.specs()[file.spec_id], table.schema(), target, number, "deflate") as writer:
        entry: dict[str, Any] = {"status": ManifestEntryStatus.ADDED, "snapshot_id": number, "data_file": file}
        writer.add(ManifestEntry.from_args(**entry))
    manifests: list[ManifestFile] = [*parent.manifests(table.io), writer.to_manifest_file()]
    listed = f"{folder}/snap-{number}-{uuid4()}.avro"
    age = table.metadata.next_sequence_number()
    with write_manifest_list(2, table.io.new_output(listed), number, parent.snapshot_id, age, "deflate") as lists:
        lists.add_manifests(manifests)
    snapshot = Snapshot(
        snapshot_id=number,
        parent_snapshot_id=parent.snapshot_id,
        manifest_list=listed,
        sequence_number=age,
        summary=Summary(operation=Operation.DELETE),
        schema_id=table.metadata.current_schema_id,
    )
    branch: Literal[SnapshotRefType.BRANCH] = SnapshotRefType.BRANCH
    reference = SetSnapshotRefUpdate(ref_name="main", type=branch, snapshot_id=number)
    table.catalog.commit_table(table, (), (AddSnapshotUpdate(snapshot=snapshot), reference))
    table.refresh()
