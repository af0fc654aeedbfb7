"""The door for OpenLineage events: read, and stored before they are answered, those of many requests at once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg

from graph.permissions import require
from memory.errors import StoreError

if TYPE_CHECKING:
    from memory import Memory
    from tools.lineage.observed import Observed

MOST_EVENTS = 10_000
"""In one batch."""


@dataclass(frozen=True)
class Refused:
    """An event of a batch that could not be taken in."""

    index: int
    reason: str


@dataclass
class Received:
    """What became of the events of a request."""

    received: int = 0
    refused: list[Refused] = field(default_factory=list)


class Receiver:
    """One per server. An event that was stored before is passed over, so that senders may try again."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._guard = threading.Lock()
        self._turn = threading.Lock()
        self._waiting: list[_Ticket] = []

    def one(self, actor: str | None, body: bytes, *, packed: bool) -> bool:
        """Takes in one event; whether its class is known. Raises PermissionDenied, EventError, TooLarge, StoreError."""
        from tools.openlineage.reading import event
        from tools.openlineage.reading.looking import EventError

        require(actor, "start")
        found = _parsed(body, packed)
        if not isinstance(found, dict):
            raise EventError(None, "must be a JSON object", hint="Send several events at once to lineage/batch.")
        observed = event.read(found)
        if observed is not None:
            self._store(observed)
        return observed is not None

    def many(self, actor: str | None, body: bytes, *, packed: bool) -> Received:
        """Takes in a list of events: those that can be. Raises PermissionDenied, EventError, TooLarge, StoreError."""
        from tools.openlineage.reading.looking import EventError

        require(actor, "start")
        found = _parsed(body, packed)
        if not isinstance(found, list):
            raise EventError(None, "must be a JSON list of events", hint="Send a single event to lineage.")
        if len(found) > MOST_EVENTS:
            raise EventError(None, f"is a list of more than {MOST_EVENTS:,} events")
        result = Received(len(found))
        observed: list[Observed] = []
        for index, one in enumerate(found):
            try:
                observed += _read(one)
            except EventError as error:
                result.refused.append(Refused(index, str(error)))
        self._memory.lineage.ingest(observed)
        return result

    def _store(self, observed: Observed) -> None:
        """One transaction takes in all that waits: a disk has time for a few hundred a second. Raises StoreError."""
        ticket = _Ticket(observed)
        with self._guard:
            self._waiting.append(ticket)
        with self._turn:
            if not ticket.done:
                with self._guard:
                    waiting, self._waiting = self._waiting, []
                if len(waiting) > 1:
                    self._together(waiting)
            if not ticket.done:  # it is alone, or those together with it failed
                self._memory.lineage.ingest([observed])

    def _together(self, waiting: Sequence[_Ticket]) -> None:
        """Where it fails, each request tries its own, so that one of them cannot spoil the others."""
        with suppress(StoreError, psycopg.Error):
            self._memory.lineage.ingest(ticket.observed for ticket in waiting)
            for ticket in waiting:
                ticket.done = True


@dataclass
class _Ticket:
    observed: Observed
    done: bool = False


def _parsed(body: bytes, packed: bool) -> Any:
    from tools.openlineage.reading.body import parsed, unpacked

    return parsed(unpacked(body) if packed else body)


def _read(one: object) -> list[Observed]:
    from tools.openlineage.reading import event
    from tools.openlineage.reading.looking import EventError

    if not isinstance(one, dict):
        raise EventError(None, "must be a JSON object")
    observed = event.read(one)
    return [] if observed is None else [observed]
