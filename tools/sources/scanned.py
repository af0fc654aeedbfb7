"""What queries cost where one pays by the bytes that they read: counted, told, and held below a cap."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from tools.sources.table import SourceError

USD_PER_TB = 5.0
"""Athena's price of 10**12 bytes in most regions; some are dearer (https://aws.amazon.com/athena/pricing/)."""
LEAST_BYTES = 10_000_000
"""What a query that reads anything is charged for at least."""
DEFAULT_CAP = 1_000_000_000_000

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgtp]?)b?", re.IGNORECASE)
_POWERS = {"": 0, "k": 3, "m": 6, "g": 9, "t": 12, "p": 15}


class CapError(SourceError):
    """The bytes that may be read are used up."""


@dataclass
class Cost:
    """What the queries of one open table have read so far; threads may share it."""

    cap: int = DEFAULT_CAP
    """The most bytes that may be read in all."""
    _billed: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        for meter in _METERS.get():
            meter.costs.append(self)

    @property
    def queries(self) -> int:
        """How many queries read anything."""
        return len(self._billed)

    @property
    def bytes(self) -> int:
        """Bytes that are charged for."""
        with self._lock:
            return sum(self._billed.values())

    @property
    def usd(self) -> float:
        """About what they cost, in US dollars."""
        return dollars(self.bytes)

    def check(self, what: str) -> None:
        """Raises CapError when nothing is left for one more query."""
        if self.bytes + LEAST_BYTES > self.cap:
            raise self.used_up(what)

    def note(self, query: str, scanned: int) -> bool:
        """Takes down what a query has read so far; False when the cap is passed."""
        if scanned:
            with self._lock:
                self._billed[query] = max(scanned, LEAST_BYTES)
        return self.bytes <= self.cap

    def used_up(self, what: str) -> CapError:
        """The error of a cap that is reached."""
        read = f"its queries have read {shown(self.bytes)} (about {self.usd:.2f} USD)"
        return CapError(
            f"{what}: {read}, and may read {shown(self.cap)}.",
            hint="Raise the cap, as ?cap=5TB does, or ask for fewer columns.",
        )


@dataclass
class Meter:
    """What the tables read that were opened while it ran."""

    costs: list[Cost] = field(default_factory=list)

    @property
    def read(self) -> dict[str, float]:
        """Bytes that are charged for, the queries that read them, and US dollars; empty where nothing is paid for."""
        queries, size = sum(one.queries for one in self.costs), sum(one.bytes for one in self.costs)
        return {"bytes": size, "queries": queries, "usd": dollars(size)} if queries else {}

    def told(self) -> str:
        """The same for people."""
        if not (read := self.read):
            return ""
        queries = "1 query" if read["queries"] == 1 else f"{read['queries']} queries"
        return f"{shown(int(read['bytes']))} were read by {queries}, for about {read['usd']:.4f} USD."


_METERS: ContextVar[tuple[Meter, ...]] = ContextVar("meters", default=())


@contextmanager
def metered() -> Iterator[Meter]:
    """Adds up what the tables cost that are opened in the block, in this thread."""
    meter = Meter()
    token = _METERS.set((*_METERS.get(), meter))
    try:
        yield meter
    finally:
        _METERS.reset(token)


def dollars(size: int) -> float:
    """About the price of reading so many bytes, in US dollars."""
    return size / 1e12 * USD_PER_TB


def size_of(text: str) -> int | None:
    """Bytes as people write them, ``500GB`` or ``1.5 tb``, by powers of 1000; None for what is no size."""
    found = _SIZE.fullmatch(text.strip())
    return None if found is None else int(float(found.group(1)) * 10 ** _POWERS[found.group(2).lower()])


def shown(size: int) -> str:
    """Bytes for people."""
    value, units = float(size), ["bytes", "kB", "MB", "GB", "TB", "PB"]
    while value >= 1000 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{value:.0f} {units[0]}" if units[0] == "bytes" else f"{value:.1f} {units[0]}"
