"""Looking at a source without measuring anything: whether it can be read, and which states it was in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graph.permissions import require

if TYPE_CHECKING:
    from tools.sources.checking import Step as Step
    from tools.sources.iceberg_snapshots import State as State


def check(source: str, requested_by: str) -> list[Step]:
    """The steps to the first row of a source; the last of them has failed, or all are good. Raises PermissionDenied."""
    from tools.sources import checking

    require(requested_by, "start")
    return checking.check(source)


def snapshots(source: str, requested_by: str) -> list[State]:
    """The snapshots of an Iceberg table, oldest first. Raises SourceError, PermissionDenied."""
    from tools.sources import SourceError

    require(requested_by, "start")
    if not source.lower().startswith("iceberg://"):
        raise SourceError("Only Iceberg tables have snapshots.", hint="Write iceberg://catalog/namespace.table.")
    from tools.sources import iceberg_snapshots

    return iceberg_snapshots.snapshots(source)
