"""Which dataset is meant by a name, and what a model may have opened for it.

A model reaches the tables of its run, what the store knows, and what the person named in the request. The content of a
table could otherwise lead it to have any file read, or a server of somebody's choice called.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from agents.workbench import Workbench, WorkError, names
from tools.sources import SourceError

if TYPE_CHECKING:
    from memory.model import Dataset

_BEFORE, _AFTER = r"(?<![\w./:@-])", r"(?![\w/:@-]|\.\w)"


def dataset(bench: Workbench, name: str, asked: str | None) -> Dataset:
    """See :meth:`Workbench.dataset`."""
    found = bench.memory.catalog.find(name) if name.strip() else []
    openable = asked is None or named(name, asked)
    if found and name not in (found[0].uri, found[0].name) and openable and Path(name).exists():
        # A file here, whatever else has its name in the store.
        found = []
    if len(found) > 1:
        raise WorkError(f"{name!r} may be any of {len(found)} datasets.", hint=f"Say which: {names(found, full=True)}.")
    return found[0] if found else _opened(bench, name, openable)


def _opened(bench: Workbench, name: str, openable: bool) -> Dataset:
    if not openable:
        known = names(bench.memory.catalog.datasets())
        raise WorkError(
            f"{name!r} is neither known nor named in the request.",
            hint=f"Known: {known}. Only a person can name another source.",
        )
    try:
        table, found = bench.open(name)
    except SourceError as error:
        if "://" in name:
            # It says which URI, without the password that this one may hold.
            raise
        known = names(bench.memory.catalog.datasets())
        raise SourceError(f"There is no dataset {name!r}: {error.message}", hint=f"Known: {known}.") from None
    table.close()
    return found


def only(bench: Workbench, tables: Mapping[str, str], name: str | None, asked: str | None) -> Dataset:
    """See :meth:`Workbench.only`."""
    if name is not None:
        return dataset(bench, tables.get(name, name), None if name in tables else asked)
    uris = list(tables.values()) or [one.uri for one in bench.memory.catalog.datasets()]
    if len(uris) != 1:
        raise WorkError("Which dataset?", hint=f"Known: {names(bench.memory.catalog.datasets())}.")
    return dataset(bench, uris[0], None)


def named(source: str, request: str) -> bool:
    """Whether a person's words name a source, letter by letter and as a whole."""
    wanted = source.strip()
    return bool(wanted) and re.search(_BEFORE + re.escape(wanted) + _AFTER, request) is not None
