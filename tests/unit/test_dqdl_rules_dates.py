"""ColumnValues on days, and DataFreshness."""

import datetime as dt

import pyarrow as pa
import pytest

from tests.support.rule_cases import NOW, Cases
from tools import dqdl

ELEVEN = dt.datetime(2024, 1, 2, 11, tzinfo=dt.UTC)
MIDNIGHT = dt.datetime(2024, 1, 5)  # noqa: DTZ001 (columns without a zone are the common case)
DAYS = pa.table(
    {
        "day": [dt.date(2024, 1, 5), dt.date(2024, 1, 6), None],
        "ts": [MIDNIGHT, MIDNIGHT + dt.timedelta(hours=23, minutes=59), None],
        "utc": pa.array([dt.datetime(2024, 1, 5, 23, 59, tzinfo=dt.UTC)] * 3, pa.timestamp("us", "Asia/Tokyo")),
        "text": ["2024-01-05", "2024-1-6 10:20", "someday"],
        "full": [dt.date(2024, 1, 1)] * 3,
        "n": [1, 2, 3],
        "void": [None] * 3,
    }
)


def _day(share: float) -> dict[str, float]:
    return {"day:ColumnValues.Compliance": share}


CASES = Cases(
    {"primary": DAYS},
    {
        'ColumnValues "day" > "2024-01-05"': ("Failed", 2, _day(1 / 3)),
        'ColumnValues "day" >= "2024-01-05"': ("Failed", 1, _day(2 / 3)),
        'ColumnValues "day" >= "2024-01-05" with threshold > 0.6': ("Passed", 1),
        'ColumnValues "full" = "2024-01-01"': ("Passed", 0),
        'ColumnValues "full" < "2024-01-02"': ("Passed", 0),
        'ColumnValues "full" <= "2023-12-31"': ("Failed", 3),
        'ColumnValues "full" between "2023-12-31" and "2024-01-02"': ("Passed", 0),
        'ColumnValues "full" between "2024-01-01" and "2024-01-02"': ("Failed", 3),
        'ColumnValues "full" in ["2024-01-01", "2024-01-02"]': ("Passed", 0),
        'ColumnValues "day" in ["2024-01-05", "2024-01-06"]': ("Failed", 1),
        'ColumnValues "day" in ["2024-01-05", "2024-01-06", NULL]': ("Passed", 0),
        # NULL passes the three negations.
        'ColumnValues "day" != "2024-02-01"': ("Passed", 0),
        'ColumnValues "day" not in ["2024-02-01"]': ("Passed", 0),
        'ColumnValues "day" not in ["2024-02-01", NULL]': ("Failed", 1),
        'ColumnValues "day" not between "2024-01-06" and "2024-01-09"': ("Passed", 0),
        'ColumnValues "day" not between "2024-01-04" and "2024-01-06"': ("Failed", 1),
        # The time of day is dropped, in UTC.
        'ColumnValues "ts" = "2024-01-05"': ("Failed", 1),
        'ColumnValues "ts" = "2024-01-05" where "ts is not null"': ("Passed", 0),
        'ColumnValues "ts" > "2024-01-05" where "ts is not null"': ("Failed", 2),
        'ColumnValues "utc" = "2024-01-05"': ("Passed", 0),
        'ColumnValues "text" >= "2024-01-05"': ("Failed", 1),
        'ColumnValues "text" in ["2024-01-05", "2024-01-06"] with threshold > 0.6': ("Passed", 1),
        'ColumnValues "text" != "2024-01-05"': ("Failed", 1),
        # Relative to now, 2024-01-02 12:00.
        'ColumnValues "full" < now()': ("Passed", 0),
        'ColumnValues "full" = (now() - 1 days)': ("Passed", 0),
        'ColumnValues "full" = (now() - 12 hours)': ("Failed", 3),
        'ColumnValues "full" = (now() - 13 hours)': ("Passed", 0),
        'ColumnValues "full" between (now() - 2 days) and (now() + 3 days)': ("Passed", 0),
        'ColumnValues "full" > (now() - 999999999 days)': ("Error",),
        # What does not fit.
        'ColumnValues "n" > "2024-01-01"': ("Failed", None, {}),
        'ColumnValues "void" > "2024-01-01"': ("Failed", 3),
        'ColumnValues "void" != "2024-01-01"': ("Passed", 0),
        'ColumnValues "day" = "2024-02-30"': ("Error",),
        'ColumnValues "day" > "10:20"': ("Error",),
        'ColumnValues "day" > "2024-01-01" where "n > 9"': ("Passed!", None, {}),
    },
)


@pytest.mark.parametrize("rule", CASES.expected)
def test_days(rule: str) -> None:
    CASES.check(rule)


def _ages(*hours: float | None) -> list[dt.datetime | None]:
    noon = NOW.replace(second=0, tzinfo=None)
    return [None if age is None else noon - dt.timedelta(hours=age) for age in hours]


FRESH = Cases(
    {
        "primary": pa.table(
            {
                "t": pa.array(_ages(1, 2, 30), pa.timestamp("us")),
                "gap": pa.array(_ages(1, None, 2), pa.timestamp("us")),
                "soon": pa.array(_ages(-1, -2, -3), pa.timestamp("us")),
                "utc": pa.array([ELEVEN] * 3, pa.timestamp("us", "America/New_York")),
                "text": ["2024-01-02T11:00:00", "2024-01-02 13:00:00+02:00", "no time"],
                "day": [dt.date(2024, 1, 2), dt.date(2024, 1, 1), dt.date(2024, 1, 1)],
                "n": [1, 2, 3],
            }
        )
    },
    {
        'DataFreshness "t" <= 30 hours': ("Passed", 0, {"t:DataFreshness.Compliance": 1}),
        'DataFreshness "t" < 30 hours': ("Failed", 1, {"t:DataFreshness.Compliance": 2 / 3}),
        'DataFreshness "t" <= 2 days': ("Passed", 0),
        'DataFreshness "t" >= 60 minutes': ("Passed", 0),
        'DataFreshness "t" > 60 minutes': ("Failed", 1),
        'DataFreshness "t" between 0 hours and 31 hours': ("Passed", 0),
        'DataFreshness "t" between 1 hours and 31 hours': ("Failed", 1),
        'DataFreshness "t" not between 2 hours and 30 hours': ("Passed", 0),
        'DataFreshness "t" not between 1 hours and 3 hours': ("Failed", 1),
        'DataFreshness "t" in [1 hours, 2 hours, 30 hours]': ("Passed", 0),
        'DataFreshness "t" not in [3 hours]': ("Passed", 0),
        'DataFreshness "t" != 1 hours': ("Failed", 1),
        'DataFreshness "t" = 1 hours': ("Failed", 2),
        'DataFreshness "gap" <= 9 days': ("Failed", 1),
        'DataFreshness "gap" <= 9 days where "gap is not null"': ("Passed", 0),
        'DataFreshness "gap" <= 9 days where "n > 9"': ("Passed!", None, {}),
        'DataFreshness "soon" < 0 hours': ("Passed", 0),
        'DataFreshness "soon" >= 0 days': ("Failed", 3),
        'DataFreshness "utc" = 1 hours': ("Passed", 0),
        'DataFreshness "text" = 1 hours': ("Failed", 1),
        'DataFreshness "day" in [12 hours, 36 hours]': ("Passed", 0),
        'DataFreshness "n" < 1 days': ("Failed", None, {}),
        'DataFreshness "nope" < 1 days': ("Failed", None, {}),
    },
)


@pytest.mark.parametrize("rule", FRESH.expected)
def test_ages(rule: str) -> None:
    FRESH.check(rule)


@pytest.mark.parametrize(
    ("seconds", "rule", "outcome"),
    [
        (3582, "= 1 hours", "Passed"),
        (3581, "= 1 hours", "Failed"),
        (3617, "= 1 hours", "Passed"),
        (3618, "= 1 hours", "Failed"),
        (3618, "> 1 hours", "Passed"),
        (17, "= 0 hours", "Passed"),
        (18, "> 0 hours", "Passed"),
        # A half is rounded away from zero on both sides.
        (-17, "= 0 hours", "Passed"),
        (-18, "= 0 hours", "Failed"),
        (-18, "< 0 hours", "Passed"),
        (-18, ">= 0 hours", "Failed"),
        # 20 minutes are 0.3333 hours, which no age of two decimals is.
        (1200, "= 20 minutes", "Failed"),
        (1200, "< 20 minutes", "Passed"),
        (1205, "> 20 minutes", "Failed"),
        (1206, "> 20 minutes", "Passed"),
        (1224, "> 20 minutes", "Passed"),
        (1800, "= 30 minutes", "Passed"),
    ],
)
def test_ages_are_rounded_to_hundredths_of_an_hour(seconds: int, rule: str, outcome: str) -> None:
    table = pa.table({"t": [NOW.replace(second=0, tzinfo=None) - dt.timedelta(seconds=seconds)]})
    found = dqdl.evaluate(f'Rules = [DataFreshness "t" {rule}]', {"primary": table}, now=NOW).rules[0]
    assert found.outcome == outcome, found.reason


@pytest.mark.parametrize("rule", ['DataFreshness "t" < 1 hours', 'DataFreshness "t" < 1 hours where "t is null"'])
def test_no_rows_are_fresh(rule: str) -> None:
    empty = pa.table({"t": pa.array([], pa.timestamp("us"))})
    found = dqdl.evaluate(f"Rules = [{rule}]", {"primary": empty}, now=NOW).rules[0]
    assert (found.outcome, found.vacuous) == ("Passed", True)
