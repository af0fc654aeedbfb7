"""What every place for objects can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from tools.errors import AssayError


class ObjectsError(AssayError):
    """A place that cannot be written to or read from."""


class ObjectMissing(ObjectsError):
    """An object that is not there."""


@dataclass(frozen=True)
class Stored:
    """An object of a place."""

    key: str
    modified: datetime
    """When it was written last, in UTC."""


class Objects(ABC):
    """Whole objects by key; parts of a key are divided by slashes."""

    uri: str
    """The place, as it may be shown and opened again."""

    @abstractmethod
    def write(self, key: str, source: IO[bytes]) -> None:
        """Stores what is left to read, in place of what was there: whoever reads gets the old or the new, whole."""

    @abstractmethod
    def read(self, key: str) -> bytes:
        """The content. Raises ObjectMissing."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Removes an object, if it is there."""

    @abstractmethod
    def listed(self, prefix: str) -> Iterator[Stored]:
        """The objects below a prefix, which ends with a slash."""

    def missing(self, key: str) -> ObjectMissing:
        """The error for an object that is not there."""
        return ObjectMissing(f"There is no {key} at {self.uri}.", hint="Was it deleted, or the place moved?")
