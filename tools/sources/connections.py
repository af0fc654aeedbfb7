"""The connections of one open table: one that its queries share in turn, and fresh ones for streams."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

from tools.sources.table import SourceError


class _Closable(Protocol):
    def close(self) -> None: ...


C = TypeVar("C", bound=_Closable)


class Connections(Generic[C]):
    """Made when first needed. Threads may share it: who queries waits for the query before."""

    def __init__(self, connect: Callable[[], C], lost: Callable[[C], bool], what: str) -> None:
        self._connect, self._lost, self._what = connect, lost, what
        self._lock = threading.Lock()
        self._kept: C | None = None
        self._closed = False

    @contextmanager
    def turn(self) -> Iterator[C]:
        """The shared connection, for one query; made anew where it was lost. Raises SourceError."""
        with self._lock:
            if self._kept is None or self._lost(self._kept):
                self._kept = self.fresh()
            yield self._kept

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
