"""Objects as files of a folder."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from tools.objects.model import Objects, ObjectsError, Stored

ABANDONED_SECONDS = 86_400
"""A file that is still not complete after that belongs to nobody any more."""


class LocalObjects(Objects):
    """Files below a folder, which is made with the first."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(os.path.abspath(os.path.expanduser(folder)))
        self.uri = str(self._folder)

    def write(self, key: str, source: IO[bytes]) -> None:
        """Writes beside the file, onto the disk, and renames."""
        path = self._folder / key
        with self._problems():
            path.parent.mkdir(parents=True, exist_ok=True)
            _sweep(path)
            new = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
            try:
                with new.open("wb") as file:
                    shutil.copyfileobj(source, file, 1 << 20)
                    file.flush()
                    os.fsync(file.fileno())
                new.replace(path)
            except BaseException:
                new.unlink(missing_ok=True)
                raise
            _sync(path.parent)

    def read(self, key: str) -> bytes:
        """The file's content."""
        with self._problems():
            try:
                return (self._folder / key).read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                raise self.missing(key) from None

    def delete(self, key: str) -> None:
        """Removes the file; folders stay."""
        with self._problems():
            (self._folder / key).unlink(missing_ok=True)

    def listed(self, prefix: str) -> Iterator[Stored]:
        """Files in order, without those that are being written."""
        for path in sorted((self._folder / prefix).rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                yield Stored(path.relative_to(self._folder).as_posix(), modified)

    @contextmanager
    def _problems(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            said = error.strerror or str(error)
            raise ObjectsError(f"{self.uri}: {said}.", hint="Check the folder and its permissions.") from error


def _sweep(path: Path) -> None:
    """Removes what a process that was killed left of the same file."""
    for left in path.parent.glob(f".{path.name}.*.tmp"):
        with suppress(OSError):
            if left.stat().st_mtime < time.time() - ABANDONED_SECONDS:
                left.unlink()


def _sync(folder: Path) -> None:
    """Keeps the new name over a loss of power too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
