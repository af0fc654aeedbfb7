"""Which files make up a state of an Iceberg table, and which rows of them were deleted.

https://iceberg.apache.org/spec/#scan-planning. PyIceberg reads the manifests and leaves out what a filter rules out; it
refuses tables with equality deletes, so that deletes are assigned to files here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from pyiceberg.expressions import AlwaysTrue, BooleanExpression
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat, ManifestEntry
from pyiceberg.table import ManifestGroupPlanner, Table
from pyiceberg.table.snapshots import Snapshot

from tools.sources.table import SourceError

_READABLE = {
    DataFileContent.DATA: (FileFormat.PARQUET,),
    DataFileContent.POSITION_DELETES: (FileFormat.PARQUET, FileFormat.PUFFIN),
    DataFileContent.EQUALITY_DELETES: (FileFormat.PARQUET,),
}

PATH_FIELD, POSITION_FIELD = 2147483546, 2147483545
"""What files of position deletes consist of, by the numbers that the specification reserves."""
_Place = tuple[int, tuple[Any, ...]]


@dataclass(frozen=True)
class Deletes:
    """Equality deletes that apply to the same files: rows that agree with one of theirs in these fields are gone."""

    fields: tuple[int, ...]
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """Data files that are read alike."""

    files: tuple[DataFile, ...]
    positions: tuple[str, ...]
    """Files of position deletes and of deletion vectors that may name rows of these files."""
    equality: tuple[Deletes, ...]


@dataclass(frozen=True)
class Contents:
    """The files of one state of a table."""

    parts: tuple[Part, ...]
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Bytes by path, of all files that are read."""

    @property
    def files(self) -> list[DataFile]:
        """The data files."""
        return [file for part in self.parts for file in part.files]

    @property
    def deletes(self) -> list[str]:
        """The files that tell of deleted rows."""
        paths = (
            path for part in self.parts for path in (*part.positions, *(p for one in part.equality for p in one.paths))
        )
        return list(dict.fromkeys(paths))

    @property
    def rows(self) -> int | None:
        """How many rows there are; None where some were deleted, since one may have been deleted twice."""
        return None if self.deletes else sum(file.record_count for file in self.files)


def contents(table: Table, snapshot: Snapshot | None, only: BooleanExpression | None = None) -> Contents:
    """The files of a state that may hold rows which the filter lets through. Raises what PyIceberg raises."""
    if snapshot is None:
        return Contents(())
    planner = ManifestGroupPlanner(table.metadata, table.io, AlwaysTrue() if only is None else only)
    data: list[ManifestEntry] = []
    positions: list[ManifestEntry] = []
    equality: list[ManifestEntry] = []
    kinds = {DataFileContent.DATA: data, DataFileContent.POSITION_DELETES: positions}
    sizes: dict[str, int] = {}
    for entry in chain.from_iterable(planner.plan_manifest_entries(snapshot.manifests(table.io))):
        _check_format(entry.data_file)
        sizes[entry.data_file.file_path] = entry.data_file.file_size_in_bytes
        kinds.get(entry.data_file.content, equality).append(entry)
    return Contents(tuple(_parts(table, data, positions, equality)), sizes)


def _check_format(file: DataFile) -> None:
    if file.file_format not in _READABLE[file.content]:
        raise SourceError(f"{file.file_path} is {file.file_format.value}.", hint="Iceberg is read from Parquet only.")


def _parts(
    table: Table, data: Sequence[ManifestEntry], positions: Sequence[ManifestEntry], equality: Sequence[ManifestEntry]
) -> Iterable[Part]:
    everywhere = {number for number, spec in table.specs().items() if spec.is_unpartitioned()}
    named, alike = _by_place(positions, everywhere), _by_place(equality, everywhere)
    groups: dict[tuple[bool, tuple[Deletes, ...]], list[DataFile]] = {}
    for entry in data:
        places = (None, _partition(entry))
        gone = [one for place in places for one in alike.get(place, ()) if _age(entry) < _age(one)]
        touched = any(_may_name(one, entry) for place in places for one in named.get(place, ()))
        groups.setdefault((touched, _together(gone)), []).append(entry.data_file)
    paths = tuple(entry.data_file.file_path for entry in positions)
    for (touched, deletes), files in groups.items():
        yield Part(tuple(files), paths if touched else (), deletes)


def _by_place(entries: Iterable[ManifestEntry], everywhere: set[int]) -> dict[_Place | None, list[ManifestEntry]]:
    """Deletes by the partition that they reach; by None where their spec has no partitions, and they reach all."""
    found: dict[_Place | None, list[ManifestEntry]] = {}
    for entry in entries:
        place = None if entry.data_file.spec_id in everywhere else _partition(entry)
        found.setdefault(place, []).append(entry)
    return found


def _together(entries: Iterable[ManifestEntry]) -> tuple[Deletes, ...]:
    found: dict[tuple[int, ...], list[str]] = {}
    for entry in entries:
        found.setdefault(tuple(sorted(entry.data_file.equality_ids or ())), []).append(entry.data_file.file_path)
    return tuple(Deletes(fields, tuple(sorted(paths))) for fields, paths in sorted(found.items()))


def _age(entry: ManifestEntry) -> int:
    """The number of the commit that it came with."""
    return entry.sequence_number or 0


def _may_name(delete: ManifestEntry, data: ManifestEntry) -> bool:
    """Position deletes reach files that are no younger, and that their bounds do not leave out."""
    low, high = (
        (bounds or {}).get(PATH_FIELD) for bounds in (delete.data_file.lower_bounds, delete.data_file.upper_bounds)
    )
    path = data.data_file.file_path.encode()
    # A bound may be cut short: what begins with it may be above it.
    inside = (low is None or low <= path) and (high is None or path <= high or path.startswith(high))
    return inside and _age(data) <= _age(delete)


def _partition(entry: ManifestEntry) -> _Place:
    file = entry.data_file
    return file.spec_id, tuple(file.partition[place] for place in range(len(file.partition)))
