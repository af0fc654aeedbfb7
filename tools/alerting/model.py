"""A message: what became known at one moment, dataset by dataset. It is kept as plain JSON until it is delivered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Item:
    """One alert, in words that may leave the house: personal values and secrets are masked."""

    number: int
    change: str
    """`opened`, `reminded` (still there when a snooze ended) or `resolved`."""
    kind: str
    """`rule`, `score`, `arrival`…"""
    words: str
    """The kind for people."""
    what: str
    said: str
    since: str
    """ISO 8601, UTC."""
    times: int
    """How often it was met."""
    example: str = ""
    radius: str = ""
    """What is made of the data."""
    link: str = ""
    resolution: str = ""


@dataclass(frozen=True)
class Part:
    """The alerts of one dataset; of none, where there is no name."""

    table: str
    dataset: str
    owners: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    score: str = ""
    """`score 87.5%, 7 of 8 rules pass`, of the last validation."""
    items: tuple[Item, ...] = ()
    more: int = 0
    """So many more alerts are not told one by one."""


@dataclass(frozen=True)
class Notice:
    """One message to one channel."""

    id: str
    """The same for the same message, however often it is sent."""
    at: str
    """ISO 8601, UTC."""
    run: str = ""
    parts: tuple[Part, ...] = ()
    more: int = 0
    """Datasets that are not told one by one."""
    opened: int = 0
    resolved: int = 0
    link: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-able values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Notice:
        """What :meth:`to_dict` gave."""
        return cls(**{**kept, "parts": tuple(_part(part) for part in kept["parts"])})


def _part(kept: Mapping[str, Any]) -> Part:
    lists = {name: tuple(kept[name]) for name in ("owners", "tags")}
    return Part(**{**kept, **lists, "items": tuple(Item(**item) for item in kept["items"])})
