"""Files as files: which there are, how large, how old, and what their content hashes to. On disk and on S3."""

from __future__ import annotations

import errno
import glob
import hashlib
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from itertools import islice
from stat import S_ISREG
from typing import Any

from tools.sources.s3 import S3, client, divided, errors
from tools.sources.table import SourceError

MOST_FILES = 100_000
"""A path with more files is refused: a pattern too wide is a slip, or worse."""
CHUNK = 1 << 20
ALGORITHMS = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256"}
"""Names of hash algorithms as DQDL writes them."""


@dataclass(frozen=True)
class FileEntry:
    """One file."""

    path: str
    """Absolute, or an s3:// URI."""
    name: str
    """Its path below the folder that was listed; its own name where it was named itself."""
    size: int
    """Bytes."""
    modified: datetime
    """UTC."""
    etag: str = ""
    """What S3 calls the content; empty for files on disk."""


def listed(where: str) -> list[FileEntry]:
    """The files of a path, folder, glob or s3:// URI by path; none where there is nothing.

    Within folders, names that begin with a dot or an underscore are no data, as for Spark. Raises SourceError for what
    may not be read, or holds more than 100,000 files.
    """
    found = list(islice(_on_s3(where) if is_s3(where) else _on_disk(where), MOST_FILES + 1))
    if len(found) > MOST_FILES:
        raise SourceError(f"{where} holds more than {MOST_FILES:,} files.", hint="Name a smaller folder.")
    return sorted(found, key=lambda entry: entry.path)


def entries(paths: Iterable[str]) -> list[FileEntry]:
    """Named files; those that are gone are left out. Raises SourceError."""
    return [entry for path in paths for entry in _named(path)]


def digest(path: str, algorithm: str, until: float = math.inf) -> str:
    """The hash of a file's content in lower-case hexadecimal, read in parts. Raises SourceError.

    ``algorithm`` is one of ALGORITHMS; ``until`` is when to give up, by ``time.monotonic()``.
    """
    state = hashlib.new(ALGORITHMS[algorithm], usedforsecurity=False)
    for part in _read_s3(path) if is_s3(path) else _read_disk(path):
        if time.monotonic() > until:
            raise SourceError(f"{path} was not read to its end in time.", hint="Name fewer files, or raise the limit.")
        state.update(part)
    return state.hexdigest()


def is_s3(path: str) -> bool:
    """Whether a path is one of S3."""
    return path.lower().startswith(S3)


def fixed(path: str) -> str:
    """The part of a path before its first pattern, with links resolved: all files of the path lie below it."""
    if is_s3(path):
        return S3 + until_pattern(path[len(S3) :])
    whole = os.path.abspath(os.path.expanduser(path))
    return os.path.realpath(whole if os.path.lexists(whole) else until_pattern(whole))


def until_pattern(path: str) -> str:
    """The folders of a path before its first pattern."""
    parts = path.split("/")
    plain = next((number for number, part in enumerate(parts) if glob.has_magic(part)), len(parts))
    return "/".join(parts[:plain]) + ("/" if plain < len(parts) else "")


def _on_disk(where: str) -> Iterator[FileEntry]:
    path = os.path.abspath(os.path.expanduser(where))
    if os.path.isdir(path):
        if not os.access(path, os.R_OK | os.X_OK):
            raise SourceError(f"{path} may not be read by this user.", hint="Change its permissions.")
        return _files(_below(path), lambda found: found[len(path) :].lstrip("/"))
    if not os.path.lexists(path) and glob.has_magic(path):
        return _files(glob.iglob(path, recursive=True), lambda found: os.path.relpath(found, until_pattern(path)))
    return _files([path], _own_name)


def _below(folder: str) -> Iterator[str]:
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if _visible((name,))]
        yield from (os.path.join(where, name) for name in names if _visible((name,)))


def _files(paths: Iterable[str], name: Callable[[str], str]) -> Iterator[FileEntry]:
    for path in paths:
        try:
            status = os.stat(path)
        except OSError as error:
            # A link to itself leads to nothing, just as one to a file that is gone.
            if error.errno in (errno.ENOENT, errno.ELOOP):
                continue
            raise SourceError(f"{path} cannot be read: {error.strerror}.", hint="Change its permissions.") from error
        if S_ISREG(status.st_mode):
            yield FileEntry(path, name(path), status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))


def _named(path: str) -> Iterator[FileEntry]:
    if "://" in path and not is_s3(path):
        raise SourceError(f"{path} is neither on this machine nor on S3.", hint="Rules see no other files.")
    return _on_s3(path) if is_s3(path) else _files([path], _own_name)


def _own_name(path: str) -> str:
    return os.path.basename(path)


def _visible(parts: tuple[str, ...]) -> bool:
    return not any(part[0] in "._" for part in parts)


def _read_disk(path: str) -> Iterator[bytes]:
    try:
        with open(path, "rb") as handle:
            while part := handle.read(CHUNK):
                yield part
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.", hint="Change its permissions.") from error


def _on_s3(where: str) -> Iterator[FileEntry]:
    bucket, key = divided(where)
    key = key.lstrip("/")
    if key and not key.endswith("/"):
        first = next(_objects(where, bucket, key), None)  # S3 lists by key, so that the key itself comes first
        if first is not None and first["Key"] == key:
            yield _entry(bucket, first, key.rpartition("/")[2])
            return
        key += "" if glob.has_magic(key) else "/"
    folder = until_pattern(key)
    for found in _objects(where, bucket, folder):
        name = found["Key"][len(folder) :]
        if folder != key and not fnmatchcase(found["Key"], key):
            continue
        if name and not name.endswith("/") and _visible(tuple(part for part in name.split("/") if part)):
            yield _entry(bucket, found, name)


def _entry(bucket: str, found: dict[str, Any], name: str) -> FileEntry:
    when = found["LastModified"].astimezone(UTC)
    return FileEntry(f"{S3}{bucket}/{found['Key']}", name, found["Size"], when, found["ETag"])


def _objects(where: str, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    with errors(where):
        for page in client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            yield from page.get("Contents", ())


def _read_s3(path: str) -> Iterator[bytes]:
    bucket, key = divided(path)
    with errors(path):
        yield from client().get_object(Bucket=bucket, Key=key)["Body"].iter_chunks(CHUNK)
