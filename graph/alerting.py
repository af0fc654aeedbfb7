"""Alerts, as the faces see them: look, snooze, resolve, and say where they go. Each deed is an entry of the log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from graph.permissions import require
from memory.channels import NewChannel
from memory.errors import StoreError

if TYPE_CHECKING:
    from uuid import UUID

    from memory import Memory
    from memory.alert_book import Alert
    from memory.channels import Channel
    from memory.outbox import Message
    from tools.alerting.model import Notice


class Alerting:
    """Alerts of one store, in the name of a person. All that changes something may raise PermissionDenied."""

    def __init__(self, memory: Memory, actor: str | None) -> None:
        self._memory = memory
        self._actor = actor

    def snooze(self, number: int, until: datetime, reason: str) -> Alert:
        """Has nobody told of a trouble until then; a time that is past ends that. Raises StoreError."""
        return self._memory.alerts.snooze(number, until, reason, require(self._actor, "snooze"))

    def snooze_dataset(self, dataset_id: UUID, until: datetime, reason: str) -> None:
        """Like :meth:`snooze`, for whatever is found in a dataset. Raises StoreError."""
        self._memory.alerts.snooze_dataset(dataset_id, until, reason, require(self._actor, "snooze"))

    def resolve(self, number: int, reason: str) -> Alert:
        """Says that a trouble is over; met again, it is a new one. Raises StoreError."""
        return self._memory.alerts.resolve(number, reason, require(self._actor, "snooze"))

    def set_threshold(self, dataset_id: UUID | None, dimension: str, least: float | None) -> None:
        """The least that a score may be, 0 to 1, of a dataset or all; None takes it away. Raises StoreError."""
        from typing import get_args

        from tools.dqdl.plans.result import Dimension

        if dimension and dimension not in get_args(Dimension):
            raise StoreError(
                f"There is no dimension {dimension!r}.", hint=f"Dimensions: {', '.join(get_args(Dimension))}."
            )
        if least is not None and not 0 <= least <= 1:
            raise StoreError(f"{least:g} is no score.", hint="Scores are between 0 and 1; write 0.95 for 95 %.")
        self._memory.alerts.set_threshold(dataset_id, dimension, least, require(self._actor, "settings"))

    def set_page(self, address: str) -> None:
        """Says where the page is, for links; empty, there are none. Raises StoreError."""
        parts = urlsplit(address)
        if address and (parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc):
            raise StoreError(f"{address!r} is no address of a page.", hint="Write https://assay.example.org")
        self._memory.alerts.set_page(address, require(self._actor, "settings"))

    def add_channel(self, wanted: NewChannel) -> Channel:
        """Sets a channel up; nothing is sent yet. Raises ChannelError, StoreError."""
        from tools.alerting.sending import check

        actor = require(self._actor, "settings")
        check(wanted.name, wanted.kind, wanted.target, wanted.options)
        return self._memory.channels.add(wanted, actor)

    def remove_channel(self, name: str) -> None:
        """Takes a channel away, with what was on its way to it. Raises StoreError."""
        self._memory.channels.remove(name, require(self._actor, "settings"))

    def test_channel(self, name: str) -> None:
        """Sends a message that only says that the channel works. Raises NotTold, StoreError."""
        from tools.alerting.sending import send

        require(self._actor, "settings")
        channel = self._memory.channels.get(name)
        send(channel.kind, channel.target, channel.options, _test(channel, self._memory.alerts.page()))

    def retry(self) -> int:
        """Sends now what waits or was given up; how many messages are left. Raises StoreError."""
        from graph.telling import tell_all

        require(self._actor, "settings")
        self._memory.outbox.retry(self._kinds())
        tell_all(self._memory)
        return len(self.undelivered())

    def undelivered(self, limit: int = 10_000) -> Sequence[Message]:
        """Messages that wait or were given up, oldest first."""
        return self._memory.outbox.undelivered(limit, self._kinds())

    def _kinds(self) -> list[str]:
        return [channel.messages for channel in self._memory.channels.all()]


def _test(channel: Channel, page: str) -> Notice:
    from tools.alerting.model import Item, Notice, Part
    from tools.alerting.words import TEST

    now = datetime.now(UTC).isoformat(timespec="seconds")
    said = "Alerts will come here. Nothing is wrong."
    item = Item(0, TEST, TEST, "channel", channel.name, said, now, 1)
    return Notice(id=f"test/{channel.name}/{now}", at=now, parts=(Part("", "", items=(item,)),), link=page)
