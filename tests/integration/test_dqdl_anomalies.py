from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools import dqdl
from tools.dqdl.history.anomalies import Expectation, expect
from tools.dqdl.history.points import Point
from tools.dqdl.history.seasons import Timeline

MONDAY = datetime(2026, 1, 5, 3, tzinfo=UTC)
ROWS = "Dataset.*.RowCount"


def days(values, step=timedelta(days=1)) -> list[Point]:
    return [Point(float(value), MONDAY + number * step) for number, value in enumerate(values)]


def after(values, ahead: int = 0) -> Expectation:
    """What is expected of the day after these daily values (or of a later day)."""
    points = days(values)
    found = expect(points, Timeline.of(points, MONDAY + timedelta(days=len(points) + ahead)))
    assert found is not None
    return found


def noise(count: int, seed: int = 1, size: float = 20.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, size, count)


def week(count: int, seed: int = 1) -> np.ndarray:
    """1,000 on weekdays, 600 at weekends."""
    return 1000.0 - 400.0 * (np.arange(count) % 7 >= 5) + noise(count, seed)


def test_less_than_three_points_say_nothing():
    assert expect([]) is None
    assert expect(days([100, 100])) is None
    assert expect(days([100, 100, 100])) is not None


def test_a_metric_that_never_changed_may_hardly_move():
    steady = after([12] * 5)
    assert steady.pattern == "steady"
    assert [steady.allows(value) for value in (12, 11, 13, 0)] == [True, False, False, False]
    assert not after([1.0] * 20).allows(0.99)
    assert not after([0] * 20).allows(1)


def test_noise_is_no_anomaly_and_a_jump_out_of_it_is():
    usual = after(1000 + noise(30)).usual
    assert 880 < usual.low < 960
    assert 1050 < usual.high < 1120
    few = after([100, 102, 98, 101, 99])
    assert [few.allows(value) for value in (97, 103, 80, 120, 1000, 0)] == [True, True, False, False, False, False]


def test_a_trend_goes_on():
    rising = after(1000 + 15.0 * np.arange(30) + noise(30))
    assert rising.pattern == "rising"
    assert rising.allows(1450)
    assert not rising.allows(1200)
    falling = after(1000 - 15.0 * np.arange(30) + noise(30))
    assert (falling.pattern, falling.allows(550), falling.allows(1000)) == ("falling", True, False)


def test_a_table_that_grows_by_irregular_loads_is_expected_near_its_last_size():
    sizes = 10_000 + np.cumsum(50 + noise(40))
    walk = after(sizes)
    assert walk.allows(sizes[-1] + 50)
    assert not walk.allows(sizes[-1] - 300)
    assert walk.usual.high - walk.usual.low < 250


@pytest.mark.parametrize("count", [14, 21, 35, 60, 120])
def test_a_week_is_learnt_from_two_weeks_on(count):
    for ahead in range(7):
        known = after(week(count), ahead)
        assert "weekly pattern" in known.pattern
        weekend = (count + ahead) % 7 >= 5
        assert (known.allows(600), known.allows(1000)) == (weekend, not weekend), (ahead, known)


def test_a_missing_day_does_not_move_the_days_of_the_week():
    points = [point for number, point in enumerate(days(week(60))) if number not in (20, 33, 34)]
    saturday = MONDAY + timedelta(days=61)
    found = expect(points, Timeline.of(points, saturday))
    assert found is not None
    assert (found.allows(600), found.allows(1000)) == (True, False)


def test_a_day_with_two_loads_does_not_move_the_days_of_the_week():
    points = days(week(60))
    twice = [*points[:30], Point(points[29].value + 5, MONDAY + timedelta(days=29, hours=4)), *points[30:]]
    for day, expected in ((60, (False, True)), (61, (True, False))):
        found = expect(twice, Timeline.of(twice, MONDAY + timedelta(days=day)))
        assert found is not None
        assert (found.allows(600), found.allows(1000)) == expected


def test_runs_that_start_early_or_late_are_still_daily():
    points = [
        Point(point.value, point.at + timedelta(minutes=int(shift)))
        for point, shift in zip(days(week(42)), np.random.default_rng(3).integers(-120, 120, 42), strict=True)
        if point.at
    ]
    found = expect(points, Timeline.of(points, MONDAY + timedelta(days=47, minutes=50)))
    assert found is not None
    assert "weekly" in found.pattern
    assert (found.allows(600), found.allows(1000)) == (True, False)


def test_hours_have_a_daily_pattern_and_points_without_times_one_of_so_many_points():
    hourly = 500 + 300 * (np.arange(96) % 24 >= 12) + noise(96, size=10)
    points = days(hourly, timedelta(hours=1))
    found = expect(points, Timeline.of(points, MONDAY + timedelta(hours=96)))
    assert found is not None
    assert "daily pattern" in found.pattern
    assert (found.allows(500), found.allows(800)) == (True, False)
    untimed = expect([Point(value) for value in week(40)])
    assert untimed is not None
    assert "pattern of 7 points" in untimed.pattern
    assert (untimed.allows(600), untimed.allows(1000)) == (True, False)  # the next one is a Saturday


def test_a_holiday_does_not_spoil_the_days_and_weeks_after_it():
    values = week(60)
    plain = after(values[:52])
    values[30] = 90.0
    assert not after(values[:30]).allows(90)
    for day in range(31, 52):
        assert after(values[:day]).allows(values[day]), day
    later = after(values[:52])
    assert later.usual.high - later.usual.low < 1.6 * (plain.usual.high - plain.usual.low)


def test_an_outlier_is_news_once_and_then_normal_beside_what_was():
    before = list(100 + noise(30, size=2))
    assert not after(before).allows(1000)
    since = after([*before, 1000])
    assert since.recent is not None
    assert [since.allows(value) for value in (1000, 1003, 100, 97, 500)] == [True, True, True, True, False]


def test_one_outlier_in_the_past_does_not_widen_what_is_expected_forever():
    for before in ([100.0] * 20, list(100 + noise(30, size=2))):
        plain = after(before).usual
        for since in (1, 2, 5, 20):
            back = after([*before, 1000, *before[-since:]])
            assert not back.allows(1000), since
            assert back.usual.high - back.usual.low <= 1.3 * (plain.high - plain.low) + 1e-9
    short = [100, 102, 98, 101, 99, 100, 1000, 101, 100]
    assert [after(short).allows(value) for value in (100, 1000)] == [True, False]


def test_a_new_level_is_news_once_and_soon_the_only_one():
    before, new = list(100 + noise(30, size=2)), list(150 + noise(20, seed=2, size=2))
    outcomes = [after([*before, *new[:count]]).allows(new[count]) for count in range(len(new) - 1)]
    assert outcomes == [False] + [True] * (len(new) - 2)
    assert after([*before, *new[:2]]).allows(100)
    assert not after([*before, *new[:3]]).allows(100)
    assert after([*before, *new]).usual.high < 165


def test_a_ramp_is_learnt():
    ramp = [*(100 + noise(30, size=2)), *(np.arange(110, 310, 10) + noise(20, seed=4, size=2))]
    outcomes = [after(ramp[:day]).allows(ramp[day]) for day in range(30, 50)]
    assert outcomes.count(False) <= 4
    assert all(outcomes[10:])


def test_the_tested_point_is_not_in_its_own_baseline():
    values = list(100 + noise(20, size=2))
    assert expect(days(values)) == expect(days(values))
    for outlier in (500, 5000, 5_000_000):
        assert not after(values).allows(outlier)


def test_times_that_are_equal_or_go_back_do_no_harm():
    same = [Point(100 + number % 3, MONDAY) for number in range(10)]
    assert expect(same, Timeline.of(same, MONDAY)) is not None
    mixed = [*same[:5], Point(101), *same[5:]]
    assert expect(mixed, Timeline.of(mixed, MONDAY)) is not None
    bursts = [Point(100 + number % 3, MONDAY + timedelta(days=number // 2)) for number in range(30)]
    early = expect(bursts, Timeline.of(bursts, MONDAY))
    assert early is not None
    assert early.allows(101)


@pytest.mark.parametrize(
    ("step", "periods"),
    [
        (timedelta(minutes=15), (96,)),
        (timedelta(minutes=62), (24, 168)),
        (timedelta(hours=6), (4, 28)),
        (timedelta(hours=23, minutes=50), (7,)),
        (timedelta(days=7), (52,)),
        (timedelta(days=30.4), (12,)),
        (timedelta(seconds=10), ()),
    ],
)
def test_the_distance_of_the_points_says_which_patterns_may_repeat(step, periods):
    assert Timeline.of(days(range(10), step), MONDAY + 10 * step).periods == periods


# The rule


def detect(rows: int, history, rule: str = 'DetectAnomalies "RowCount"', now: datetime | None = None):
    table = pa.table(
        {"n": [float(number) for number in range(rows)], "word": ["x" * (number % 5) for number in range(rows)]}
    )
    when = now or MONDAY + timedelta(days=len(next(iter(history.values()), ())))
    return dqdl.evaluate(f"Rules = [ {rule} ]", {"primary": table}, history=history, now=when).rules[0]


def test_without_enough_history_the_rule_passes_and_says_that_it_is_vacuous():
    for known in ([], [5], [5, 5], [5, 5, Point(5, excluded=True)]):
        result = detect(900, {ROWS: known})
        assert (result.outcome, result.vacuous, result.metrics) == ("Passed", True, {ROWS: 900.0})
    assert "there are 2 of the 3 earlier points" in result.reason
    assert not detect(900, {ROWS: [5, 5, 5]}).vacuous


def test_the_reason_has_the_value_the_range_and_what_it_was_learnt_from():
    result = detect(10, {ROWS: days([100, 102, 98, 101, 99])})
    assert result.outcome == "Failed"
    assert result.reason.startswith("Dataset.*.RowCount is 10; 93.")
    assert "was expected from 5 points (steady)" in result.reason
    share = detect(4, {"Column.n.Completeness": [0.5, 0.52, 0.51]}, 'DetectAnomalies "Completeness" "n"')
    assert (share.outcome, share.metrics) == ("Failed", {"Column.n.Completeness": 1.0})
    assert "is 100 %; 4" in share.reason


def test_a_range_holds_only_what_the_metric_can_be():
    shares = {"Column.n.Completeness": [0.99, 1.0, 0.98]}
    assert "to 100 % was expected" in detect(4, shares, 'DetectAnomalies "Completeness" "n"').reason
    assert "; 0 to " in detect(5, {ROWS: [1, 9, 4]}).reason


def test_a_new_anomaly_fails_once_and_then_is_normal_unless_a_person_excludes_it():
    usual = days([10, 11, 9, 10, 12, 10, 9, 11])
    assert detect(100, {ROWS: usual}).outcome == "Failed"
    strange = Point(100.0, MONDAY + timedelta(days=8))
    accepted = detect(101, {ROWS: [*usual, strange]})
    assert accepted.outcome == "Passed"
    assert "near the point before" in accepted.reason
    excluded = Point(100.0, strange.at, excluded=True)
    assert detect(101, {ROWS: [*usual, excluded]}).outcome == "Failed"
    assert detect(10, {ROWS: [*usual, excluded]}).outcome == "Passed"


def test_what_a_person_called_normal_stays_normal_however_long_ago():
    usual, sale = days([10, 11, 9, 10, 12, 10, 9, 11] * 3), [Point(100.0, MONDAY + timedelta(days=24))]
    later = [Point(10.0 + number % 2, MONDAY + timedelta(days=25 + number)) for number in range(20)]
    assert detect(100, {ROWS: [*usual, *sale, *later]}).outcome == "Failed"
    said = [Point(sale[0].value, sale[0].at, normal=True)]
    accepted = detect(101, {ROWS: [*usual, *said, *later]})
    assert (accepted.outcome, "somebody called normal" in accepted.reason) == ("Passed", True)
    assert detect(10, {ROWS: [*usual, *said, *later]}).outcome == "Passed"
    assert detect(50, {ROWS: [*usual, *said, *later]}).outcome == "Failed"


def test_the_tested_point_itself_can_be_called_normal_without_being_learnt_from():
    usual = days([10, 11, 9, 10, 12, 10, 9, 11])
    itself = Point(100.0, MONDAY + timedelta(days=8), excluded=True, normal=True)
    assert detect(100, {ROWS: [*usual, itself]}).outcome == "Passed"
    assert detect(10, {ROWS: [*usual, itself]}, "RowCount < max(last(9))").outcome == "Passed"


def test_each_metric_of_a_rule_has_its_own_history():
    lengths = {"Column.word.MinimumLength": [0, 0, 0], "Column.word.MaximumLength": [9, 9, 9]}
    result = detect(10, lengths, 'DetectAnomalies "ColumnLength" "word"')
    assert result.outcome == "Failed"
    assert result.metrics == {"Column.word.MinimumLength": 0.0, "Column.word.MaximumLength": 4.0}
    assert "MaximumLength is 4" in result.reason
    assert "MinimumLength" not in result.reason
    assert detect(10, {key: [known[0]] for key, known in lengths.items()}, result.rule).vacuous


@pytest.mark.parametrize(
    ("rule", "keys"),
    [
        ('"ColumnCount"', {"Dataset.*.ColumnCount"}),
        ('"Uniqueness" "n"', {"Column.n.Uniqueness"}),
        ('"Uniqueness" "n" "word"', {"Multicolumn.n,word.Uniqueness"}),
        ('"UniqueValueRatio" "n"', {"Column.n.UniqueValueRatio"}),
        ('"DistinctValuesCount" "word"', {"Column.word.DistinctValuesCount"}),
        ('"Mean" "N"', {"Column.n.Mean"}),
        ('"Sum" "n"', {"Column.n.Sum"}),
        ('"StandardDeviation" "n"', {"Column.n.StandardDeviation"}),
        ('"Entropy" "word"', {"Column.word.Entropy"}),
        ('"ColumnValues" "n"', {"Column.n.Minimum", "Column.n.Maximum"}),
        ('"ColumnValues" "word"', {"Column.word.MinimumLength", "Column.word.MaximumLength"}),
        ('"ColumnCorrelation" "n" "n"', {"Multicolumn.n,n.ColumnCorrelation"}),
        ('"CustomSQL" "select count(*) from primary"', {"Dataset.*.CustomSQL"}),
    ],
)
def test_the_metric_is_that_of_the_rule_type_it_names(rule, keys):
    first = detect(10, {}, f"DetectAnomalies {rule}")
    assert (first.outcome, first.vacuous, set(first.metrics)) == ("Passed", True, keys)
    known = {key: [value] * 5 for key, value in first.metrics.items()}
    assert detect(10, known, f"DetectAnomalies {rule}").outcome == "Passed"
    moved = {key: [value + 100] * 5 for key, value in first.metrics.items()}
    assert detect(10, moved, f"DetectAnomalies {rule}").outcome == "Failed"


@pytest.mark.parametrize(
    ("rule", "outcome", "reason"),
    [
        ('"RowCounts"', "Error", "did you mean RowCount?"),
        ('"IsUnique" "n"', "Error", "does not know IsUnique"),
        ('"Completeness"', "Error", "as many parameters as Completeness"),
        ('"RowCount" "n"', "Error", "as many parameters as RowCount"),
        ('"Mean" "word"', "Failed", "does not hold numbers"),
        ('"Mean" "m"', "Failed", "no column m"),
        ('"ColumnCorrelation" "zero" "n"', "Failed", ""),
    ],
)
def test_what_cannot_be_measured(rule, outcome, reason):
    table = pa.table({"n": [1.0, 2.0], "word": ["a", "b"], "zero": [0, 0]})
    result = dqdl.evaluate(f"Rules = [ DetectAnomalies {rule} ]", {"primary": table}).rules[0]
    assert (result.outcome, reason in result.reason) == (outcome, True)


def test_it_costs_no_scan_of_its_own():
    table = pa.table({"n": [1.0, 2.0]})
    plain = dqdl.evaluate('Rules = [ RowCount > 0, Mean "n" > 0 ]', {"primary": table})
    watched = dqdl.evaluate(
        'Rules = [ RowCount > 0, Mean "n" > 0, DetectAnomalies "RowCount", DetectAnomalies "Mean" "n" ]',
        {"primary": table},
    )
    assert watched.queries == plain.queries == 1


def test_a_series_is_judged_point_by_point_without_looking_ahead():
    values = week(40)
    ranges = [after(values[:count]).usual for count in range(14, 40)]
    assert [after(np.concatenate([values[:count], [5000.0]])[:count]).usual for count in range(14, 40)] == ranges
    assert all(first != second for first, second in pairwise(ranges))


NUMBERS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(-5, 5).map(float),
    st.sampled_from([0.0, 1e300, -1e300, 9e99, 5e-324]),
)


@given(values=st.lists(NUMBERS, max_size=40), step=st.sampled_from([0, 1, 3600, 86_400, 10**7]), timed=st.booleans())
def test_no_history_makes_the_rule_stumble(values, step, timed):
    points = [
        Point(value, MONDAY + timedelta(seconds=step * index) if timed else None) for index, value in enumerate(values)
    ]
    result = detect(5, {ROWS: points})
    assert result.outcome in ("Passed", "Failed")
    assert len(result.reason) < 400
