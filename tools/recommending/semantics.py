"""What a column is, in a few words: the memory embeds them to find columns that are alike."""

from __future__ import annotations

from tools.profiling.model import ColumnProfile
from tools.recommending import names
from tools.recommending.candidate import shown
from tools.recommending.categories import MOST_VALUES

MEANINGS = {
    "url": "web address",
    "uuid": "unique identifier",
    "country": "country",
    "currency": "currency",
    "postal code": "postal code",
    "json": "JSON document",
}
"""How the types of text are called that say what a column is about."""


def semantics(column: ColumnProfile, rows: int | None = None) -> str:
    """Meaning, kind, completeness and variety, for example ``mail: email address, text, 98.8 % complete, unique``.

    Holds words of the column's name and figures, never a value. Without the number of rows it says less.
    """
    parts = [part for part in (_meaning(column), _kind(column)) if part]
    if rows:
        present = rows - column.nulls
        parts += [f"{shown(100 * present / rows)} % complete", _variety(column, present)]
    return f"{' '.join(names.words(column.name)) or 'unnamed'}: {', '.join(parts)}"


def _meaning(column: ColumnProfile) -> str:
    if column.personal:
        return column.personal.kind
    if column.semantic and column.semantic.type in MEANINGS:
        return MEANINGS[column.semantic.type]
    families = (
        ("identifier", names.ID),
        ("amount of money", names.MONEY),
        ("count", names.COUNTED),
        ("share", names.SHARE),
    )
    return next((word for word, family in families if names.has(column.name, family)), "")


def _kind(column: ColumnProfile) -> str:
    inferred = f" that holds {column.inferred_type.lower()} values" if column.inferred_type else ""
    return f"{column.kind}{inferred}"


def _variety(column: ColumnProfile, present: int) -> str:
    if column.distinct <= 1:
        return "constant" if column.distinct else "always missing"
    if column.distinct >= present:
        return "unique"
    if column.distinct >= 0.9 * present:
        return "mostly unique"
    return "few values" if column.distinct <= MOST_VALUES else "many values"
