"""Many aggregates as one SELECT, as many as an engine takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa
from sqlglot import exp

from tools.dqdl.plans import sql
from tools.dqdl.plans.plan import Aggregate, Grouped

_WIDTHS = {"duckdb": 20_000, "spark": 4_000, "mysql": 4_000}
_LEAST_WIDTH = 1_600
"""Columns of one answer; PostgreSQL has room for 1,664."""
MANY = 100
"""From so many aggregates on, conjunctions are written for DuckDB's planner."""

One = Aggregate | Grouped
PACKED = 45
"""Counts in one column of text; with their commas fewer than the 100 arguments of a function of PostgreSQL."""


def slices(needs: Sequence[Aggregate], dialect: str) -> Iterator[Sequence[Aggregate]]:
    """The aggregates of each query: all of them, where they fit."""
    if needs and len(_layout(needs, dialect)) <= width(dialect):
        yield needs
        return
    for start in range(0, len(needs), width(dialect)):
        yield needs[start : start + width(dialect)]


def width(dialect: str) -> int:
    """How many aggregates one query may ask for."""
    return _WIDTHS.get(dialect, _LEAST_WIDTH)


def plain_query(needs: Sequence[One], source: exp.Expr, dialect: str) -> exp.Select:
    """One row with the values of aggregates, for :func:`values` to read."""
    expressions = [_column(group) for group in _layout(needs, dialect)]
    if dialect == "duckdb" and len(expressions) > MANY:
        expressions = [_without_and(expression) for expression in expressions]
    named = [exp.alias_(expression, f"m{i}", copy=False) for i, expression in enumerate(expressions)]
    return exp.select(*named, copy=False).from_(source, copy=False)


def values(answer: pa.Table, needs: Sequence[One], dialect: str) -> Iterator[Any]:
    """The values in the answer to :func:`plain_query`, in the order of the aggregates."""
    found: dict[int, Any] = {}
    for column, group in zip(answer.columns, _layout(needs, dialect), strict=True):
        value = column[0].as_py()
        single = len(group) == 1
        parts = [value] if single else [int(part) if part else None for part in value.split(",")]
        found.update(zip(map(id, group), parts, strict=True))
    return (found[id(need)] for need in needs)


def _layout(needs: Sequence[One], dialect: str) -> list[tuple[One, ...]]:
    """What stands in each column: one aggregate, or many counts where there are too many columns."""
    if len(needs) <= width(dialect):
        return [(need,) for need in needs]
    counts = [need for need in needs if _is_count(need.expression)]
    rest = [(need,) for need in needs if not _is_count(need.expression)]
    return [*rest, *(tuple(counts[i : i + PACKED]) for i in range(0, len(counts), PACKED))]


def _is_count(expression: exp.Expr) -> bool:
    """Whether it is built like :func:`tools.dqdl.plans.sql.count`: a whole number, or NULL."""
    if isinstance(expression, exp.Count):
        return True
    case = expression.this if isinstance(expression, exp.Sum) else None
    if not isinstance(case, exp.Case):
        return False
    results = [branch.args["true"] for branch in case.args["ifs"]] + [case.args.get("default")]
    return all(isinstance(result, exp.Literal) and result.is_int for result in results)


def _column(group: Sequence[One]) -> exp.Expr:
    if len(group) == 1:
        return group[0].expression.copy()
    texts = [exp.Coalesce(this=sql.as_text(need.expression), expressions=[sql.text("")]) for need in group]
    commas = [part for text in texts for part in (sql.text(","), text)][1:]
    return exp.Concat(expressions=commas, safe=True)


def _without_and(expression: exp.Expr) -> exp.Expr:
    """Nests conditions: DuckDB 2.0 compares all conjunctions with each other, which takes minutes for thousands.

    Only where false and NULL mean the same, which is where a CASE or a COALESCE to false decides on them.
    """
    # An aggregate is on top, so that what is replaced has a parent.
    for node in list(expression.walk()):
        if isinstance(node, exp.Coalesce):
            parts = _conjuncts(node.this)
            if len(parts) > 1 and node.expressions == [exp.false()]:
                last = exp.Coalesce(this=parts[-1], expressions=[exp.false()])
                node.replace(_nested(parts[:-1], last, exp.false()))
        elif isinstance(node, exp.If) and isinstance(node.parent, exp.Case) and len(node.parent.args["ifs"]) == 1:
            parts = _conjuncts(node.this)
            if len(parts) > 1:
                node.set("true", _nested(parts[1:], node.args["true"], node.parent.args.get("default") or exp.null()))
                node.set("this", parts[0])
    return expression


def _conjuncts(condition: exp.Expr) -> list[exp.Expr]:
    inner = condition.unnest()
    return list(inner.flatten()) if isinstance(inner, exp.And) else [inner]


def _nested(conditions: Iterable[exp.Expr], result: exp.Expr, otherwise: exp.Expr) -> exp.Expr:
    for condition in reversed(list(conditions)):
        result = exp.Case().when(condition, result, copy=False).else_(otherwise.copy(), copy=False)
    return result
