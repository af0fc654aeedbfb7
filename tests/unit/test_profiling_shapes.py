"""Profiles of odd tables: types of text, keys, empty, nested, wide and random ones."""

import datetime as dt
import json
from decimal import Decimal

import pyarrow as pa
import pytest

from tools import profiling, sources
from tools.sources import SourceError


def profile_of(data: dict) -> profiling.Profile:
    with sources.open(pa.table(data)) as table:
        return profiling.profile(table)


def column_of(values, kind=None) -> profiling.ColumnProfile:
    return profile_of({"x": pa.array(values, kind)}).columns[0]


@pytest.mark.parametrize(
    ("values", "inferred", "share"),
    [
        (["1", "-20", " 3 ", None], "INTEGER", 1.0),
        (["1", "2.5", "1e3"], "DOUBLE", 1.0),
        (["01234", "99999"], None, 1.0),
        (["yes", "no", "true"], "BOOLEAN", 0.0),
        (["2024-01-31", "2024-02-29", ""], "DATE", 0.0),
        (["2024-02-30"], None, 0.0),
        (["2024-01-31", "2024-01-31 10:00:00"], "TIMESTAMP", 0.0),
        (["2024-01-31T10:00:00"], "TIMESTAMP", 0.0),
        (["1", "2", "n/a", "4"], None, 0.75),
        (["", " "], None, 0.0),
        (["a", "b"], None, 0.0),
    ],
)
def test_types_of_text(values, inferred, share):
    column = column_of(values, pa.string())
    assert (column.inferred_type, column.numeric_share) == (inferred, share)


def test_one_bad_value_far_down_refutes_a_type():
    values = ["7"] * 50_000 + ["seven"]
    column = column_of([*values, *map(str, range(500))])
    assert column.inferred_type is None
    assert 0.9999 < column.numeric_share < 1


def test_patterns_fold_runs():
    column = column_of(["AB-12", "XYZ-9", "ab-1", "Ünï 5", "中文"])
    assert dict(column.patterns) == {"A-9": 2, "a-9": 1, "Aa 9": 1, "a": 1}


def test_blanks_are_empty_or_white():
    assert column_of(["", " ", "\t\n", "a ", "!", None]).blanks == 3


def test_values_are_plain():
    profile = profile_of(
        {
            "d": pa.array([Decimal("1.50"), Decimal("2.00")]),
            "on": [dt.date(2024, 1, 31), None],
            "at": pa.array([dt.datetime(2024, 1, 31, 10, 5, tzinfo=dt.UTC), None], pa.timestamp("us", "Europe/Berlin")),
            "past": pa.array([-(10**6), 10**7], pa.date32()),
            "time": [dt.time(10, 5), None],
            "big": pa.array([2**64 - 1, 1], pa.uint64()),
            "yes": [True, False],
        }
    )
    assert (profile.column("d").min, profile.column("d").mean) == (1.5, 1.75)
    assert profile.column("on").max == "2024-01-31"
    assert profile.column("at").min == "2024-01-31T10:05:00+00:00"
    assert dict(profile.column("at").top_values) == {"2024-01-31T10:05:00+00:00": 1}
    assert profile.column("time").min == "10:05:00"
    assert profile.column("big").max == 2**64 - 1
    assert profile.column("yes").top_values == [(False, 1), (True, 1)]
    json.dumps(profile.to_dict(), allow_nan=False)


def test_long_texts_are_clipped_and_their_lengths_are_not():
    column = column_of(["x" * 1_000_000, "y"])
    assert (column.max_length, len(column.max), len(column.top_values[0][0])) == (1_000_000, 1, 200)


def test_nested_columns_get_counts_only():
    profile = profile_of({"s": [{"a": 1}, None], "l": [[1], []], "b": [b"a", b"b"], "n": pa.nulls(2)})
    assert [column.kind for column in profile.columns] == ["other"] * 4
    assert [column.nulls for column in profile.columns] == [1, 0, 0, 2]
    assert all(column.top_values == [] and column.sample_rows is None for column in profile.columns)


def test_a_large_table_of_nested_columns_only():
    assert profile_of({"s": [{"a": i} for i in range(30_000)]}).rows == 30_000


def test_no_rows():
    profile = profile_of({"a": pa.array([], pa.int64()), "b": pa.array([], pa.string())})
    assert (profile.rows, profile.candidate_keys, profile.scans) == (0, [], 1)
    assert (profile.columns[0].min, profile.columns[1].numeric_share, profile.columns[1].inferred_type) == (None,) * 3


@pytest.mark.parametrize("rows", [50, 50_000])
def test_keys_of_one_and_two_columns(rows):
    lines = {"order": [i // 5 for i in range(rows)], "line": [i % 5 for i in range(rows)], "note": ["x"] * rows}
    assert profile_of(lines).candidate_keys == [["order", "line"]]
    assert profile_of({**lines, "id": [f"k{i}" for i in range(rows)]}).candidate_keys == [["id"]]
    twice = [f"k{i}" for i in range(rows - 1)] + ["k0"]
    assert ["id"] not in profile_of({"id": twice}).candidate_keys
    gap = [None, *range(rows - 1)]
    assert profile_of({"id": gap}).candidate_keys == []


def test_floats_and_single_rows_are_no_keys():
    assert profile_of({"x": [1.5, 2.5]}).candidate_keys == []
    assert profile_of({"x": [1]}).candidate_keys == []


def test_a_near_key_is_counted_exactly():
    column = profile_of({"id": [*range(0, 79_998, 2), 50_000]}).columns[0]
    assert (column.distinct, column.distinct_exact) == (39_999, True)


def test_a_failing_engine_is_a_source_error(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    with sources.open(path) as table:
        path.write_text("a\n1\n2\n")
        with pytest.raises(SourceError):
            profiling.profile(table)
