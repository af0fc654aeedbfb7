"""Composites: members judged on the whole data, or joined row by row."""

import pyarrow as pa
import pytest

from tools import dqdl

ROWS = pa.table(
    {
        "id": [1, 1, None, 3],
        "k": ["a", "a", "b", None],
        "v": [1, 20, 3, 40],
        "phone": ["1", None, None, "2"],
        "mail": [None, "x", None, "y"],
    }
)


@pytest.mark.parametrize(
    ("rule", "outcome"),
    [
        ('(IsComplete "phone") or (IsComplete "mail")', "Failed"),
        ('(IsComplete "v") and (IsComplete "mail")', "Failed"),
        ('(IsComplete "v") or (IsComplete "mail")', "Passed"),
        ('(IsComplete "v") and ((IsComplete "mail") or (RowCount = 4))', "Passed"),
        ('(IsComplete "v") or (RowCount = NULL)', "Passed"),
        ('(IsComplete "v") and (RowCount = NULL)', "Error"),
        ('(IsComplete "mail") and (RowCount = NULL)', "Failed"),
        ('(IsComplete "nope") or (RowCount = 4)', "Passed"),
    ],
)
def test_members_are_judged_by_themselves(rule: str, outcome: str) -> None:
    assert dqdl.evaluate(f"Rules = [{rule}]", {"primary": ROWS}).rules[0].outcome == outcome


@pytest.mark.parametrize(
    ("rule", "outcome", "failed"),
    [
        ('(IsComplete "phone") or (IsComplete "mail")', "Failed", [3]),
        ('(IsComplete "v") and (ColumnValues "v" > 0)', "Passed", []),
        ('(IsComplete "k") and (ColumnValues "v" < 30)', "Failed", [40]),
        ('(ColumnValues "v" < 10) or (ColumnValues "phone" = "2")', "Failed", [20]),
        ('(ColumnLength "k" = 1) or (IsComplete "mail")', "Passed", []),
        ('(ColumnDataType "phone" = "INTEGER") or (IsComplete "k")', "Passed", []),
        # Keys: a NULL is no repeated key, and several columns with NULLs are.
        ('(IsUnique "id") or (ColumnValues "v" in [1, 20])', "Passed", []),
        ('(IsUnique "id") and (ColumnValues "v" < 50)', "Failed", [1, 20]),
        ('(IsUnique "phone" "mail") and (IsComplete "v")', "Passed", []),
        ('(IsUnique "id" "k") or (ColumnValues "v" = 20)', "Failed", [1]),
        ('(IsPrimaryKey "id") or (ColumnValues "v" < 20)', "Failed", [20]),
        # Filters: what is left out passes that member.
        ('(IsComplete "mail" where "v > 10") and (IsComplete "v")', "Passed", []),
        ('(IsUnique "id" where "v > 10") and (IsComplete "v")', "Passed", []),
        # Nesting, and SQL.
        ('((IsComplete "phone") and (IsComplete "mail")) or (ColumnValues "v" < 30)', "Passed", []),
        ('(IsComplete "id") and ((IsComplete "phone") or (IsComplete "mail"))', "Failed", [3]),
        ('(CustomSql "select v from primary where v > 30") or (IsUnique "id")', "Failed", [1, 20]),
        ('(IsComplete "nope") or (IsComplete "k")', "Failed", [40]),
        ('(IsComplete "nope") and (IsComplete "k")', "Failed", [1, 3, 20, 40]),
    ],
)
def test_members_are_joined_in_each_row(rule: str, outcome: str, failed: list[int]) -> None:
    found = dqdl.evaluate(f"Rules = [{rule}]", {"primary": ROWS}, composite="row").rules[0]
    assert (found.outcome, found.failed_rows) == (outcome, len(failed)), found.reason
    assert sorted(row["v"] for row in found.examples) == failed
    assert not found.metrics


@pytest.mark.parametrize(
    ("member", "says"),
    [
        ('Completeness "k" > 0.5', "share of the rows"),
        ('Uniqueness "id" > 0.5', "share of the rows"),
        ('ReferentialIntegrity "id" "other.id" = 1', "share of the rows"),
        ('DatasetMatch "other" "id" = 1', "share of the rows"),
        ("RowCount > 1", "about the whole table"),
        ('Mean "v" > 1', "about the whole table"),
        ('UniqueValueRatio "id" > 0.1', "about the whole table"),
        ('DuplicateRowCount "id" = 0', "about the whole table"),
        ('CustomSql "select 1" = 1', "about the whole table"),
        ('ColumnValues "v" > 0 with threshold > 0.5', "A threshold"),
        ('ColumnValues "v" > NULL', "NULL"),
    ],
)
def test_what_has_no_answer_for_a_row_cannot_be_joined(member: str, says: str) -> None:
    text = f'Rules = [(IsComplete "v") and ({member})]'
    found = dqdl.evaluate(text, {"primary": ROWS, "other": ROWS}, composite="row").rules[0]
    assert found.outcome == "Error"
    assert says in found.reason


def test_plain_rules_are_judged_as_ever() -> None:
    text = 'Rules = [Completeness "k" > 0.5, (IsComplete "v") and (IsComplete "id")]'
    found = dqdl.evaluate(text, {"primary": ROWS}, composite="row").rules
    assert [(rule.outcome, rule.failed_rows) for rule in found] == [("Passed", 1), ("Failed", 1)]


def test_no_rows_fail() -> None:
    text = 'Rules = [(IsComplete "v") and (IsComplete "id")]'
    found = dqdl.evaluate(text, {"primary": ROWS.slice(0, 0)}, composite="row").rules[0]
    assert (found.outcome, found.reason) == ("Failed", "Nothing to check: there is no row.")


def test_members_of_plain_columns_ride_on_the_one_scan() -> None:
    text = 'Rules = [(IsComplete "v") and (ColumnValues "v" > 0), RowCount > 1]'
    one = dqdl.evaluate("Rules = [RowCount > 1]", {"primary": ROWS}).queries
    assert dqdl.evaluate(text, {"primary": ROWS}, composite="row").queries <= max(one, 1)
