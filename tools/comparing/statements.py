"""How the queries of a comparison are put to a table: many columns in one statement, as many as an engine bears."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from sqlglot import exp

from tools.dqdl.plans import sql
from tools.dqdl.queries.asking import Refused, ask
from tools.profiling.sql import finite
from tools.sources.table import Field, Table

MOST_COLUMNS = 50
"""Columns in one statement. Spark groups by 64 at most, and the text of a statement stays below a megabyte."""
MOST_CELLS = 20_000_000
"""Rows times columns in one statement, so that none of a large table takes longer than a query may."""
MOST_SORTED = {"duckdb": 20_000_000}
SORTED = 5_000_000
"""The same where values are sorted: DuckDB holds them in memory (8 to 16 bytes each), the others are slower."""
MOST_GROUPS = 2_000_000
"""Different values, of all columns of a statement: each has a place in a hash table."""
MOST_VALUES = 5_000
"""Values that one statement looks for."""

Done = Callable[[int], None]
"""Called with the number of columns that another statement has answered."""
T = TypeVar("T")


def asked(query: exp.Query, table: Table) -> list[dict[str, Any]]:
    """The answer as rows. Raises SourceError."""
    try:
        found: list[dict[str, Any]] = ask(query, {"primary": table}).to_pylist()
    except Refused as refusal:
        raise refusal.as_source_error() from refusal
    return found


def batches(items: Sequence[T], weight: Callable[[T], int], heaviest: int) -> Iterator[list[T]]:
    """Neighbours together, up to MOST_COLUMNS and up to a weight; what is heavier comes alone."""
    batch: list[T] = []
    total = 0
    for item in items:
        if batch and (len(batch) >= MOST_COLUMNS or total + weight(item) > heaviest):
            yield batch
            batch, total = [], 0
        batch.append(item)
        total += weight(item)
    if batch:
        yield batch


def value_of(field: Field) -> exp.Expr:
    """The value of a row; NULL for a number that is not finite."""
    return finite(field) if field.kind == "number" else sql.column(field.name)


def named(value: exp.Expr, name: str) -> exp.Alias:
    """The value, taken over, under a name of ours, which no column of a table has by accident."""
    return exp.Alias(this=value, alias=exp.Identifier(this=f"assay_{name}", quoted=True))


def name(name: str) -> exp.Column:
    """What :func:`named` named."""
    return sql.column(f"assay_{name}")


def select(values: Sequence[exp.Expr], source: exp.Expr) -> exp.Select:
    """SELECT the values FROM the source, both taken over."""
    return exp.Select(expressions=list(values)).from_(source, copy=False)


def inner(query: exp.Query) -> exp.Subquery:
    """A query, taken over, to select from."""
    return query.subquery("assay_inner", copy=False)


def union(parts: Sequence[exp.Query]) -> exp.Query:
    """All rows of some queries, which are taken over."""
    whole, *others = [part.subquery(copy=False) if part.args.get("limit") else part for part in parts]
    for other in others:
        whole = exp.Union(this=whole, expression=other, distinct=False)
    return whole
