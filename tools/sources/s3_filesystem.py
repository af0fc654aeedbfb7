"""S3 as DuckDB sees it: the pinned objects of some tables, and nothing else."""

from __future__ import annotations

import glob
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Protocol

from fsspec import AbstractFileSystem  # type: ignore[import-untyped]

from tools.sources.s3 import Part, Pin


class Found(Protocol):
    """Pins by path."""

    def get(self, path: str) -> Pin | None:
        """The pin of a path, if there is one."""
        ...


class PinnedFiles(AbstractFileSystem):  # type: ignore[misc]
    """A file system of fsspec, as far as DuckDB asks one."""

    protocol = "s3"
    cachable = False

    def __init__(self, pins: Found | Mapping[str, Pin]) -> None:
        super().__init__()
        self._pins = pins

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return path

    def glob(self, path: str, **_: Any) -> list[str]:
        """The path itself: patterns are resolved before, so that signs of patterns are part of a name here."""
        return [path] if self._pin(path) else []

    def open(self, path: str, mode: str = "rb", **_: Any) -> Part:
        """An object to read from."""
        pin = self._pin(path)
        if pin is None or mode != "rb":
            raise FileNotFoundError(path)
        return Part(_named(path), pin)

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """Its size."""
        pin = self._pin(path)
        if pin is None:
            raise FileNotFoundError(path)
        return {"name": path, "size": pin.size, "type": "file"}

    def modified(self, path: str) -> datetime:
        """A time that stands for the content: DuckDB keeps what it read of a file for as long as this is the same."""
        pin = self._pin(path)
        mark = sha256(f"{pin.etag} {pin.size}".encode() if pin else b"").digest()
        return datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=int.from_bytes(mark[:4], "big") // 8)

    def _pin(self, path: str) -> Pin | None:
        return self._pins.get(_named(path))


def _named(path: str) -> str:
    """The path without the brackets that keep DuckDB from taking it for a pattern."""
    for sign in "*?[":
        path = path.replace(glob.escape(sign), sign)
    return path
