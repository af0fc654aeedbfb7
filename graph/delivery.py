"""Carries the outbox out: into Assay's own lineage, to an OpenLineage backend, to tasks of Step Functions that wait.

At least once, by whoever is there: a worker all the time, a one-step job when it is done, for a moment.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from graph.attempts import MOST_ATTEMPTS, pause
from graph.errors import trace
from graph.permissions import require
from graph.recorded import run_facts
from memory.errors import StoreError
from tools import step_functions
from tools.errors import AssayError
from tools.openlineage import sending
from tools.openlineage.facts import EventType, Moment

if TYPE_CHECKING:
    from memory import Memory
    from memory.outbox import Message
    from tools.openlineage.facts import RunFacts

BRIEFLY_SECONDS = 2.0
"""How long whoever ends a run waits for what it has to tell; what is not told by then is told later."""
LOOK_SECONDS = 5.0
"""How often a worker looks for what is due."""
ROUND = 50
"""Messages that are settled together."""

ENDS: dict[str, EventType] = {"done": "COMPLETE", "failed": "FAIL", "cancelled": "ABORT"}

log = logging.getLogger(__name__)


class Courier(Protocol):
    """Who delivers messages of one kind."""

    def hand(self, message: Message) -> None:
        """Takes a message. Raises NotSent where none can be delivered now, or another error of this message."""

    def close(self) -> None:
        """Comes back when all that it took is delivered. Raises where that is not so."""


class Recorder:
    """Puts runs of Assay into its own lineage."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def hand(self, message: Message) -> None:
        """Stores what a run did; a second time changes nothing."""
        from memory.lineage.ingest import ingest
        from tools.openlineage.observing import observed

        facts, moment = _told(self._memory, message)
        ingest(self._memory.db, [observed(facts, Moment("START", facts.started)), observed(facts, moment)])

    def close(self) -> None:
        """There is nothing left to do."""


class Emitter:
    """Sends events of runs."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._sender = sending.Sender()

    def hand(self, message: Message) -> None:
        """Sends the event of a start or an end."""
        from tools.openlineage.writing import event

        self._sender.send(event(*_told(self._memory, message)))

    def close(self) -> None:
        """Waits for what is on its way."""
        self._sender.close()


class Route(NamedTuple):
    """How messages of a kind are delivered."""

    can: Callable[[], bool]
    """Whether this process can deliver them."""
    make: Callable[[Memory], Courier]
    far: bool
    """Somebody else has to answer: one message that failed of late tells of all."""


def _answers(memory: Memory) -> Courier:
    from graph.task_tokens import Answers

    return Answers(memory)


ROUTES = {
    "lineage": Route(lambda: True, Recorder, False),
    "openlineage": Route(sending.configured, Emitter, True),
    "task-token": Route(step_functions.reachable, _answers, True),
}


def deliver(memory: Memory) -> int:
    """Delivers what is due and can be delivered from here; how many messages. Raises StoreError."""
    total = 0
    for kind, route in ROUTES.items():
        while route.can() and (done := _round(memory, kind, route.make)):
            total += done
    return total


def sendable() -> bool:
    """Whether a backend is configured for this process."""
    return sending.configured()


def retry(memory: Memory, actor: str | None, ids: Collection[int] | None = None) -> int:
    """Delivers now what waits or was given up, all or some; how many messages. Raises StoreError, PermissionDenied."""
    require(actor, "settings")
    memory.outbox.retry(list(ROUTES), ids)
    return deliver(memory)


def pending(memory: Memory, limit: int) -> tuple[list[Message], int]:
    """The oldest messages about runs that wait or were given up, and how many there are in all. Raises StoreError."""
    counts = memory.outbox.counts()
    total = sum(messages for (kind, state), messages in counts.items() if kind in ROUTES and state != "sent")
    return memory.outbox.undelivered(limit, list(ROUTES)), total


def preview(memory: Memory, run_id: str) -> list[dict[str, Any]]:
    """The events of a run as they would be sent now. Raises StoreError."""
    from openlineage.client.serde import Serde

    from tools.openlineage.writing import event

    run, facts = memory.runs.get(run_id), run_facts(memory, run_id)
    moments = [Moment("START", facts.started)]
    if run.finished_at and run.status in ENDS:
        moments.append(Moment(ENDS[run.status], run.finished_at, run.error or ""))
    return [Serde.to_dict(event(facts, moment)) for moment in moments]


def deliver_briefly(memory: Memory) -> None:
    """Delivers for a moment, whatever comes of it: the run that this is about is done and stored.

    A backend or channel that failed of late is left to be tried again in time.
    """
    from graph.telling import begin_telling

    def work() -> None:
        try:
            for kind, route in ROUTES.items():
                if route.can() and not (route.far and memory.outbox.struggling(kind)):
                    _round(memory, kind, route.make)
        except StoreError as error:
            log.warning("What runs have to tell waits: %s", error)

    until = time.monotonic() + BRIEFLY_SECONDS
    thread = threading.Thread(target=work, name="assay-delivery", daemon=True)
    thread.start()
    for one in (thread, begin_telling(memory)):
        one.join(max(0.0, until - time.monotonic()))


class Post:
    """Looks into the outbox from time to time, beside other work: a backend that does not answer keeps nobody."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._thread: threading.Thread | None = None
        self._look_at = 0.0

    def look(self) -> None:
        """Begins to deliver what is due, unless that was done just now or is still being done."""
        busy = self._thread is not None and self._thread.is_alive()
        if busy or time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + LOOK_SECONDS
        self._thread = threading.Thread(target=self._work, name="assay-post", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        try:
            deliver(self._memory)
        except StoreError as error:
            log.warning("What runs have to tell waits: %s", error)


def _round(memory: Memory, kind: str, make: Callable[[Memory], Courier]) -> int:
    """Takes messages one after the other until there are no more, or one cannot be delivered."""
    courier: Courier | None = None
    handed: list[Message] = []
    while len(handed) < ROUND and (message := memory.outbox.take(kind)):
        try:
            courier = courier or make(memory)
            courier.hand(message)
        except sending.NotSent as error:
            _failed(memory, message, error)
            if not error.refused:
                break
        except Exception as error:  # noqa: BLE001 - one run that cannot be told of must not keep the others back
            # Raises where the store itself is away.
            _failed(memory, message, error)
        else:
            handed.append(message)
    return _closed(memory, courier, handed)


def _closed(memory: Memory, courier: Courier | None, handed: list[Message]) -> int:
    if courier is None:
        return 0
    try:
        courier.close()
    except Exception as error:  # noqa: BLE001 - said in each message, to be tried again
        for message in handed:
            _failed(memory, message, error)
        return 0
    memory.outbox.sent(handed)
    return len(handed)


def _failed(memory: Memory, message: Message, error: Exception) -> None:
    known = isinstance(error, AssayError)
    refused = isinstance(error, sending.NotSent) and error.refused
    again = None if refused or message.attempts >= MOST_ATTEMPTS else pause(message.attempts)
    why = str(error) if known else f"{type(error).__name__} (a bug in Assay; its log tells where)"
    log.warning("%s of %s: %s", message.kind, message.dedupe, why if known else trace(error))
    memory.outbox.failed(message, why, again)


def _told(memory: Memory, message: Message) -> tuple[RunFacts, Moment]:
    told = message.payload
    at = datetime.fromisoformat(told["at"])
    return run_facts(memory, told["run"]), Moment(told["event"], at, told["error"] or "")
