"""Times that come again: cron expressions in a time zone, as Debian's cron keeps them when clocks change.

A time that is skipped in spring comes right after the gap; one that is there twice in autumn comes once. What has a
star in its minutes or hours goes by real time through both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from difflib import get_close_matches
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from tools.errors import AssayError

NAMED = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
}
FIELDS = 5
HINT = "Write minute, hour, day of the month, month, day of the week: '30 6 * * MON-FRI', or " + ", ".join(NAMED) + "."


class CronError(AssayError):
    """An expression or a zone that is none, or a time that never comes."""


@dataclass(frozen=True)
class Cron:
    """An expression in a zone. Raises CronError where it is none."""

    expression: str
    zone: str = "UTC"

    def __post_init__(self) -> None:
        self.next(datetime(2026, 1, 1, tzinfo=UTC))

    def next(self, after: datetime) -> datetime:
        """The first time that is later, in UTC."""
        # Within the hour that comes twice, the times of its first turn are over.
        return next(at for at in self._times(after) if at > after)

    @property
    def said(self) -> str:
        """In words, without the zone."""
        return self._simulated(datetime(2026, 1, 1, tzinfo=UTC)).explain()

    def _times(self, after: datetime) -> Iterator[datetime]:
        found = self._simulated(after.astimezone(_zone(self.zone)))
        while True:
            try:
                yield next(found).astimezone(UTC)
            except StopIteration:
                raise CronError(f"{self.expression!r} never comes.", hint="Is there such a day?") from None

    def _simulated(self, at: datetime) -> CronSim:
        text = NAMED.get(self.expression.strip().lower(), self.expression)
        if len(text.split()) != FIELDS:
            raise CronError(f"{self.expression!r} is no cron expression of {FIELDS} fields.", hint=HINT)
        try:
            return CronSim(text, at)
        except CronSimError as error:
            raise CronError(f"{self.expression!r} is no cron expression: {error}.", hint=HINT) from None


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    # What is a folder among the zones, or no name at all, is told by errors of other kinds.
    except (LookupError, ValueError, OSError):
        near = get_close_matches(name, available_timezones(), 3, 0.5)
        hint = f"Did you mean {' or '.join(near)}?" if near else "Write it like Europe/Berlin, or UTC."
        raise CronError(f"There is no time zone {name!r}.", hint=hint) from None
