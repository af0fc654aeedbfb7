"""From what a job said, when: which statements held, from when to when. Pure, so that it can be proven."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

ALWAYS = datetime(2, 1, 1, tzinfo=UTC)
FOREVER = datetime(9998, 1, 1, tzinfo=UTC)
"""Both fit into Python's years in every time zone, which Postgres' infinities do not."""


class Saying(NamedTuple):
    """One event of a run: what it adds to the run (None: nothing), and whether the run is complete with it."""

    at: datetime
    key: bytes
    run: int
    completes: bool
    statement: int | None


class Spell(NamedTuple):
    """A statement of a run that held for some time, and when it was said."""

    statement: int
    run: int
    said: datetime
    start: datetime
    end: datetime


def spells(sayings: Iterable[Saying]) -> list[Spell]:
    """When each statement of a job held.

    A run counts from its first event with edges on, with all that it said so far. A run that completes ends all others;
    one that tells something after that counts again.
    """
    said: dict[int, list[tuple[int, datetime]]] = {}
    active: dict[int, datetime] = {}
    periods: list[tuple[int, datetime, datetime]] = []
    for at, _, run, completes, statement in sorted(sayings):
        if statement is not None:
            said.setdefault(run, []).append((statement, at))
        if run not in said:
            continue
        active.setdefault(run, at)
        if completes:
            periods += [(other, start, at) for other, start in active.items() if other != run]
            active = {run: active[run]}
    periods += [(run, start, FOREVER) for run, start in active.items()]
    return [
        Spell(statement, run, at, max(start, at), end)
        for run, start, end in periods
        for statement, at in said[run]
        if max(start, at) < end
    ]


def unchanged(found: Sequence[Spell], since: datetime) -> bool:
    """Whether, from just before a time on, always the same statements hold."""
    periods: dict[int, list[tuple[datetime, datetime]]] = {}
    for spell in found:
        periods.setdefault(spell.statement, []).append((spell.start, spell.end))
    alive = [run for times in periods.values() for run in merged(times) if run[1] >= since]
    return all(start < since and end == FOREVER for start, end in alive)


def merged(periods: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """The periods in order, those that touch made one."""
    result: list[tuple[datetime, datetime]] = []
    for start, end in sorted(periods):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result
