"""Columns of every type: a rule that cannot use one fails with a reason, and none breaks."""

import datetime as dt

import pyarrow as pa
import pytest

from tests.support.rule_cases import NOW
from tools import dqdl

DAY = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
COLUMNS = {
    "unsigned": pa.array([1, 2**63 + 5, None], pa.uint64()),
    "single": pa.array([1.5, 2.5, None], pa.float32()),
    "decimal": pa.array([1, 2, None], pa.decimal128(38, 2)),
    "date64": pa.array([DAY.date(), DAY.date(), None], pa.date64()),
    "nanoseconds": pa.array([DAY, DAY, None], pa.timestamp("ns")),
    "zoned": pa.array([DAY, DAY, None], pa.timestamp("us", "Europe/Oslo")),
    "time": pa.array([dt.time(1), dt.time(2), None]),
    "duration": pa.array([dt.timedelta(1), dt.timedelta(2), None]),
    "bytes": pa.array([b"a", b"b", None]),
    "list": pa.array([[1], [2], None]),
    "map": pa.array([[("a", 1)], [("b", 2)], None], pa.map_(pa.string(), pa.int64())),
    "struct": pa.array([{"a": 1}, {"a": 2}, None]),
    "nothing": pa.nulls(3),
    "boolean": pa.array([True, False, None]),
    "view": pa.array(["a", "b", None], pa.string_view()),
    "category": pa.array(["a", "b", None]).dictionary_encode(),
}
ALWAYS = ("Completeness", "IsPrimaryKey", "DistinctValuesCount", "DuplicateRowCount", "CustomSql")
RULES = (
    'Completeness "c" between 0.6 and 0.7',
    'IsPrimaryKey "c" "n"',
    'DistinctValuesCount "c" > 0',
    'DuplicateRowCount "c" < 4',
    'Sum "c" > 0',
    'StandardDeviation "c" >= 0',
    'ColumnCorrelation "c" "n" > 0',
    'ColumnValues "c" > 0 with threshold > 0.5',
    'ColumnValues "c" not in [7]',
    'ColumnValues "c" = "a"',
    'ColumnValues "c" in ["a", "1", "2024-01-01 00:00"] with ignoreCase = "true"',
    'ColumnValues "c" not matches "z"',
    'ColumnValues "c" != "2024-02-01"',
    'ColumnLength "c" != 9',
    'DataFreshness "c" < 3 days',
    'ColumnDataType "c" = "DATE"',
    'ColumnDataType "c" != "DECIMAL(5,2)"',
    'ReferentialIntegrity "c" "other.c" > 0',
    'DatasetMatch "other" "n" "c" = 1',
    'AggregateMatch "sum(c)" "avg(other.c)" > 0',
    'CustomSql "select c from primary"',
)


@pytest.mark.parametrize("column", COLUMNS)
def test_no_type_of_column_breaks_a_rule(column: str) -> None:
    table = pa.table({"c": COLUMNS[column], "n": [1, 2, 3]})
    text = f"Rules = [{', '.join(RULES)}]"
    for rule in dqdl.evaluate(text, {"primary": table, "other": table}, now=NOW).rules:
        assert rule.outcome in ("Passed", "Failed"), f"{rule.rule}: {rule.reason}"
        assert rule.metrics or not rule.rule_type.startswith(ALWAYS), rule.rule
