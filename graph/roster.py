"""The duties that a worker has. A new one adds itself to the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graph.duties import Duty
    from memory import Memory


def duties(memory: Memory) -> list[Duty]:
    """All of them."""
    from graph import arriving
    from graph.scheduling import Scheduler
    from graph.task_tokens import Heartbeats
    from graph.telling import Telling

    return [Heartbeats(memory), Telling(memory), Scheduler(memory), *arriving.duties(memory)]
