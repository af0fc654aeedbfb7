"""A whole database, of which no one table is meant: it answers queries about what it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
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
    "mariadb": "tools.sources.mysql",
    "mysql": "tools.sources.mysql",
    "postgres": "tools.sources.postgres",
    "postgresql": "tools.sources.postgres",
}


def open_database(uri: str) -> AbstractContextManager[Database]:
    """Connects to the database that a URI names, until the end of the block. Raises SourceError."""
    scheme = uri.partition("://")[0].lower()
    if scheme not in _MODULES:
        known = ", ".join(f"{name}://" for name in _MODULES)
        raise SourceError(f"Cannot open {shown(uri)!r}: no connector for {scheme}://.", hint=f"Known: {known}.")
    opened: AbstractContextManager[Database] = connector(_MODULES[scheme], f"{scheme}://").database(uri)
    return opened
