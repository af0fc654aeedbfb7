"""The columns that the SQL of a rule names: a missing one is said before an engine is asked, with the nearest name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope, traverse_scope

from tools.dqdl.plans.plan import RuleError
from tools.dqdl.rules.context import no_column
from tools.sources.table import Table

Names = tuple[str, ...]
"""The columns of a source of rows; none where they are not known."""


def check_names(query: exp.Query, tables: Mapping[str, Table]) -> None:
    """Raises RuleError for a column that none of the tables around it has.

    ``query`` names the tables by their aliases. What cannot be told without the engine is left to it.
    """
    try:
        scopes = {id(scope.expression): scope for scope in traverse_scope(query)}
    except SqlglotError:
        return
    known = {alias.lower(): tuple(field.name for field in table.fields) for alias, table in tables.items()}
    for column in query.find_all(exp.Column):
        around = [scopes[id(select)] for select in _around(column) if id(select) in scopes]
        if around and not isinstance(column.this, exp.Star):
            _check(column, around, known)


def _around(column: exp.Column) -> Iterator[exp.Expr]:
    """The queries that a column stands in, from the inside to the outside."""
    inside = column.find_ancestor(exp.Select, exp.SetOperation)
    while inside is not None:
        yield inside
        inside = inside.find_ancestor(exp.Select, exp.SetOperation)


def _check(column: exp.Column, around: list[Scope], known: Mapping[str, Names]) -> None:
    sources: dict[str, Names] = {}
    for scope in reversed(around):
        sources |= {name.lower(): _columns(source, known) for name, source in scope.sources.items()}
    first, *rest = (part.name for part in column.parts)
    if not sources or not all(sources.values()) or _is(first, [*_aliases(around), *sum(sources.values(), ())]):
        return
    if not rest:
        if first.lower() not in sources:
            raise RuleError(no_column(first, sum(sources.values(), ()), f" in {', '.join(sources)}"))
    elif first.lower() not in sources:
        raise RuleError(f"{column.sql()} is of no table in its FROM, which has {', '.join(sources)}.")
    elif not _is(rest[0], sources[first.lower()]):
        raise RuleError(no_column(rest[0], sources[first.lower()], f" in {first}"))


def _columns(source: exp.Expr | Scope, known: Mapping[str, Names]) -> Names:
    if isinstance(source, exp.Table):
        return () if source.alias_column_names else known.get(source.name.lower(), ())
    if not isinstance(source, Scope):
        return ()
    return tuple(source.outer_columns) or _returned(source, known)


def _returned(scope: Scope, known: Mapping[str, Names]) -> Names:
    """What a query in FROM or WITH returns; nothing for a star over what is not known."""
    found: list[str] = []
    for projection in _selected(scope):
        if not projection.is_star:
            found.append(projection.alias_or_name)
            continue
        inside = [_columns(source, known) for source in scope.sources.values()]
        if not inside or not all(inside):
            return ()
        found += sum(inside, ())
    return tuple(found)


def _aliases(around: list[Scope]) -> list[str]:
    """Some engines know the names of what is selected everywhere in the query."""
    return [part.alias for scope in around for part in _selected(scope) if part.alias]


def _selected(scope: Scope) -> list[exp.Expr]:
    return scope.expression.selects if isinstance(scope.expression, exp.Query) else []


def _is(name: str, names: list[str] | Names) -> bool:
    return name.lower() in {other.lower() for other in names}
