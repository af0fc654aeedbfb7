"""What queries cost where one pays by the bytes that they read: counted, told, and held below a cap."""

from __future__ import annotations

import re
import threading
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
    expected: int | None = None
    """Bytes that one read of the whole table takes at most, where that is known beforehand."""
    _billed: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

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

    def told(self) -> str:
        """For people: what was read and what it costs."""
        return f"{shown(self.bytes)} read by {self.queries} queries, about {self.usd:.4f} USD"


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
