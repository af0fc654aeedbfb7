"""Lint: every error of a text in one go, and what is odd in a text that is fine."""

import operator
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools import dqdl
from tools.dqdl.language import ranges
from tools.dqdl.language.lint import Finding
from tools.dqdl.language.model import Between, Compare, Condition, Member, Number
from tools.dqdl.language.outline import outline
from tools.dqdl.linting import lint


def within(*rules: str) -> list[Finding]:
    return lint("Rules = [\n" + ",\n".join(rules) + "\n]")


def codes(*rules: str) -> list[tuple[int, str]]:
    return [(finding.line - 1, finding.code) for finding in within(*rules)]


def test_a_good_ruleset_has_no_findings() -> None:
    assert (
        within('IsPrimaryKey "id"', 'Completeness "email" > 0.9', "RowCount between 10 and 20", "RowCount != 15") == []
    )


def test_every_error_is_found_in_one_go() -> None:
    found = within(
        'IsComplet "a"',
        "RowCount >",
        'IsComplete "a"',
        "IsComplete 'x', RowCount > 1",
        'IsUnique "u" > 4',
        "Mean $q > 1",
    )
    assert [(one.line, one.column, one.level) for one in found] == [
        (2, 1, "error"),
        (3, 11, "error"),
        (5, 12, "error"),
        (6, 14, "error"),
        (7, 6, "error"),
    ]
    assert "Did you mean IsComplete?" in found[0].message
    assert found[1].excerpt == "RowCount >,\n          ^"
    assert "IsComplete" in found[0].expected


def test_errors_and_warnings_come_together_in_the_order_of_the_text() -> None:
    assert codes("RowCount >= 0", "Foo", 'Mean "a" > $b', "ColumnCount < 0") == [
        (1, "always-true"),
        (2, "syntax"),
        (3, "syntax"),
        (4, "never-true"),
    ]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("", [(1, 1)]),
        ("Rules", [(1, 6)]),
        ("Rules = []", [(1, 10)]),
        ("Rules = [RowCount > 1", [(1, 22)]),
        ('Rules = [IsComplete "a]', [(1, 21)]),
        ("a = 5\nRules = [Foo]", [(1, 5)]),
        ("Rules = [Foo]", [(1, 10)]),
        ("Rules = [Foo,]", [(1, 10)]),
        ("Rules = [RowCount > 1, Foo,]", [(1, 24)]),
        ("Rules = [Foo, RowCount > 1, Bar # why, not\n, Baz]", [(1, 10), (1, 29), (2, 3)]),
        ("Rules = [Foo]\nAnalyzers = [Bar, Mean]", [(1, 10), (2, 14), (2, 19)]),
        ("Rules = [(Foo, RowCount > 1]", [(1, 11)]),
        ("Rules = [,]", [(1, 10)]),
        ("Rules = [Foo\nAnalyzers = [Bar]", [(2, 1)]),
    ],
)
def test_errors_wherever_they_are(text: str, places: list[tuple[int, int]]) -> None:
    found = [one for one in lint(text) if one.level == "error"]
    assert [(one.line, one.column) for one in found][: len(places)] == places
    assert found


def test_what_is_too_large_for_glue_is_said() -> None:
    assert within(*(f"RowCount > avg(last({n}))" for n in range(2001)))[0].code == "too-large"
    assert within(f'IsComplete "{"a" * 70_000}"')[0].code == "too-large"


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (['IsComplete "a"', 'Completeness "a" > 0.9'], [(2, "implied")]),
        (['Completeness "a" > 0.9', 'IsComplete "a"'], [(1, "implied")]),
        (['Completeness "a" > 0.9', 'Completeness "a" > 0.5'], [(2, "implied")]),
        (['IsComplete "a" where "b"', 'Completeness "a" > 0.9'], []),
        (['IsComplete "a" where "b"', 'Completeness "a" > 0.9 where "b"'], [(2, "implied")]),
        (['IsComplete "a"', 'Completeness "b" > 0.9'], []),
        (['IsPrimaryKey "a"', 'IsUnique "a"', 'IsComplete "a"'], [(2, "implied"), (3, "implied")]),
        (['IsPrimaryKey "a" "b"', 'IsComplete "b"', 'IsUnique "b" "a"'], [(2, "implied"), (3, "implied")]),
        (['IsPrimaryKey "a" "b"', 'IsUnique "a"'], []),
        (['IsUnique "a"', 'IsComplete "a"', 'IsPrimaryKey "b"'], []),
        (['Uniqueness "a" > 0.5', 'IsUnique "a"'], [(1, "implied")]),
        (["RowCount > 10", "RowCount >= 11"], [(2, "implied")]),
        (["RowCount > 10", "RowCount between 20 and 30"], [(1, "implied")]),
        (["RowCount > 10", "RowCount != 5", "RowCount not in [1, 2]"], [(2, "implied"), (3, "implied")]),
        (["RowCount > 10", "RowCount < 5"], [(2, "contradiction")]),
        (['IsComplete "a"', 'Completeness "a" < 0.5'], [(2, "contradiction")]),
        (['ColumnValues "a" > 5', 'ColumnValues "a" > 3'], [(2, "implied")]),
        (['ColumnValues "a" > 5 with threshold > 0.9', 'ColumnValues "a" > 3'], []),
        (['ColumnValues "a" > "2024-01-02"', 'ColumnValues "a" > "2024-01-01"'], [(2, "implied")]),
        (['ColumnValues "a" > "2024-01-02"', 'ColumnValues "a" > 1'], []),
        (['DataFreshness "a" < 24 hours', 'DataFreshness "a" < 2 days'], [(2, "implied")]),
        (["FileSize > 2 KB", "FileSize > 1024"], [(2, "implied")]),
        (["RowCount > avg(last(3))", "RowCount > 1"], []),
        (['CustomSql "select 1" > 5', 'CustomSql "select 2" > 3', 'CustomSql "select 1" > 3'], []),
        (['IsComplete "a"', 'IsComplete a labels=["k"="v"]'], [(2, "repeated-rule")]),
        (['(IsComplete "a") or (RowCount > 1)', '(RowCount > 1) or (IsComplete "a")'], [(2, "repeated-rule")]),
    ],
)
def test_rules_that_say_nothing_beside_others(rules: list[str], expected: list[tuple[int, str]]) -> None:
    assert codes(*rules) == expected


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ('Completeness "a" >= 0', "always-true"),
        ('Completeness "a" <= 1', "always-true"),
        ('Completeness "a" > 1', "never-true"),
        ('Completeness "a" > 0', None),
        ('Completeness "a" != 2', "always-true"),
        ("RowCount >= 0", "always-true"),
        ("RowCount > -1", "always-true"),
        ("RowCount < 0", "never-true"),
        ("RowCount = 2.5", "never-true"),
        ("RowCount between 5 and 6", "never-true"),
        ("RowCount between 5 and 7", None),
        ("RowCount between 5 and 1", "never-true"),
        ("RowCount not between 5 and 1", "always-true"),
        ("RowCount in [-1, 1.5]", "never-true"),
        ('Mean "a" between 5 and 6', None),
        ('Mean "a" between 5 and 5', "never-true"),
        ('Mean "a" < 0', None),
        ('ColumnCorrelation "a" "b" > 1', "never-true"),
        ('ColumnCorrelation "a" "b" > -2', "always-true"),
        ('StandardDeviation "a" < 0', "never-true"),
        ('ColumnValues "a" between 5 and 1', "never-true"),
        ('ColumnValues "a" between "2024-02-01" and "2024-01-01"', "never-true"),
        ("FileFreshness between now() and (now() - 45 minutes)", "never-true"),
        ("FileFreshness between (now() - 45 minutes) and now()", None),
        ("FileSize between 1 GB and 1 MB", "never-true"),
        ('DataFreshness "a" between 1 days and 2 hours', "never-true"),
        ('ColumnValues "a" = "x" with threshold > 1', "never-true"),
        ('ColumnValues "a" = "x" with threshold >= 0', "always-true"),
        ('ColumnValues "a" = "x" with threshold > 0.5', None),
        ("(RowCount > 1) or (RowCount < 0)", "never-true"),
        ('ColumnValues "a" > "2024-02-30"', "unusable"),
        ('ColumnValues "a" in ["2024-02-30", now()]', "unusable"),
        ('ColumnValues "a" = "x" with ignorecase = "true"', "unknown-tag"),
        ('ColumnValues "a" = "x" with treshold = 0.5', "unknown-tag"),
        ('ColumnValues "a" = "x" with ignoreCase = "true" with ignoreCase = "false"', "repeated-tag"),
        ("RowCount > avg(last(3))", None),
        ('IsUnique "a" and IsUnique "b"', "swallowed-rule"),
        ('DetectAnomalies "RowCount"', None),
        ('ColumnDataType "a" = "decimal(10, 2)"', None),
        ('ColumnDataType "a" = "Date"', None),
        ('(IsComplete "a") and (IsUnique "A")', "column-case"),
    ],
)
def test_a_rule_that_is_odd_by_itself(rule: str, code: str | None) -> None:
    assert [found for _, found in codes(rule)] == ([code] if code else [])


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ('ColumnValues "a" matches "(z"', "a group is not closed"),
        ('ColumnNamesMatchPattern "[z"', "The regular expression [z is not valid"),
        ('FileSize > 1 B with uriRegex = "("', "The regular expression ( is not valid"),
        ('CustomSql "selec x"', "one SELECT"),
        ('CustomSql "delete from primary" > 1', "one SELECT"),
        ('CustomSql "select n from primary where" > 1', "not SQL"),
        ('CustomSql "select read_csv(n) from primary" > 1', "read_csv is not allowed"),
        ('CustomSql "select 1; select 2" > 1', "one statement"),
        ('CustomSql "with recursive t as (select 1) select * from t" > 1', "WITH t is not allowed"),
        ('IsComplete "a" where "b >"', "something is missing near"),
        ('IsComplete "a" where "b in (select c from d)"', "not allowed"),
        ("RowCount > avg(last(5)) / 0", "divides by zero"),
        ("RowCount > 1 / (2 - 2)", "divides by zero"),
        ('Mean "b" > 1 / (last() - last())', "divides by zero"),
        ("RowCount > last(5)", "last(5) is a list"),
        ("RowCount > index(last(3), 3)", "there is no point 3"),
        ("RowCount > averge(last(3))", "the nearest is avg"),
        ("RowCount > 1 + avg(latest(3))", "the nearest is last"),
        ("RowCount = NULL", "cannot be compared with NULL"),
        ('ColumnValues "a" > last()', "cannot use the metric history"),
        ('ColumnValues "a" > "2024-02-30"', "not a day of the calendar"),
        ('FileFreshness > "2024-02-30"', "not a time that exists"),
        ('DetectAnomalies "Rowcount"', "did you mean RowCount?"),
        ('DetectAnomalies "Mean"', "as many parameters"),
        ('ColumnDataType "a" = "INT"', "INT is not a type of DQDL"),
        ('ColumnDataType "a" = "BOLEAN"', "did you mean BOOLEAN?"),
        ('ColumnDataType "a" = "DATE" with format = "yy"', "The format yy cannot be used"),
        ('FileMatch "a" in ["0"] with hashAlgorithm = "CRC"', "There is no hash algorithm CRC"),
        ('FileUniqueness > 0.5 with matchFileName = "maybe"', '"true" or "false"'),
        ("FileSize > 1 B with recentFiles = 0", "whole number from 1"),
        ('AggregateMatch "max(a)" "sum(b)" > 1', "is not sum(column) or avg(column)"),
        ('ReferentialIntegrity "a,b" "ref.c" = 1.0', "must name as many columns"),
    ],
)
def test_what_is_an_error_whatever_the_data_is_one_for_lint_and_says_what_evaluation_says(rule: str, told: str) -> None:
    (found,) = (one for one in within("RowCount > 5", rule) if one.level == "error")
    assert (found.line, found.code) == (3, "unusable")
    assert told in found.message
    assert found.excerpt.startswith(rule[:60])
    history = {"Dataset.*.RowCount": [1, 2, 3, 4, 5, 6], "Column.b.Mean": [1, 2]}
    result = dqdl.evaluate(f"Rules = [{rule}]", {"primary": DATA}, history=history).rules[0]
    assert result.outcome == "Error"
    assert found.message in result.reason
    assert str(dqdl.parse(f"Rules = [{rule}]").rules[0]), "the language itself stays as lenient as it is"


def test_a_member_of_a_composite_is_pointed_at() -> None:
    (found,) = within('(RowCount > 1) and\n((IsComplete "a") or\n(ColumnValues "b" matches "(z"))')
    assert (found.line, found.column, found.code) == (4, 2, "unusable")


DATA = pa.table({"a": ["x"], "b": [1], "c": [1]})


@pytest.mark.parametrize(
    "rule",
    [
        'CustomSql "select count(*) from orders o join people p on o.id = p.id" > 1',
        'CustomSql "select * from primary"',
        'CustomSql "with t as (select a from primary) select a from t"',
        "CustomSql \"select a::int from primary where b ~ 'x'\" > 1",
        'IsComplete "a" where "`some column` > 1 and info.city = \'x\'"',
        "RowCount > avg(last(5)) / std(last(5))",
        "RowCount > index(last(20000), 15000)",
        "RowCount > 1 / last()",
        'ColumnValues "a" matches "(?=.*[0-9]).{8,}"',
        r'ColumnValues "a" matches "(a)\1"',
        'ColumnDataType "a" = "decimal(10, 2)"',
        'ColumnCorrelation "a" "b" > 0.5',
        'DataFreshness "a" < 1 days',
        "FileSize > 1 KB",
        'FileSize > 1 KB with dataFrame = "other"',
        'DetectAnomalies "ColumnLength" "a"',
        'DetectAnomalies "CustomSQL" "select 1"',
        'SchemaMatch "nobody" = 1.0',
        'DatasetMatch "nobody" "a,b->c" = 1.0',
        'AggregateMatch "sum(a)" "avg(ref.b)" = 1.0',
        "DuplicateRowCount = 0",
        "ColumnCount > 3",
        'ColumnNamesMatchPattern "^[a-z]+$"',
    ],
)
def test_what_depends_on_the_data_or_on_the_engine_is_no_error_for_lint(rule: str) -> None:
    assert within(rule) == []


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ('ColumnValues "a" > NOW()', ["function-now", "unusable"]),
        ('ColumnValues "a" > now( )', ["function-now", "unusable"]),
        ('ColumnValues "a" > 2024-01-31', ["unquoted-day", "unusable"]),
    ],
)
def test_advice_stands_beside_the_error(rule: str, found: list[str]) -> None:
    assert [code for _, code in codes(rule)] == found


def test_analyzers_that_give_nothing_are_warned_of() -> None:
    text = 'Rules = [RowCount > 1]\nAnalyzers = [Mean "a", CustomSql "selec", AllStatistics "AllColumns"]'
    assert [(one.level, one.line, one.code) for one in lint(text)] == [("warning", 2, "no-statistic")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a = "x"\nRules = [RowCount > 1]', [(1, 1, "unused-constant")]),
        ('a = "x"\nAnalyzers = [Mean $a]', []),
        ('a = ["x", NULL]\nRules = [ColumnValues "b" in $a]', [(1, 1, "null-in-constant")]),
        ('a = "x"\nRules = [Foo $a]', [(2, 10, "syntax")]),
        ("Rules = [RowCount > 1]\n]", [(2, 1, "stray-bracket")]),
    ],
)
def test_what_stands_around_the_rules(text: str, expected: list[tuple[int, int, str]]) -> None:
    assert [(one.line, one.column, one.code) for one in lint(text)] == expected


PIECES = [*'[](){}",=#\n$', "Rules = [", "RowCount > 1", 'IsComplete "a"', "and", "x"]


@given(
    st.lists(
        st.sampled_from([*'[](){}",=#\n$', "Rules = [", "RowCount > 1", 'IsComplete "a"', "and", "x"]), max_size=20
    )
)
def test_any_text_can_be_linted(pieces: list[str]) -> None:
    text = " ".join(pieces)
    refused = False
    try:
        dqdl.parse(text)
    except dqdl.DqdlError:
        refused = True
    assert any(one.level == "error" for one in lint(text)) == refused
    for span in outline(text).comments:
        assert text[span.start] == "#"


ends = st.integers(-4, 4).map(lambda number: Number(Decimal(number) / 2))
conditions = st.one_of(
    st.builds(Compare, st.sampled_from([">", ">=", "<", "<=", "=", "!="]), ends),
    st.builds(Between, ends, ends, st.booleans()),
    st.builds(Member, st.lists(ends, min_size=1, max_size=3).map(tuple), st.booleans()),
)


@given(conditions, conditions)
def test_ranges_hold_what_the_conditions_let_through(one: Condition, other: Condition) -> None:
    """Against the definition, on all quarters from -3 to 3: ranges have their ends at halves."""
    quarters = [Decimal(number) / 4 for number in range(-12, 13)]
    a, b = (ranges.read(condition)[1] for condition in (one, other))  # type: ignore[index]
    passing = [{value for value in quarters if passes(condition, value)} for condition in (one, other)]
    assert {value for value in quarters if covers(a, value)} == passing[0]
    assert {value for value in quarters if covers(ranges.common(a, b), value)} == passing[0] & passing[1]
    assert ranges.within(a, b) == (passing[0] <= passing[1])
    numbers = {value for value in passing[0] if value == int(value)}
    assert {value for value in quarters if covers(ranges.whole(a), value) and value == int(value)} == numbers


COMPARE = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "!=": operator.ne,
}


def covers(found: ranges.Ranges, value: Decimal) -> bool:
    return any(low <= (value, 0) <= high for low, high in found)


def passes(condition: Any, value: Decimal) -> bool:
    if isinstance(condition, Compare):
        at: Any = condition.operand
        return bool(COMPARE[condition.op](value, at.value))
    if isinstance(condition, Between):
        ends: Any = (condition.low, condition.high)
        inside = ends[0].value < value < ends[1].value
    else:
        inside = value in [item.value for item in condition.items]
    return bool(inside != condition.negated)
