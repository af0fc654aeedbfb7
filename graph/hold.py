"""The hold of a worker on one run: kept alive in the background, and the ways in which it ends early."""

from __future__ import annotations

import logging
import threading
import time

from langgraph.errors import GraphBubbleUp
from langgraph.runtime import RunControl

from memory import Memory
from memory.errors import StoreError
from memory.model import Lease

LEASE_SECONDS = 30.0
BEAT_SECONDS = 0.5

log = logging.getLogger(__name__)


class StepLeft(GraphBubbleUp):
    """Ends a task in the middle: whoever goes on begins it anew, and what it stored is not stored twice."""


class Hold:
    """A lease in use, as a context manager.

    It is *drained* when the step in hand shall be finished, and *left* when not even that: the run was cancelled, its
    lease was lost, or a person is waiting for the terminal.
    """

    def __init__(self, memory: Memory, lease: Lease) -> None:
        self.lease = lease
        self.control = RunControl()
        self.left = threading.Event()
        self._memory = memory
        self._over = threading.Event()
        self._renewed = time.monotonic()
        self._thread = threading.Thread(target=self._beat, name=f"lease-{lease.run.id}", daemon=True)

    def __enter__(self) -> Hold:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def drain(self, why: str) -> None:
        """Ends the run's work after the step in hand."""
        self.control.request_drain(why)

    def leave(self, why: str) -> None:
        """Ends the run's work now."""
        self.control.request_drain(why)
        self.left.set()

    def check(self) -> None:
        """Raises StepLeft when the work shall end now. Every report of a task calls it."""
        if self.left.is_set():
            raise StepLeft(self.control.drain_reason)

    def _beat(self) -> None:
        while not self._over.wait(BEAT_SECONDS):
            try:
                self._look()
            except StoreError as error:
                log.warning("run %s: the lease could not be renewed. %s", self.lease.run.id, error)
                if time.monotonic() - self._renewed > LEASE_SECONDS:
                    self.leave("the lease is over")

    def _look(self) -> None:
        if self._memory.runs.cancel_requested(self.lease.run.id):
            self.leave("cancelled")
        if time.monotonic() - self._renewed > LEASE_SECONDS / 3:
            if not self._memory.runs.renew(self.lease, LEASE_SECONDS):
                self.leave("the lease was lost")
            self._renewed = time.monotonic()
