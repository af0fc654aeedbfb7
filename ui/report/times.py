"""Times and ages as people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from tools.errors import AssayError

AGE = re.compile(r"(\d{1,6})\s*([hdw])(?: ago)?")
AGO = re.compile(r"(\d{1,6})\s*([mhdw])(?: ago)?")
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
NAMED = {"now": timedelta(), "yesterday": timedelta(days=1)}


def age(text: str) -> timedelta:
    """`12h`, `30d`, `8w`. Raises AssayError."""
    # No minutes: who has what is older than `6m` deleted means months.
    found = AGE.fullmatch(text.strip().lower())
    if found is None:
        raise AssayError(f"{text!r} is no age.", hint="Write it like 12h, 30d or 8w.")
    return int(found[1]) * UNITS[found[2]]


def spoken(text: str, now: datetime | None = None) -> datetime | None:
    """How long ago a text says it was: `7d`, `90m ago`, `now`, `yesterday` (a day ago); None for any other text.

    Raises AssayError for what is before all times.
    """
    said = text.strip().lower()
    found = AGO.fullmatch(said)
    if said not in NAMED and found is None:
        return None
    try:
        return (now or datetime.now(UTC)) - (int(found[1]) * UNITS[found[2]] if found else NAMED[said])
    except OverflowError:
        raise AssayError(f"{text!r} is before all times.") from None


def moment(text: str, now: datetime | None = None) -> datetime:
    """`2026-11-01`, `2026-11-01T12:30`, or as :func:`spoken`. Without a time zone it is UTC. Raises AssayError."""
    if said := spoken(text, now):
        return said
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        hint = "Write it like 2026-11-01, 2026-11-01T12:30, 90m or 7d for how long ago, yesterday or now."
        raise AssayError(f"{text!r} is no time.", hint=hint) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def later(text: str, now: datetime | None = None) -> datetime:
    """`2h`, `3d`, `now`, `tomorrow` (in a day), `2026-12-24`, `2026-12-24T08:00`, in UTC. Raises AssayError."""
    said = text.strip().lower()
    found = re.fullmatch(r"(\d{1,6})\s*([mhdw])", said)
    ahead = int(found[1]) * UNITS[found[2]] if found else {"now": timedelta(), "tomorrow": timedelta(days=1)}.get(said)
    try:
        if ahead is not None:
            return (now or datetime.now(UTC)) + ahead
        day = datetime.fromisoformat(text.strip())
        return day.astimezone(UTC) if day.tzinfo else day.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        hint = "Write it like 90m, 2h, 3d, tomorrow, 2026-12-24 or 2026-12-24T08:00."
        raise AssayError(f"{text!r} is no time to come.", hint=hint) from None
