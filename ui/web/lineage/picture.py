"""What is in the picture: tables as cards with some of their columns, and the edges between what is shown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from memory.lineage.answers import Step
from tools.lineage.model import DATASET
from tools.lineage.observed import ColumnId, DatasetId
from ui.web.lineage.points import MEMBER
from ui.web.lineage.ranks import ranks

MOST_CARDS = 6
"""Cards of one rank; further tables are listed in one more card."""
MOST_ROWS, FEWEST_ROWS, WIDE_ROWS = 12, 3, 200
"""Columns of a card at first, in a rank with many cards, and of a card that was drawn out."""
RANK_ROWS = 24
"""Columns of all cards of a rank together, as long as each card has its fewest."""
HEAD, FOOT = -1, -2
"""Where an edge ends at a card: its head (the whole table), or its foot (columns that are not shown)."""


@dataclass
class View:
    """How somebody wants to see the picture. Cards that list further tables go by a name of their own (`further`)."""

    collapsed: set[DatasetId] = field(default_factory=set)
    opened: set[DatasetId] = field(default_factory=set)
    """Tables that are wanted as cards though there are many."""
    drawn_out: set[DatasetId] = field(default_factory=set)
    pages: dict[DatasetId, int] = field(default_factory=dict)
    filters: dict[DatasetId, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Lineage:
    """An answer of the store with all that decides about how it is shown."""

    columns: Mapping[ColumnId, int]
    """With signed distances: those above the start less than 0."""
    steps: Sequence[Step]
    start: ColumnId
    weight: Mapping[DatasetId, int] = field(default_factory=dict)
    """What is to be seen first where there are many tables."""


class Drawn(NamedTuple):
    """An edge from card to card; its ends are rows, or HEAD or FOOT."""

    source: int
    source_row: int
    target: int
    target_row: int
    direct: bool
    mark: str


@dataclass
class Card:
    """A table, or a list of those for which there is no room."""

    key: DatasetId
    rank: int
    rows: list[ColumnId]
    """Columns; of a list of further tables their whole datasets."""
    total: int
    """How many rows there are to turn over, after the filter."""
    involved: int
    """How many columns have to do with the start."""
    first: int = 0
    collapsed: bool = False
    tables: frozenset[DatasetId] = frozenset()
    """Of a list of further tables: all of them."""

    @property
    def further(self) -> bool:
        """Whether it lists tables."""
        return bool(self.tables)


@dataclass
class Picture:
    """The cards, and each edge with the steps that it stands for."""

    cards: list[Card]
    edges: dict[Drawn, list[Step]]

    @property
    def shown(self) -> int:
        """Columns that have a row."""
        return sum(len(card.rows) for card in self.cards if not card.further)


def further_key(rank: int) -> DatasetId:
    """The name of the card that lists further tables of a rank."""
    return DatasetId("", str(rank))


def picture(lineage: Lineage, view: View, marks: Mapping[Step, str] | None = None) -> Picture:
    """What is shown of an answer. `marks` says which steps are drawn apart from others, and as what."""
    steps = [step for step in lineage.steps if step.subtype != MEMBER]
    tables = _tables(lineage, steps)
    pairs = {(step.source.dataset, step.target.dataset) for step in steps}
    rank = ranks(_table_distances(lineage, tables), pairs)
    cards: list[Card] = []
    linked = _Linked(steps)
    for number in sorted(set(rank.values()), key=lambda one: (abs(one), one)):
        cards += _of_rank(number, [table for table in tables if rank[table] == number], tables, lineage, view, linked)
    return Picture(cards, _edges(cards, steps, marks or {}))


def _tables(lineage: Lineage, steps: Iterable[Step]) -> dict[DatasetId, list[ColumnId]]:
    """The columns of each table that have an edge, and the start's."""
    whole = lineage.start.column == DATASET
    wanted = dict.fromkeys([lineage.start, *(c for c in lineage.columns if whole and not lineage.columns[c])])
    wanted |= dict.fromkeys(end for step in steps for end in (step.source, step.target))
    found: dict[DatasetId, list[ColumnId]] = {}
    for column in wanted:
        columns = found.setdefault(column.dataset, [])
        if column.column != DATASET:
            columns.append(column)
    return found


def _table_distances(lineage: Lineage, tables: Iterable[DatasetId]) -> dict[DatasetId, int]:
    found: dict[DatasetId, int] = {}
    for column, distance in lineage.columns.items():
        known = found.get(column.dataset)
        # The start alone has rank 0, also where others are at distance 0 through their whole dataset.
        away = distance or (0 if column.dataset == lineage.start.dataset else 1)
        found[column.dataset] = away if known is None else min(known, away, key=abs)
    return {table: 0 if table == lineage.start.dataset else found.get(table, 1) for table in tables}


class _Linked:
    """What is shown so far, and which columns have an edge to it."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self._others: dict[ColumnId, list[ColumnId]] = {}
        self.shown: dict[ColumnId, int] = {}
        for step in steps:
            self._others.setdefault(step.source, []).append(step.target)
            self._others.setdefault(step.target, []).append(step.source)

    def order(self, column: ColumnId) -> tuple[float, str]:
        """Those linked to what is shown come first, in its order, then the rest by name."""
        places = [self.shown[other] for other in self._others.get(column, ()) if other in self.shown]
        return (sum(places) / len(places) if places else len(self.shown) + 1, natural(column.column))

    def show(self, columns: Iterable[ColumnId]) -> None:
        """These are shown from now on."""
        for column in columns:
            self.shown[column] = len(self.shown)

    def degree(self, columns: Iterable[ColumnId]) -> int:
        """How many edges some columns have."""
        return sum(len(self._others.get(column, ())) for column in columns)


def natural(text: str) -> str:
    """A key by which `c2` comes before `c10`."""
    parts: list[str] = []
    for character in text.casefold():
        if character.isdecimal() and parts and parts[-1].isdecimal():
            parts[-1] += character
        else:
            parts.append(character)
    return "".join(part.zfill(12) if part.isdecimal() else part for part in parts)


def _of_rank(
    rank: int,
    names: Sequence[DatasetId],
    tables: Mapping[DatasetId, list[ColumnId]],
    lineage: Lineage,
    view: View,
    linked: _Linked,
) -> list[Card]:
    def matters(table: DatasetId) -> tuple[bool, int, int, str]:
        weight, edges = lineage.weight.get(table, 0), linked.degree(tables[table])
        return (table not in view.opened, -weight, -edges, natural(table.name))

    by_weight = sorted(names, key=matters)
    room = max(MOST_CARDS, len(view.opened & set(names)))
    shown, rest = by_weight[:room], by_weight[room:]
    most = max(FEWEST_ROWS, min(MOST_ROWS, RANK_ROWS // len(shown)))
    cards = [_card(table, rank, tables[table], most, view, linked) for table in shown]
    for card in cards:
        linked.show(card.rows)
    return [*cards, _further(rank, rest, view)] if rest else cards


def _card(table: DatasetId, rank: int, columns: Collection[ColumnId], most: int, view: View, linked: _Linked) -> Card:
    if table in view.collapsed:
        return Card(table, rank, [], len(columns), len(columns), collapsed=True)
    fitting = sorted(_filtered(columns, view.filters.get(table, "")), key=linked.order)
    rows, first = _page(fitting, table, WIDE_ROWS if table in view.drawn_out else most, view)
    return Card(table, rank, rows, len(fitting), len(columns), first)


def _further(rank: int, rest: Sequence[DatasetId], view: View) -> Card:
    key, tables = further_key(rank), frozenset(rest)
    if key in view.collapsed:
        return Card(key, rank, [], len(rest), len(rest), collapsed=True, tables=tables)
    sought = view.filters.get(key, "").casefold()
    fitting = sorted((ColumnId(table) for table in rest if sought in table.name.casefold()), key=_by_table)
    rows, first = _page(fitting, key, WIDE_ROWS if key in view.drawn_out else MOST_ROWS, view)
    return Card(key, rank, rows, len(fitting), len(rest), first, tables=tables)


def _by_table(column: ColumnId) -> str:
    return natural(column.dataset.name)


def _filtered(columns: Iterable[ColumnId], text: str) -> list[ColumnId]:
    sought = text.casefold()
    return [column for column in columns if sought in column.column.casefold()]


def _page(fitting: list[ColumnId], key: DatasetId, most: int, view: View) -> tuple[list[ColumnId], int]:
    last = max(0, (len(fitting) - 1) // most)
    first = min(view.pages.get(key, 0), last) * most
    return fitting[first : first + most], first


Place = tuple[int, int]
"""A card, and a row of it, or HEAD or FOOT."""


def _edges(cards: Sequence[Card], steps: Iterable[Step], marks: Mapping[Step, str]) -> dict[Drawn, list[Step]]:
    rows: dict[ColumnId, Place] = {}
    tables: dict[DatasetId, tuple[Place, Place]] = {}
    for number, card in enumerate(cards):
        rows |= {column: (number, row) for row, column in enumerate(card.rows)}
        rest = (number, HEAD if card.collapsed else FOOT)
        for table in card.tables or [card.key]:
            tables[table] = (rest, rest) if card.further else ((number, HEAD), rest)

    def place(column: ColumnId) -> Place:
        whole, rest = tables[column.dataset]
        if column in rows:
            return rows[column]
        if cards[whole[0]].further:
            return rows.get(ColumnId(column.dataset), rest)
        return whole if column.column == DATASET else rest

    found: dict[Drawn, list[Step]] = {}
    for step in steps:
        a, b = place(step.source), place(step.target)
        if a != b:
            found.setdefault(Drawn(*a, *b, step.type == "DIRECT", marks.get(step, "")), []).append(step)
    return found
