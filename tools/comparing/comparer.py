"""Puts a comparison together."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from typing import Any

from tools.comparing import figures, measures, saying
from tools.comparing.measuring import Measuring
from tools.comparing.model import ColumnComparison, Comparison, Degree, Retyped, Schema, Side, worst
from tools.sources.table import Field, SourceError, Table

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
    lefts = figures.summary(left, [one for one, _ in pairs], lambda share: on_progress(0.1 * share))
    rights = figures.summary(right, [other for _, other in pairs], lambda share: on_progress(0.1 + 0.1 * share))
    rows = lefts.rows, rights.rows
    called = saying.names(left.uri, right.uri)
    sides = [(lefts.sides[one.name], rights.sides[other.name]) for one, other in pairs]
    why = [_not_compared(*pair, each, rows, called) for pair, each in zip(pairs, sides, strict=True)]
    compared = [pair for pair, reason in zip(pairs, why, strict=True) if not reason]
    measured = Measuring((left, right), (lefts, rights), lambda share: on_progress(0.2 + 0.8 * share)).found(compared)
    columns = []
    for pair, each, reason in zip(pairs, sides, why, strict=True):
        found = {"not_compared": reason} if reason else measured[pair[0].name]
        columns.append(_column(pair, each, rows, found, called))
    on_progress(1.0)
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
    pair: tuple[Field, Field],
    sides: tuple[Side, Side],
    rows: tuple[int, int],
    found: dict[str, Any],
    called: saying.Names,
) -> ColumnComparison:
    nulls = _nulls(sides, rows)
    degree = worst([nulls, *(measure.degree for measure in found.get("measures", []))])
    says = saying.sentence(sides, rows, nulls, found, called)
    return ColumnComparison(
        name=pair[0].name, left=sides[0], right=sides[1], nulls=nulls, degree=degree, says=says, **found
    )


def _nulls(sides: tuple[Side, Side], rows: tuple[int, int]) -> Degree:
    if not all(rows):
        return "none"
    counts = [(side.nulls, count - side.nulls) for side, count in zip(sides, rows, strict=True)]
    return measures.psi(*counts).degree


def _not_compared(
    one: Field, other: Field, sides: tuple[Side, Side], rows: tuple[int, int], called: saying.Names
) -> str:
    present = [count - side.nulls for count, side in zip(rows, sides, strict=True)]
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
