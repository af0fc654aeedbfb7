"""What is done with data that landed: profiled, judged by the active rules, compared with what came before, published
or kept in quarantine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graph.duties import Duty
    from memory import Memory
    from memory.arrivals import Hold, Outcome


def land(memory: Memory, held: Hold) -> Outcome:
    """Brings an arrival to its end under its lease; may be called again after it was broken off anywhere.

    Raises SourceError, PublishError, StoreError where that is not possible now: it is tried again then.
    """
    from graph.landing.pipeline import Landing

    return Landing(memory, held).run()


def duties(memory: Memory) -> list[Duty]:
    """What a worker does about batches beside arrivals."""
    from graph.landing.leftovers import Leftovers

    return [Leftovers(memory)]
