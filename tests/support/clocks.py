"""A clock that a test sets ahead."""

from datetime import UTC, datetime, timedelta


class Clock:
    """The present, moved by ``ahead``."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead
