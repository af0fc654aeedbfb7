"""Candidate keys: statistics rule columns out, the engine proves what is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from sqlglot import exp

from tools.profiling.head import Head
from tools.profiling.model import ColumnProfile
from tools.profiling.scan import Scan, distinct
from tools.profiling.sql import column, is_float
from tools.sources import Field, Table

_NEAR = 0.85
_SINGLES = 8
_PAIR_COLUMNS = 8
_PAIRS = 3


@dataclass(frozen=True)
class Found:
    """The keys, the columns with what the proof taught about them, and the scans that it took."""

    keys: list[list[str]]
    columns: list[ColumnProfile]
    scans: int


def find(table: Table, head: Head, result: Scan, columns: list[ColumnProfile]) -> Found:
    """Keys of one column, or of two where no single column is one. Raises SourceError.

    Estimates within 15 % of the row count, and no repetition in the head, make a column worth proving; of those the
    first eight are. Tables of fewer than two rows have no keys: everything is unique there.
    """
    if result.rows < 2:
        return Found([], columns, 0)
    usable = [place for place in range(len(columns)) if _usable(table.fields[place], columns[place])]
    near = [place for place in usable if _may_be_unique(columns[place], head, place, result.rows)]
    open_ = [place for place in near[:_SINGLES] if not columns[place].distinct_exact]
    scans = 0
    if open_:
        columns, scans = _count_exactly(table, columns, open_), 1
    unique = [place for place in near if columns[place].distinct_exact and columns[place].distinct == result.rows]
    if unique:
        return Found([[columns[place].name] for place in unique], columns, scans)
    pairs, more = _pairs(table, head, result.rows, columns, usable)
    return Found(pairs, columns, scans + more)


def _usable(field: Field, profile: ColumnProfile) -> bool:
    kinds = ("number", "text", "date", "timestamp")
    return field.kind in kinds and not is_float(field) and not profile.nulls and not profile.blanks


def _may_be_unique(profile: ColumnProfile, head: Head, place: int, rows: int) -> bool:
    if profile.distinct_exact:
        return profile.distinct == rows
    if profile.distinct < _NEAR * rows or head.repeats(place):
        return False
    whole_numbers = isinstance(profile.min, int) and isinstance(profile.max, int)
    return not whole_numbers or int(str(profile.max)) - int(str(profile.min)) + 1 >= rows


def _count_exactly(table: Table, columns: Sequence[ColumnProfile], places: Sequence[int]) -> list[ColumnProfile]:
    parts = [distinct(table.fields[place]).as_(f"c{place}") for place in places]
    found = table.query(exp.select(*parts).from_(table.relation())).to_pylist()[0]
    return [
        replace(profile, distinct=found[f"c{place}"], distinct_exact=True) if place in places else profile
        for place, profile in enumerate(columns)
    ]


def _pairs(
    table: Table, head: Head, rows: int, columns: Sequence[ColumnProfile], usable: Sequence[int]
) -> tuple[list[list[str]], int]:
    """Pairs that the head does not refute, until three were put to the engine."""
    likely = sorted((place for place in usable if columns[place].distinct > 1), key=lambda at: -columns[at].distinct)
    keys: list[list[str]] = []
    scans = 0
    for pair in combinations(sorted(likely[:_PAIR_COLUMNS]), 2):
        if scans == _PAIRS:
            break
        if columns[pair[0]].distinct * columns[pair[1]].distinct < _NEAR**2 * rows or _repeats(head, pair):
            continue
        scans += 1
        if _pair_count(table, pair) == rows:
            keys.append([columns[place].name for place in pair])
    return keys, scans


def _repeats(head: Head, pair: tuple[int, int]) -> bool:
    names = [f"c{place}" for place in pair]
    groups = int(head.rows.select(names).group_by(names).aggregate([]).num_rows)
    return groups < int(head.rows.num_rows)


def _pair_count(table: Table, pair: tuple[int, int]) -> int:
    chosen = [column(table.fields[place]) for place in pair]
    pairs = exp.select(*chosen).distinct().from_(table.relation()).subquery("pairs")
    found: int = table.query(exp.select(exp.Count(this=exp.Star()).as_("n")).from_(pairs))["n"][0].as_py()
    return found
