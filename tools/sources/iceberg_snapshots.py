"""The states that an Iceberg table was in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from tools.sources.iceberg_catalogs import load
from tools.sources.iceberg_uris import parsed


@dataclass(frozen=True)
class State:
    """One snapshot."""

    number: int
    parent: int | None
    at: datetime
    """When it was committed, UTC."""
    operation: str
    """append, overwrite, delete, replace; empty where nobody said."""
    current: bool
    names: tuple[str, ...]
    """The tags and branches that name it."""
    added: int | None
    """Rows that came with it, where it says so."""
    removed: int | None
    rows: int | None
    """Rows in all; None where it does not say, or some are marked as deleted and not counted off."""
    files: int | None
    """Data files in all."""


def snapshots(uri: str) -> list[State]:
    """The snapshots of a table that were not expired, oldest first; a state in the URI is not looked at.

    Raises SourceError.
    """
    table = load(parsed(uri))
    return [_state(one, table) for one in sorted(table.snapshots(), key=lambda one: one.timestamp_ms)]


def _state(snapshot: Snapshot, table: Table) -> State:
    now = table.current_snapshot()
    names = (
        f"{ref.snapshot_ref_type.value} {name}"
        for name, ref in sorted(table.refs().items())
        if ref.snapshot_id == snapshot.snapshot_id
    )
    said = snapshot.summary
    deletes = _number(snapshot, "total-delete-files")
    return State(
        number=snapshot.snapshot_id,
        parent=snapshot.parent_snapshot_id,
        at=datetime.fromtimestamp(snapshot.timestamp_ms / 1000, UTC),
        operation=said.operation.value if said else "",
        current=now is not None and now.snapshot_id == snapshot.snapshot_id,
        names=tuple(names),
        added=_number(snapshot, "added-records"),
        removed=_number(snapshot, "deleted-records"),
        rows=None if deletes else _number(snapshot, "total-records"),
        files=_number(snapshot, "total-data-files"),
    )


def _number(snapshot: Snapshot, name: str) -> int | None:
    said = snapshot.summary.get(name) if snapshot.summary else None
    return int(said) if said is not None and str(said).isdigit() else None
