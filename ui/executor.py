"""The worker that a serving face has inside, so that a laptop needs no second terminal."""

from __future__ import annotations

import atexit
import logging
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graph.worker import Worker
    from memory import Memory

RETRY_SECONDS = 1.0
STEP_SECONDS, LEAVE_SECONDS = 3.0, 2.0
"""How long the step in hand may take when it is to end, and what is left of a step to notice."""

log = logging.getLogger(__name__)


class Executor:
    """A worker in a thread of its own, which a bug does not end."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._worker: Worker | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="assay-worker", daemon=True)

    def start(self) -> None:
        """Begins to execute runs."""
        self._thread.start()
        atexit.register(self.stop)

    @property
    def working(self) -> bool:
        """Whether runs are executed: from the start to the stop."""
        return self._thread.is_alive() and not self._stopping.is_set()

    def drain(self) -> None:
        """Has it end after the step in hand; waits for nothing."""
        self._stopping.set()
        if self._worker is not None:
            self._worker.stop()

    def stop(self) -> None:
        """Ends it, after the step in hand if that takes no long; the run goes back to the queue. May be done twice."""
        self.drain()
        if self._thread.is_alive():
            self._thread.join(STEP_SECONDS)
        if self._thread.is_alive() and self._worker is not None:
            self._worker.stop(now=True)
            self._thread.join(LEAVE_SECONDS)

    def _work(self) -> None:
        # The agents take seconds to import; the face answers meanwhile.
        from graph.worker import Worker

        self._worker = Worker(self._memory)
        while not self._stopping.is_set():
            try:
                self._worker.loop()
            except Exception:  # a face without a worker would wait for ever
                log.exception("The worker broke and starts again")
                self._stopping.wait(RETRY_SECONDS)
