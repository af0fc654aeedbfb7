"""How often what is to be told to others is tried, and after how long again."""

from __future__ import annotations

from datetime import timedelta

MOST_ATTEMPTS = 10
"""About a day; then a person has to say that it is to be tried again."""
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(hours=6)


def pause(attempts: int, asked: timedelta | None = None) -> timedelta:
    """How long to wait after so many attempts; no less than whoever refused the last one ``asked`` for."""
    wait: timedelta = min(LONGEST_WAIT, FIRST_WAIT * 4 ** (attempts - 1))
    return max(wait, asked or timedelta())
