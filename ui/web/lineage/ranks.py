"""Which tables stand in one line: sources to the left, what is made of them to the right."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def ranks(distances: Mapping[T, int], edges: Iterable[tuple[T, T]]) -> dict[T, int]:
    """The rank of each table: 0 is the start's, those above it are less, those below it are more.

    A table is beyond all that leads to it, so that edges go from left to right; only those that close a cycle go back.
    ``distances`` are signed, with 0 for the start alone.
    """
    pairs = {pair for pair in edges if pair[0] != pair[1]}
    below = {table: distance for table, distance in distances.items() if distance >= 0}
    above = {table: -distance for table, distance in distances.items() if distance <= 0}
    right = _longest(below, {(a, b) for a, b in pairs if a in below and b in below})
    left = _longest(above, {(b, a) for a, b in pairs if a in above and b in above})
    return {table: right[table] if table in right else -left[table] for table in distances}


def _longest(distances: Mapping[T, int], edges: set[tuple[T, T]]) -> dict[T, int]:
    """The length of the longest way to each, from the one at distance 0."""
    ahead: dict[T, list[T]] = {}
    waits = dict.fromkeys(distances, 0)
    for a, b in edges:
        if distances[b]:
            ahead.setdefault(a, []).append(b)
            waits[b] += 1
    rank = {table: int(distance > 0) for table, distance in distances.items()}
    left = dict.fromkeys(sorted(distances, key=lambda table: (distances[table], str(table))))
    ready = [table for table in left if not waits[table]]
    while left:
        # In a cycle nothing is ready: it is broken at the table that is nearest to the start.
        here = ready.pop() if ready else next(iter(left))
        if here not in left:
            continue
        del left[here]
        for other in ahead.get(here, ()):
            waits[other] -= 1
            if other in left:
                rank[other] = max(rank[other], rank[here] + 1)
                if not waits[other]:
                    ready.append(other)
    return rank
