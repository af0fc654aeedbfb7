"""Queries for warehouses that know no read-only session: they are looked at before they are sent."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.optimizer.scope import traverse_scope

from tools.sources.table import QueryError

_WRITES = (exp.Into, exp.DML, exp.DDL, exp.Command)


def text_of(select: exp.Query, dialect: str) -> str:
    """The query as the engine's SQL."""
    if not isinstance(select, exp.Query):
        raise TypeError(f"the engine takes sqlglot queries, not {type(select).__name__}")
    return select.sql(dialect=dialect, comments=False)


def names_of(select: exp.Query) -> list[str] | None:
    """What the columns of the answer are called, in order; None where only the engine knows."""
    if any(one.is_star for one in select.selects):
        return None
    names = list(select.named_selects)
    return names if all(names) else None


def only_reads(select: exp.Query, what: str) -> None:
    """Raises QueryError for a query that would write, as SELECT INTO does, or that names a table without its schema."""
    if any(isinstance(node, _WRITES) and not isinstance(node, exp.Query) for node in select.walk()):
        raise _refused("the query would write; sources are read only.", what)
    for scope in traverse_scope(select):
        for source in scope.sources.values():
            if isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier) and not source.db:
                raise _refused(f"relation {source.name!r} does not exist: it is named without a schema.", what)


def _refused(sentence: str, what: str) -> QueryError:
    return QueryError(f"{what}: {sentence}", cause="statement", sentence=sentence)
