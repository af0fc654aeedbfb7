"""Write, audit, publish for Iceberg: data lands on a branch, and main is moved on to it once it has passed.

The commit names the snapshot that main is to be at: the catalog refuses it if somebody else has committed meanwhile.
https://iceberg.apache.org/docs/latest/branching/#audit-branch
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pyiceberg.exceptions import CommitFailedException, CommitStateUnknownException
from pyiceberg.table import Table
from pyiceberg.table.refs import MAIN_BRANCH, SnapshotRefType
from pyiceberg.table.update import (
    AssertRefSnapshotId,
    AssertTableUUID,
    RemovePropertiesUpdate,
    SetPropertiesUpdate,
    SetSnapshotRefUpdate,
    TableRequirement,
    TableUpdate,
)

from tools.publishing.model import MainMoved, PublishError, Replaced
from tools.sources.iceberg_catalogs import catalog, speaking
from tools.sources.iceberg_uris import parsed

PROPERTY = "assay.quarantine."
"""With the name of a branch: the property of a table that says why the branch is not published."""
TRIES = 8
"""Commits to one table exclude each other; so often another one may come first."""
WAIT_SECONDS = 0.1


@dataclass(frozen=True)
class Candidate:
    """A state of a table on a branch."""

    uri: str
    """The table, without a state."""
    table_uuid: str
    branch: str
    snapshot: int

    @property
    def pinned(self) -> str:
        """The URI of exactly this state."""
        return f"{self.uri}?snapshot={self.snapshot}"


def candidate(uri: str, branch: str, snapshot: int | None = None) -> Candidate:
    """The state that a branch has now, or a snapshot of it. Raises PublishError, SourceError."""
    plain = parsed(uri).text.partition("?")[0]
    with _opened(plain) as table:
        ref = table.refs().get(branch)
        if ref is None or ref.snapshot_ref_type != SnapshotRefType.BRANCH:
            raise PublishError(f"{plain} has no branch {branch}.", hint="Was it removed, or never written to?")
        return Candidate(plain, str(table.metadata.table_uuid), branch, snapshot or ref.snapshot_id)


def fast_forward(one: Candidate) -> bool:
    """Moves main on to a candidate, in one commit; False where main had it already.

    Raises MainMoved where main has commits that the candidate lacks, Replaced where the snapshot is gone or is no part
    of the branch any more, PublishError, SourceError.
    """

    def updates(table: Table) -> tuple[TableUpdate, ...]:
        main = table.refs().get(MAIN_BRANCH)
        if main is not None and one.snapshot in _line(table, main.snapshot_id):
            return ()
        if main is not None and main.snapshot_id not in _line(table, one.snapshot):
            raise MainMoved(
                f"{one.uri}: main is at {main.snapshot_id}, which the branch {one.branch} does not have.",
                hint="Write the branch anew from main; it is validated then as it will be.",
            )
        kept = main.model_dump(by_alias=True, exclude_none=True) if main else {"type": SnapshotRefType.BRANCH}
        moved = SetSnapshotRefUpdate(**{**kept, "ref-name": MAIN_BRANCH, "snapshot-id": one.snapshot})
        named = PROPERTY + one.branch
        return (moved, RemovePropertiesUpdate(removals=[named])) if named in table.properties else (moved,)

    return _committed(one, updates)


def explain(one: Candidate, reasons: Mapping[str, Any]) -> bool:
    """Writes on the table why a candidate stays on its branch; False where that is written already.

    Raises Replaced, PublishError, SourceError.
    """
    text = json.dumps({"snapshot": one.snapshot, **reasons}, ensure_ascii=False, default=str, sort_keys=True)

    def updates(table: Table) -> tuple[TableUpdate, ...]:
        named = PROPERTY + one.branch
        return () if table.properties.get(named) == text else (SetPropertiesUpdate(updates={named: text}),)

    return _committed(one, updates)


def published(one: Candidate) -> bool:
    """Whether main has the candidate. Raises SourceError."""
    with _opened(one.uri) as table:
        main = table.refs().get(MAIN_BRANCH)
        return main is not None and one.snapshot in _line(table, main.snapshot_id)


def _committed(one: Candidate, updates: Callable[[Table], tuple[TableUpdate, ...]]) -> bool:
    """Commits what is to be done on the table as it is then, and looks again where somebody else came first."""
    for attempt in range(1, TRIES + 1):
        with _opened(one.uri) as table:
            _check(one, table)
            todo = updates(table)
            if not todo:
                return attempt > 1
            try:
                table.catalog.commit_table(table, _requirements(one, table), todo)
                return True
            except CommitStateUnknownException:
                pass
            except CommitFailedException as error:
                if attempt == TRIES:
                    raise PublishError(
                        f"{one.uri}: other commits came first {TRIES} times.", hint="Run it again later."
                    ) from error
        time.sleep(WAIT_SECONDS * attempt)
    raise PublishError(f"{one.uri}: the catalog does not say what became of the commit.", hint="Run it again.")


def _check(one: Candidate, table: Table) -> None:
    """Raises Replaced."""
    gone = f"{one.uri}: the snapshot {one.snapshot}"
    if str(table.metadata.table_uuid) != one.table_uuid:
        raise Replaced(f"{gone} belongs to a table that was dropped.", hint="The table of this name is another one.")
    if table.snapshot_by_id(one.snapshot) is None:
        raise Replaced(f"{gone} was expired.", hint="The branch is validated as it is now.")
    main, branch = (table.refs().get(name) for name in (MAIN_BRANCH, one.branch))
    if main is not None and one.snapshot in _line(table, main.snapshot_id):
        return
    if branch is None or one.snapshot not in _line(table, branch.snapshot_id):
        raise Replaced(f"{gone} is on the branch {one.branch} no more.", hint="The branch is validated as it is now.")


def _requirements(one: Candidate, table: Table) -> tuple[TableRequirement, ...]:
    main = table.refs().get(MAIN_BRANCH)
    expected: Any = {"ref": MAIN_BRANCH, "snapshot-id": main.snapshot_id if main else None}
    return AssertTableUUID(uuid=UUID(one.table_uuid)), AssertRefSnapshotId(**expected)


def _line(table: Table, snapshot: int) -> set[int]:
    """A snapshot and those that it came from, as far as they were not expired."""
    found: set[int] = set()
    at: int | None = snapshot
    while at is not None and at not in found:
        found.add(at)
        state = table.snapshot_by_id(at)
        at = state.parent_snapshot_id if state else None
    return found


@contextmanager
def _opened(uri: str) -> Iterator[Table]:
    """The table with its catalog open. Raises SourceError."""
    place = parsed(uri)
    if not place.table:
        raise PublishError(f"{uri} has no catalog to commit to.", hint="Name one: iceberg://CATALOG/namespace.table.")
    with speaking(uri), closing(catalog(place)) as found:
        yield found.load_table(place.table)
