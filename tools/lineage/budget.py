"""How much one script may cost: characters, depth, nodes, edges, and processor time per statement."""

import time
from dataclasses import dataclass

from tools.errors import AssayError

_TICKS_BETWEEN_LOOKS = 512


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of an extraction. What goes beyond them is a problem that says so, never a crash and never silence.

    Processor time and not the clock on the wall: a busy machine must not lose lineage.
    """

    script_characters: int = 2_000_000
    script_cpu_seconds: float = 120.0
    statement_characters: int = 1_000_000
    nesting: int = 250
    nodes: int = 1_000_000
    entries: int = 5_000_000
    edges: int = 1_000_000
    cpu_seconds: float = 20.0


class OutOfBudget(AssayError):
    """A statement cost more than its limits allow."""


class Budget:
    """What one statement has left of its limits."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._end = time.thread_time() + limits.cpu_seconds
        self._entries = limits.entries
        self._ticks = 0

    def tick(self) -> None:
        """Count one small step; now and then look at the processor's clock. Raises `OutOfBudget`."""
        self._ticks += 1
        if self._ticks % _TICKS_BETWEEN_LOOKS == 0 and time.thread_time() > self._end:
            raise OutOfBudget(
                f"the statement takes more than {self.limits.cpu_seconds:g} s of processor time",
                hint="raise Limits.cpu_seconds, or split the statement",
            )

    def hold(self, entries: int) -> None:
        """Count what is kept in memory: pairs of an output and a column it depends on. Raises `OutOfBudget`."""
        self.tick()
        self._entries -= entries
        if self._entries < 0:
            raise OutOfBudget(
                f"the statement has more than {self.limits.entries:,} column dependencies",
                hint="raise Limits.entries, or split the statement",
            )
