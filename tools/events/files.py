"""Looks at a folder, or at a bucket without events, for files that are new and complete."""

from __future__ import annotations

import errno
import fcntl
import glob
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from tools.events.model import Landed
from tools.events.patterns import wants
from tools.events.presence import stamp
from tools.sources import s3
from tools.sources.file_listing import FileEntry, fixed, is_s3, listed, until_pattern
from tools.sources.files import FORMATS, suffix
from tools.sources.table import SourceError

SETTLED_SECONDS = 0.5
"""For so long a file has to be as it is, where the system says that nobody has it open to write."""
UNSURE_SECONDS = 2.0
"""The same where the system does not say it."""
OLD_SECONDS = 10.0
"""A file that was not changed for so long needs not be looked at twice."""


@dataclass
class _Seen:
    """A file that may still be written."""

    version: str
    since: float
    """By ``time.monotonic()``: since when it is as it is."""


@dataclass
class FilesPlace:
    """A watched folder, prefix or pattern, and what is known of it already."""

    place: str
    suffixes: Sequence[str] = ()
    _known: dict[str, Landed] = field(default_factory=dict)
    _growing: dict[str, _Seen] = field(default_factory=dict)

    def look(self) -> list[Landed]:
        """What is there, complete, and was not known; it is not known before :meth:`keep` is told. Raises SourceError.

        A file on disk is complete when it has not changed for a moment and nobody has it open to write.
        """
        found = {entry.path: entry for entry in self._listed()}
        self._known = {path: one for path, one in self._known.items() if path in found}
        fresh = {path: entry for path, entry in found.items() if self._known.get(path) != _landed(entry)}
        self._growing = {path: seen for path, seen in self._growing.items() if path in fresh}
        return [_landed(entry) for path, entry in fresh.items() if is_s3(path) or self._complete(entry)]

    def all(self) -> list[Landed]:
        """What is there, complete or not. Raises SourceError."""
        return [_landed(entry) for entry in self._listed()]

    def keep(self, found: Sequence[Landed]) -> None:
        """What was taken in is known from now on."""
        self._known.update((one.location, one) for one in found)

    def _listed(self) -> list[FileEntry]:
        if not is_s3(self.place) and not os.path.isdir(folder_of(self.place)):
            raise SourceError(f"The folder {folder_of(self.place)} is not there.", hint="Is it mounted here?")
        return [entry for entry in listed(self.place) if wants(entry.path, self.place, self.suffixes)]

    def _complete(self, entry: FileEntry) -> bool:
        version, now = stamp(entry), time.monotonic()
        seen = self._growing.get(entry.path)
        if seen is None or seen.version != version:
            seen = self._growing[entry.path] = _Seen(version, now)
        old = time.time() - entry.modified.timestamp() >= OLD_SECONDS
        if not old and (not entry.size or now - seen.since < SETTLED_SECONDS):
            return False
        writers = written(entry.path)
        if writers == "yes" or (writers == "unknown" and not old and now - seen.since < UNSURE_SECONDS):
            return False
        del self._growing[entry.path]
        return True


def reach(place: str) -> None:
    """Raises SourceError where a prefix or pattern of S3 cannot be listed; there may be nothing."""
    bucket, key = s3.divided(place)
    with s3.errors(place):
        s3.client().list_objects_v2(Bucket=bucket, Prefix=until_pattern(key), MaxKeys=1)


def folder_of(place: str) -> str:
    """The folder on disk below which a place's files are."""
    where = fixed(place)
    named = not os.path.isdir(where) and not glob.has_magic(place) and suffix(place) in FORMATS
    return os.path.dirname(where) if named else where


def written(path: str) -> Literal["yes", "no", "unknown"]:
    """Whether some process has a file open to write.

    Linux gives a lease for reading on a file only where that is not so. Elsewhere nobody says, nor for files of others.
    """
    if not hasattr(fcntl, "F_SETLEASE"):
        return "unknown"
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return "unknown"
    try:
        # Whoever opens the file to write meanwhile has us told by a signal, which is to be one that does nothing.
        fcntl.fcntl(handle, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return "yes" if error.errno == errno.EAGAIN else "unknown"
    finally:
        os.close(handle)
    return "no"


def _landed(entry: FileEntry) -> Landed:
    # The entity tag of an object is the same for the same bytes, written again.
    sequence = f"{int(entry.modified.timestamp() * 1000):x}" if entry.etag else ""
    return Landed(entry.path, stamp(entry), sequence=sequence, size=entry.size, at=entry.modified)
