"""DuckDB instances that can read the files of some open tables, and do nothing else.

A statement of a stranger that got past every check before would find no file, no network, no extension and no setting
here: external access is off but for the files by name, and the configuration is locked.
"""

from __future__ import annotations

import glob
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import duckdb
from sqlglot import exp

from tools.sources.s3 import Pin, Pins

_OPEN_SETTINGS = ["max_execution_time", "enable_progress_bar"]
"""What a cursor may still set after the lock: the engine takes SELECT only, so that no statement can."""
_numbers = count(1)


@dataclass(frozen=True)
class FileView:
    """A relation over files: the query that reads them, and their paths."""

    body: exp.Query
    paths: Sequence[str]
    pins: Mapping[str, Pin] = field(default_factory=dict)
    """The objects on S3 among them."""


def unsealed(pins: Pins | Mapping[str, Pin] | None = None) -> duckdb.DuckDBPyConnection:
    """An instance for queries of our own over files that are being opened; of S3 it sees the pinned objects."""
    spill = os.path.join(tempfile.gettempdir(), f"assay-duckdb-{os.getpid()}-{next(_numbers)}")
    # Without python_enable_replacements a misspelt table name could resolve to a Python variable.
    config: dict[str, Any] = {
        "temp_directory": spill,
        "python_enable_replacements": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    root = duckdb.connect(":memory:", config=config)
    root.execute("SET GLOBAL TimeZone = 'UTC'")
    if pins is not None:
        from tools.sources.s3_filesystem import PinnedFiles

        root.register_filesystem(PinnedFiles(pins))
    return root


def sealed(views: Mapping[str, FileView]) -> duckdb.DuckDBPyConnection:
    """An instance with these views, closed to all else. Raises duckdb.Error."""
    pins = _together(views.values())
    root = unsealed(pins or None)
    for name, view in views.items():
        statement = exp.Create(this=exp.Table(this=exp.to_identifier(name, quoted=True)), kind="VIEW")
        statement.set("expression", view.body)
        root.execute(statement.sql(dialect="duckdb"))
    paths = [path for view in views.values() for path in view.paths]
    # DuckDB asks for the pattern in the query, then for the file that it stands for.
    root.execute("SET allowed_paths = ?", [list(dict.fromkeys([*paths, *map(glob.escape, paths)]))])
    root.execute("SET allowed_configs = ?", [_OPEN_SETTINGS])
    root.execute("SET enable_external_access = false")
    root.execute("SET lock_configuration = true")
    return root


def _together(views: Iterable[FileView]) -> dict[str, Pin]:
    """The pins of all; an object that was opened with two contents cannot be read as either."""
    found: dict[str, Pin] = {}
    for view in views:
        for path, pin in view.pins.items():
            found[path] = pin if found.get(path, pin) == pin else Pin(pin.size, '"changed"', pin.client)
    return found
