"""The order of what stands in one line, so that few edges cross."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

SWEEPS = 8
Layers = list[list[int]]
Edge = tuple[int, float, int, float]
"""From a slot, at a share of its height, to one in the next layer, at a share of its."""
_Near = dict[int, list[tuple[float, int, float]]]
"""Of a slot: at which share of it an edge ends, and where the other end is."""


def ordered(layers: Sequence[Sequence[int]], edges: Iterable[Edge]) -> Layers:
    """The same slots in each layer, ordered by the mean place of their neighbours; the best of some sweeps."""
    after: _Near = {}
    before: _Near = {}
    for a, a_at, b, b_at in edges:
        after.setdefault(a, []).append((a_at, b, b_at))
        before.setdefault(b, []).append((b_at, a, a_at))
    now = [list(layer) for layer in layers]
    best, fewest = now, crossings(now, after)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        now = _swept(now, before) if sweep % 2 == 0 else _swept(now[::-1], after)[::-1]
        found = crossings(now, after)
        if found < fewest:
            best, fewest = now, found
    return best


def _swept(layers: Layers, near: _Near) -> Layers:
    done = [list(layers[0])] if layers else []
    for layer in layers[1:]:
        place = {slot: number for number, slot in enumerate(done[-1])}
        done.append(sorted(layer, key=_means(layer, place, near).__getitem__))
    return done


def _means(layer: Sequence[int], place: Mapping[int, int], near: _Near) -> dict[int, float]:
    """The mean place of the neighbours of each slot; without any it stays where it is."""
    scale = max(1, len(place)) / max(1, len(layer))
    found: dict[int, float] = {}
    for number, slot in enumerate(layer):
        places = [place[other] + at for _, other, at in near.get(slot, ()) if other in place]
        found[slot] = sum(places) / len(places) if places else number * scale
    return found


def crossings(layers: Layers, after: _Near) -> int:
    """How many pairs of edges cross between neighbouring layers."""
    found = 0
    for left, right in pairwise(layers):
        place = {slot: number for number, slot in enumerate(right)}
        passed: list[float] = []
        ends = [
            (number + at, place[other] + other_at)
            for number, slot in enumerate(left)
            for at, other, other_at in after.get(slot, ())
            if other in place
        ]
        for _, target in sorted(ends):
            found += len(passed) - bisect_right(passed, target)
            insort(passed, target)
    return found
