"""Statements that run somewhere else: asked about again and again, and stopped when nobody waits for them any more."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar
from uuid import uuid4

from tools.sources.table import QueryError, SourceError

FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 0.05, 2.0, 1.5

T = TypeVar("T")


class TooLate(Exception):
    """The time was over before there was an answer."""


class Clock:
    """The time that is left for a statement, and pauses that grow while it is waited for."""

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds
        self._pause = FIRST_PAUSE

    @property
    def left(self) -> float | None:
        """Seconds; None without a limit."""
        return None if self._end is None else max(0.0, self._end - time.monotonic())

    def pause(self) -> None:
        """Waits a while, each time longer. Raises TooLate."""
        left = self.left
        if left is not None and left <= 0:
            raise TooLate
        time.sleep(self._pause if left is None else min(self._pause, left))
        self._pause = min(self._pause * GROWTH, LONGEST_PAUSE)


def begun(start: Callable[[str], str], stop: Callable[[str], None]) -> str:
    """The number of a statement that is started under a token: the same token gives the same statement.

    A Ctrl-C while that is on its way leaves nothing running: the statement is asked for again, and stopped.
    """
    token = uuid4().hex
    try:
        return start(token)
    except KeyboardInterrupt:
        with suppress(SourceError, TooLate):
            stop(start(token))
        raise


def finish(look: Callable[[], T | None], stop: Callable[[], None], clock: Clock) -> T:
    """What ``look`` finds as soon as it finds something. Raises TooLate, and whatever ``look`` raises.

    However the waiting ends without an answer, by Ctrl-C too, the statement is stopped: it would go on and cost.
    """
    try:
        while (found := look()) is None:
            clock.pause()
        return found
    except QueryError:  # it has ended
        raise
    except BaseException:
        with suppress(SourceError):
            stop()
        raise
