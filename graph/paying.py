"""What reading sources costs, where one pays by what is read."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol


class Paid(Protocol):
    """What was paid for."""

    @property
    def read(self) -> dict[str, float]:
        """Bytes that are charged for, the queries that read them, and US dollars; empty where nothing was paid for."""
        ...

    def told(self) -> str:
        """The same for people; empty where nothing was paid for."""
        ...


def price(source: str) -> str:
    """What reading a source costs, for people; empty where one does not pay by what is read."""
    from tools.sources import pricing

    found = pricing.price(source)
    return found.told() if found else ""


def metered() -> AbstractContextManager[Paid]:
    """Adds up what is paid for reading in the block, by this thread."""
    from tools.sources import scanned

    return scanned.metered()
