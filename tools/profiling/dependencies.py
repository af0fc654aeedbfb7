"""Functional dependencies between columns: guessed in the sample, counted by the engine.

The share of a dependency is 1 minus the error g3 of J. Kivinen and H. Mannila (Approximate inference of functional
dependencies from relations, TCS 149, 1995): the least part of the rows that must go for it to hold exactly. A guess has
to beat the same error after its right side is shuffled, or every column would decide one that hardly varies.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlglot import exp

from tools.profiling.arrays import coded
from tools.profiling.dialects import engine_of
from tools.profiling.frequency import plain
from tools.profiling.head import Head, shown
from tools.profiling.model import ColumnProfile, Dependency, Value
from tools.profiling.scan import Scan
from tools.profiling.sql import is_float, raw
from tools.sources import Table

_COLUMNS = 40
_PROBE = 1_000
_PROBE_SHARE = 0.8
_SHARE = 0.97
_GAIN = 0.9
"""A dependency leaves at most this much less of the error that chance leaves."""
_CHANCE_ROWS = 20
"""Rows that chance would get wrong: fewer are no evidence."""
_REPEATED = 0.2
"""The part of the rows whose left side occurs again, at least; a left side that never repeats decides everything."""
_TWO = 2
_TWO_SHARE = 0.999
_VERIFIED, _VERIFIED_DEARLY = 10, 3
"""Dependencies that the engine counts; fewer where every query reads the table as a whole."""
_SECONDS = 10.0
_EXAMPLES = 3
_SEED = 20_230_501

Codes = NDArray[np.int64]


@dataclass(frozen=True)
class _Guess:
    left: int
    right: int
    rows: int
    wrong: int


def find(table: Table, head: Head, result: Scan, columns: Sequence[ColumnProfile]) -> tuple[list[Dependency], int]:
    """The dependencies between two columns, strongest first, and the scans that they took. Raises SourceError.

    The engine counts the first ten (three in text files and MySQL), and begins none after ten seconds; what is left
    over is told from the sample, with its size.
    """
    rows = head.rows if head.whole else result.sample
    guesses = sorted(_guesses(table, rows, columns), key=lambda guess: guess.wrong / guess.rows)
    found: list[Dependency] = []
    scans = 0
    most = _VERIFIED if engine_of(table).counts_groups_cheaply(table) else _VERIFIED_DEARLY
    started = time.monotonic()
    for guess in guesses[: 2 * _VERIFIED]:
        names = columns[guess.left].name, columns[guess.right].name
        if head.whole:
            found.append(_told(names, guess, _conflicts(rows, guess), None))
        elif scans < most and time.monotonic() - started < _SECONDS:
            scans += 1
            found += _verified(table, names, guess)
        else:
            found.append(_told(names, guess, _conflicts(rows, guess), rows.num_rows))
    return sorted(found, key=lambda one: -one.share), scans


def _guesses(table: Table, rows: pa.Table, columns: Sequence[ColumnProfile]) -> Iterator[_Guess]:
    codes = {
        place: coded(rows.column(f"c{place}"))
        for place, column in enumerate(columns)
        if column.kind in ("text", "number", "date", "boolean") and column.distinct > 1
    }
    codes = dict(list(codes.items())[:_COLUMNS])
    shuffled = np.random.default_rng(_SEED).permutation(rows.num_rows)
    lefts = [place for place in codes if not is_float(table.fields[place]) and columns[place].kind != "boolean"]
    for left in lefts:
        if not _repeats(codes[left]):
            continue
        for right in codes:
            guess = _guess(left, right, codes[left], codes[right], shuffled) if left != right else None
            if guess:
                yield guess


def _repeats(left: Codes) -> bool:
    counts = np.bincount(left[left >= 0])
    return int(counts[counts > 1].sum()) >= max(_CHANCE_ROWS, _REPEATED * len(left))


def _guess(left: int, right: int, lefts: Codes, rights: Codes, shuffled: NDArray[np.int64]) -> _Guess | None:
    probe = slice(0, _PROBE)
    rows, wrong = _wrong(lefts[probe], rights[probe])
    if wrong > (1 - _PROBE_SHARE) * rows:
        return None
    rows, wrong = _wrong(lefts, rights)
    least = _TWO_SHARE if int(rights.max()) < _TWO else _SHARE
    if not rows or wrong > (1 - least) * rows:
        return None
    _, chance = _wrong(lefts, rights[shuffled])
    if chance < _CHANCE_ROWS or wrong > (1 - _GAIN) * chance:
        return None
    return _Guess(left, right, rows, wrong)


def _wrong(lefts: Codes, rights: Codes) -> tuple[int, int]:
    """Rows with both sides, and those of them that differ from the most frequent right side of their left side."""
    both = (lefts >= 0) & (rights >= 0)
    lefts, rights = lefts[both], rights[both]
    if not len(lefts):
        return 0, 0
    width = int(rights.max()) + 1
    pairs, counts = np.unique(lefts * width + rights, return_counts=True)
    groups = pairs // width
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
    return len(lefts), len(lefts) - int(np.maximum.reduceat(counts, starts).sum())


def _conflicts(rows: pa.Table, guess: _Guess) -> list[tuple[Value, Value, int]]:
    """Pairs with their rows, most frequent first, of left sides with several right sides."""
    sides = (rows.column(f"c{place}").to_pylist() for place in (guess.left, guess.right))
    counted = Counter(pair for pair in zip(*sides, strict=True) if None not in pair)
    rights = Counter(left for left, _ in counted)
    return [(plain(left), plain(right), number) for (left, right), number in counted.most_common() if rights[left] > 1]


def _told(
    names: tuple[str, str], guess: _Guess, conflicts: list[tuple[Value, Value, int]], sample: int | None
) -> Dependency:
    share = 1 - guess.wrong / guess.rows
    return Dependency(*names, share, guess.rows, guess.wrong, _examples(conflicts), sample)


def _examples(conflicts: list[tuple[Value, Value, int]]) -> list[tuple[Value, Value, Value]]:
    usual: dict[Value, Value] = {}
    examples: list[tuple[Value, Value, Value]] = []
    for left, right, _ in conflicts:
        if usual.setdefault(left, right) != right and len(examples) < _EXAMPLES:
            examples.append((left, usual[left], right))
    return examples


def _verified(table: Table, names: tuple[str, str], guess: _Guess) -> list[Dependency]:
    """What the engine counts in all rows; nothing if the sample was wrong."""
    totals = [exp.func("COALESCE", exp.Sum(this=exp.column(name)), exp.convert(0)).as_(name) for name in ("n", "usual")]
    answer = table.query(exp.select(*totals).from_(_groups(table, guess).subquery("groups"))).to_pylist()[0]
    rows, usual = int(answer["n"]), int(answer["usual"])
    if not rows or usual < _SHARE * rows:
        return []
    examples = _asked_examples(table, guess) if usual < rows else []
    return [Dependency(*names, usual / rows, rows, rows - usual, examples)]


def _pairs(table: Table, guess: _Guess) -> exp.Select:
    engine = engine_of(table)
    fields = [table.fields[place] for place in (guess.left, guess.right)]
    keys = [engine.compared(field).as_(name) for field, name in zip(fields, ("k", "d"), strict=True)]
    seen = [shown(table, field).as_(name) for field, name in zip(fields, ("l", "r"), strict=True)]
    present = [raw(field).is_(exp.null()).not_() for field in fields]
    # Servers that insist on GROUP BY know a column again, but not an expression.
    values = exp.select(*keys, *seen).from_(table.relation()).where(*present).subquery("v")
    return exp.select("k", "MIN(l) AS l", "MIN(r) AS r", "COUNT(*) AS n").from_(values).group_by("k", "d")


def _groups(table: Table, guess: _Guess) -> exp.Select:
    """The rows of each left side, how many have its most frequent right side, and how many right sides there are."""
    count = exp.column("n")
    parts = [exp.Sum(this=count).as_("n"), exp.Max(this=count.copy()).as_("usual")]
    sides = exp.Count(this=exp.Star()).as_("sides")
    return exp.select("k", *parts, sides).from_(_pairs(table, guess).subquery("pairs")).group_by("k")


def _asked_examples(table: Table, guess: _Guess) -> list[tuple[Value, Value, Value]]:
    several = _groups(table, guess).having(exp.GT(this=exp.Count(this=exp.Star()), expression=exp.convert(1)))
    few = several.order_by(exp.column("n").desc(), "k").limit(_EXAMPLES)
    pairs, groups = _pairs(table, guess).subquery("p"), few.subquery("g")
    query = exp.select("p.l", "p.r", "p.n").from_(pairs).join(groups, on="p.k = g.k")
    rows = table.query(query.order_by("p.n DESC", "p.l", "p.r").limit(100)).to_pylist()
    return _examples([(plain(row["l"]), plain(row["r"]), int(row["n"])) for row in rows])
