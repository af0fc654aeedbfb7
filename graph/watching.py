"""The door for watches and for what arrives: what people may set up, look at and try again."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graph.permissions import require
from tools.errors import AssayError

if TYPE_CHECKING:
    from memory import Memory
    from memory.arrivals import Arrival, State
    from memory.watches import Kind, NewWatch, Watch
    from tools.events.model import Landed

EVERY: dict[str, float] = {"folder": 0.25, "iceberg": 5.0}
"""Seconds between two looks where nobody says. Of other places events tell."""
BEFORE = "It was there before the watch."


class WatchError(AssayError):
    """A watch that cannot be."""


@dataclass(frozen=True)
class Watched:
    """A watch, and how many arrivals of it are in each state."""

    watch: Watch
    arrivals: dict[State, int]


@dataclass(frozen=True)
class Retried:
    """What came of another try."""

    again: list[int]
    """Arrivals that are worked on again."""
    read: list[int]
    """Events that can be read by now: what they tell was taken in."""
    unread: list[int]
    """Events that still cannot be read."""


class Watching:
    """Watches of one store, in the name of a person. Every method may raise PermissionDenied and StoreError."""

    def __init__(self, memory: Memory, requested_by: str) -> None:
        self._memory = memory
        self._requested_by = requested_by

    def add(
        self,
        source: str,
        *,
        rules_of: str | None = None,
        branch: str | None = None,
        suffixes: Sequence[str] = (),
        trusted: str | None = None,
        quarantine: str | None = None,
        recommend: bool = False,
        every_seconds: float | None = None,
        from_now: bool = False,
    ) -> Watch:
        """Begins to watch a folder, a bucket or a table. Raises WatchError, SourceError, PublishError.

        ``from_now`` passes over what is there already; else that is what arrives first, of a table its present state.
        """
        from memory.watches import NewWatch

        actor = require(self._requested_by, "watch")
        kind, place, state = _place(source)
        new = NewWatch(
            kind=kind,
            source=place,
            rules_of=_place(rules_of)[1] if rules_of else place,
            branch=branch or state,
            suffixes=tuple(suffixes),
            trusted=_target(trusted),
            quarantine=_target(quarantine),
            recommend=recommend,
            every_seconds=every_seconds or EVERY.get(kind),
        )
        _check(new)
        _check_circles(new, self._memory.watches.all())
        there = _there(new)
        watch = self._memory.watches.add(new, actor)
        if from_now:
            self._pass_over(watch, there)
        return watch

    def all(self) -> list[Watched]:
        """The watches that there are."""
        require(self._requested_by, "view")
        return [Watched(one, self._memory.arrivals.counts(one.id)) for one in self._memory.watches.all()]

    def pause(self, watch_id: int, *, paused: bool = True) -> Watch:
        """Has nothing of it looked at or worked on, until it is resumed; events are kept meanwhile."""
        return self._memory.watches.pause(watch_id, require(self._requested_by, "watch"), paused=paused)

    def remove(self, watch_id: int) -> Watch:
        """Ends it; what arrived and was not worked on is let go."""
        return self._memory.watches.remove(watch_id, require(self._requested_by, "watch"))

    def arrivals(self, limit: int = 20, state: State | None = None, watch_id: int | None = None) -> list[Arrival]:
        """What arrived last, newest first: all, or of a state or watch."""
        require(self._requested_by, "view")
        return self._memory.arrivals.recent(limit, state=state, watch_id=watch_id)

    def retry(self, ids: Collection[int] | None = None) -> Retried:
        """Tries again what was given up, all or some; events that could not be read are read again."""
        actor = require(self._requested_by, "resume")
        dead = self._dead(ids)
        again = self._memory.arrivals.retry(actor, [one.id for one in dead if one.watch_id is not None])
        read = [one.id for one in dead if one.watch_id is None and self._read(one)]
        unread = [one.id for one in dead if one.watch_id is None and one.id not in read]
        return Retried([one.id for one in again], read, unread)

    def _dead(self, ids: Collection[int] | None) -> list[Arrival]:
        if ids is None:
            return self._memory.arrivals.recent(MOST, state="dead")
        found = [self._memory.arrivals.get(one) for one in ids]
        if other := next((one for one in found if one.state != "dead"), None):
            raise WatchError(f"Arrival {other.id} is {other.state}, not dead.", hint="List those: assay events dead")
        return found

    def _read(self, dead: Arrival) -> bool:
        from graph.arriving.intake import keep
        from tools.events.model import EventError
        from tools.events.reading import read

        try:
            read(dead.raw or "")
        except EventError:
            return False
        keep(self._memory, [dead.raw or ""], dead.location)
        self._memory.arrivals.forgive(dead.id, "It could be read in the end.")
        return True

    def _pass_over(self, watch: Watch, there: Sequence[Landed]) -> None:
        from dataclasses import replace

        from graph.arriving.matching import of_landed

        found = [replace(of_landed(one, watch.id), state="done", reason=BEFORE) for one in there]
        self._memory.arrivals.take_in(found)


MOST = 10_000
"""So many are tried again at once."""


def _place(source: str) -> tuple[Kind, str, str | None]:
    """What kind of place a source is, how it is written down, and the branch that it names. Raises WatchError."""
    from graph.arriving.matching import S3, spelled
    from tools.sources.registry import dataset_name
    from tools.sources.uris import shown

    text = source.strip()
    if not text:
        raise WatchError("The place is empty.", hint="Give a folder, a pattern or a URI.")
    if shown(text) != text:
        raise WatchError(
            "A watch would keep the password of this URI.", hint="Name it: ${VARIABLE} or ${secret://name#key}."
        )
    scheme = text.partition("://")[0].lower() if "://" in text else "file"
    if scheme == "file":
        return "folder", dataset_name(text).name, None
    if scheme == "iceberg":
        from tools.sources.iceberg_uris import parsed

        found = parsed(text)
        if found.state not in ("", "branch"):
            raise WatchError(f"{text} names a past state.", hint="Watch the table, or a branch of it: ?branch=NAME")
        return "iceberg", text.partition("?")[0], found.value or None
    dataset_name(text)
    return ("s3", spelled(text), None) if text.lower().startswith(S3) else ("table", text, None)


def _target(folder: str | None) -> str | None:
    return folder if not folder or "://" in folder else os.path.abspath(os.path.expanduser(folder))


def _check(new: NewWatch) -> None:
    """Raises WatchError and PublishError for what does not fit together."""
    place, files = new.source, new.kind in ("folder", "s3")
    if new.branch and new.kind != "iceberg":
        raise WatchError(f"{place} has no branches.", hint="Only Iceberg tables do.")
    if not files and (new.suffixes or new.trusted or new.quarantine):
        raise WatchError(
            f"{place} is a table: there are no files to choose or to move.",
            hint="What is written to a branch of an Iceberg table is published with --branch.",
        )
    if new.kind == "table" and new.every_seconds:
        raise WatchError(f"{place} cannot be looked at for news.", hint="Send an event: see docs/events.md.")
    if bool(new.trusted) != bool(new.quarantine):
        raise WatchError("Files are moved with both --trusted and --quarantine.", hint="Name the other one too.")
    if new.trusted and new.quarantine:
        from tools.publishing.moving import check_targets

        check_targets(place, new.trusted, new.quarantine)


def _check_circles(new: NewWatch, others: Sequence[Watch]) -> None:
    """Raises WatchError where what the new one moves would come back to it, by however many others."""
    moved: list[NewWatch] = [new]
    for one in moved:
        if one is not new and _feeds(one, new):
            raise WatchError(
                f"What is moved from {new.source} would come back to it from {one.source}.",
                hint="Choose other folders, or remove that watch: assay watch list",
            )
        moved += [other for other in others if other not in moved and _feeds(one, other)]


def _feeds(one: NewWatch, other: NewWatch) -> bool:
    """Whether a watch brings files to a place that another one watches."""
    from tools.sources.file_listing import fixed

    folder = fixed(other.source).rstrip("/") + "/"
    return any(
        target and f"{fixed(target).rstrip('/')}/".startswith(folder) for target in (one.trusted, one.quarantine)
    )


def _there(new: NewWatch) -> list[Landed]:
    """What is at the place already, where it is looked at. Raises SourceError where that cannot be done."""
    if new.kind == "iceberg":
        from tools.events.tables import snapshots

        return snapshots(new.source, new.branch)
    if new.kind == "table":
        return []
    from tools.events.files import FilesPlace, reach

    if new.every_seconds is None:
        reach(new.source)
        return []
    return FilesPlace(new.source, new.suffixes).all()
