"""The events of a run as server-sent events: resumable, with signs of life, until the run waits or ends."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from anyio import to_thread

from graph.runs import PAUSES
from memory.errors import StoreError
from memory.model import Event as StoredEvent
from memory.model import Run
from ui.api.desk import Desk
from ui.api.models.runs import End, Event

POLL_SECONDS = 0.25
HEARTBEAT_SECONDS = 15.0
"""How often a stream without news says that it lives: proxies cut silent connections after 30 seconds or more."""
RETRY_MILLISECONDS = 2_000
MOST_STREAMS = 200

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Look:
    """The state of a run, and what it told since."""

    run: Run
    events: list[StoredEvent]

    @property
    def paused(self) -> bool:
        """Whether nothing more comes until somebody does something."""
        return self.run.status in PAUSES


def look(desk: Desk, run_id: str, after: int) -> Look:
    """The state is read before the events: what was told before the run paused is then never missed."""
    run = desk.memory.runs.get(run_id)
    return Look(run, desk.memory.runs.events(run_id, after))


async def told(desk: Desk, run_id: str, after: int, allowed: Callable[[], bool]) -> AsyncIterator[bytes]:
    """The stream, from the event after that number on. ``allowed`` is asked again at each sign of life."""
    desk.streams += 1
    try:
        yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
        spoke = time.monotonic()
        while not desk.stopping.is_set():
            seen = await to_thread.run_sync(look, desk, run_id, after, limiter=desk.eyes)
            for event in seen.events:
                after = event.seq
                yield _frame(Event.model_validate(event).model_dump_json(), f"id: {event.seq}\n")
                spoke = time.monotonic()
            if seen.paused:
                end = End.model_validate(seen.run).model_dump_json()
                yield _frame(end, "event: end\n")
                return
            if time.monotonic() - spoke > HEARTBEAT_SECONDS:
                yield b": still here\n\n"
                spoke = time.monotonic()
                if not await to_thread.run_sync(allowed, limiter=desk.eyes):
                    return
            await asyncio.sleep(POLL_SECONDS)
    except StoreError as error:
        # Whoever listens comes again, and asks for what it missed.
        log.warning("The stream of run %s broke off: %s", run_id, error)
    finally:
        desk.streams -= 1


def _frame(data: str, head: str) -> bytes:
    return f"{head}data: {data}\n\n".encode()
