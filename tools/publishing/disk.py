"""Files on a disk of this machine."""

from __future__ import annotations

import glob
import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

from tools.publishing.model import Content, Move, PublishError, Replaced, Taken
from tools.publishing.place import Place

CHUNK = 1 << 20
SETTLED_SECONDS = 0.02
"""Two writes within one tick of the kernel's clock leave the same time: a file younger than this is waited for."""


class Disk(Place):
    """Copies are written under hidden names and get their own at once; what was copied is told by its SHA-256."""

    def look(self, path: str) -> Content | None:
        """Size and digest, read to the end."""
        with _told(path):
            try:
                with open(path, "rb") as handle:
                    age = time.time() - os.fstat(handle.fileno()).st_mtime
                    if 0 <= age < SETTLED_SECONDS:
                        time.sleep(SETTLED_SECONDS)
                    return _read(handle)
            except FileNotFoundError:
                return None

    def recover(self, move: Move) -> None:
        """A file that was set aside to be removed is removed if it is the batch, else put back; half copies go."""
        with _told(move.destination):
            for half in glob.glob(f"{glob.escape(_hidden(move))}*.part"):
                os.unlink(half)
        aside = _aside(move.source, move)
        found = self.look(aside)
        if found is None:
            return
        with _told(move.source):
            if found != move.content or self.arrived(move) is None:
                with suppress(FileExistsError):
                    os.link(aside, move.source)
            os.unlink(aside)

    def arrived(self, move: Move) -> Content | None:
        """The destination, where it has the content of the batch."""
        there = self.look(move.destination)
        return there if there == move.content else None

    def copy(self, move: Move) -> Content:
        """A hidden copy beside the destination, checked, on the disk, and then linked to its name."""
        folder = os.path.dirname(move.destination)
        # Of this attempt alone: another one, of a worker that was thought dead, may still be writing its own.
        hidden = f"{_hidden(move)}{secrets.token_hex(4)}.part"
        with _told(move.destination):
            _here(move)
            os.makedirs(folder, exist_ok=True)
            try:
                _copied(move, hidden)
                self._named(hidden, move)
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(hidden)
            _settle(folder)
        return move.content

    def _named(self, hidden: str, move: Move) -> None:
        try:
            os.link(hidden, move.destination)
        except FileExistsError:
            there = self.look(move.destination)
            if there is None or not move.replaces or there.stamp != move.replaces:
                raise _taken(move) from None
            os.replace(hidden, move.destination)

    def remove(self, path: str, move: Move) -> None:
        """Set aside first, and put back if it is another file by now: nothing that arrived meanwhile is lost."""
        with _told(path):
            aside = _aside(path, move)
            try:
                os.rename(path, aside)
            except FileNotFoundError:
                return
            if self.look(aside) != move.content:
                with suppress(FileExistsError):
                    os.link(aside, path)
            os.unlink(aside)
            _settle(os.path.dirname(path))

    def write(self, path: str, text: str) -> None:
        """Beside it, then over it."""
        hidden = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.part")
        with _told(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(hidden, "w", encoding="utf-8") as handle:
                handle.write(text)
                _flush(handle)
            os.replace(hidden, path)
            _settle(os.path.dirname(path))

    def clear(self, path: str) -> None:
        """The file, then its folder."""
        with _told(path):
            with suppress(FileNotFoundError):
                os.unlink(path)
            with suppress(OSError):
                os.rmdir(os.path.dirname(path))


def _here(move: Move) -> None:
    """Raises Replaced for a file that is gone, but not on a machine that never had it."""
    folder = os.path.dirname(move.source)
    if not os.path.isdir(folder):
        raise PublishError(f"{folder} is not on this machine.", hint="A worker that sees it goes on with the batch.")
    if not os.path.exists(move.source):
        raise replaced(move)


def _copied(move: Move, hidden: str) -> None:
    with open(move.source, "rb") as source, open(hidden, "wb") as target:
        found = _read(source, target)
        _flush(target)
        times = os.fstat(source.fileno())
    if found != move.content:
        raise replaced(move)
    os.utime(hidden, ns=(times.st_atime_ns, times.st_mtime_ns))


def _read(handle: IO[bytes], copy: IO[bytes] | None = None) -> Content:
    digest, size = hashlib.sha256(), 0
    while part := handle.read(CHUNK):
        digest.update(part)
        size += len(part)
        if copy is not None:
            copy.write(part)
    return Content(size, f"sha256:{digest.hexdigest()}")


def _hidden(move: Move) -> str:
    return os.path.join(os.path.dirname(move.destination), f".{move.batch}.")


def _aside(path: str, move: Move) -> str:
    return os.path.join(os.path.dirname(path), f".{move.batch}.gone")


def _flush(handle: IO[bytes] | IO[str]) -> None:
    handle.flush()
    os.fsync(handle.fileno())


def _settle(folder: str) -> None:
    """Names are on the disk only when their folder is."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def replaced(move: Move) -> Replaced:
    """The refusal of a file that is another one by now."""
    return Replaced(
        f"{move.source} is not what was validated any more.",
        hint="What lies there now is validated by itself.",
    )


def _taken(move: Move) -> Taken:
    return Taken(f"{move.destination} is there already.", hint="Move it away; the batch is published then.")


@contextmanager
def _told(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PublishError(
            f"{path} cannot be moved or written: {error.strerror or error}.", hint="Check space and permissions."
        ) from error
