"""Cron expressions in time zones, with the days on which clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.cron import Cron, CronError

BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"


def times(expression: str, zone: str, after: str, many: int = 3) -> list[str]:
    """The next times, in the zone."""
    cron, at, found = Cron(expression, zone), datetime.fromisoformat(after).replace(tzinfo=ZoneInfo(zone)), []
    for _ in range(many):
        at = cron.next(at)
        found.append(at.astimezone(ZoneInfo(zone)).strftime("%m-%d %H:%M %z"))
    return found


@pytest.mark.parametrize(
    ("expression", "zone", "after", "expected"),
    [
        (
            "30 6 * * MON-FRI",
            "UTC",
            "2026-11-20 07:00",
            ["11-23 06:30 +0000", "11-24 06:30 +0000", "11-25 06:30 +0000"],
        ),
        ("0 0 L * *", "UTC", "2026-01-15 00:00", ["01-31 00:00 +0000", "02-28 00:00 +0000", "03-31 00:00 +0000"]),
        # In the morning, as the clock on the wall says it, in summer and winter.
        ("0 6 * * *", BERLIN, "2026-03-28 12:00", ["03-29 06:00 +0200", "03-30 06:00 +0200", "03-31 06:00 +0200"]),
        ("0 6 * * *", BERLIN, "2026-10-24 12:00", ["10-25 06:00 +0100", "10-26 06:00 +0100", "10-27 06:00 +0100"]),
        # There is no half past two: it comes right after the gap.
        ("30 2 * * *", BERLIN, "2026-03-28 12:00", ["03-29 03:00 +0200", "03-30 02:30 +0200", "03-31 02:30 +0200"]),
        ("15 2 * * *", NEW_YORK, "2026-03-07 12:00", ["03-08 03:00 -0400", "03-09 02:15 -0400", "03-10 02:15 -0400"]),
        # Half past two is there twice, and comes once.
        ("30 2 * * *", BERLIN, "2026-10-24 12:00", ["10-25 02:30 +0200", "10-26 02:30 +0100", "10-27 02:30 +0100"]),
        ("45 1 * * *", NEW_YORK, "2026-10-31 12:00", ["11-01 01:45 -0400", "11-02 01:45 -0500", "11-03 01:45 -0500"]),
        # By real time: each hour once more, each hour once less.
        ("0 * * * *", BERLIN, "2026-10-25 01:30", ["10-25 02:00 +0200", "10-25 02:00 +0100", "10-25 03:00 +0100"]),
        ("0 * * * *", BERLIN, "2026-03-29 00:30", ["03-29 01:00 +0100", "03-29 03:00 +0200", "03-29 04:00 +0200"]),
        (
            "*/30 * * * *",
            LORD_HOWE,
            "2026-04-05 01:00",
            ["04-05 01:30 +1100", "04-05 01:30 +1030", "04-05 02:00 +1030"],
        ),
    ],
)
def test_times_are_those_of_the_zone(expression, zone, after, expected):
    assert times(expression, zone, after) == expected


def test_within_the_hour_that_comes_again_what_came_before_does_not():
    cron, second_turn = Cron("30 2 * * *", BERLIN), datetime(2026, 10, 25, 2, 10, fold=1, tzinfo=ZoneInfo(BERLIN))
    assert cron.next(second_turn).astimezone(ZoneInfo(BERLIN)).isoformat() == "2026-10-26T02:30:00+01:00"


@given(
    st.sampled_from(["0 6 * * *", "30 2 * * *", "*/7 1-3 * * *", "15 */5 * * SUN", "59 23 28-31 3,10 *", "0 0 1 * *"]),
    st.sampled_from(["UTC", BERLIN, NEW_YORK, LORD_HOWE, "Asia/Kathmandu", "America/Sao_Paulo"]),
    st.integers(1_700_000_000, 1_900_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
)
def test_the_next_time_is_later_and_none_is_left_out(expression, zone, at):
    cron = Cron(expression, zone)
    first = cron.next(at)
    assert first > at
    assert cron.next(first) > first
    # Asked a little earlier than the time itself, it is the same one.
    assert cron.next(max(at, first - timedelta(seconds=1))) == first


@pytest.mark.parametrize(
    ("expression", "zone", "words"),
    [
        ("", "UTC", "of 5 fields"),
        ("* * * * * *", "UTC", "of 5 fields"),
        ("@sometimes", "UTC", "of 5 fields"),
        ("61 * * * *", "UTC", "Bad minute"),
        ("0 0 30 2 *", "UTC", "Bad day-of-month"),
        ("0 6 * * *", "Europe/Berlim", "Did you mean Europe/Berlin"),
        ("0 6 * * *", "Europe", "no time zone"),
        ("0 6 * * *", "../etc/passwd", "no time zone"),
        ("0 6 * * *", "", "no time zone"),
    ],
)
def test_what_is_no_time_is_said(expression, zone, words):
    with pytest.raises(CronError) as raised:
        Cron(expression, zone)
    assert words in f"{raised.value} {raised.value.hint}"


def test_names_and_words():
    assert times("@daily", "UTC", "2026-11-20 07:00", 1) == ["11-21 00:00 +0000"]
    assert "06:30" in Cron("30 6 * * MON-FRI").said
