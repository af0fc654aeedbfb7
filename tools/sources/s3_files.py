"""CSV, Parquet and JSON on S3: an object, a prefix or a pattern, read by DuckDB in parts, nothing copied."""

from __future__ import annotations

import difflib
import glob
import re
from fnmatch import fnmatchcase

from tools.sources.file_listing import FileEntry, listed
from tools.sources.files import FORMATS, Files, FileTable, Format, of_one_format, opened, suffix
from tools.sources.s3 import S3, Part, Pin, divided
from tools.sources.table import DatasetName, SourceError

_SCHEME = re.compile(r"s3[an]?://", re.IGNORECASE)


def name_of(uri: str) -> DatasetName:
    """The name of the table behind an object, a prefix or a pattern. Raises SourceError where no bucket is named."""
    bucket, key = divided(_spelled(uri))
    return DatasetName(f"{S3}{bucket}", key.strip("/") or "/")


def open_uri(uri: str) -> FileTable:
    """The table behind an object, a prefix or a pattern. Raises SourceError: no access, no such bucket or object."""
    where = _spelled(uri)
    return opened(find(where), name_of(where))


def find(where: str) -> Files:
    """The objects behind a URI, sorted. Raises SourceError."""
    bucket, key = divided(where)
    if "@" in bucket or ":" in bucket:
        raise SourceError(
            "A URI of S3 holds no keys.", hint="Set AWS_PROFILE, or the AWS_ACCESS_KEY_ID of the environment."
        )
    found = listed(where)
    alone = len(found) == 1 and found[0].path == where
    if not alone:
        found = [entry for entry in found if _wanted(entry, where)]
    if not found:
        raise SourceError(f"{where} holds no data file.", hint=_near(where))
    empty = next((entry.path for entry in found if not entry.size), None)
    if empty is not None:
        raise SourceError(f"{empty} is empty.", hint="Check how it was written or copied.")
    kind = of_one_format(where, {entry.path: _format(entry) for entry in found})
    return Files(where if alone or glob.has_magic(key) else where.rstrip("/"), _paths(found), kind, tuple(found))


def _paths(found: list[FileEntry]) -> tuple[str, ...]:
    return tuple(entry.path for entry in found)


def _spelled(uri: str) -> str:
    return S3 + _SCHEME.sub("", uri, count=1)


def _wanted(entry: FileEntry, where: str) -> bool:
    """Below a prefix, what has a known ending; of a pattern, what it matches with ``*`` within one folder."""
    if not glob.has_magic(where):
        return suffix(entry.name) in FORMATS
    return _matches(entry.path.split("/"), where.split("/"))


def _matches(parts: list[str], pattern: list[str]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return _matches(parts, pattern[1:]) or (bool(parts) and _matches(parts[1:], pattern))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])


def _format(entry: FileEntry) -> Format:
    known = FORMATS.get(suffix(entry.name))
    if known is not None:
        return known
    if Part(entry.path, Pin(entry.size, entry.etag)).read(4) == b"PAR1":
        return "parquet"
    raise SourceError(f"{entry.path} has no known ending.", hint=f"Known: {', '.join(FORMATS)}, also .gz and .zst.")


def _near(where: str) -> str:
    """What lies beside an object that is not there."""
    folder, _, name = where.rstrip("/").rpartition("/")
    if glob.has_magic(where) or not folder.startswith(S3) or folder == S3.rstrip("/"):
        return f"Known: {', '.join(FORMATS)}, also .gz and .zst."
    names = [entry.name.split("/")[0] for entry in listed(f"{folder}/")[:1000]]
    close = difflib.get_close_matches(name, list(dict.fromkeys(names)), n=1)
    return f"Did you mean {close[0]}?" if close else "Check the key."
