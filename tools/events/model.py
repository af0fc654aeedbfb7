"""What events tell, and what is found where data lands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from tools.errors import AssayError


class EventError(AssayError):
    """An event that cannot be read: what is wrong with it, without its values."""


@dataclass(frozen=True)
class Landed:
    """One version of an object, one snapshot of a table."""

    location: str
    """An absolute path, an s3:// URI, or the URI of a table without a snapshot."""
    version: str
    """What the place calls this content. Together with the location it tells it from every other."""
    source: str = ""
    """What to open, where that is not the location."""
    sequence: str = ""
    """What the place calls this writing of it, where the same content may be written twice under one version."""
    size: int | None = None
    """Bytes; None where nobody says."""
    at: datetime | None = None
    """When it came to be, as the place says."""

    @property
    def identity(self) -> str:
        """A digest: the same for what is the same, however often and by whom it is told.

        The same bytes written a second time count as new where the place numbers what is written.
        """
        return digest(self.location, self.version, self.sequence)


@dataclass(frozen=True)
class TableChanged:
    """A table of Glue's catalog was changed, in whatever way."""

    namespace: str
    table: str
    event: str
    """The event's own id: the same when it is delivered again."""
    at: datetime | None


@dataclass(frozen=True)
class DataReady:
    """Somebody says that a source has new data."""

    source: str
    version: str
    """As they call it, else the event's own id."""
    at: datetime | None


Told = Landed | TableChanged | DataReady


def digest(*parts: str) -> str:
    """A short name of what these parts name together."""
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:40]
