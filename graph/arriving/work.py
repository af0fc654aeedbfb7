"""Lands what arrived: one after the other under a lease, tried again when it fails, left to a person in the end."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from graph.duties import Duty
from graph.errors import internal, trace
from memory.arrivals import MOST_TRIES, Hold, Outcome
from memory.errors import LeaseLost, StoreError, StoreUnusable
from memory.owner import this_process
from tools.errors import AssayError

if TYPE_CHECKING:
    from types import TracebackType

    from graph.arriving.bell import Bell
    from graph.arriving.sight import Sight
    from memory import Memory
    from tools.events.presence import State

LEASE_SECONDS = 30.0
AT_ONCE = min(4, os.cpu_count() or 1)
"""Arrivals that one worker lands side by side."""
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(hours=1)
AWAY = "The store was away in the middle of it."
GONE = "It was gone before it could be looked at."
REPLACED = "It was replaced before it could be looked at; what replaced it is an arrival of its own."

log = logging.getLogger(__name__)

Land = Callable[["Memory", Hold], Outcome]


class Landing(Duty):
    """Lands arrivals; a worker has several of these."""

    every = 0.0

    def __init__(self, memory: Memory, bell: Bell, sight: Sight, number: int = 0, land: Land | None = None) -> None:
        self.name = f"arrivals-{number + 1}"
        self._memory, self._bell, self._sight = memory, bell, sight
        self._land = land or _land
        self._left: Hold | None = None

    def once(self) -> bool:
        """Lands one arrival; waits for a moment while there is none. Raises StoreError."""
        if self._left is not None:
            self._memory.arrivals.again(self._left, AWAY, timedelta(), counts=False)
            self._left = None
        held = self._memory.arrivals.claim(this_process(), seconds=LEASE_SECONDS, blind=self._sight.blind())
        if held is None:
            self._bell.listen()
            return False
        # Where one was, there may be more: another one is to look.
        self._bell.ring()
        with Beat(self._memory, held):
            self._settle(held)
        return True

    def stop(self) -> None:
        """Waits for nothing any more."""
        self._bell.ring()

    def _settle(self, held: Hold) -> None:
        try:
            # One that was taken up before may be gone because it was brought where it belongs.
            outcome = _missed(held) if held.token == 1 else None
            mine = self._finished(held, outcome or self._land(self._memory, held))
        except LeaseLost:
            mine = False
        except StoreUnusable:
            self._left = held
            raise
        except AssayError as error:
            mine = self._failed(held, str(error))
        except Exception as error:  # noqa: BLE001 - the other arrivals go on
            log.error("arrival %d broke: %s", held.arrival.id, trace(error))
            mine = self._failed(held, internal(error))
        if not mine:
            log.warning("arrival %d was taken over by another worker", held.arrival.id)

    def _finished(self, held: Hold, outcome: Outcome) -> bool:
        told = f": {outcome.reason}" if outcome.reason else ""
        log.info("arrival %d, %s: %s%s", held.arrival.id, held.arrival.source, outcome.verdict, told)
        return self._memory.arrivals.finish(held, outcome)

    def _failed(self, held: Hold, why: str) -> bool:
        log.warning("arrival %d, %s: %s", held.arrival.id, held.arrival.source, why)
        if outcome := _missed(held):
            return self._finished(held, outcome)
        if held.arrival.tries >= MOST_TRIES:
            return self._memory.arrivals.give_up(held, why)
        return self._memory.arrivals.again(held, why, _wait(held.arrival.tries))


class Beat:
    """Keeps a lease for as long as the block takes, as a context manager."""

    def __init__(self, memory: Memory, held: Hold) -> None:
        self._memory, self._held = memory, held
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"lease-arrival-{held.arrival.id}", daemon=True)

    def __enter__(self) -> Beat:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._over.wait(LEASE_SECONDS / 3):
            try:
                if not self._memory.arrivals.renew(self._held, LEASE_SECONDS):
                    return
            except StoreError as error:
                log.warning("arrival %d: the lease could not be renewed. %s", self._held.arrival.id, error)


def _missed(held: Hold) -> Outcome | None:
    """What became of something that is not there any more as it came; None where it is, or nobody can say."""
    arrival = held.arrival
    if held.watch.kind not in ("folder", "s3") or not arrival.version:
        return None
    from tools.events.presence import state

    try:
        found: State = state(arrival.location, arrival.version)
    except AssayError:
        return None
    return None if found == "there" else Outcome("none", GONE if found == "gone" else REPLACED)


def _land(memory: Memory, held: Hold) -> Outcome:
    from graph.landing import land

    return land(memory, held)


def _wait(tries: int) -> timedelta:
    wait: timedelta = min(LONGEST_WAIT, FIRST_WAIT * 4 ** (tries - 1))
    return wait
