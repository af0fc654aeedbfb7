"""Values counted in all rows: those of columns that have few, and the bins of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from tools.profiling import frequency
from tools.profiling.bins import Bins
from tools.profiling.dialects import Engine, engine_of
from tools.profiling.head import Head, shown
from tools.profiling.scan import Scan
from tools.profiling.sql import CLIP, asked, double, finite, named
from tools.sources import Field, Table

MOST = 1_000
"""Columns with at most so many different values are counted value by value."""
_TOGETHER = 30
_ALONE = 12
"""Columns whose values an engine without GROUPING SETS counts, as each of them is a read."""


@dataclass(frozen=True)
class Counts:
    """What was counted, by position."""

    values: dict[int, pa.Table] = field(default_factory=dict)
    """Every value of a column with its rows, as in :func:`frequency.counts_of`."""
    bins: dict[int, dict[int, int]] = field(default_factory=dict)
    """Rows by number of the bin."""
    scans: int = 0


def count(table: Table, head: Head, result: Scan, bins: Mapping[int, Bins]) -> Counts:
    """Counts what the head does not hold as a whole. Raises SourceError."""
    if head.whole:
        return Counts()
    engine = engine_of(table)
    known = _in_scan(head, result)
    keys: dict[int, exp.Expr] = {
        place: _key(table, spec) for place, spec in enumerate(table.fields) if _is_few(place, spec, result)
    }
    if table.dialect == "duckdb" and not engine.columnar(table):
        # Another parse of the file is worth it for rare values that the head lacks, not for columns with hundreds.
        keys = {place: key for place, key in keys.items() if place in head.domains}
    keys = {place: key for place, key in keys.items() if place not in known}
    if not engine.groups:
        keys = dict(list(keys.items())[:_ALONE])
    binned = {place: bins[place] for place in bins if place not in keys and engine.counts_groups_cheaply(table)}
    keys |= {place: _bin(table.fields[place], found) for place, found in binned.items()}
    grouped = _grouped(table, engine, keys)
    return Counts(
        values={**known, **{place: rows for place, rows in grouped.items() if place not in binned}},
        bins={place: _numbered(grouped[place]) for place in binned},
        scans=(-(-len(keys) // _TOGETHER)) if engine.groups else len(keys),
    )


def _in_scan(head: Head, result: Scan) -> dict[int, pa.Table]:
    """Columns whose values the scan itself counted, if the head knew all of them."""
    complete: dict[int, pa.Table] = {}
    for place, known in head.domains.items():
        bins = dict(result.of(place, "domain") or [])
        counts = {value: bins.get(value, 0) if value else result.of(place, "empty") for value in known}
        if sum(counts.values()) == result.present(place):
            complete[place] = frequency.from_texts(counts)
    return complete


def _is_few(place: int, spec: Field, result: Scan) -> bool:
    long = (result.of(place, "max_length") or 0) > CLIP
    return spec.kind != "other" and 0 < result.of(place, "distinct") <= MOST and not long


def _key(table: Table, spec: Field) -> exp.Expr:
    return finite(spec) if spec.kind == "number" else shown(table, spec)


def _bin(spec: Field, bins: Bins) -> exp.Expr:
    above = exp.Sub(this=double(finite(spec)), expression=double(exp.convert(bins.start)))
    return exp.Floor(this=exp.Div(this=exp.Paren(this=above), expression=double(exp.convert(bins.width))))


def _grouped(table: Table, engine: Engine, keys: Mapping[int, exp.Expr]) -> dict[int, pa.Table]:
    places = list(keys)
    size = _TOGETHER if engine.groups else 1
    found: dict[int, pa.Table] = {}
    for start in range(0, len(places), size):
        found |= _together(table, {place: keys[place] for place in places[start : start + size]})
    return found


def _together(table: Table, keys: Mapping[int, exp.Expr]) -> dict[int, pa.Table]:
    """One read. NULL keys are left out: the scan has counted them, and they would look like those of other columns."""
    chosen = [named(key, f"c{place}") for place, key in keys.items()]
    inner = asked(table, chosen).subquery("keys", copy=False)
    names = [exp.column(f"c{place}", quoted=True) for place in keys]
    sets: Sequence[exp.Expr] = names
    if len(names) > 1:
        sets = [exp.GroupingSets(expressions=[exp.Tuple(expressions=[name.copy()]) for name in names])]
    query = exp.select(*names, exp.Count(this=exp.Star()).as_("n")).from_(inner).group_by(*sets)
    answer = table.query(query)
    found = {}
    for place in keys:
        column = answer.column(f"c{place}")
        mask = column.is_valid()
        counted = pa.table({"value": column.filter(mask), "count": answer.column("n").filter(mask).cast(pa.int64())})
        found[place] = frequency.by_count(counted)
    return found


def _numbered(counted: pa.Table) -> dict[int, int]:
    numbers = pc.cast(counted["value"], pa.int64(), safe=False).to_pylist()
    return dict(zip(numbers, counted["count"].to_pylist(), strict=True))
