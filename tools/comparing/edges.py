"""The edges of bins: quantiles of many columns in one statement, in the way that each engine has for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

from sqlglot import exp

from tools.comparing.statements import (
    MOST_SORTED,
    SORTED,
    Done,
    asked,
    batches,
    inner,
    name,
    named,
    select,
    union,
    value_of,
)
from tools.dqdl.plans import sql
from tools.sources.table import Field, Table

BINS = 50
Edges = dict[str, list[Any]]


def edges(table: Table, fields: Sequence[Field], values: Mapping[str, int], done: Done) -> Edges:
    """By column: the least value and then quantiles, up to the greatest, without repetitions; [] without values.

    ``values`` are the rows with a value, by column. Raises SourceError.
    """
    ways = {"duckdb": _quantiles, "postgres": _percentiles}
    way = ways.get(table.dialect, _tiles)
    # A union has one type for all of its parts, and doubles would take the digits of whole numbers.
    ordered = sorted(fields, key=lambda field: field.type) if way is _tiles else fields
    found: Edges = {}
    for together in _alike(ordered) if way is _tiles else [list(ordered)]:
        for batch in batches(together, lambda field: values[field.name], MOST_SORTED.get(table.dialect, SORTED)):
            found |= way(table, batch, values)
            done(len(batch))
    return found


def _alike(fields: Sequence[Field]) -> list[list[Field]]:
    types = dict.fromkeys(field.type for field in fields)
    return [[field for field in fields if field.type == each] for each in types]


def _quantiles(table: Table, fields: Sequence[Field], _values: Mapping[str, int]) -> Edges:
    shares = exp.Array(expressions=[exp.Literal.number(f"{i / BINS:g}") for i in range(BINS + 1)])
    wanted = [
        named(exp.Anonymous(this="QUANTILE_DISC", expressions=[value_of(field), shares.copy()]), f"e{i}")
        for i, field in enumerate(fields)
    ]
    answer = asked(select(wanted, table.relation()), table)[0]
    return {field.name: _sorted(answer[f"assay_e{i}"] or []) for i, field in enumerate(fields)}


def _percentiles(table: Table, fields: Sequence[Field], values: Mapping[str, int]) -> Edges:
    """PostgreSQL: arrays are unfolded, so that each value comes with its type."""
    wanted = []
    for i, field in enumerate(fields):
        total = values[field.name]
        # In the middle between two places, so that no rounding picks a neighbour.
        shares = [exp.Literal.number(repr((place - 0.5) / total)) for place in _places(total)]
        array = exp.cast(exp.Array(expressions=shares), exp.DataType.build("double precision[]", dialect="postgres"))
        order = exp.Order(expressions=[exp.Ordered(this=value_of(field))])
        found = exp.WithinGroup(this=exp.PercentileDisc(this=array), expression=order)
        wanted.append(named(exp.Anonymous(this="UNNEST", expressions=[found]), f"e{i}"))
    rows = asked(select(wanted, table.relation()), table)
    return {field.name: _sorted(row[f"assay_e{i}"] for row in rows) for i, field in enumerate(fields)}


def _places(total: int) -> list[int]:
    """Of so many sorted values, the first one and the last ones of all tiles, counted from 1, as NTILE cuts them."""
    sizes = [total // BINS + (i < total % BINS) for i in range(BINS)]
    return [1, *accumulate(sizes)]


def _tiles(table: Table, fields: Sequence[Field], _values: Mapping[str, int]) -> Edges:
    parts = []
    for i, field in enumerate(fields):
        chosen = [named(exp.Literal.number(i), "place"), named(value_of(field), "value")]
        parts.append(select(chosen, table.relation()).where(sql.not_null(value_of(field)), copy=False))
    order = exp.Order(expressions=[exp.Ordered(this=name("value"))])
    tile = exp.Window(this=exp.Ntile(this=exp.Literal.number(BINS)), partition_by=[name("place")], order=order)
    tiled = select([name("place"), name("value"), named(tile, "tile")], inner(union(parts)))
    keys = [name("place"), name("tile")]
    ends = [named(exp.Min(this=name("value")), "low"), named(exp.Max(this=name("value")), "high")]
    found: list[set[Any]] = [set() for _ in fields]
    query = select([*keys, *ends], inner(tiled)).group_by(*keys, copy=False)
    for row in asked(query, table):
        found[int(row["assay_place"])] |= {row["assay_high"]} | (
            {row["assay_low"]} if row["assay_tile"] == 1 else set()
        )
    return {field.name: _sorted(found[i]) for i, field in enumerate(fields)}


def _sorted(values: Iterable[Any]) -> list[Any]:
    """Without repetitions; of zeros of both signs, which are equal, none has a sign."""
    return sorted({0.0 if value == 0.0 and isinstance(value, float) else value for value in values} - {None})
