"""Profiles of tables that break profilers: empty, of NULLs, nested, huge, beyond the calendar, oddly named."""

from __future__ import annotations

import datetime as dt
import json
import math
from decimal import Decimal

import pyarrow as pa
import pytest

from tools import profiling, sources
from tools.profiling import Profile


def profile_of(data: pa.Table | dict) -> Profile:
    with sources.open(data if isinstance(data, pa.Table) else pa.table(data)) as table:
        profile = profiling.profile(table)
    assert Profile.from_dict(json.loads(json.dumps(profile.to_dict(), allow_nan=False))) == profile
    return profile


KINDS = [
    pa.int64(),
    pa.float64(),
    pa.decimal128(9, 2),
    pa.string(),
    pa.bool_(),
    pa.date32(),
    pa.timestamp("us"),
    pa.time64("us"),
]


@pytest.mark.parametrize("rows", [0, 1, 40, 25_000])
def test_columns_of_nulls(rows):
    profile = profile_of(pa.table({f"c{n}": pa.nulls(rows, kind) for n, kind in enumerate(KINDS)}))
    assert profile.rows == rows
    assert profile.candidate_keys == profile.dependencies == []
    for column in profile.columns:
        assert (column.nulls, column.distinct, column.distinct_exact) == (rows, 0, True)
        assert (column.min, column.max, column.mean, column.histogram, column.semantic) == (None,) * 5
        assert (column.top_values, column.constant, column.trend) == ([], False, None)


def test_one_row_of_everything():
    profile = profile_of(
        {
            "n": [1],
            "f": [1.5],
            "d": pa.array([Decimal("1.50")]),
            "t": ["a@example.com"],
            "b": [True],
            "on": [dt.date(2024, 2, 29)],
            "at": [dt.datetime.fromisoformat("2024-02-29T01:02:03")],
            "s": [{"x": [1]}],
        }
    )
    assert profile.candidate_keys == []
    assert all(column.distinct == 1 for column in profile.columns[:7])
    assert all(column.constant for column in profile.columns[:7])
    assert profile.column("t").semantic.type == "email"


def test_one_column_of_one_value():
    column = profile_of({"x": ["same"] * 30_000}).columns[0]
    assert (column.constant, column.distinct, column.top_values) == (True, 1, [("same", 30_000)])


@pytest.mark.parametrize("rows", [3, 30_000])
def test_nested_columns_have_counts_and_harm_no_other(rows):
    nested = {"s": [{"a": n} for n in range(rows)], "l": [[n] for n in range(rows)], "n": list(range(rows))}
    profile = profile_of(nested)
    assert [column.kind for column in profile.columns] == ["other", "other", "number"]
    assert profile.column("s").semantic is None
    assert profile.candidate_keys == [["n"]]


def test_huge_texts_are_clipped_and_masked_in_time():
    texts = ["x" * 3_000_000, '{"a": "' + "y" * 500_000 + '"}', "z", None]
    column = profile_of({"t": texts}).columns[0]
    assert (column.max_length, column.nulls) == (3_000_000, 1)
    assert all(len(value) <= 200 for value, _ in column.top_values)
    assert all(len(mask) <= 200 for mask, _ in column.shapes)


def test_a_text_made_to_catch_regular_expressions_out():
    evil = ["a" * 199 + "!", "1-" * 99, "." * 200, "'" * 200, " " * 199 + "x", "((((" * 50, "A'" * 100]
    profile = profile_of({"customer_name": evil * 200, "phone": evil * 200, "c": evil * 200})
    assert profile.seconds < 20


def test_numbers_that_are_none():
    data = {"f": [math.nan, math.inf, -math.inf, None, 1.0, 2.0] * 5_000, "all": [math.nan] * 30_000}
    profile = profile_of(data)
    found, nothing = profile.columns
    assert (found.nonfinite, found.min, found.max, found.mean) == (15_000, 1.0, 2.0, 1.5)
    assert sum(found.histogram.counts) == 10_000
    assert (nothing.nonfinite, nothing.min, nothing.histogram, nothing.quantiles) == (30_000, None, None, {})


def test_dates_beyond_the_year_9999_and_before_the_first():
    days = pa.array([-(10**6), 10**7, 0], pa.date32())
    moments = pa.array([-(10**17), 9 * 10**17, 0], pa.timestamp("us"))
    first, second = profile_of({"d": days, "t": moments}).columns
    assert first.max == "29349-01-26"
    assert first.min == "0769-02-04 (BC)"
    assert (first.histogram, first.distinct, second.distinct) == (None, 3, 3)


def test_the_widest_numbers():
    big = profile_of({"u": pa.array([2**64 - 1, 0, 5], pa.uint64()), "i": pa.array([-(2**63), 2**63 - 1, 0])})
    assert (big.column("u").max, big.column("i").min) == (2**64 - 1, -(2**63))
    assert sum(big.column("i").histogram.counts) == 3


@pytest.mark.parametrize(
    "name", ['a"b', "a'b", "select", "ü ö", "c0", "n", "a.b", "%s", "row_count", "sample", "\t", "x" * 300]
)
@pytest.mark.parametrize("rows", [300, 25_000])
def test_odd_names(name, rows):
    profile = profile_of({name: [f"k{n % 50}" for n in range(rows)], "other": [n % 50 // 5 for n in range(rows)]})
    column = profile.column(name)
    assert (column.distinct, column.distinct_exact) == (50, True)
    (found,) = profile.dependencies
    assert (found.determinant, found.dependent) == (name, "other")


def test_texts_with_control_characters_and_nul():
    values = ["a\0b", "tab\there", "line\nbreak", "\x1b[31mred", "\u202eabc", "🦆🦆"] * 10
    column = profile_of({"t": values}).columns[0]
    assert dict(column.top_values)["a\0b"] == 10
    assert column.max_length == max(map(len, values))


def test_a_large_table_is_counted_as_a_small_one_is():
    def values(rows):
        return {
            "few": [n % 12 for n in range(rows)],
            "text": [f"v{n % 300}" for n in range(rows)],
            "day": [dt.date(2024, 1, 1) + dt.timedelta(days=n % 90) for n in range(rows)],
        }

    small, large = profile_of(values(7_200)), profile_of(values(36_000))
    for one, many in zip(small.columns, large.columns, strict=True):
        assert [(value, 5 * rows) for value, rows in one.top_values] == many.top_values
        assert (one.quantiles, one.distinct, one.min, one.max) == (many.quantiles, many.distinct, many.min, many.max)
        if one.histogram:
            assert [5 * rows for rows in one.histogram.counts] == many.histogram.counts
            assert one.histogram.edges == many.histogram.edges
