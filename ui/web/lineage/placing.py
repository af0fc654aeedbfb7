"""How high everything stands: near its neighbours, and nothing on top of another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

Edge = tuple[int, float, int, float]
"""From a slot at some height in it, to a slot at some height in that."""
_Near = dict[int, list[tuple[int, float]]]
"""Of a slot: its neighbours, and by how much it would have to be lower than each for a straight edge."""


def tops(
    layers: Sequence[Sequence[int]], heights: Mapping[int, float], edges: Iterable[Edge], gap: float
) -> dict[int, float]:
    """The upper end of each slot, from 0 down. Slots of a layer keep their order, with at least ``gap`` between."""
    left: _Near = {}
    right: _Near = {}
    for a, a_at, b, b_at in edges:
        right.setdefault(a, []).append((b, b_at - a_at))
        left.setdefault(b, []).append((a, a_at - b_at))
    both = {slot: left.get(slot, []) + right.get(slot, []) for slot in {*left, *right}}
    found: dict[int, float] = {}
    for layer in layers:
        found |= _stacked(layer, dict.fromkeys(layer, 0.0), heights, gap)
    for near, order in ((left, 1), (right, -1), (left, 1), (right, -1), (both, 1), (both, -1)):
        for layer in layers[::order]:
            wanted = {slot: _middle([found[b] + by for b, by in near.get(slot, ())], found[slot]) for slot in layer}
            found |= _stacked(layer, wanted, heights, gap)
    highest = min(found.values(), default=0.0)
    return {slot: round(top - highest, 1) for slot, top in found.items()}


def _middle(values: Sequence[float], otherwise: float) -> float:
    # Of the mean, nearly all edges would be a little aslant; of the median, most are straight.
    return median(values) if values else otherwise


def _stacked(
    layer: Sequence[int], wanted: Mapping[int, float], heights: Mapping[int, float], gap: float
) -> dict[int, float]:
    """The tops nearest to the wanted ones (least squares) that keep order and gaps.

    Less what stands above, tops may not fall along the layer: what would is pooled at its mean (isotonic regression).
    """
    above, total = [], 0.0
    for slot in layer:
        above.append(total)
        total += heights[slot] + gap
    pools: list[tuple[float, int]] = []
    for slot, offset in zip(layer, above, strict=True):
        mean, size = wanted[slot] - offset, 1
        while pools and pools[-1][0] > mean:
            other, others = pools.pop()
            mean, size = (mean * size + other * others) / (size + others), size + others
        pools.append((mean, size))
    free = [mean for mean, size in pools for _ in range(size)]
    return {slot: place + offset for slot, place, offset in zip(layer, free, above, strict=True)}
