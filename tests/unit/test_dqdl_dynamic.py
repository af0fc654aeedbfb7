from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools import dqdl
from tools.dqdl.history.points import Point
from tools.dqdl.plans.result import RuleResult
from tools.dqdl.rules.dynamic import DYNAMIC

TABLE = pa.table({"Id": [1, 2, 3, 4], "n": [1.0, 2.0, 2.0, None], "day": ["2024-01-01", "x", None, "2024-01-02"]})
OTHER = pa.table({"Id": [1, 2, 3, 9], "n": [1.0, 2.0, 2.0, None], "day": ["2024-01-01", "x", None, "2024-01-02"]})
ROWS = "Dataset.*.RowCount"


def check(rule: str, history=None) -> RuleResult:
    tables = {"primary": TABLE, "ref": OTHER}
    return dqdl.evaluate(f"Rules = [ {rule} ]", tables, history=history).rules[0]


@pytest.mark.parametrize(
    ("bound", "value"),
    [
        ("last()", 8),
        ("last(1)", 8),
        ("avg(last(2))", 5),
        ("avg(last(4))", 6),
        ("avg(last(100))", 6),
        ("median(last(4))", 6),
        ("max(last(4))", 10),
        ("min(last(4))", 2),
        ("sum(last(4))", 24),
        ("std(last(4))", 10**0.5),
        ("std(last())", 0),
        ("abs(last() - 20)", 12),
        ("index(last(4), 0)", 8),
        ("index(last(4), 1)", 2),
        ("index(last(4), 3)", 4),
        ("max(avg(last(2)))", 5),
        ("last(1 + 1 * 0 + 1)", 8),
    ],
)
def test_a_function_of_the_history_is_a_number(bound, value):
    history = {ROWS: [4, 10, 2, 8]}
    assert check(f"RowCount = {4 - value!r} + {bound}", history).outcome == "Passed"
    assert check(f"RowCount = {5 - value!r} + {bound}", history).outcome == "Failed"


def test_arithmetic_has_one_level_of_precedence_from_left_to_right():
    assert check("RowCount = last() + 3 * 4 - 16", {ROWS: [2]}).outcome == "Passed"  # ((2 + 3) * 4) - 16
    assert check("RowCount = last() + (3 * 4) - 10", {ROWS: [2]}).outcome == "Passed"


def test_without_history_every_point_counts_as_zero_and_the_reason_says_so():
    for bound in ("last()", "avg(last(7))", "index(last(3), 0)", "std(last(5))", "max(last(2))"):
        result = check(f"RowCount > {bound}")
        assert (result.outcome, "more than 0" in result.reason, "no history yet" in result.reason) == (
            "Passed",
            True,
            True,
        )
    assert check("RowCount = sum(last(3))").outcome == "Failed"


def test_with_fewer_points_than_asked_for_all_count_and_the_reason_says_how_many():
    result = check("RowCount > avg(last(10))", {ROWS: [1, 2]})
    assert result.outcome == "Passed"
    assert "more than 1.5 (avg(last(10)); 2 of 10 points so far)" in result.reason


def test_the_reason_shows_the_bound_and_how_it_was_written():
    result = check("RowCount > 0.9 * avg(last(2))", {ROWS: [1000, 1100]})
    assert result.reason == "The table has 4 rows; the rule wants more than 945 (0.9 * avg(last(2)))."
    assert result.rule == "RowCount > 0.9 * avg(last(2))"
    share = check('Completeness "n" between avg(last(2)) - 0.1 and 1.1', {"Column.n.Completeness": [0.8, 0.9]})
    assert share.outcome == "Failed"
    assert "strictly between 75 % (avg(last(2)) - 0.1) and 110 %" in share.reason


@pytest.mark.parametrize(
    ("bound", "reason"),
    [
        ("last(5)", "last(5) is a list; make it one number, for example avg(last(5))"),
        ("last(2) * 2", "last(2) is a list"),
        ("abs(last(3))", "last(3) is a list"),
        ("index(last(2), 2)", "there is no point 2; there are 2, counted from 0"),
        ("index(last(9), 4)", "there is no point 4; there are 4"),
        ("index(last(2), 0.5)", "there is no point 0.5"),
        ("index(last(2), 0 - 1)", "there is no point -1"),
        ("index(last(2))", "index takes two arguments"),
        ("last(0)", "whole number from 1"),
        ("last(1.5)", "whole number from 1"),
        ("last(last(2))", "last(2) is a list"),
        ("last(1, 2)", "one argument or none"),
        ("avg(last(2), 3)", "avg takes one argument"),
        ("averag(last(2))", "There is no function averag; the nearest is avg"),
        ("quantile(last(2))", "known are last, index"),
        ("1 / (last() - last())", "divides by zero"),
        ("last() / 0", "divides by zero"),
        ("last() * " + "9" * 305 + " * " + "9" * 305, "not a finite number"),
    ],
)
def test_what_cannot_be_calculated_is_an_error_that_names_the_rule(bound, reason):
    broken, fine = dqdl.evaluate(
        f"Rules = [ RowCount > {bound}, RowCount = 4 ]", {"primary": TABLE}, history={ROWS: [4, 4, 4, 4]}
    ).rules
    assert (broken.outcome, fine.outcome) == ("Error", "Passed")
    assert reason in broken.reason
    named = f"RowCount > {bound}"
    assert broken.reason.startswith(f"{named}: " if len(named) <= 100 else named[:99])


DYNAMIC_RULES = {
    "RowCount": "RowCount > last()",
    "ColumnCount": "ColumnCount > last()",
    "Completeness": 'Completeness "ID" > last()',
    "Uniqueness": 'Uniqueness "id" "N" > last()',
    "UniqueValueRatio": 'UniqueValueRatio "id" > last()',
    "DistinctValuesCount": 'DistinctValuesCount "id" > last()',
    "Mean": 'Mean "id" > last()',
    "Sum": 'Sum "id" > last()',
    "StandardDeviation": 'StandardDeviation "id" > last()',
    "Entropy": 'Entropy "id" > last()',
    "ColumnCorrelation": 'ColumnCorrelation "id" "N" > last()',
    "CustomSql": 'CustomSql "select count(*) from primary" > last()',
    "ReferentialIntegrity": 'ReferentialIntegrity "id" "ref.Id" > last()',
    "DatasetMatch": 'DatasetMatch "ref" "id" > last()',
    "RowCountMatch": 'RowCountMatch "ref" > last()',
    "SchemaMatch": 'SchemaMatch "ref" > last()',
}


@pytest.mark.parametrize("kind", sorted(DYNAMIC))
def test_each_dynamic_type_looks_for_its_history_under_the_key_of_its_metric(kind):
    """Whatever the rule measures now is what it compares with next time, columns in another case included."""
    rule = DYNAMIC_RULES[kind]
    tables = {"primary": TABLE, "ref": OTHER}
    first = dqdl.evaluate(f"Rules = [ {rule} ]", tables)
    assert first.rules[0].outcome == "Passed"
    for kept in (first.points, first.rules[0].metrics):
        history = {key: [value] for key, value in kept.items()}
        again = dqdl.evaluate(f"Rules = [ {rule} ]", tables, history=history).rules[0]
        assert again.outcome == "Failed", again.reason
        equal = dqdl.evaluate(f"Rules = [ {rule.replace('>', '=')} ]", tables, history=history).rules[0]
        assert equal.outcome == "Passed", equal.reason


@pytest.mark.parametrize(
    "rule",
    [
        'Variance "n" > last()',
        'Range "n" > avg(last(3))',
        'ColumnLength "day" > last()',
        'ColumnValues "n" between 0 and max(last(5))',
        "DuplicateRowCount <= last()",
        'AggregateMatch "sum(n)" "sum(ref.n)" > last()',
        'ColumnValues "n" in [1, 2] with threshold > last()',
    ],
)
def test_other_types_cannot_use_the_history(rule):
    result = check(rule)
    assert result.outcome == "Error"
    assert "cannot use the metric history" in result.reason
    assert result.reason.startswith(rule)


def test_the_threshold_of_column_data_type_may_use_the_history_of_that_type():
    rule = 'ColumnDataType "day" = "Date" with threshold >= avg(last(3)) - 0.1'
    key = 'Column.day.ColumnDataType.Compliance = "Date"'
    assert dqdl.evaluate(f"Rules = [{rule}]", {"primary": TABLE}).points == {key: 0.5}
    assert check(rule, {key: [0.6, 0.6]}).outcome == "Passed"
    assert check(rule, {key: [0.9, 0.9]}).outcome == "Failed"
    # A plain key is good enough where nobody kept the whole one; the history of another type never is.
    assert check(rule, {"Column.day.ColumnDataType.Compliance": [0.9]}).outcome == "Failed"
    assert check(rule, {'Column.day.ColumnDataType.Compliance = "Integer"': [0.9]}).outcome == "Passed"


def test_a_rule_with_a_filter_has_a_history_of_its_own():
    rule = 'RowCount = last() where "Id > 1"'
    found = dqdl.evaluate(f"Rules = [{rule}, RowCount = last()]", {"primary": TABLE}, history={ROWS: [4]})
    assert [result.outcome for result in found.rules] == ["Failed", "Passed"]
    assert found.points == {'Dataset.*.RowCount where "Id > 1"': 3.0, ROWS: 4.0}
    assert found.rules[0].metrics == {ROWS: 3.0}
    assert check(rule, {'Dataset.*.RowCount where "Id > 1"': [3]}).outcome == "Passed"


def test_however_a_column_is_spelled_it_has_one_history():
    found = dqdl.evaluate('Rules = [Mean "ID" > 0, Mean "id" > 0, Mean "Id" = last()]', {"primary": TABLE})
    assert found.points == {"Column.Id.Mean": 2.5}


def test_two_statements_have_two_histories():
    rules = 'Rules = [ CustomSql "select 1" = last(), CustomSql "select 2" = last() ]'
    points = dqdl.evaluate(rules, {"primary": TABLE}).points
    assert sorted(points.values()) == [1, 2]
    again = dqdl.evaluate(rules, {"primary": TABLE}, history={key: [value] for key, value in points.items()})
    assert again.passed


def test_excluded_and_endless_points_are_not_learnt_from():
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    points = [Point(4), Point(1e9, noon, excluded=True), Point(float("nan")), float("inf"), (noon, 4)]
    assert check("RowCount = avg(last(2))", {ROWS: points}).outcome == "Passed"


@pytest.mark.parametrize("point", [4, 4.0, Decimal(4), (datetime(2026, 1, 1), 4), Point(4)])  # noqa: DTZ001
def test_a_point_is_a_number_or_a_time_with_a_number(point):
    assert check("RowCount = last()", {ROWS: [point]}).outcome == "Passed"


@pytest.mark.parametrize("point", ["4", None, True, ("yesterday", 4), (1, 2, 3)])
def test_anything_else_is_an_error_of_the_rule_that_asks_for_it(point):
    results = dqdl.evaluate(
        "Rules = [ RowCount = last(), ColumnCount = 3 ]", {"primary": TABLE}, history={ROWS: [point]}
    ).rules
    assert [result.outcome for result in results] == ["Error", "Passed"]
    assert "neither a number nor a time" in results[0].reason


def test_a_store_is_asked_once_and_only_for_what_rules_use():
    asked = []

    class Store:
        def points(self, key):
            asked.append(key)
            return [(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=i), 4) for i in range(3)]

    rules = 'Rules = [ RowCount = last(), RowCount >= avg(last(3)), Mean "n" > 0 ]'
    assert dqdl.evaluate(rules, {"primary": TABLE}, history=Store()).passed
    assert asked == [ROWS]


def test_members_of_a_composite_have_their_histories_too():
    rule = "(RowCount = last()) and (ColumnCount = last())"
    assert check(rule, {ROWS: [4], "Dataset.*.ColumnCount": [3]}).outcome == "Passed"
    assert check(rule, {ROWS: [4], "Dataset.*.ColumnCount": [2]}).outcome == "Failed"
    assert check("(RowCount > last(2)) or (RowCount = 4)", {ROWS: [4]}).outcome == "Passed"


def test_a_column_that_is_missing_fails_a_dynamic_rule_as_it_fails_others():
    result = check('Mean "nn" > avg(last(3))')
    assert (result.outcome, "did you mean n?" in result.reason) == ("Failed", True)


def _combined(inner):
    function = st.sampled_from(["last", "avg", "median", "max", "min", "sum", "std", "abs", "index", "mean"])
    calls = st.builds(lambda name, args: f"{name}({', '.join(args)})", function, st.lists(inner, max_size=2))
    chains = st.builds(lambda a, op, b: f"({a} {op} {b})", inner, st.sampled_from("+-*/"), inner)
    return calls | chains


EXPRESSIONS = st.recursive(st.sampled_from(["0", "1", "2", "10", "0.5", "last()", "last(3)"]), _combined, max_leaves=6)


@given(bound=EXPRESSIONS, history=st.lists(st.floats(-1e6, 1e6), max_size=4))
def test_every_expression_has_an_outcome_and_a_reason(bound, history):
    result = check(f"RowCount > {bound}", {ROWS: history})
    assert result.outcome in ("Passed", "Failed", "Error")
    assert result.reason
    if result.outcome != "Error" and "last" in bound:
        assert "the rule wants more than" in result.reason
