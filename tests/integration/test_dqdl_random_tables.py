"""What two ways of counting find in random tables."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.integration.test_dqdl_rowlevel import FAIL, rows
from tests.integration.test_dqdl_scans import evaluated, rounded
from tools import dqdl

values = st.lists(st.one_of(st.none(), st.integers(-5, 12)), max_size=8)


@given(data=values)
def test_counting_bits_finds_what_groups_find(data: list[int | None], tmp_path_factory: pytest.TempPathFactory) -> None:
    table = pa.table({"x": pa.array(data, pa.int64())})
    path = tmp_path_factory.mktemp("bits") / "t.parquet"
    pq.write_table(table, path)
    rules = ['IsUnique "x"', 'IsPrimaryKey "x"', 'Uniqueness "x" > 0.5', 'Entropy "x" > 1', 'DuplicateRowCount "x" = 0']
    rules += ['DistinctValuesCount "x" > 3', 'UniqueValueRatio "x" = 1.0']
    told = [
        [(r.outcome, r.reason, rounded(r.metrics), r.failed_rows, r.vacuous) for r in evaluated(source, *rules).rules]
        for source in (table, path)
    ]
    assert told[0] == told[1]


VALUES = st.one_of(st.none(), st.sampled_from(["a", "b", "c", "", " ", "1", "2.5"]))


@given(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=12))
def test_rows_add_up_to_what_the_evaluation_counts(pairs):
    table = pa.table(
        {"a": pa.array([p[0] for p in pairs], pa.string()), "b": pa.array([p[1] for p in pairs], pa.string())}
    )
    rules = [
        'IsComplete "a"',
        'IsUnique "a"',
        'IsPrimaryKey "a" "b"',
        'ColumnValues "a" in ["a", "b"] where "b is not null"',
        'ColumnDataType "b" = "INTEGER"',
        'DuplicateRowCount "a" = 0',
        'IsUnique "a" "b" where "a <> \'\'"',
    ]
    text = f"Rules = [{', '.join(rules)}]"
    counted = [result.failed_rows or 0 for result in dqdl.evaluate(text, {"primary": table}).rules]
    found = rows(text, table)
    assert [sum(str(rule) in row[FAIL] for row in found) for rule in dqdl.parse(text).rules] == counted
    assert [(row["a"], row["b"]) for row in found] == pairs
