"""What stands between a message and those it is for."""

from __future__ import annotations

from datetime import timedelta

from tools.errors import AssayError
from tools.privacy import masked

LONGEST_REASON = 300


class NotTold(AssayError):
    """A message that did not get to where it was sent. Holds no secret."""

    def __init__(self, message: str, *, hint: str = "", refused: bool = False, wait: timedelta | None = None) -> None:
        super().__init__(message, hint=hint)
        self.refused = refused
        """They want no such message: to send it again would not help."""
        self.wait = wait
        """How long they ask to be left alone."""


class ChannelError(AssayError):
    """A channel that cannot work as it was written."""


def reason(error: BaseException) -> str:
    """Why something failed, in one line, with a point at the end."""
    root = getattr(error, "reason", error)
    said = " ".join(str(root if isinstance(root, (BaseException, str)) else error).split())
    return masked(said or type(error).__name__)[:LONGEST_REASON].rstrip(".") + "."
