"""Rows by a key, of many columns in one statement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from sqlglot import exp

from tools.comparing.statements import asked, inner, name, named, select, union
from tools.dqdl.lowering.engine import unicode
from tools.dqdl.plans import sql
from tools.profiling.dialects import engine_of
from tools.sources.table import Table

TALL = 1_000_000
"""Rows from which on a read of each column by itself is faster, where the engine reads only the columns it needs."""


@dataclass(frozen=True)
class Keyed:
    """A value of the rows, and what they are counted by; rows whose key is NULL are not."""

    value: exp.Expr
    key: Callable[[exp.Column], exp.Expr]
    """Made of the value under another name, as that is shorter where it is named often."""


def count(
    table: Table, wanted: Sequence[Keyed], *, most: int | None = None, text: bool = False
) -> list[dict[Any, int]]:
    """For each of them, the rows by key: of all keys, or of the ``most`` frequent, then least ones.

    Keys are whole numbers, or texts if ``text`` says so. Raises SourceError.
    """
    if engine_of(table).groups and (table.row_count or 0) < TALL:
        query = _in_one_read(table, wanted, most)
    else:
        query = union([_alone(table, i, each, most, text=text) for i, each in enumerate(wanted)])
    found: list[dict[Any, int]] = [{} for _ in wanted]
    for row in asked(query, table):
        found[int(row["assay_place"])][row["assay_key"]] = int(row["assay_rows"])
    return found


def _keys(table: Table, wanted: Sequence[tuple[int, Keyed]]) -> exp.Subquery:
    values = select([named(each.value.copy(), f"v{i}") for i, each in wanted], table.relation())
    return inner(select([named(each.key(name(f"v{i}")), f"k{i}") for i, each in wanted], inner(values)))


def _alone(table: Table, i: int, each: Keyed, most: int | None, *, text: bool) -> exp.Query:
    key = name(f"k{i}")
    # The texts of a union must be of one collation there.
    shown = unicode(key.copy()) if text and table.dialect == "mysql" else key.copy()
    chosen = [named(exp.Literal.number(i), "place"), named(shown, "key"), named(sql.count(), "rows")]
    query = select(chosen, _keys(table, [(i, each)])).where(sql.not_null(key), copy=False).group_by(key, copy=False)
    return query.order_by(*_order(key.copy()), copy=False).limit(most, copy=False) if most else query


def _order(key: exp.Expr) -> list[exp.Expr]:
    return [exp.Ordered(this=name("rows"), desc=True), exp.Ordered(this=key)]


def _in_one_read(table: Table, wanted: Sequence[Keyed], most: int | None) -> exp.Query:
    keys = [name(f"k{i}") for i in range(len(wanted))]
    sets: exp.Expr = keys[0].copy()
    if len(keys) > 1:
        sets = exp.GroupingSets(expressions=[exp.Tuple(expressions=[key.copy()]) for key in keys])
    grouped = select([*keys, named(sql.count(), "rows")], _keys(table, list(enumerate(wanted))))
    grouped.group_by(sets, copy=False)
    place = reduce(lambda case, i: _when(case, keys[i], i), range(len(keys)), exp.Case())
    first = exp.Coalesce(this=keys[0].copy(), expressions=[key.copy() for key in keys[1:]])
    flat = select([named(place, "place"), named(first, "key"), name("rows")], inner(grouped))
    chosen = [name("place"), name("key"), name("rows")]
    if most is None:
        return select(chosen, inner(flat)).where(sql.not_null(name("place")), copy=False)
    order = exp.Order(expressions=_order(name("key")))
    rank = exp.Window(this=exp.RowNumber(), partition_by=[name("place")], order=order)
    ranked = select([*chosen, named(rank, "rank")], inner(flat)).where(sql.not_null(name("place")), copy=False)
    within = exp.LTE(this=name("rank"), expression=exp.Literal.number(most))
    return select([column.copy() for column in chosen], inner(ranked)).where(within, copy=False)


def _when(case: exp.Case, key: exp.Expr, i: int) -> exp.Case:
    return case.when(sql.not_null(key), exp.Literal.number(i), copy=False)
