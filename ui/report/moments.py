"""Points in time for a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def ago(moment: datetime, now: datetime | None = None) -> str:
    """How long ago, for example ``just now``, ``3 min ago``, ``2 h ago``, or the date beyond a week."""
    passed = (now or datetime.now(UTC)) - moment
    if passed < timedelta(minutes=1):
        return "just now"
    if passed < timedelta(hours=1):
        return f"{passed // timedelta(minutes=1)} min ago"
    if passed < timedelta(days=1):
        return f"{passed // timedelta(hours=1)} h ago"
    if passed < timedelta(days=7):
        days = passed // timedelta(days=1)
        return f"{days} day{'' if days == 1 else 's'} ago"
    return f"on {moment:%Y-%m-%d}"


def left(moment: datetime, now: datetime | None = None) -> str:
    """How long until then, for example ``in 23 h``; ``now`` when it is past."""
    remaining = moment - (now or datetime.now(UTC))
    if remaining < timedelta(minutes=1):
        return "now"
    if remaining < timedelta(hours=1):
        return f"in {remaining // timedelta(minutes=1)} min"
    return f"in {round(remaining / timedelta(hours=1))} h"
