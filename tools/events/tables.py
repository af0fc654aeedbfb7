"""Looks at an Iceberg table, or at one of its branches, for new snapshots."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation, Snapshot

from tools.events.model import Landed, digest
from tools.sources.iceberg_catalogs import load
from tools.sources.iceberg_uris import parsed

MAIN = "main"
MOST = 1_000
"""Snapshots that are looked back."""


def snapshots(uri: str, branch: str | None = None) -> list[Landed]:
    """The snapshots of a table that lead to its present state, newest first; those of a branch that are not in main.

    Without those that changed no data, such as a compaction. None where the table is empty or the branch is not there.
    Raises SourceError.
    """
    table = load(parsed(uri))
    names = table.refs()
    heads = {name: ref.snapshot_id for name, ref in names.items()}
    published: set[int] = set()
    if branch and branch != MAIN:
        published = {one.snapshot_id for one in _back_from(table, heads.get(MAIN))}
    found = [one for one in _back_from(table, heads.get(branch or MAIN)) if one.snapshot_id not in published]
    return [_landed(uri, table, one) for one in found if _changes(one)]


def _back_from(table: Table, number: int | None) -> Iterator[Snapshot]:
    for _ in range(MOST):
        snapshot = table.snapshot_by_id(number) if number is not None else None
        if snapshot is None:
            return
        yield snapshot
        number = snapshot.parent_snapshot_id


def _changes(snapshot: Snapshot) -> bool:
    return snapshot.summary is None or snapshot.summary.operation is not Operation.REPLACE


def _landed(uri: str, table: Table, snapshot: Snapshot) -> Landed:
    return Landed(
        location=uri,
        version=digest(str(table.metadata.table_uuid), str(snapshot.snapshot_id)),
        source=f"{uri}?snapshot={snapshot.snapshot_id}",
        at=datetime.fromtimestamp(snapshot.timestamp_ms / 1000, UTC),
    )
