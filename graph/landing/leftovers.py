"""Batches that nobody looks after: decisions that were not carried out in time, and those that waited for rules."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from graph.arriving.sight import Sight
from graph.duties import Duty
from tools.errors import AssayError

if TYPE_CHECKING:
    from memory import Memory
    from memory.publications import Batch

log = logging.getLogger(__name__)


class Leftovers(Duty):
    """Carries out what was decided and left, and judges what waited until there were rules."""

    name, every = "batches", 5.0

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._stopping = threading.Event()
        self._sight = Sight(memory)
        self._cold = True

    def once(self) -> bool:
        """Looks after some of them. Raises StoreError."""
        from graph.landing.carrying import carry_out
        from graph.landing.promoting import judge_again

        self._warm()
        done, blind = False, self._sight.blind()
        for batch in self._memory.publications.to_carry_out(blind=blind):
            done = self._tried(carry_out, batch) or done
        for batch in self._memory.publications.judgeable(1, blind):
            done = self._tried(judge_again, batch) or done
        return done and not self._stopping.is_set()

    def stop(self) -> None:
        """Begins nothing new."""
        self._stopping.set()

    def _warm(self) -> None:
        """Imports what judging needs before something lands, once, where something is watched at all."""
        if self._cold and self._sight.watches():
            import scipy.stats  # noqa: F401

            import tools.comparing.batches
            import tools.dqdl.evaluation
            import tools.profiling  # noqa: F401

            self._cold = False

    def _tried(self, work: Callable[[Memory, Batch], Batch], batch: Batch) -> bool:
        try:
            work(self._memory, batch)
        except AssayError as error:
            log.warning("batch %s: %s", batch.id, error)
            return False
        return True
