"""The only way to data: ``open(source)`` gives a :class:`Table` that answers queries on its own engine."""

from __future__ import annotations

from tools.sources.table import DatasetName, Field, SourceError, Table

__all__ = ["DatasetName", "Field", "SourceError", "Table", "open"]


def open(source: object) -> Table:
    """Opens a path, folder, glob or URI, an Arrow table or a pandas DataFrame; reads only what types need.

    The source is typed as object so that pandas and pyarrow need not be imported; anything else is a SourceError.
    Raises SourceError, whose text says what is wrong, where, and how to mend it.
    """
    from tools.sources.registry import open_source

    return open_source(source)
