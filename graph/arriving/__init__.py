"""Data that arrives: noticed by events and by looking, kept in the store, and landed by whoever has time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graph.duties import Duty
    from memory import Memory


def duties(memory: Memory) -> list[Duty]:
    """What a worker does about data that arrives."""
    from graph import landing
    from graph.arriving.bell import Bell
    from graph.arriving.intake import Intake, queues
    from graph.arriving.places import Places
    from graph.arriving.sight import Sight
    from graph.arriving.work import AT_ONCE, Landing

    bell, sight = Bell(), Sight(memory)
    hands = [Landing(memory, bell, sight, number) for number in range(AT_ONCE)]
    return [
        Places(memory, bell, sight),
        *(Intake(memory, bell, url) for url in queues()),
        *hands,
        *landing.duties(memory),
    ]
