"""Objects on S3 as files that DuckDB, Arrow and Python read parts of.

Whoever opens a table pins its objects: each part that is read later has to be of the same content, or is an error.
"""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tools.sources.table import SourceError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

S3 = "s3://"
TRIES = 4
"""How often a part is asked for when the connection breaks while it comes."""
PATIENCE_SECONDS = 120
"""After that no part is asked for again."""
BUFFER_BYTES = 1 << 20
_SETTINGS = (
    *("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CONFIG_FILE"),
    *("AWS_SHARED_CREDENTIALS_FILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
)


def divided(path: str) -> tuple[str, str]:
    """Bucket and key. Raises SourceError where no bucket is named."""
    bucket, _, key = path[len(S3) :].partition("/")
    if not bucket:
        raise SourceError(f"{path} names no bucket.", hint="Write s3://bucket/prefix.")
    return bucket, key


def client() -> Any:
    """S3 as the environment and ``~/.aws`` describe it: keys, profile, role, endpoint, style of addresses."""
    return _client_for(tuple(os.environ.get(name) for name in _SETTINGS))


@lru_cache(maxsize=4)
def _client_for(environment: tuple[str | None, ...]) -> Any:
    from tools.sources import aws

    return aws.client("s3", what="S3")


@dataclass(frozen=True)
class Pin:
    """The content of an object that a table was opened with."""

    size: int
    etag: str = ""
    """Empty for objects that are never written twice, as Iceberg's are."""
    client: Any = field(default=None, compare=False)
    """Who may read it, where that is not the environment's."""


class Part(io.RawIOBase):
    """A pinned object as a file without a buffer: each read is a request."""

    mode = "rb"

    def __init__(self, path: str, pin: Pin) -> None:
        self._path, self._pin, self._at = path, pin, 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Where the next read begins."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Moves to another byte."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._pin.size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        """The next bytes, fewer only at the end. Raises SourceError."""
        end = self._pin.size if size is None or size < 0 else min(self._pin.size, self._at + size)
        if end <= self._at:
            return b""
        found = _fetched(self._path, self._pin, self._at, end)
        self._at += len(found)
        return found

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fills a buffer. Raises SourceError."""
        view = memoryview(buffer).cast("B")
        found = self.read(len(view))
        view[: len(found)] = found
        return len(found)


def _fetched(path: str, pin: Pin, start: int, end: int) -> bytes:
    from botocore import exceptions

    bucket, key = divided(path)
    asked: dict[str, str] = {"Bucket": bucket, "Key": key, "Range": f"bytes={start}-{end - 1}"}
    if pin.etag:
        asked["IfMatch"] = pin.etag
    broken = (exceptions.ResponseStreamingError, exceptions.ReadTimeoutError, exceptions.IncompleteReadError)
    until = time.monotonic() + PATIENCE_SECONDS
    with errors(path):
        for attempt in range(1, TRIES + 1):
            try:
                found: bytes = (pin.client or client()).get_object(**asked)["Body"].read()
                return found
            except broken:
                if attempt == TRIES or time.monotonic() > until:
                    raise
    raise AssertionError("unreachable")


@contextmanager
def errors(path: str) -> Iterator[None]:
    """Turns errors of S3 into SourceError."""
    from botocore.exceptions import ClientError

    from tools.sources import aws

    try:
        with aws.errors(path):
            yield
    except SourceError as error:
        code = aws.code_of(error.__cause__) if isinstance(error.__cause__, ClientError) else ""
        if code in ("PreconditionFailed", "412", "InvalidRange", "416"):
            raise SourceError(f"{path} changed while it was open.", hint="Run it again on the new content.") from error
        if code in ("NoSuchKey", "404"):
            raise SourceError(f"{path} is not there.", hint="Was it moved or removed? Run it again.") from error
        if code == "NoSuchBucket":
            raise SourceError(f"{path}: there is no such bucket.", hint=_BUCKETS) from error
        raise


_BUCKETS = "Check its name, and the region and endpoint (AWS_REGION, AWS_ENDPOINT_URL_S3)."


class Pins:
    """What is pinned while tables are being opened, when their files have no relation yet."""

    def __init__(self) -> None:
        self._pins: dict[str, Pin] = {}
        self._lock = threading.Lock()

    @contextmanager
    def held(self, pins: Mapping[str, Pin]) -> Iterator[None]:
        """These objects can be read by their path meanwhile."""
        with self._lock:
            self._pins.update(pins)
        try:
            yield
        finally:
            with self._lock:
                for path, pin in pins.items():
                    if self._pins.get(path) is pin:
                        del self._pins[path]

    def get(self, path: str) -> Pin | None:
        """The pin of a path, if there is one."""
        return self._pins.get(path)

    def __bool__(self) -> bool:
        return bool(self._pins)


OPENING = Pins()


def opened(path: str) -> io.BufferedReader:
    """An object that is being opened, with a buffer. Raises SourceError."""
    pin = OPENING.get(path)
    if pin is None:
        raise SourceError(f"{path} changed while it was opened.", hint="Run it again.")
    return io.BufferedReader(Part(path, pin), BUFFER_BYTES)
