"""Counts the rows of all columns that can be compared, phase by phase, and measures how far both sides are apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tools.comparing import columns
from tools.comparing.bins import Cut, binned
from tools.comparing.categories import Categories, categories, rows_of
from tools.comparing.edges import edges
from tools.comparing.figures import Summary
from tools.sources.table import Field, Table

Pair = tuple[Field, Field]
_ORDERED = ("number", "date", "timestamp")
_PHASES = 4
"""Statements that a column has a part in, at most: on both sides, first for all of its values and then for some."""


class Measuring:
    """The second part of a comparison: the first one has summed up both tables."""

    def __init__(
        self, tables: tuple[Table, Table], summaries: tuple[Summary, Summary], on_progress: Callable[[float], None]
    ) -> None:
        self._tables, self._summaries, self._on_progress = tables, summaries, on_progress
        self._steps = self._done = 0

    def found(self, pairs: Sequence[Pair]) -> dict[str, dict[str, Any]]:
        """What each column adds to its comparison, by its name on the left. Raises SourceError."""
        self._steps, self._done = max(1, _PHASES * len(pairs)), 0
        ordered = [pair for pair in pairs if pair[0].kind in _ORDERED]
        others = [pair for pair in pairs if pair[0].kind not in _ORDERED]
        return self._ordered(ordered) | self._categories(others)

    def _step(self, columns: int) -> None:
        self._done += columns
        self._on_progress(self._done / self._steps)

    def _ordered(self, pairs: Sequence[Pair]) -> dict[str, dict[str, Any]]:
        left, right = self._tables
        rows = [each.rows for each in self._summaries]
        cuts = edges(left, [one for one, _ in pairs], self._summaries[0].values, lambda done: self._step(2 * done))
        here = binned(left, [Cut(one, cuts[one.name], one.type) for one, _ in pairs], rows[0], self._step)
        there = binned(right, [Cut(other, cuts[one.name], one.type) for one, other in pairs], rows[1], self._step)
        return {one.name: columns.of_bins(cuts[one.name], here[one.name], there[other.name]) for one, other in pairs}

    def _categories(self, pairs: Sequence[Pair]) -> dict[str, dict[str, Any]]:
        sides = [self._frequent(side, [pair[side] for pair in pairs]) for side in (0, 1)]
        names = [
            list(dict.fromkeys([*one.rows, *other.rows])) if not (one.whole and other.whole) else []
            for one, other in zip(*sides, strict=True)
        ]
        counts = [self._looked_up(side, [pair[side] for pair in pairs], sides[side], names) for side in (0, 1)]
        found = {}
        for (one, other), here, there in zip(pairs, *counts, strict=True):
            present = [summary.values[field.name] for summary, field in zip(self._summaries, (one, other), strict=True)]
            found[one.name] = columns.of_categories(here, there, present)
        return found

    def _frequent(self, side: int, fields: Sequence[Field]) -> list[Categories]:
        summary = self._summaries[side]
        found = categories(
            self._tables[side], fields, lambda field: summary.sides[field.name].distinct, summary.rows, self._step
        )
        return [found[field.name] for field in fields]

    def _looked_up(
        self, side: int, fields: Sequence[Field], known: Sequence[Categories], names: Sequence[Sequence[str]]
    ) -> list[dict[str, int]]:
        """The rows of the values that are compared; what is known as a whole is not asked again."""
        wanted = [(field, values) for field, each, values in zip(fields, known, names, strict=True) if not each.whole]
        found = rows_of(self._tables[side], wanted, self._summaries[side].rows, self._step)
        self._step(len(fields) - len(wanted))
        return [
            found.get(field.name, {value: each.rows.get(value, 0) for value in values or each.rows})
            for field, each, values in zip(fields, known, names, strict=True)
        ]
