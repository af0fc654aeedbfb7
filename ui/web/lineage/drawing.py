"""Where the cards of a picture stand, and along which lines its edges run. Lengths are pixels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ui.web.lineage.ordering import ordered
from ui.web.lineage.picture import FOOT, HEAD, Card, Drawn, Picture
from ui.web.lineage.placing import tops

WIDTH = 248
HEAD_HEIGHT, ROW_HEIGHT, FOOT_HEIGHT, PADDING = 46, 26, 34, 5
GAP = 26
"""Between cards of a rank."""
NARROW, BROAD, PER_EDGE = 84, 190, 1.6
"""Between ranks: at least, at most, and for each edge that crosses there."""
LINE = 5
"""Between the lines of edges that pass a rank together."""
MOST_LINES = 8


@dataclass(frozen=True)
class Box:
    """Where a card stands."""

    x: float
    y: float
    height: float


@dataclass(frozen=True)
class Drawing:
    """Everything with its place."""

    boxes: list[Box]
    """Of the cards, in their order."""
    paths: dict[Drawn, str]
    """As SVG writes them."""
    width: float
    height: float


@dataclass
class _Slot:
    """Something that takes room in a rank: a card, or the lines of edges that pass between two cards."""

    rank: int
    height: float
    card: int | None = None


class _Slots:
    """The slots of a picture, with those that long edges pass."""

    def __init__(self, picture: Picture) -> None:
        self.cards = picture.cards
        self.slots = [_Slot(card.rank, height(card), number) for number, card in enumerate(picture.cards)]
        self.ways: dict[tuple[int, int], list[int]] = {}
        self.lines: dict[tuple[int, int], int] = {}
        for edge in picture.edges:
            pair = (edge.source, edge.target)
            self.lines[pair] = self.lines.get(pair, 0) + 1
        for pair in self.lines:
            self.ways[pair] = self._way(*pair)

    def _way(self, a: int, b: int) -> list[int]:
        """The slots from a card to a card; only the two where the way does not lead to the right."""
        first, last = self.cards[a].rank, self.cards[b].rank
        middle = []
        for rank in range(first + 1, last):
            middle.append(len(self.slots))
            self.slots.append(_Slot(rank, LINE * min(self.lines[a, b], MOST_LINES) + 8))
        return [a, *middle, b]

    def layers(self) -> list[list[int]]:
        """The slots of each rank, from left to right."""
        ranks: dict[int, list[int]] = {rank: [] for rank in self.ranks}
        for number, slot in enumerate(self.slots):
            ranks[slot.rank].append(number)
        return list(ranks.values())

    @property
    def ranks(self) -> list[int]:
        """All ranks, from left to right."""
        return sorted({slot.rank for slot in self.slots})

    def pieces(self, picture: Picture) -> Iterator[tuple[int, float, int, float]]:
        """The edges from rank to rank: from a slot, at a height in it, to one, at a height in that."""
        for edge in picture.edges:
            way = self.ways[edge.source, edge.target]
            rows = [edge.source_row, *[0] * (len(way) - 2), edge.target_row]
            ports = [self.port(number, row) for number, row in zip(way, rows, strict=True)]
            for (a, y), (b, to) in pairwise(zip(way, ports, strict=True)):
                if self.slots[a].rank < self.slots[b].rank:
                    yield a, y, b, to

    def port(self, number: int, row: int) -> float:
        """At which height of a slot an edge begins or ends."""
        slot = self.slots[number]
        return slot.height / 2 if slot.card is None else anchor(self.cards[slot.card], row)


def height(card: Card) -> float:
    """Of a card with all its rows."""
    if card.collapsed:
        return HEAD_HEIGHT
    return HEAD_HEIGHT + len(card.rows) * ROW_HEIGHT + PADDING + (FOOT_HEIGHT if has_foot(card) else 0)


def has_foot(card: Card) -> bool:
    """Whether there are rows to turn over or to filter."""
    return not card.collapsed and len(card.rows) < card.involved


def anchor(card: Card, row: int) -> float:
    """At which height of a card the edges of a row, of its head or of its foot end."""
    if row == HEAD:
        return HEAD_HEIGHT / 2
    if row == FOOT:
        return height(card) - FOOT_HEIGHT / 2 - 1
    return HEAD_HEIGHT + (row + 0.5) * ROW_HEIGHT


def drawn(picture: Picture) -> Drawing:
    """Gives everything in a picture its place."""
    slots = _Slots(picture)
    pieces = list(slots.pieces(picture))
    tall = {number: slot.height for number, slot in enumerate(slots.slots)}
    layers = ordered(slots.layers(), [(a, y / tall[a], b, to / tall[b]) for a, y, b, to in pieces])
    top = tops(layers, tall, pieces, GAP)
    left = _lefts(slots, picture)
    boxes = [Box(left[card.rank], top[number], height(card)) for number, card in enumerate(picture.cards)]
    bottom = max((top[number] + slot.height for number, slot in enumerate(slots.slots)), default=0.0)
    return Drawing(boxes, _paths(picture, slots, top, left), max(left.values(), default=0.0) + WIDTH, bottom)


def _lefts(slots: _Slots, picture: Picture) -> dict[int, float]:
    """The left side of each rank: the more edges cross a gap, the wider it is."""
    found: dict[int, float] = {}
    at = 0.0
    for rank in slots.ranks:
        found[rank] = at
        crossing = sum(picture.cards[e.source].rank <= rank < picture.cards[e.target].rank for e in picture.edges)
        at += WIDTH + min(BROAD, NARROW + PER_EDGE * crossing)
    return found


def _paths(picture: Picture, slots: _Slots, top: Mapping[int, float], left: Mapping[int, float]) -> dict[Drawn, str]:
    found: dict[Drawn, str] = {}
    taken: dict[tuple[int, int], int] = {}
    for edge in sorted(picture.edges, key=lambda edge: (_end(slots, top, edge.source, edge.source_row), edge)):
        pair = (edge.source, edge.target)
        line = taken[pair] = taken.get(pair, -1) + 1
        a = (left[picture.cards[edge.source].rank] + WIDTH, _end(slots, top, edge.source, edge.source_row))
        b = (left[picture.cards[edge.target].rank], _end(slots, top, edge.target, edge.target_row))
        between = slots.ways[pair][1:-1]
        lines = min(slots.lines[pair], MOST_LINES)
        offset = (line % lines - (lines - 1) / 2) * LINE
        middles = [
            (left[slots.slots[n].rank], top[n] + slots.slots[n].height / 2 + offset) for n in between
        ]  # fmt: skip
        found[edge] = _path(a, middles, b)
    return found


def _end(slots: _Slots, top: Mapping[int, float], number: int, row: int) -> float:
    return top[number] + slots.port(number, row)


def _path(a: tuple[float, float], middles: Sequence[tuple[float, float]], b: tuple[float, float]) -> str:
    """A curve from right side to left side, straight where it passes a rank; to the left it leads around."""
    text, (x, y) = f"M{a[0]:g} {a[1]:g}", a
    for left, height in middles:
        text += _curve(x, y, left, height) + f"H{left + WIDTH:g}"
        x, y = left + WIDTH, height
    return text + _curve(x, y, *b)


def _curve(x: float, y: float, to_x: float, to_y: float) -> str:
    reach = (to_x - x) / 2 if to_x > x else 90
    return f"C{x + reach:g} {y:g} {to_x - reach:g} {to_y:g} {to_x:g} {to_y:g}"
