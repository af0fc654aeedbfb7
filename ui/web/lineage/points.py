"""The columns of an answer as numbered points, so that ways through whole datasets are followed as the store does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from memory.lineage.answers import Step
from tools.lineage.model import DATASET
from tools.lineage.observed import ColumnId

MEMBER = "MEMBER"
"""The subtype of a step between a column and its whole dataset, which nobody said."""
_TAKES_COLUMNS = ("", "IDENTITY", "TRANSFORMATION")


class Point(NamedTuple):
    """A column, or a whole dataset: all its columns as a source (`taken`), else its rows."""

    column: ColumnId
    taken: bool = False


def ends(step: Step) -> tuple[Point, Point]:
    """Where a step begins and ends."""
    if step.subtype == MEMBER:
        return Point(step.source), Point(step.target, step.target.column == DATASET)
    takes = step.type == "DIRECT" and step.subtype in _TAKES_COLUMNS
    return Point(step.source, takes and step.source.column == DATASET), Point(step.target)


class Points:
    """A graph of points, numbered in the order in which they are met."""

    def __init__(self, columns: Iterable[ColumnId], steps: Sequence[Step]) -> None:
        self.number: dict[Point, int] = {}
        for column in columns:
            self._numbered(Point(column))
        pairs = {tuple(map(self._numbered, ends(step))): None for step in steps}
        for point in [point for point in self.number if point.taken]:
            pairs[self._numbered(Point(point.column)), self.number[point]] = None
        self.pairs: list[tuple[int, int]] = [(a, b) for a, b in pairs]
        self._below: dict[int, list[int]] = {}
        self._above: dict[int, list[int]] = {}
        for a, b in self.pairs:
            self._below.setdefault(a, []).append(b)
            self._above.setdefault(b, []).append(a)

    def _numbered(self, point: Point) -> int:
        return self.number.setdefault(point, len(self.number))

    def of(self, column: ColumnId) -> list[int]:
        """The points that stand for a column."""
        found = (self.number.get(Point(column, taken)) for taken in (False, True))
        return [number for number in found if number is not None]

    def distances(self, starts: Iterable[ColumnId]) -> dict[ColumnId, int]:
        """How far each column is from the starts: above them less than 0, below more; in a cycle the nearer way."""
        first = [number for column in starts for number in self.of(column)]
        sides = [(1, self._walk(first, self._below)), (-1, self._walk(first, self._above))]
        found: dict[ColumnId, int] = {}
        for point, number in self.number.items():
            away = [sign * side[number] for sign, side in sides if number in side]
            away += [found[point.column]] if point.column in found else []
            if away:
                found[point.column] = min(away, key=abs)
        return found

    def _walk(self, first: Iterable[int], graph: dict[int, list[int]]) -> dict[int, int]:
        met = dict.fromkeys(first, 0)
        level = list(met)
        while level:
            ahead = {other: met[here] + 1 for here in level for other in graph.get(here, ()) if other not in met}
            met |= ahead
            level = list(ahead)
        return met
