"""A whole database, of which no one table is meant: it answers queries about what it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from sqlglot import exp

from tools.sources.registry import connector
from tools.sources.table import SourceError
from tools.sources.uris import shown

Rows = Callable[[exp.Query], Iterator[tuple[Any, ...]]]


@dataclass(frozen=True)
class Database:
    """A connected database. Errors of its queries are SourceErrors."""

    namespace: str
    """Of the datasets in it."""
    name: str
    """Empty where all databases of the server are meant."""
    dialect: str
    rows: Rows
    """The answer to a query, read as it comes."""


_MODULES = {
    "athena": "tools.sources.athena",
    "mariadb": "tools.sources.mysql",
    "mysql": "tools.sources.mysql",
    "postgres": "tools.sources.postgres",
    "postgresql": "tools.sources.postgres",
    "redshift": "tools.sources.redshift",
}
_ASKED = ("athena", "redshift")
"""Those that need no connection: each query is a call."""
_ANY = "any.table"


def open_database(uri: str) -> AbstractContextManager[Database]:
    """Connects to the database that a URI names, until the end of the block. Raises SourceError."""
    scheme = uri.partition("://")[0].lower()
    if scheme not in _MODULES:
        known = ", ".join(f"{name}://" for name in _MODULES)
        raise SourceError(f"Cannot open {shown(uri)!r}: no connector for {scheme}://.", hint=f"Known: {known}.")
    module = connector(_MODULES[scheme], f"{scheme}://")
    opened: AbstractContextManager[Database] = _asked(module, uri) if scheme in _ASKED else module.database(uri)
    return opened


@contextmanager
def _asked(module: ModuleType, uri: str) -> Iterator[Database]:
    """A database of whose tables the names begin alike."""

    def rows(select: exp.Query) -> Iterator[tuple[Any, ...]]:
        answer = module.ask(uri, select)
        yield from zip(*(column.to_pylist() for column in answer.columns), strict=True)

    place, mark, options = uri.partition("?")
    named = module.name_of(f"{place.rstrip('/')}/{_ANY}{mark}{options}")
    yield Database(named.namespace, named.name.removesuffix(f".{_ANY}"), uri.partition("://")[0].lower(), rows)
