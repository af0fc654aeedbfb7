"""Column lineage from SQL: which columns a statement writes, from which columns, and how.

`extract` reads a script of any dialect that sqlglot knows. It never guesses in silence: what it could not resolve is in
`problems`, and `complete` is then false.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from tools.errors import AssayError
from tools.lineage.budget import Limits
from tools.lineage.model import ColumnRef, Edge, Lineage, Problem, StatementLineage

if TYPE_CHECKING:
    from sqlglot.dialects.dialect import Dialect

__all__ = ["ColumnRef", "Edge", "Limits", "Lineage", "LineageError", "Problem", "StatementLineage", "extract"]


class LineageError(AssayError):
    """The caller asked for something that there is not."""


def extract(
    sql: str,
    *,
    dialect: str | None = None,
    schema: Mapping[str, Iterable[str]] | None = None,
    views: Mapping[str, str] | None = None,
    limits: Limits | None = None,
) -> Lineage:
    """The column lineage of a SQL script.

    `schema` maps tables to their columns in order, under any number of name parts; `views` maps views to their queries,
    which are read through. Raises `LineageError` for a dialect that there is not; bad SQL is a problem of the result.
    """
    from tools.lineage import script

    return script.run(sql, _dialect(dialect), schema, views, limits or Limits())


def _dialect(name: str | None) -> "Dialect":
    from sqlglot.dialects.dialect import Dialect

    try:
        return Dialect.get_or_raise(name or None)
    except ValueError:
        known = ", ".join(sorted(known for known in Dialect.classes if known))
        raise LineageError(f"there is no SQL dialect {name!r}", hint=f"known: {known}") from None
