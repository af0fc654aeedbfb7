"""The order of the columns in their cards, so that few edges cross."""

from __future__ import annotations

from dataclasses import replace

from ui.web.lineage.drawing import Drawing, anchor, drawn, has_foot
from ui.web.lineage.picture import Card, Drawn, Picture

SIDES = ("left", "right", "both", "right", "left", "both")
"""By what a round sorts columns."""


def untangled(picture: Picture) -> tuple[Picture, Drawing]:
    """The picture with the columns of each card as high as what they are linked to, and its drawing; the best of some.

    A card of which only some columns are shown keeps its order: whoever turns its pages counts on that.
    """
    best = now = picture
    drawing = shown = drawn(picture)
    fewest = _crossings(best, drawing)
    for side in SIDES:
        if not fewest:
            break
        now = _sorted(now, shown, side)
        shown = drawn(now)
        found = _crossings(now, shown)
        if found < fewest:
            best, drawing, fewest = now, shown, found
    return best, drawing


def _ends(picture: Picture, drawing: Drawing, edge: Drawn) -> tuple[float, float]:
    """How high an edge begins and ends."""
    source, target = drawing.boxes[edge.source].y, drawing.boxes[edge.target].y
    return (
        source + anchor(picture.cards[edge.source], edge.source_row),
        target + anchor(picture.cards[edge.target], edge.target_row),
    )


def _sorted(picture: Picture, drawing: Drawing, side: str) -> Picture:
    near: dict[tuple[int, int], list[float]] = {}
    for edge in picture.edges:
        begins, ends = _ends(picture, drawing, edge)
        if side != "left":
            near.setdefault((edge.source, edge.source_row), []).append(ends)
        if side != "right":
            near.setdefault((edge.target, edge.target_row), []).append(begins)
    cards: list[Card] = []
    moved: dict[tuple[int, int], int] = {}
    for number, card in enumerate(picture.cards):
        if card.further or has_foot(card):
            cards.append(card)
            continue
        top = drawing.boxes[number].y
        heights = [near.get((number, row), [top + anchor(card, row)]) for row in range(len(card.rows))]
        order = sorted(range(len(card.rows)), key=lambda row: sum(heights[row]) / len(heights[row]))
        moved |= {(number, row): place for place, row in enumerate(order)}
        cards.append(replace(card, rows=[card.rows[row] for row in order]))
    edges = {
        edge._replace(
            source_row=moved.get((edge.source, edge.source_row), edge.source_row),
            target_row=moved.get((edge.target, edge.target_row), edge.target_row),
        ): steps
        for edge, steps in picture.edges.items()
    }
    return Picture(cards, edges)


def _crossings(picture: Picture, drawing: Drawing) -> int:
    """How many pairs of edges between the same ranks cross."""
    between: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for edge in picture.edges:
        ranks = (picture.cards[edge.source].rank, picture.cards[edge.target].rank)
        between.setdefault(ranks, []).append(_ends(picture, drawing, edge))
    return sum(
        a > b
        for ends in between.values()
        for place, (x, a) in enumerate(sorted(ends))
        for y, b in sorted(ends)[place + 1 :]
        if x < y
    )
