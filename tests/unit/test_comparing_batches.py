"""A batch against those before it: drift from profiles, volume from counts, freshness from times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tools.comparing.batches import Unlike, drift, freshness, volume
from tools.profiling.model import ColumnProfile, Histogram, Profile

START = datetime(2024, 6, 1, tzinfo=UTC)


def _number(name: str = "amount", *, low: float = 0, high: float = 100, rows: int = 1000, **more: Any) -> ColumnProfile:
    edges: list[Any] = [low + (high - low) * part / 10 for part in range(11)]
    histogram = Histogram(edges, [(rows - more.get("nulls", 0)) // 10] * 10)
    return ColumnProfile(
        name, "DOUBLE", "number", **{"nulls": 0, "distinct": 500, "distinct_exact": True, **more}, histogram=histogram
    )


def _text(counts: dict[str, int], name: str = "state", distinct: int | None = None) -> ColumnProfile:
    told = sorted(counts.items(), key=lambda pair: -pair[1])
    return ColumnProfile(name, "VARCHAR", "text", 0, distinct or len(counts), True, top_values=[*told])


def _profile(*columns: ColumnProfile, rows: int = 1000) -> Profile:
    return Profile(rows, list(columns))


def test_the_same_again_is_no_drift() -> None:
    same = _profile(_number(), _text({"paid": 900, "open": 100}))
    assert drift(same, same) == []


def test_chance_is_no_drift() -> None:
    before = _profile(_text({"paid": 500, "open": 500}))
    now = _profile(_text({"paid": 530, "open": 470}))
    assert drift(before, now) == []


def test_columns_that_come_and_go_are_told_whatever_their_case() -> None:
    before, now = _profile(_number("Amount"), _number("old")), _profile(_number("amount"), _number("new"))
    assert [one.said for one in drift(before, now)] == ["The column old is missing.", "The column new is new."]


def test_another_type_is_told() -> None:
    found = drift(_profile(_number("id")), _profile(_text({"a": 1000}, "id")))
    assert found == [Unlike("drift", "id", "The column id was of the kind number, and is text.")]


def test_more_missing_values_are_told() -> None:
    found = drift(_profile(_number()), _profile(_number(nulls=300)))
    assert [one.said for one in found] == ["The column amount had 0% missing values, and has 30%."]


@pytest.mark.parametrize(
    ("low", "high", "told"), [(0, 100, False), (0, 104, False), (50, 150, True), (1000, 1100, True)]
)
def test_numbers_that_moved_are_told(low: float, high: float, told: bool) -> None:
    found = drift(_profile(_number()), _profile(_number(low=low, high=high)))
    assert [one.what for one in found] == (["amount"] if told else [])
    assert all("has other values (KS" in one.said for one in found)


def test_dates_that_moved_are_told() -> None:
    def days(first: int) -> ColumnProfile:
        edges: list[Any] = [f"2024-{month:02}-01" for month in range(first, first + 4)]
        return ColumnProfile("at", "DATE", "date", 0, 90, True, histogram=Histogram(edges, [300, 300, 300]))

    assert drift(_profile(days(1)), _profile(days(1))) == []
    assert [one.what for one in drift(_profile(days(1)), _profile(days(6)))] == ["at"]


def test_shares_that_moved_are_told() -> None:
    found = drift(_profile(_text({"paid": 900, "open": 100})), _profile(_text({"paid": 300, "lost": 700})))
    assert [one.what for one in found] == ["state"]
    assert "paid" not in found[0].said, "no values of rows"


def test_texts_of_which_not_all_are_known_are_not_compared() -> None:
    many = {f"name {number}": 1 for number in range(20)}
    assert drift(_profile(_text(many, distinct=900)), _profile(_text({"x": 20}, distinct=900))) == []


def test_few_rows_say_nothing_of_distributions() -> None:
    before, now = _profile(_text({"a": 10}), rows=10), _profile(_text({"b": 10}), rows=10)
    assert drift(before, now) == []


def test_an_empty_batch_says_nothing_of_distributions() -> None:
    empty = ColumnProfile("amount", "DOUBLE", "number", 0, 0, True)
    assert drift(_profile(_number()), _profile(empty, rows=0)) == []
    assert drift(_profile(empty, rows=0), _profile(_number())) == []


@pytest.mark.parametrize(
    ("before", "rows", "told"),
    [
        ([], 100, False),
        ([100], 150, False),
        ([100], 300, True),
        ([100], 0, True),
        ([100, 110, 90, 105, 95], 108, False),
        ([100, 110, 90, 105, 95], 500, True),
        ([100, 110, 90, 105, 95], 0, True),
        ([100, 200, 300, 400, 500], 600, False),
    ],
)
def test_an_unusual_number_of_rows_is_told(before: list[float], rows: int, told: bool) -> None:
    found = volume(before, rows)
    assert (found is not None) is told
    if found:
        assert (found.kind, found.what) == ("volume", "rows")
        assert found.said.startswith(f"{rows:,} rows; ")


@pytest.mark.parametrize(("days", "told"), [(1.0, False), (1.2, False), (0.1, False), (4.0, True)])
def test_a_batch_that_comes_late_is_told(days: float, told: bool) -> None:
    before = [START + timedelta(days=day, minutes=day % 3) for day in range(6)]
    found = freshness(before, before[-1] + timedelta(days=days))
    assert (found is not None) is told
    if found:
        assert found.said == "It came 4 days after the batch before; until now it took 24 hours at most."


def test_files_that_come_in_bursts_are_not_late_each_morning() -> None:
    before = [START + timedelta(days=day, seconds=second) for day in range(4) for second in range(10)]
    assert freshness(before, START + timedelta(days=4)) is None
    assert freshness(before, START + timedelta(days=6)) is not None


def test_the_first_batches_are_never_late() -> None:
    assert freshness([], START) is None
    assert freshness([START, START + timedelta(days=1)], START + timedelta(days=30)) is None
