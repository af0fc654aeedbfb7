"""Carries messages about alerts out, each channel by itself: one that hangs keeps neither a run nor another channel."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from graph.attempts import MOST_ATTEMPTS, pause
from graph.errors import trace
from memory.errors import StoreError
from memory.notices import waiting
from tools.alerting.errors import NotTold

if TYPE_CHECKING:
    from memory import Memory
    from memory.channels import Channel
    from memory.outbox import Message

LOOK_SECONDS = 2.0

log = logging.getLogger(__name__)


class Telling:
    """The duty of a worker."""

    name = "alerts"
    every = LOOK_SECONDS

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._busy: dict[str, threading.Thread] = {}

    def once(self) -> bool:
        """Makes messages of news, and has channels that have messages send them."""
        self.begin()
        return False

    def begin(self, *, wait: bool = False) -> list[threading.Thread]:
        """The threads that send, of channels that were not at it already. Raises StoreError.

        Who looks only once has to ``wait`` for another process that makes messages.
        """
        news, channels = waiting(self._memory.db)
        if news:
            # Most runs end without news: they need not wait for what makes messages to be imported.
            from graph.alert_notices import gather

            if gather(self._memory, wait=wait) or wait:
                _, channels = waiting(self._memory.db)
        begun = {name: self._sending(name) for name in channels if not self._sends(name)}
        for thread in begun.values():
            thread.start()
        self._busy.update(begun)
        return list(begun.values())

    def stop(self) -> None:
        """What is on its way when the worker ends is sent again by another one, if need be."""

    def _sends(self, name: str) -> bool:
        return name in self._busy and self._busy[name].is_alive()

    def _sending(self, name: str) -> threading.Thread:
        return threading.Thread(target=_tell, args=(self._memory, name), name=f"assay-alerts-{name}", daemon=True)


def begin_telling(memory: Memory) -> threading.Thread:
    """Tells once what there is to tell, in the background; the thread ends when everybody was tried."""

    def work() -> None:
        try:
            for thread in Telling(memory).begin(wait=True):
                thread.join()
        except StoreError as error:
            log.warning("Alerts wait: %s", error)

    thread = threading.Thread(target=work, name="assay-telling", daemon=True)
    thread.start()
    return thread


def tell_all(memory: Memory) -> None:
    """Tells now what there is to tell, and comes back when everybody was tried. Raises StoreError."""
    for thread in Telling(memory).begin(wait=True):
        thread.join()


def _tell(memory: Memory, name: str) -> None:
    """Sends the messages of a channel one after the other, until there are no more or it fails."""
    try:
        channel = memory.channels.get(name)
        while message := memory.outbox.take(channel.messages):
            if not _sent(memory, channel, message):
                return
    except StoreError as error:
        log.warning("Alerts of channel %s wait: %s", name, error)


def _sent(memory: Memory, channel: Channel, message: Message) -> bool:
    """Whether to go on with the next message."""
    from tools.alerting import sending
    from tools.alerting.model import Notice

    try:
        sending.send(channel.kind, channel.target, channel.options, Notice.from_dict(message.payload))
    except NotTold as error:
        over = error.refused or message.attempts >= MOST_ATTEMPTS
        log.warning("Channel %s: %s%s", channel.name, error, " Given up." if over else "")
        memory.outbox.failed(message, str(error), None if over else pause(message.attempts, error.wait))
        return error.refused
    except Exception as error:  # noqa: BLE001 - one message that cannot be told must not keep the others back
        log.error("Channel %s broke: %s", channel.name, trace(error))
        said = f"{type(error).__name__} (a bug in Assay; its log tells where)"
        memory.outbox.failed(message, said, None if message.attempts >= MOST_ATTEMPTS else pause(message.attempts))
        return True
    memory.outbox.sent([message])
    return True
