"""The door to lineage: what comes in, in the name of somebody who may do that."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from graph.permissions import require
from memory.audit import Fact
from tools.errors import AssayError

if TYPE_CHECKING:
    from memory import Memory
    from memory.lineage.ingest import Ingested
    from memory.lineage.upkeep import Expired
    from tools.collecting.model import Collector, Found, Skipped
    from tools.collecting.wanted import Wanted
    from tools.lineage.observed import DatasetId, Observed

SHOWN = 1_000
"""Of what is not complete or was skipped, how much is told one by one."""


@dataclass(frozen=True)
class Trouble:
    """What could not be read, or not wholly."""

    where: str
    reasons: tuple[str, ...]


@dataclass
class Scanned:
    """What a scan found, and what it changed."""

    where: str
    kind: str
    files: int = 0
    statements: int = 0
    repeated: int = 0
    """Statements of a log that it holds more than once, values aside."""
    reading: int = 0
    """Statements that only read."""
    jobs: int = 0
    edges: int = 0
    opened: int = 0
    """Edges that hold from now on."""
    ended: int = 0
    gone: int = 0
    """Jobs that an earlier scan had found."""
    incomplete_jobs: int = 0
    incomplete: list[Trouble] = field(default_factory=list)
    skipped_places: int = 0
    skipped: list[Trouble] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return not self.incomplete_jobs and not self.skipped_places


class Lineage:
    """Lineage in the name of somebody. Raises PermissionDenied for who may not."""

    def __init__(self, memory: Memory, actor: str | None) -> None:
        self._memory = memory
        self._actor = actor

    def scan(
        self, where: str, wanted: Wanted | None = None, on_progress: Callable[[float], None] | None = None
    ) -> Scanned:
        """Reads the lineage of a path or URI into the store, in batches; what is gone ends last, if all was read.

        Raises CollectError, SourceError, LineageError for what cannot be read at all, StoreError.
        """
        from tools.collecting import places
        from tools.collecting.wanted import Wanted

        actor = require(self._actor, "start")
        began = time.monotonic()
        collector = places.collector(where, wanted or Wanted())
        scan = _Scan(collector, Scanned(_named(where), collector.kind))
        try:
            scan.run(self._memory, on_progress or (lambda _share: None))
        finally:
            # Batches that were stored stay, also where somebody stops it.
            scan.result.seconds = time.monotonic() - began
            self._memory.audit.record(_fact(actor, scan))
        return scan.result

    def drop(self, dataset: DatasetId) -> Ingested:
        """Says that a dataset is no more: its edges end now, and stay in the history. Raises StoreError."""
        return self._memory.lineage.drop(dataset, actor=require(self._actor, "drop"))

    def expire(self, before: datetime) -> Expired:
        """Forgets what held before a time only, and the raw text of events that came before. Raises AssayError."""
        actor = require(self._actor, "settings")
        if before > datetime.now(UTC):
            raise AssayError(f"{before:%Y-%m-%d %H:%M} is yet to come.", hint="Name a time that is past, such as 90d.")
        edges = self._memory.lineage.expire_history(before, actor=actor)
        return replace(edges, events=self._memory.lineage.expire_events(before, actor=actor).events)


class _Scan:
    """One scan under way."""

    def __init__(self, collector: Collector, result: Scanned) -> None:
        self.collector = collector
        self.result = result
        self.ended = False
        self._jobs: set[str] = set()
        self._unknown: list[str] = []

    def run(self, memory: Memory, on_progress: Callable[[float], None]) -> None:
        """Takes in what the collector finds, and at the end says what is gone."""
        from tools.lineage.observed import JobId

        self._count(memory.lineage.ingest(self._observed(on_progress)))
        scope = self.collector.scope
        if scope is not None:
            jobs = JobId(scope.namespace, scope.prefix)
            retired = memory.lineage.retire(scope.origin, jobs, self._jobs, unknown=tuple(self._unknown))
            self.result.gone = retired.events
            self._count(retired)
        self.ended = True

    def _count(self, done: Ingested) -> None:
        self.result.opened += done.opened
        self.result.ended += done.ended

    def _observed(self, on_progress: Callable[[float], None]) -> Iterator[Observed]:
        from tools.collecting.model import Found

        try:
            for one in self.collector.collect(on_progress):
                if isinstance(one, Found):
                    yield self._found(one)
                else:
                    self._skipped(one)
        finally:
            tally, result = self.collector.tally, self.result
            result.files, result.statements = tally.files, tally.statements
            result.repeated, result.reading = tally.repeated, tally.reading
            result.notes = list(self.collector.notes.said)

    def _found(self, one: Found) -> Observed:
        self.result.jobs += 1
        self.result.edges += len(one.observed.edges)
        if one.observed.job and self.collector.scope is not None:
            self._jobs.add(one.observed.job.name)
        if one.problems:
            self.result.incomplete_jobs += 1
            _note(self.result.incomplete, one.where, one.problems)
        return one.observed

    def _skipped(self, one: Skipped) -> None:
        self.result.skipped_places += 1
        _note(self.result.skipped, one.where, (one.reason,))
        if one.jobs is not None:
            self._unknown.append(one.jobs)


def _named(where: str) -> str:
    """A place as it may be shown, the same wherever it is called from."""
    from tools.sources import uris

    return uris.shown(where) if "://" in where else str(Path(where).expanduser().resolve())


def _note(troubles: list[Trouble], where: str, reasons: tuple[str, ...]) -> None:
    if len(troubles) < SHOWN:
        troubles.append(Trouble(where, reasons))


def _fact(actor: str, scan: _Scan) -> Fact:
    result = scan.result
    data = {
        **{name: getattr(result, name) for name in ("kind", "files", "statements", "jobs", "opened", "ended", "gone")},
        "finished": scan.ended,
    }
    return Fact("lineage.scanned", actor, subject=result.where, data=data)
