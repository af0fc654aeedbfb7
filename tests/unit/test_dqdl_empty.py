"""Tables and filters that leave nothing to check, as Glue decides on them."""

import pyarrow as pa
import pytest

from tools import dqdl

SCHEMA = pa.schema([("id", pa.int64()), ("name", pa.string()), ("day", pa.date32()), ("ts", pa.timestamp("us"))])
EMPTY = SCHEMA.empty_table()
NULLS = pa.table({field.name: pa.array([None, None], field.type) for field in SCHEMA})


def outcome(rule: str, table: pa.Table) -> tuple[str, bool]:
    result = dqdl.evaluate(f"Rules = [{rule}]", {"primary": table}).rules[0]
    assert result.reason
    return result.outcome, result.vacuous


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("RowCount = 0", ("Passed", False)),
        ("RowCount > 0", ("Failed", False)),
        ("ColumnCount = 4", ("Passed", False)),
        ('Completeness "id" >= 0', ("Failed", False)),
        ('IsComplete "id"', ("Failed", False)),
        ('IsUnique "id"', ("Failed", False)),
        ('IsPrimaryKey "id"', ("Failed", False)),
        ('Mean "id" >= 0', ("Failed", False)),
        ('Sum "id" >= 0', ("Failed", False)),
        ('Entropy "id" >= 0', ("Failed", False)),
        ('ColumnCorrelation "id" "id" >= 0', ("Failed", False)),
        ('ColumnValues "id" > 0', ("Failed", False)),
        ('ColumnLength "name" > 0', ("Failed", False)),
        ('ColumnDataType "name" = "DATE"', ("Passed", True)),
        ('DataFreshness "ts" < 1 days', ("Passed", True)),
        ("DuplicateRowCount = 0", ("Passed", False)),
        ('DistinctValuesCount "id" = 0', ("Passed", False)),
        ('ColumnNamesMatchPattern "[a-z]"', ("Passed", False)),
        ('CustomSql "select * from primary"', ("Failed", False)),
        ('CustomSql "select count(*) from primary" = 0', ("Passed", False)),
        ('RowCount > 0 where "id > 5"', ("Passed", True)),
    ],
)
def test_an_empty_table(rule: str, expected: tuple[str, bool]) -> None:
    assert outcome(rule, EMPTY) == expected


@pytest.mark.parametrize(
    "rule",
    [
        'Completeness "id" > 0.5',
        'IsComplete "id"',
        'IsUnique "id"',
        'IsPrimaryKey "id"',
        'UniqueValueRatio "id" > 0.5',
        'Mean "id" > 5',
        'Sum "id" > 5',
        'ColumnCorrelation "id" "id" > 5',
        'ColumnValues "id" > 5',
        'ColumnLength "name" > 5',
        'ColumnDataType "name" = "DATE"',
        'DataFreshness "ts" < 1 days',
    ],
)
def test_a_filter_that_leaves_no_row_passes_and_says_so(rule: str) -> None:
    full = pa.table({"id": [1, 2], "name": ["a", "b"], "ts": pa.array([None, None], pa.timestamp("us"))})
    assert outcome(f'{rule} where "id > 100"', full) == ("Passed", True)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ('Completeness "id" = 0', ("Passed", False)),
        ('IsUnique "id"', ("Failed", False)),
        ('Mean "id" >= 0', ("Failed", False)),
        ('Mean "id" >= 0 where "name is null"', ("Passed", True)),
        ('Uniqueness "id" > 0.5 where "name is null"', ("Passed", True)),
        ('ColumnValues "id" > 0', ("Failed", False)),
        ('ColumnValues "id" != 0', ("Passed", False)),
        ('ColumnValues "name" not in ["x"]', ("Passed", False)),
        ('ColumnValues "day" not between "2024-01-01" and "2024-01-02"', ("Passed", False)),
        ('ColumnLength "name" = 0', ("Passed", False)),
        ('ColumnDataType "name" = "DATE"', ("Failed", False)),
        ('ColumnDataType "name" != "DATE"', ("Passed", False)),
        ('DataFreshness "ts" < 1 days', ("Failed", False)),
        ('DistinctValuesCount "id" = 1', ("Passed", False)),
        ("DuplicateRowCount = 2", ("Passed", False)),
    ],
)
def test_columns_of_nulls_only(rule: str, expected: tuple[str, bool]) -> None:
    assert outcome(rule, NULLS) == expected


def test_a_row_whose_filter_is_null_does_not_take_part() -> None:
    table = pa.table({"a": [1, None, 3], "b": [None, "x", "y"]})
    assert outcome('IsComplete "b" where "a <> 1"', table) == ("Passed", False)
    assert outcome('RowCount = 1 where "a <> 1"', table) == ("Passed", False)
