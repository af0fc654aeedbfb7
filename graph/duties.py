"""What a worker does beside runs, all the time: each duty in a thread of its own, as long as the worker is there."""

from __future__ import annotations

import logging
import threading
import time
from typing import Protocol

from graph.errors import trace
from memory.errors import StoreError
from tools.errors import AssayError

RETRY_SECONDS = 2.0
"""How long a duty rests while the store is away, or after a failure."""
STOP_SECONDS = 3.0
"""How long all duties together may take to end; what goes on then is left behind, for another worker to find."""

log = logging.getLogger(__name__)


class Duty(Protocol):
    """Work that is never done.

    Any number of workers have it on one database at the same time: a duty sees to it that nothing is done twice, and
    asks the database for no more than one indexed query while there is nothing to do.
    """

    name: str
    """Of its thread, and in the log."""
    every: float
    """Seconds between two looks while there is nothing to do."""

    def once(self) -> bool:
        """Does what is due, or a part of it; True where something was done, and more may be due."""

    def stop(self) -> None:
        """Has :meth:`once` come back soon. Called from another thread; for those that take long."""


class Duties:
    """The duties of one worker, as a context manager. None of them can end the others, or the worker."""

    def __init__(self, found: list[Duty]) -> None:
        self._duties = found
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, args=(duty,), name=f"assay-{duty.name}", daemon=True) for duty in found
        ]

    def __enter__(self) -> Duties:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for duty in self._duties:
            try:
                duty.stop()
            except AssayError as error:
                log.warning("%s: %s", duty.name, error)
        until = time.monotonic() + STOP_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _work(self, duty: Duty) -> None:
        while not self._stopping.is_set():
            rest = self._once(duty)
            if rest:
                self._stopping.wait(rest)

    def _once(self, duty: Duty) -> float:
        """Seconds to rest before the next look."""
        try:
            return 0.0 if duty.once() else duty.every
        except StoreError as error:
            log.warning("%s: %s Trying again in %.0f s.", duty.name, error, RETRY_SECONDS)
        except AssayError as error:
            log.warning("%s: %s", duty.name, error)
        except Exception as error:  # noqa: BLE001 - it is logged, without the words, which may quote a value
            log.error("%s broke: %s", duty.name, trace(error))
        return max(RETRY_SECONDS, duty.every)
