"""How high everything stands: near its neighbours, and nothing on top of another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

SWEEPS = 6
Edge = tuple[int, float, int, float]
"""From a slot at some height in it, to a slot at some height in that."""


def tops(
    layers: Sequence[Sequence[int]], heights: Mapping[int, float], edges: Iterable[Edge], gap: float
) -> dict[int, float]:
    """The upper end of each slot, from 0 down. Slots of a layer keep their order, with at least ``gap`` between."""
    near: dict[int, list[tuple[int, float]]] = {}
    for a, a_at, b, b_at in edges:
        near.setdefault(a, []).append((b, b_at - a_at))
        near.setdefault(b, []).append((a, a_at - b_at))
    found: dict[int, float] = {}
    for layer in layers:
        found |= _stacked(layer, dict.fromkeys(layer, 0.0), heights, gap)
    for sweep in range(SWEEPS):
        for layer in layers if sweep % 2 == 0 else layers[::-1]:
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
