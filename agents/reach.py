"""Which dataset is meant by a name, and what a model may have opened for it.

A model reaches the tables of its run, what the store knows, and what the person named in the request. The content of a
table could otherwise lead it to have any file read, or a server of somebody's choice called.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from agents.work import WorkError
from tools.sources import SourceError

if TYPE_CHECKING:
    from memory.catalog import Catalog
    from memory.model import Dataset
    from tools.sources import Table

Opens = Callable[[str], "tuple[Table, Dataset]"]

_ALL = frozenset({"all", "every", "everything", "each", "both", "other", "others"})
"""Words by which a request means tables that it does not name."""
_STEM = 4
"""So many letters of the shorter of two words that count as the same: `orders` and `order`."""
_BEFORE, _AFTER = r"(?<![\w./:@-])", r"(?![\w/:@-]|\.\w)"


def dataset(catalog: Catalog, opens: Opens, name: str, asked: str | None) -> Dataset:
    """See :meth:`agents.workbench.Workbench.dataset`."""
    found = catalog.find(name) if name.strip() else []
    openable = asked is None or named(name, asked)
    if found and name not in (found[0].uri, found[0].name) and openable and Path(name).exists():
        try:
            # A file here, whatever else has its name in the store.
            return _opened(catalog, opens, name, openable)
        except SourceError:
            # Of a folder that batches land in, and leave, its dataset has the name.
            if not Path(name).is_dir():
                raise
    if len(found) > 1:
        raise WorkError(
            f"{name!r} may be any of {len(found)} datasets.", hint=f"Say which: {_names(found, full=True)}."
        )
    return found[0] if found else _opened(catalog, opens, name, openable)


def _opened(catalog: Catalog, opens: Opens, name: str, openable: bool) -> Dataset:
    if not openable:
        known = _names(catalog.datasets())
        raise WorkError(
            f"{name!r} is neither known nor named in the request.",
            hint=f"Known: {known}. Only a person can name another source.",
        )
    try:
        table, found = opens(name)
    except SourceError as error:
        if "://" in name:
            # It says which URI, without the password that this one may hold.
            raise
        known = _names(catalog.datasets())
        raise SourceError(f"There is no dataset {name!r}: {error.message}", hint=f"Known: {known}.") from None
    table.close()
    return found


def only(catalog: Catalog, opens: Opens, tables: Mapping[str, str], name: str | None, asked: str | None) -> Dataset:
    """See :meth:`agents.workbench.Workbench.only`."""
    if name is not None:
        return dataset(catalog, opens, tables.get(name, name), None if name in tables else asked)
    uris = list(tables.values()) or [one.uri for one in catalog.datasets()]
    if len(uris) != 1:
        raise WorkError("Which dataset?", hint=f"Known: {_names(catalog.datasets())}.")
    return dataset(catalog, opens, uris[0], None)


def named(source: str, request: str) -> bool:
    """Whether a person's words name a source, letter by letter and as a whole."""
    wanted = source.strip()
    return bool(wanted) and re.search(_BEFORE + re.escape(wanted) + _AFTER, request) is not None


def _names(datasets: Sequence[Dataset], *, full: bool = False) -> str:
    """The first of them, for an error."""
    return ", ".join(dataset.name if full else dataset.short_name for dataset in datasets[:20]) or "none yet"


def require_meant(found: Dataset, given: str, request: str) -> None:
    """Raises WorkError where a request does not speak of a dataset that a model, as ``given``, wants to have scanned.

    Its name, a word of that, or `all` are enough. What is stored of it may be looked up whatever the request says.
    """
    said, own = _words(request), _words(found.short_name)
    if any(named(name, request) for name in (given, found.uri, found.name, found.short_name)):
        return
    if not _ALL.intersection(said) and not any(_alike(a, b) for a in own for b in said):
        raise WorkError(
            f"The request does not speak of {found.short_name}, which would have to be scanned.",
            hint="Only a person can ask for that.",
        )


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]{3,}", text.lower())


def _alike(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return one == other or (len(short) >= _STEM and long.startswith(short))
