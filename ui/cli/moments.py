"""Times and ages as people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from tools.errors import AssayError

AGE = re.compile(r"(\d{1,6})\s*([hdw])(?: ago)?")
UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def age(text: str) -> timedelta:
    """`12h`, `30d`, `8w`. Raises AssayError."""
    found = AGE.fullmatch(text.strip().lower())
    if found is None:
        raise AssayError(f"{text!r} is no age.", hint="Write it like 12h, 30d or 8w.")
    return int(found[1]) * UNITS[found[2]]


def moment(text: str, now: datetime | None = None) -> datetime:
    """`2026-11-01`, `2026-11-01T12:30`, or how long ago: `7d`. Without a time zone it is UTC. Raises AssayError."""
    if AGE.fullmatch(text.strip().lower()):
        try:
            return (now or datetime.now(UTC)) - age(text)
        except OverflowError:
            raise AssayError(f"{text!r} is before all times.") from None
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise AssayError(
            f"{text!r} is no time.", hint="Write it like 2026-11-01, 2026-11-01T12:30, or 7d for a week ago."
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
