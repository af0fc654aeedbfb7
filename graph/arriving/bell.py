"""Wakes those of a worker that land arrivals, once there is something to land."""

from __future__ import annotations

import threading

IDLE_SECONDS = 0.5
"""How often one of them looks for what other workers took in; what this worker took in is landed at once."""
ASLEEP_SECONDS = 10.0
"""How often the others look, where nobody wakes them."""


class Bell:
    """Shared by all of one worker. While there is nothing to do only one of them looks into the store."""

    def __init__(self) -> None:
        self._rung = threading.Event()
        self._turn = threading.Lock()

    def ring(self) -> None:
        """There is something to land, or to stop for."""
        self._rung.set()

    def listen(self) -> None:
        """Comes back when it was rung, or when it is time to look."""
        first = self._turn.acquire(blocking=False)
        try:
            self._rung.wait(IDLE_SECONDS if first else ASLEEP_SECONDS)
            self._rung.clear()
        finally:
            if first:
                self._turn.release()
