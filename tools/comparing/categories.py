"""Rows by category, of many columns in one statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from tools.comparing.grouping import Keyed, count
from tools.comparing.statements import MOST_CELLS, MOST_GROUPS, MOST_VALUES, Done, batches
from tools.dqdl.plans import sql
from tools.profiling.dialects import engine_of
from tools.sources.table import Field, Table

MAX_CATEGORIES = 1_000
"""Up to this number, all categories are compared; beyond it the most frequent, and all others as one."""
MOST_FREQUENT = 50


@dataclass(frozen=True)
class Categories:
    """Rows by value, most frequent first; of all values, or only of the most frequent."""

    rows: Mapping[str, int]
    whole: bool


def categories(
    table: Table, fields: Sequence[Field], distinct: Callable[[Field], int], rows: int, done: Done
) -> dict[str, Categories]:
    """By column. ``distinct`` tells about how many values a column has. Raises SourceError."""
    found: dict[str, Categories] = {}
    # So that neither rows nor different values are too many.
    scale = MOST_GROUPS / MOST_CELLS
    for batch in batches(fields, lambda field: max(distinct(field), int(rows * scale)), MOST_GROUPS):
        keyed = [Keyed(_value(table, field), _category(field)) for field in batch]
        counted = count(table, keyed, most=MAX_CATEGORIES + 1, text=True)
        found |= {field.name: _most_frequent(each) for field, each in zip(batch, counted, strict=True)}
        done(len(batch))
    return found


def _most_frequent(counted: Mapping[str, int]) -> Categories:
    ordered = sorted(counted.items(), key=lambda each: (-each[1], each[0]))
    whole = len(ordered) <= MAX_CATEGORIES
    return Categories(dict(ordered if whole else ordered[:MOST_FREQUENT]), whole)


def rows_of(
    table: Table, wanted: Sequence[tuple[Field, Sequence[str]]], rows: int, done: Done
) -> dict[str, dict[str, int]]:
    """By column: rows by value, of some values. Raises SourceError."""
    found: dict[str, dict[str, int]] = {}
    scale = MOST_VALUES / MOST_CELLS
    for batch in batches(wanted, lambda each: max(len(each[1]), int(rows * scale)), MOST_VALUES):
        keyed = [Keyed(_value(table, field), _among(field, values)) for field, values in batch]
        counted = count(table, keyed, text=True)
        found |= {
            field.name: dict.fromkeys(values, 0) | each for (field, values), each in zip(batch, counted, strict=True)
        }
        done(len(batch))
    return found


def _value(table: Table, field: Field) -> exp.Expr:
    # MySQL's texts are told apart when the query is made MySQL's, which a cast would hide.
    return sql.column(field.name) if table.dialect == "mysql" else engine_of(table).compared(field)


def _category(field: Field) -> Callable[[exp.Column], exp.Expr]:
    return _flag if field.kind == "boolean" else exp.Column.copy


def _flag(value: exp.Column) -> exp.Expr:
    case = exp.Case().when(value.copy(), sql.text("true"), copy=False)
    return case.when(sql.not_null(value), sql.text("false"), copy=False)


def _among(field: Field, values: Sequence[str]) -> Callable[[exp.Column], exp.Expr]:
    category = _category(field)

    def key(value: exp.Column) -> exp.Expr:
        found = exp.In(this=category(value), expressions=[sql.text(each) for each in values])
        return exp.Case().when(found, category(value), copy=False)

    return key
