"""Which files a rule may look at, where rules come from others than the caller."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from tools.sources.file_listing import FileEntry, fixed, is_s3
from tools.sources.table import SourceError, Table

ALLOWED = "ASSAY_FILE_ROOTS"
"""Folders and s3:// prefixes that file rules may name besides, separated as PATH is, or by commas."""


def roots(tables: Iterable[Table]) -> tuple[str, ...]:
    """The folders of the files that the tables are read from, and those of ``ASSAY_FILE_ROOTS``."""
    own = (path for table in tables for path in (_folder(table.uri), *map(_parent, table.files())) if path)
    said = os.environ.get(ALLOWED, "").replace(",", os.pathsep)
    # A colon separates on most systems, and is part of s3:// too.
    extra = said.replace("s3://", "s3\0//").split(os.pathsep)
    return tuple(dict.fromkeys([*own, *(part.replace("\0", ":").strip() for part in extra if part.strip())]))


def check_root(path: str, allowed: Sequence[str] | None) -> None:
    """Raises SourceError for a path outside of the allowed folders; None allows all."""
    if allowed is not None and not any(_below(fixed(path), root) for root in allowed):
        raise SourceError(
            f"Rules may not look at {path}: it is not in the folder of a table that they are about.",
            hint=f"Allow its folder with {ALLOWED}.",
        )


def check_files(files: Iterable[FileEntry], allowed: Sequence[str] | None) -> None:
    """The same for what was found there: a link may lead anywhere. Raises SourceError."""
    if allowed is not None:
        for entry in files:
            check_root(entry.path, allowed)


def _below(path: str, root: str) -> bool:
    if is_s3(path) or is_s3(root):
        return is_s3(path) and is_s3(root) and f"{path.rstrip('/')}/".startswith(f"{root.rstrip('/')}/")
    folder = os.path.realpath(os.path.expanduser(root))
    return os.path.commonpath([folder, path]) == folder


def _folder(uri: str) -> str:
    return uri if is_s3(uri) or os.path.isdir(uri) else ""


def _parent(path: str) -> str:
    return path.rpartition("/")[0] if is_s3(path) else os.path.dirname(path)
