"""Times of files against dates, times of day and now()."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tools.dqdl.language.model import Between, Compare, Condition, Date, Member, Now, Operand, TimeOfDay
from tools.dqdl.plans.plan import RuleError

_OPERATORS: dict[str, Callable[[datetime, datetime], bool]] = {
    ">": datetime.__gt__,
    ">=": datetime.__ge__,
    "<": datetime.__lt__,
    "<=": datetime.__le__,
}
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?:\s*([AaPp])\.?[Mm]\.?)?")


@dataclass(frozen=True)
class Clock:
    """What now and today mean in a rule."""

    now: datetime
    """UTC, truncated to the minute."""
    zone: ZoneInfo
    """Where times of the day are told."""

    def moment(self, operand: Operand) -> datetime:
        """An instant in UTC: a date is its midnight in UTC, a time of the day is today's in the zone.

        Raises RuleError for a day or a time that does not exist, and for anything else.
        """
        try:
            if isinstance(operand, Date):
                return datetime.strptime(operand.raw, "%Y-%m-%d").replace(tzinfo=UTC)
            if isinstance(operand, TimeOfDay):
                today = self.now.astimezone(self.zone).date()
                return datetime.combine(today, _time(operand.raw), self.zone).astimezone(UTC)
            if isinstance(operand, Now):
                minutes = operand.offset.minutes if operand.offset else 0
                return self.now + timedelta(minutes=minutes if operand.sign == "+" else -minutes)
        except (ValueError, OverflowError):
            raise RuleError(f"{operand} is not a time that exists.") from None
        raise RuleError(f"{operand} is not a time.")

    def meets(self, condition: Condition, found: datetime) -> bool:
        """Whether an instant meets a condition; ``between`` leaves both ends out.

        Equal means within the same day for a date, and within the same minute for a time. Raises RuleError.
        """
        if isinstance(condition, Compare) and condition.op in _OPERATORS:
            return _OPERATORS[condition.op](found, self.moment(condition.operand))
        if isinstance(condition, Compare):
            return self._same(found, condition.operand) == (condition.op == "=")
        if isinstance(condition, Between):
            inside = self.moment(condition.low) < found < self.moment(condition.high)
            return inside != condition.negated
        if isinstance(condition, Member) and isinstance(condition.items, tuple):
            return any(self._same(found, item) for item in condition.items) != condition.negated
        raise RuleError(f"{condition} is not about a time.")

    def told(self, found: datetime) -> str:
        """An instant for a person, in the zone: ``2024-01-31 09:30 UTC``."""
        return f"{found.astimezone(self.zone):%Y-%m-%d %H:%M} {self.zone.key}"

    def _same(self, found: datetime, operand: Operand) -> bool:
        length = timedelta(days=1) if isinstance(operand, Date) else timedelta(minutes=1)
        start = self.moment(operand)
        return start <= found < start + length


def zone(name: str | None) -> ZoneInfo:
    """A time zone by its IANA name; UTC without one. Raises RuleError."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise RuleError(f"There is no time zone {name}; write one like Europe/Paris.") from None


def _time(raw: str) -> time:
    found = _TIME.fullmatch(raw.strip())
    if not found:
        raise ValueError(raw)
    hour, minute, half = int(found[1]), int(found[2]), (found[3] or "").upper()
    if half and not 1 <= hour <= 12:
        raise ValueError(raw)
    return time(hour % 12 + 12 * (half == "P") if half else hour, minute)
