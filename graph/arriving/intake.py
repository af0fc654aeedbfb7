"""Takes events out of queues into the store: kept in one transaction, deleted from the queue after it."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from graph.arriving.matching import Matched, matched
from graph.duties import Duty
from memory.arrivals import NewArrival, take_in
from memory.errors import StoreError
from tools.errors import AssayError
from tools.events.model import EventError, Told, digest
from tools.events.reading import read

if TYPE_CHECKING:
    from graph.arriving.bell import Bell
    from memory import Memory
    from memory.watches import Watch
    from tools.events.queues import Message, Queue

VARIABLE = "ASSAY_QUEUES"
"""URLs of SQS queues, with spaces or commas between them."""
FIRST_REST, LONGEST_REST = 0.05, 60.0
"""Seconds between two requests while there is nothing, and at most after one failure upon the other."""

log = logging.getLogger(__name__)


def queues() -> list[str]:
    """The queues that this process takes events from. Raises SourceError for what is no address of one."""
    from tools.events.queues import check

    found = list(dict.fromkeys(os.environ.get(VARIABLE, "").replace(",", " ").split()))
    for url in found:
        check(url)
    return found


class Intake(Duty):
    """Empties one queue. Any number of workers may do that with the same one at the same time.

    Messages that cannot be kept, since the store is away, stay in hand, unseen by others, until it is back; those of a
    worker that dies are delivered to another one after a minute.
    """

    name = "events"

    def __init__(self, memory: Memory, bell: Bell, url: str) -> None:
        self._memory, self._bell, self._url = memory, bell, url
        self._queue: Queue | None = None
        self._in_hand: list[Message] = []
        self._lock = threading.Lock()
        self.every = FIRST_REST

    def once(self) -> bool:
        """Takes in some messages. Raises StoreError, SourceError."""
        from tools.events.queues import Queue

        try:
            if self._queue is None:
                self._queue = Queue(self._url)
            messages = self._in_hand or self._queue.receive()
            if messages:
                self._keep(self._queue, messages)
        except StoreError:
            raise
        except AssayError:
            # Credentials that were renewed are found by a new client only.
            self._close()
            self.every = min(LONGEST_REST, max(1.0, self.every * 2))
            raise
        self.every = FIRST_REST
        return bool(messages)

    def stop(self) -> None:
        """Hands back what is in hand, for others to have at once."""
        with self._lock, suppress(AssayError):
            if self._queue is not None and self._in_hand:
                self._queue.keep(self._in_hand, 0)
            self._in_hand = []

    def _keep(self, queue: Queue, messages: Sequence[Message]) -> None:
        try:
            new = keep(self._memory, [one.body for one in messages], queue.url)
        except StoreError:
            with self._lock:
                self._in_hand = list(messages)
                with suppress(AssayError):
                    queue.keep(messages)
            raise
        self._in_hand = []
        if new:
            self._bell.ring()
        queue.delete(messages)

    def _close(self) -> None:
        if self._queue is not None:
            self._queue.close()
        self._queue = None


def keep(memory: Memory, bodies: Sequence[str], where: str) -> int:
    """Stores what events tell to the watches that there are, all or nothing; how many arrivals are new.

    Those that cannot be read are kept as dead, with the reason. Raises StoreError.
    """
    watches = memory.watches.all()
    found = Matched()
    for body in bodies:
        try:
            told = read(body)
        except EventError as error:
            found.arrivals.append(unread(body, where, str(error)))
            continue
        _add(found, told, watches)
    with memory.db.transaction() as connection:
        if found.look:
            connection.execute(
                "update watches set look_soon = true where id = any(%s) and not look_soon", [sorted(found.look)]
            )
        return take_in(connection, found.arrivals)


def unread(body: str, where: str, reason: str) -> NewArrival:
    """An event that nobody can read, as it is kept."""
    from tools.sources.uris import shown, without_passwords

    text = without_passwords(body)
    return NewArrival(None, digest("unread", body), shown(where), "", reason=reason, state="dead", raw=text)


def _add(found: Matched, told: Sequence[Told], watches: Sequence[Watch]) -> None:
    of = matched(told, watches)
    found.arrivals += of.arrivals
    found.look |= of.look
    if told and not of.arrivals and not of.look:
        from tools.sources.uris import without_passwords

        log.info("An event that no watch is for: %s", without_passwords(str(told[0])))
