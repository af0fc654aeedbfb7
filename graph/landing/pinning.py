"""Holds on to what is judged, so that nothing else is published: a file by its bytes, a table by its snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.sources.table import QueryError, SourceError

if TYPE_CHECKING:
    from memory.watches import Watch

FILES = ("folder", "s3")
TRIES = 3
"""A file that is written to all the time is not landed yet."""


@dataclass(frozen=True)
class Pin:
    """What is judged."""

    stamp: str
    """What tells the content: of a file its digest or entity tag, of a table its uuid and snapshot."""
    size: int | None = None
    version: str = ""
    """What a table over it says as its version; empty where it cannot be opened, or says so itself."""


def pin(watch: Watch, source: str) -> Pin | None:
    """What lies there now; None where nothing does. Raises SourceError, PublishError."""
    if watch.kind in FILES:
        return _file(source)
    if watch.branch and watch.branch != "main":
        from tools.publishing.branches import candidate
        from tools.sources.iceberg_uris import parsed

        named = parsed(source)
        number = int(named.value) if named.state == "snapshot" else None
        found = candidate(source, watch.branch, number)
        return Pin(f"{found.table_uuid}:{found.snapshot}")
    return Pin("")


def _file(path: str) -> Pin | None:
    from tools.publishing.moving import content

    for _ in range(TRIES):
        before = _version(path)
        found = content(path)
        if found is None:
            return None
        if before == _version(path):
            return Pin(found.stamp, found.size, before)
    raise SourceError(f"{path} is being written to.", hint="It is judged when it is complete.")


def _version(path: str) -> str:
    """Empty where it is no data file at all."""
    from tools.publishing.moving import identity

    try:
        return identity(path)
    except SourceError:
        return ""


def unreadable(path: str, pinned: Pin, error: SourceError) -> bool:
    """Whether a file that cannot be read as a table is there as it was, so that its content is to blame."""
    from tools.publishing.moving import readable

    if pinned.size is None or (isinstance(error, QueryError) and error.cause in ("time", "memory")):
        return False
    return readable(path) and _file(path) == pinned
