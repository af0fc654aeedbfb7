"""Candidate keys: statistics and the sample rule columns out, the engine proves what is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import prod

import numpy as np
import pyarrow as pa
from sqlglot import exp

from tools.profiling.arrays import coded
from tools.profiling.dialects import Engine, engine_of
from tools.profiling.head import Head
from tools.profiling.model import ColumnProfile
from tools.profiling.scan import Scan
from tools.profiling.sql import is_float
from tools.sources import Field, Table

_NEAR = 0.85
_SINGLES = 8
_PART_COLUMNS = 8
_WIDEST = 3
_PROOFS = 3
_BITS = 1 << 28
_ROOM = 64
"""Bits for each row, at most: beyond it a hash table is cheaper than a bit for each number of the range."""


@dataclass(frozen=True)
class Found:
    """The keys, the columns with what the proof taught about them, and the scans that it took."""

    keys: list[list[str]]
    columns: list[ColumnProfile]
    scans: int


def find(table: Table, head: Head, result: Scan, columns: list[ColumnProfile]) -> Found:
    """Keys of one column, or of two or three where fewer do not make one. Raises SourceError.

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
        columns, scans = _count_exactly(table, columns, open_, result.rows), 1
    unique = [place for place in near if columns[place].distinct_exact and columns[place].distinct == result.rows]
    if unique:
        return Found([[columns[place].name] for place in unique], columns, scans)
    several, more = _several(table, head, result, columns, usable)
    return Found(several, columns, scans + more)


def _usable(field: Field, profile: ColumnProfile) -> bool:
    kinds = ("number", "text", "date", "timestamp")
    return field.kind in kinds and not is_float(field) and not profile.nulls and not profile.blanks


def _may_be_unique(profile: ColumnProfile, head: Head, place: int, rows: int) -> bool:
    if profile.distinct_exact:
        return profile.distinct == rows
    if profile.distinct < _NEAR * rows or head.repeats(place):
        return False
    span = _span(profile)
    return span is None or span[1] - span[0] + 1 >= rows


def _span(profile: ColumnProfile) -> tuple[int, int] | None:
    if profile.kind != "number" or not isinstance(profile.min, int) or not isinstance(profile.max, int):
        return None
    return profile.min, profile.max


def _count_exactly(
    table: Table, columns: Sequence[ColumnProfile], places: Sequence[int], rows: int
) -> list[ColumnProfile]:
    engine = engine_of(table)
    parts = [_distinct(engine, table.fields[place], columns[place], rows).as_(f"c{place}") for place in places]
    found = table.query(exp.select(*parts).from_(table.relation())).to_pylist()[0]
    return [
        replace(profile, distinct=int(found[f"c{place}"]), distinct_exact=True) if place in places else profile
        for place, profile in enumerate(columns)
    ]


def _distinct(engine: Engine, field: Field, profile: ColumnProfile, rows: int) -> exp.Expr:
    span = _span(profile)
    narrow = span is not None and span[1] - span[0] < min(_BITS, _ROOM * rows) and "INT" in field.type.upper()
    return engine.span(field, *span) if span and narrow else engine.distinct(field)


def _several(
    table: Table, head: Head, result: Scan, columns: Sequence[ColumnProfile], usable: Sequence[int]
) -> tuple[list[list[str]], int]:
    """Pairs, then triples, that neither head nor sample refute, until three were put to the engine."""
    likely = sorted((place for place in usable if columns[place].distinct > 1), key=lambda at: -columns[at].distinct)
    candidates = sorted(likely[:_PART_COLUMNS])
    keys: list[tuple[int, ...]] = []
    proofs = 0
    for places in _sets(candidates):
        if proofs == _PROOFS or any(set(key) <= set(places) for key in keys):
            continue
        if prod(columns[place].distinct for place in places) < _NEAR ** len(places) * result.rows:
            continue
        if _repeat(head.rows, places) or _repeat(result.sample, places):
            continue
        proofs += 1
        if _groups(table, places) == result.rows:
            keys.append(places)
    return [[columns[place].name for place in key] for key in keys], proofs


def _sets(places: Sequence[int]) -> Iterator[tuple[int, ...]]:
    for size in range(2, _WIDEST + 1):
        yield from combinations(places, size)


def _repeat(rows: pa.Table, places: tuple[int, ...]) -> bool:
    """Whether two rows have the same values there."""
    found = np.zeros(rows.num_rows, dtype=np.int64)
    for place in places:
        values = coded(rows.column(f"c{place}"))
        found = found * (int(values.max(initial=0)) + 1) + values
    return len(np.unique(found)) < int(rows.num_rows)


def _groups(table: Table, places: tuple[int, ...]) -> int:
    engine = engine_of(table)
    chosen = [engine.compared(table.fields[place]).as_(f"c{place}", quoted=True) for place in places]
    groups = exp.select(*chosen).distinct().from_(table.relation()).subquery("groups")
    return int(table.query(exp.select(exp.Count(this=exp.Star()).as_("n")).from_(groups))["n"][0].as_py())
