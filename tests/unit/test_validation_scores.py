"""Scores are means of the shares of good rows, and an error is not bad data."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.dqdl.plans.result import Dimension, Evaluation, Outcome, RuleResult
from tools.validation import Scores, score


def result(
    outcome: Outcome, dimension: Dimension = "validity", failed_rows: int | None = None, **more: Any
) -> RuleResult:
    kind = 'ColumnValues "a" > 0' if failed_rows is not None else "RowCount > 0"
    return RuleResult(kind, kind.split()[0], ("a",), outcome, "", dimension, failed_rows=failed_rows, **more)


def scored(*results: RuleResult, rows: int = 200) -> Scores:
    return score(Evaluation(list(results), rows, 1))


class TestOneRule:
    def test_a_row_rule_scores_its_good_rows(self) -> None:
        assert scored(result("Failed", failed_rows=30)).rules == [pytest.approx(0.85)]

    def test_a_pass_without_failing_rows_is_one(self) -> None:
        assert scored(result("Passed", failed_rows=0), result("Passed")).rules == [1.0, 1.0]

    def test_rows_that_a_threshold_forgave_still_count(self) -> None:
        assert scored(result("Passed", failed_rows=10)).rules == [pytest.approx(0.95)]

    def test_a_rule_about_the_table_is_all_or_nothing(self) -> None:
        assert scored(result("Failed")).rules == [0.0]

    def test_a_failure_that_no_row_is_to_blame_for_is_nothing(self) -> None:
        assert scored(result("Failed", failed_rows=0)).rules == [0.0]

    def test_an_error_has_no_score(self) -> None:
        assert scored(result("Error", failed_rows=7)).rules == [None]

    def test_an_empty_table(self) -> None:
        assert scored(result("Failed", failed_rows=0), result("Passed", vacuous=True), rows=0).rules == [0.0, 1.0]

    def test_more_failing_rows_than_rows_do_not_go_below_zero(self) -> None:
        # A grouped rule may count a row in more than one group.
        assert scored(result("Failed", failed_rows=250)).rules == [0.0]


class TestMeans:
    def test_a_dimension_is_the_mean_of_its_rules_and_the_total_of_all(self) -> None:
        got = scored(
            result("Failed", "completeness", failed_rows=100),
            result("Passed", "validity"),
            result("Failed", "validity", failed_rows=50),
            result("Passed", "validity"),
        )
        assert got.dimensions == {"completeness": pytest.approx(0.5), "validity": pytest.approx(2.75 / 3)}
        assert got.total == pytest.approx((0.5 + 1 + 0.75 + 1) / 4)

    def test_errors_are_left_out_and_counted(self) -> None:
        got = scored(result("Passed"), result("Error"), result("Error", "timeliness"))
        assert (got.total, got.errors) == (1.0, 2)
        assert got.dimensions == {"validity": 1.0}

    @pytest.mark.parametrize("results", [[], [result("Error")]])
    def test_nothing_to_score_has_no_total(self, results: list[RuleResult]) -> None:
        got = scored(*results)
        assert got.total is None
        assert got.dimensions == {}
        assert got.errors == len(results)

    def test_it_goes_to_json(self) -> None:
        got = json.loads(json.dumps(scored(result("Failed", failed_rows=50), result("Error")).to_dict()))
        assert got == {"total": 0.75, "dimensions": {"validity": 0.75}, "rules": [0.75, None], "errors": 1}


OUTCOMES = st.sampled_from(["Passed", "Failed", "Error"])
DIMENSIONS = st.sampled_from(["completeness", "uniqueness", "validity", "accuracy", "consistency", "timeliness"])


@given(st.lists(st.tuples(OUTCOMES, DIMENSIONS, st.none() | st.integers(0, 50)), max_size=20), st.integers(0, 40))
def test_scores_stay_between_zero_and_one_and_add_up(
    drawn: list[tuple[Outcome, Dimension, int | None]], rows: int
) -> None:
    got = scored(*(result(*one) for one in drawn), rows=rows)
    assert len(got.rules) == len(drawn)
    assert got.errors == sum(outcome == "Error" for outcome, _, _ in drawn)
    counted = [value for value in got.rules if value is not None]
    assert all(0 <= value <= 1 for value in [*counted, *got.dimensions.values()])
    if counted:
        assert got.total is not None
        assert min(counted) - 1e-9 <= got.total <= max(counted) + 1e-9


@given(st.integers(0, 99))
def test_fewer_failing_rows_never_score_less(failed: int) -> None:
    fewer, more = (scored(result("Failed", failed_rows=n), rows=100).rules[0] for n in (max(failed, 1), failed + 1))
    assert fewer is not None
    assert more is not None
    assert fewer >= more
