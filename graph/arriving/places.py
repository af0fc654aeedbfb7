"""Looks at the places that are watched without events: folders, buckets that are listed, Iceberg tables."""

from __future__ import annotations

import logging
import threading
import time
from itertools import takewhile
from typing import TYPE_CHECKING, Protocol

from graph.arriving.matching import of_landed
from graph.duties import Duty
from graph.errors import internal, trace
from memory.errors import StoreError
from memory.owner import this_process
from tools.errors import AssayError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graph.arriving.bell import Bell
    from graph.arriving.sight import Sight
    from memory import Memory
    from memory.watches import Watch
    from tools.events.model import Landed

HOLD_SECONDS, RENEW_SECONDS = 15.0, 2.0
"""How long a worker that was not heard of keeps others from looking, and how often it is heard of."""
TOLD_SECONDS = 60.0
"""How often it is written down that all is well."""
SHARE = 10
"""A look that takes long is had less often: it may take one part in so many of the time."""
LONGEST_REST = 60.0

log = logging.getLogger(__name__)


class Looker(Protocol):
    """Knows what of a place was taken in already."""

    def look(self) -> list[Landed]:
        """What is new, in the order it came. Raises SourceError."""

    def keep(self, found: Sequence[Landed]) -> None:
        """They were taken in."""


class TableLooker:
    """Asks an Iceberg table for its snapshots."""

    def __init__(self, memory: Memory, watch: Watch) -> None:
        self._memory, self._watch = memory, watch
        self._last = ""

    def look(self) -> list[Landed]:
        """Those since the last that came; the first time the present one alone, of a branch all. Raises SourceError."""
        from tools.events.tables import snapshots

        found = snapshots(self._watch.source, self._watch.branch)
        if not found or found[0].identity == self._last:
            return []
        known = self._memory.arrivals.known(self._watch.id, [one.identity for one in found])
        new = list(takewhile(lambda one: one.identity not in known, found))
        first = not known and not self._watch.branch
        return new[:1] if first else new[::-1]

    def keep(self, found: Sequence[Landed]) -> None:
        """The last of them is the present one."""
        if found:
            self._last = found[-1].identity


def looker(memory: Memory, watch: Watch) -> Looker:
    """Who looks at the place of a watch."""
    if watch.kind == "iceberg":
        return TableLooker(memory, watch)
    from tools.events.files import FilesPlace

    return FilesPlace(watch.source, watch.suffixes)


class Places(Duty):
    """Looks at each place that is this worker's, as often as its watch says. What takes a while has its own thread."""

    name, every = "watching", 0.05

    def __init__(self, memory: Memory, bell: Bell, sight: Sight) -> None:
        self._memory, self._bell, self._sight = memory, bell, sight
        self._renew_at = 0.0
        self._looks: dict[int, Look] = {}

    def once(self) -> bool:
        """Has the places looked at that are due. Raises StoreError."""
        if time.monotonic() >= self._renew_at:
            self._renew()
        for look in self._looks.values():
            look.begin()
        return False

    def stop(self) -> None:
        """Leaves the places to others."""
        looks, self._looks = self._looks, {}
        if looks:
            self._memory.watches.let_go(this_process())

    def _renew(self) -> None:
        held: list[Watch] = []
        if self._looks or any(one.every_seconds and not one.paused for one in self._sight.watches()):
            held = self._memory.watches.hold(this_process(), seconds=HOLD_SECONDS, blind=self._sight.blind())
        self._looks = {one.id: self._looks.get(one.id) or Look(self._memory, one, self._bell) for one in held}
        for one in held:
            if one.look_soon:
                self._looks[one.id].soon()
        self._renew_at = time.monotonic() + RENEW_SECONDS


class Look:
    """The looks at one place, one after the other."""

    def __init__(self, memory: Memory, watch: Watch, bell: Bell) -> None:
        self._memory, self._watch, self._bell = memory, watch, bell
        self._looker = looker(memory, watch)
        self._every = watch.every_seconds or LONGEST_REST
        self._due = 0.0
        self._tell_at = 0.0
        self._trouble = watch.trouble
        self._failures = 0
        self._thread: threading.Thread | None = None

    def soon(self) -> None:
        """Somebody told that there is something to see."""
        self._due, self._tell_at = 0.0, 0.0

    def begin(self) -> None:
        """Looks, if it is time and nobody looks; raises nothing."""
        if time.monotonic() < self._due or (self._thread is not None and self._thread.is_alive()):
            return
        if self._watch.kind == "folder":
            self._work()
            return
        self._thread = threading.Thread(target=self._work, name=f"assay-watch-{self._watch.id}", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        began = time.monotonic()
        try:
            self._look()
            trouble, self._failures = None, 0
        except StoreError as error:
            log.warning("watch %d: %s", self._watch.id, error)
            self._due = time.monotonic() + RENEW_SECONDS
            return
        except AssayError as error:
            trouble, self._failures = str(error), self._failures + 1
        except Exception as error:  # noqa: BLE001 - the other watches go on
            log.error("watch %d broke: %s", self._watch.id, trace(error))
            trouble, self._failures = internal(error), self._failures + 1
        rest = min(LONGEST_REST, self._every * 2**self._failures) if self._failures else self._every
        self._due = time.monotonic() + max(rest, SHARE * (time.monotonic() - began))
        self._tell(trouble)

    def _look(self) -> None:
        found = self._looker.look()
        if found and self._memory.arrivals.take_in([of_landed(one, self._watch.id) for one in found]):
            self._bell.ring()
        self._looker.keep(found)

    def _tell(self, trouble: str | None) -> None:
        if trouble == self._trouble and time.monotonic() < self._tell_at:
            return
        if trouble and trouble != self._trouble:
            log.warning("watch %d: %s", self._watch.id, trouble)
        try:
            self._memory.watches.looked(self._watch.id, trouble)
        except StoreError as error:
            log.warning("watch %d: %s", self._watch.id, error)
            return
        self._trouble, self._tell_at = trouble, time.monotonic() + TOLD_SECONDS
