"""The connections of one open table: one that its queries share in turn, and fresh ones for streams."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from tools.sources.table import SourceError


class _Closable(Protocol):
    def close(self) -> None: ...


C = TypeVar("C", bound=_Closable)
T = TypeVar("T")


class Connections(Generic[C]):
    """Threads may share it: who queries waits for the query before."""

    def __init__(
        self, connect: Callable[[], C], lost: Callable[[C], bool], what: str, *, failures: type[Exception], first: C
    ) -> None:
        """``first`` is the connection that the table was opened with."""
        self._connect, self._lost, self._what, self._failures = connect, lost, what, failures
        self._lock = threading.Lock()
        self._kept: C | None = first
        self._closed = False

    def ask(self, query: Callable[[C], T]) -> T:
        """The answer to a query on the shared connection. Raises SourceError, and what ``query`` raises.

        A connection that was kept and turns out to be lost, by a restart or an idle time that a firewall cut short, is
        made anew and asked again, once: queries only read.
        """
        with self._lock:
            made = self._kept is None or self._lost(self._kept)
            kept = self._renewed() if made else self._kept
            assert kept is not None
            try:
                return query(kept)
            except self._failures:
                if made or not self._lost(kept):
                    raise
            return query(self._renewed())

    def _renewed(self) -> C:
        self._kept = self.fresh()
        return self._kept

    def fresh(self) -> C:
        """A connection that the caller closes. Raises SourceError."""
        if self._closed:
            raise SourceError(f"{self._what} was closed.", hint="Open it again.")
        return self._connect()

    def close(self) -> None:
        """Waits for a query that runs, then ends the shared connection; closing twice is no error."""
        with self._lock:
            self._closed = True
            if self._kept is not None:
                self._kept.close()
                self._kept = None
