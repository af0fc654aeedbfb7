"""What a place for files can do. Each deed may be done twice: after a crash it is done again from its beginning."""

from __future__ import annotations

from abc import ABC, abstractmethod

from tools.publishing.model import Content, Move


class Place(ABC):
    """Local disks, or S3."""

    @abstractmethod
    def look(self, path: str) -> Content | None:
        """What is in a file now; None where there is none. Raises PublishError, SourceError."""

    @abstractmethod
    def recover(self, move: Move) -> None:
        """Puts right what was broken off while the source was removed. Raises PublishError, SourceError."""

    @abstractmethod
    def arrived(self, move: Move) -> Content | None:
        """What lies at the destination, if it is the batch. Raises PublishError, SourceError."""

    @abstractmethod
    def copy(self, move: Move) -> Content:
        """Makes the batch appear at its destination, whole and at once, if the source is still what was validated.

        Raises Replaced, Taken, PublishError, SourceError.
        """

    @abstractmethod
    def remove(self, path: str, move: Move) -> None:
        """Removes a file if it is still the content that was moved. Raises PublishError, SourceError."""

    @abstractmethod
    def write(self, path: str, text: str) -> None:
        """Writes a small file whole, in place of one that may be there. Raises PublishError, SourceError."""

    @abstractmethod
    def clear(self, path: str) -> None:
        """Removes a small file, and the folder around it if that is empty then. Raises PublishError, SourceError."""
