"""Which module opens which kind of source. A connector adds one line to ``OPENERS``."""

from __future__ import annotations

import os
import re
from importlib import import_module
from types import ModuleType
from urllib.parse import unquote, urlsplit

from tools.sources.table import DatasetName, SourceError, Table
from tools.sources.uris import shown

OPENERS = {
    "athena": "tools.sources.athena",
    "file": "tools.sources.files",
    "http": "tools.sources.rest",
    "https": "tools.sources.rest",
    "iceberg": "tools.sources.iceberg",
    "mariadb": "tools.sources.mysql",
    "mysql": "tools.sources.mysql",
    "postgres": "tools.sources.postgres",
    "postgresql": "tools.sources.postgres",
    "rds-data": "tools.sources.rds_data",
    "redshift": "tools.sources.redshift",
    "s3": "tools.sources.s3_files",
    "s3a": "tools.sources.s3_files",
    "s3n": "tools.sources.s3_files",
    "sc": "tools.sources.spark",
    "spark": "tools.sources.spark",
}
"""URI scheme to the module whose ``open_uri(uri)`` opens it and ``name_of(uri)`` names it, imported when first used."""
EXTRAS = {"tools.sources.mysql": "mysql", "tools.sources.spark": "spark"}
"""Connectors whose driver comes with an extra of this package."""

_SCHEME = re.compile(r"([^/]{2,})://")


def open_source(source: object) -> Table:
    """The table behind a path, a URI, an Arrow table or a pandas DataFrame. Raises SourceError."""
    if isinstance(source, (str, os.PathLike)):
        return _open_uri(os.fspath(source))
    if type(source).__module__.startswith("pyspark.sql.") and type(source).__name__ == "DataFrame":
        opened: Table = connector("tools.sources.spark", "A Spark DataFrame").open_frame(source)
        return opened
    from tools.sources.memory import open_memory

    return open_memory(source)


def connector_of(uri: str) -> ModuleType:
    """The module that opens a path or URI. Raises SourceError for a scheme without one, or without its driver."""
    return _opener(uri)[0]


def dataset_name(uri: str) -> DatasetName:
    """The name of the table behind a path or URI, which need not exist. Raises SourceError for what names none."""
    opener, path = _opener(uri)
    found: DatasetName = opener.name_of(path)
    return found


def _open_uri(uri: str | bytes) -> Table:
    opener, path = _opener(os.fsdecode(uri))
    opened: Table = opener.open_uri(path)
    return opened


def _opener(text: str) -> tuple[ModuleType, str]:
    """The module that opens a URI, and what it is given."""
    if not text.strip():
        raise SourceError("The source is empty.", hint="Give a file, a folder, a glob or a URI.")
    match = _SCHEME.match(text)
    scheme = match.group(1).lower() if match else "file"
    if scheme not in OPENERS:
        known = ", ".join(f"{name}://" for name in sorted(OPENERS))
        raise SourceError(
            f"Cannot open {shown(text)!r}: no connector for {scheme}://.",
            hint=f"Known: a path, a folder, a glob, {known}.",
        )
    return connector(OPENERS[scheme], f"{scheme}://"), _local_path(text) if match and scheme == "file" else text


def connector(module: str, what: str) -> ModuleType:
    """The module of a connector. Raises SourceError where its driver is not installed."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if module not in EXTRAS:
            raise
        raise SourceError(
            f"{what} needs {error.name}, which is not installed.", hint=f"Run pip install 'assay[{EXTRAS[module]}]'."
        ) from error


def _local_path(uri: str) -> str:
    parts = urlsplit(uri)
    if parts.netloc not in ("", "localhost"):
        host = parts.netloc.rpartition("@")[2]
        raise SourceError(f"Cannot open {shown(uri)!r}: it names the host {host!r}.", hint="Write file:///path.")
    return unquote(parts.path)
