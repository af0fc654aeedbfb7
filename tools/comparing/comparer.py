"""Puts a comparison together."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from tools.comparing import counting, measures, saying
from tools.comparing.counting import BINS, OUTSIDE_HIGH, OUTSIDE_LOW
from tools.comparing.model import Bin, ColumnComparison, Comparison, Degree, Retyped, Schema, Side, worst
from tools.sources.table import Field, SourceError, Table

SHOWN_BINS = 10
"""Bins of the PSI, which its thresholds are customary for, and of plots."""
MOST_NAMED = 20
SHOWN_CATEGORIES = 15
NEARLY_UNIQUE = 0.5
"""Distinct values, as a share of the values, from which on a text is no category."""
FEW = 100
"""Up to this number of distinct values, a text is a category even if each occurs once."""


def compare_tables(
    left: Table, right: Table, ignore: Collection[str], on_progress: Callable[[float], None]
) -> Comparison:
    """See :func:`tools.comparing.compare`."""
    started = time.perf_counter()
    fields = [_fields(table, ignore) for table in (left, right)]
    _check_names(ignore, left, right)
    pairs = _pairs(*fields)
    on_progress(0.0)
    lefts = counting.summary(left, [one for one, _ in pairs])
    on_progress(0.1)
    rights = counting.summary(right, [other for _, other in pairs])
    on_progress(0.2)
    called = saying.names(left.uri, right.uri)
    columns = []
    for i, (one, other) in enumerate(pairs):
        sides = (lefts.sides[one.name], rights.sides[other.name])
        columns.append(_column(left, right, one, other, sides, (lefts.rows, rights.rows), called))
        on_progress(0.2 + 0.8 * (i + 1) / len(pairs))
    return Comparison(
        left=left.uri,
        right=right.uri,
        left_name=called[0],
        right_name=called[1],
        left_rows=lefts.rows,
        right_rows=rights.rows,
        volume=measures.rows_degree(lefts.rows, rights.rows),
        schema=_schema(fields, pairs, same_engine=left.dialect == right.dialect),
        columns=columns,
        seconds=round(time.perf_counter() - started, 3),
    )


def _fields(table: Table, ignore: Collection[str]) -> list[Field]:
    names = {name.lower() for name in ignore}
    return [field for field in table.fields if field.name.lower() not in names]


def _check_names(names: Collection[str], *tables: Table) -> None:
    known = {field.name.lower() for table in tables for field in table.fields}
    for name in names:
        if name.lower() not in known:
            raise SourceError(f"Neither table has a column {name!r}.", hint="Check the name of the column to ignore.")


def _pairs(left: Sequence[Field], right: Sequence[Field]) -> list[tuple[Field, Field]]:
    """The columns of the same name, in the order of the left side; case does not count."""
    there = {field.name.lower(): field for field in right}
    return [(field, there[field.name.lower()]) for field in left if field.name.lower() in there]


def _schema(fields: Sequence[Sequence[Field]], pairs: Sequence[tuple[Field, Field]], *, same_engine: bool) -> Schema:
    kept = {one.name.lower() for one, _ in pairs}
    order = [field.name.lower() for field in fields[1] if field.name.lower() in kept]
    return Schema(
        added=[field.name for field in fields[1] if field.name.lower() not in kept],
        removed=[field.name for field in fields[0] if field.name.lower() not in kept],
        retyped=[Retyped(one.name, one.type, other.type) for one, other in pairs if _retyped(one, other, same_engine)],
        reordered=order != [one.name.lower() for one, _ in pairs],
    )


def _retyped(one: Field, other: Field, same_engine: bool) -> bool:
    """Engines name types differently: across engines the family counts."""
    return one.type.upper() != other.type.upper() if same_engine else one.kind != other.kind


def _column(
    left: Table,
    right: Table,
    one: Field,
    other: Field,
    sides: tuple[Side, Side],
    rows: tuple[int, int],
    called: saying.Names,
) -> ColumnComparison:
    nulls = _nulls(sides, rows)
    present = tuple(count - side.nulls for count, side in zip(rows, sides, strict=True))
    found: dict[str, Any] = {}
    if why := _not_compared(one, other, sides, present, called):
        found["not_compared"] = why
    elif one.kind in ("number", "date", "timestamp"):
        found |= _ordered(left, right, one, other)
    else:
        found |= _categories(left, right, one, other, present)
    degree = worst([nulls, *(measure.degree for measure in found.get("measures", []))])
    says = saying.sentence(sides, rows, nulls, found, called)
    return ColumnComparison(
        name=one.name, left=sides[0], right=sides[1], nulls=nulls, degree=degree, says=says, **found
    )


def _nulls(sides: tuple[Side, Side], rows: tuple[int, int]) -> Degree:
    if not all(rows):
        return "none"
    counts = [(side.nulls, count - side.nulls) for side, count in zip(sides, rows, strict=True)]
    return measures.psi(*counts).degree


def _not_compared(
    one: Field, other: Field, sides: tuple[Side, Side], present: tuple[int, ...], called: saying.Names
) -> str:
    if one.kind != other.kind:
        kinds = [field.type if field.kind == "other" else field.kind for field in (one, other)]
        return f"It is {kinds[0]} in {called[0]} and {kinds[1]} in {called[1]}."
    if one.kind in ("other", "time"):
        return f"Values of type {one.type} are not compared."
    if empty := [name for name, count in zip(called, present, strict=True) if not count]:
        return f"It has no values in {' and '.join(empty)}."
    if one.kind == "number" and (none := [name for name, side in zip(called, sides, strict=True) if side.min is None]):
        return f"It has no finite numbers in {' and '.join(none)}."
    unique = [
        side.distinct > FEW and side.distinct > NEARLY_UNIQUE * count
        for side, count in zip(sides, present, strict=True)
    ]
    return "It identifies rows: nearly every value is another one." if one.kind == "text" and all(unique) else ""


def _ordered(left: Table, right: Table, one: Field, other: Field) -> dict[str, Any]:
    cuts = counting.edges(left, one)
    here, there = counting.binned(left, one, cuts), counting.binned(right, other, cuts)
    order = [OUTSIDE_LOW, *range(len(cuts)), OUTSIDE_HIGH]
    fine = [[counts.get(i, 0) for i in order] for counts in (here, there)]
    spans = _spans(fine[0])
    coarse = [[sum(counts[low:high]) for low, high in spans] for counts in fine]
    outside = (there.get(OUTSIDE_LOW, 0) + there.get(OUTSIDE_HIGH, 0)) / max(1, sum(there.values()))
    return {
        "measures": [measures.psi(*coarse), measures.ks(*fine)],
        "bins": [Bin(_label(cuts, *span), *each) for span, *each in zip(spans, *coarse, strict=True)],
        "outside": outside,
    }


def _spans(counts: Sequence[int]) -> list[tuple[int, int]]:
    """Which bins go together: about tenths of the left side, what is outside of its range with the first and last.

    The first and the last bin are those outside. A left side of one value keeps all three.
    """
    if len(counts) == 3:
        return [(0, 1), (1, 2), (2, 3)]
    found = _merged(counts[1:-1])
    return [(low + (low > 0), high + 1 + (i == len(found) - 1)) for i, (low, high) in enumerate(found)]


def _merged(counts: Sequence[int]) -> list[tuple[int, int]]:
    """Neighbouring bins together, so that each has about a tenth of the left side's rows."""
    wanted, spans, start, held = sum(counts) / SHOWN_BINS, [], 0, 0
    for i, count in enumerate(counts):
        held += count
        if held >= wanted - 0.5 * sum(counts) / BINS and held > 0:
            spans.append((start, i + 1))
            start, held = i + 1, 0
    if start < len(counts):
        spans.append((start, len(counts)))
    return spans


def _label(cuts: Sequence[Any], low: int, high: int) -> str:
    """The range of a span: bin 0 is below all cuts, bin i goes up to cut i - 1, and the last one is above all."""
    first, final = (_short(counting.shown(cuts[min(max(i, 0), len(cuts) - 1)])) for i in (low - 2, high - 2))
    if len(cuts) == 1:
        return (f"< {final}", final, f"> {final}")[low]
    if low == 0:
        return f"≤ {final}"
    if high == len(cuts) + 2:
        return f"> {first}"
    return f"to {final}" if isinstance(cuts[0], datetime) else f"{first} – {final}"


def _short(value: Any) -> str:
    """A number with six digits, a time to the minute."""
    return f"{value:,.6g}" if isinstance(value, int | float) else str(value).replace("T", " ")[:16]


def _categories(left: Table, right: Table, one: Field, other: Field, present: tuple[int, ...]) -> dict[str, Any]:
    (here, whole), (there, all_there) = counting.categories(left, one), counting.categories(right, other)
    names = list(dict.fromkeys([*here, *there]))
    if not (whole and all_there):
        here, there = counting.rows_of(left, one, names), counting.rows_of(right, other, names)
    counts = [(name, here.get(name, 0), there.get(name, 0)) for name in names]
    rest = [total - sum(found.values()) for total, found in zip(present, (here, there), strict=True)]
    both = [(before, after) for _, before, after in counts] + [(rest[0], rest[1])]
    used = [[pair[side] for pair in both if any(pair)] for side in (0, 1)]
    return {
        "measures": [measures.jensen_shannon(*used), measures.chi_square(*used)],
        "bins": _shown_categories(counts, rest),
        "new": _only(2, counts),
        "gone": _only(1, counts),
    }


def _only(side: int, counts: Sequence[tuple[str, int, int]]) -> list[str]:
    """The categories that only one side has, most frequent first."""
    found = [(pair[side - 1], name) for name, *pair in counts if pair[side - 1] and not pair[2 - side]]
    return [name for _, name in sorted(found, key=lambda each: -each[0])][:MOST_NAMED]


def _shown_categories(counts: Sequence[tuple[str, int, int]], rest: Sequence[int]) -> list[Bin]:
    ordered = sorted(counts, key=lambda count: (-max(count[1], count[2]), count[0]))
    shown, hidden = ordered[:SHOWN_CATEGORIES], ordered[SHOWN_CATEGORIES:]
    before, after = rest[0] + sum(each[1] for each in hidden), rest[1] + sum(each[2] for each in hidden)
    return [Bin(*count) for count in shown] + ([Bin("all others", before, after)] if before or after else [])
