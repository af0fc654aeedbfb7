"""Checks of a table's column names."""

from __future__ import annotations

from collections.abc import Sequence

from tools.sources.table import SourceError


def check_names(names: Sequence[str], what: str) -> None:
    """Raises SourceError for a table without columns, or with two names that differ at most in case."""
    if not names:
        raise SourceError(f"{what} has no columns.", hint="Give data with at least one column.")
    first: dict[str, int] = {}
    for position, name in enumerate(names, start=1):
        earlier = first.setdefault(name.lower(), position)
        if name and earlier != position:
            raise SourceError(
                f"{what} names two columns {name!r} (columns {earlier} and {position}; case does not count).",
                hint="Rename one of them.",
            )
