"""Every statistic against an independent computation with pandas, on real tables."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from sqlglot import exp
from vega_datasets import local_data

from tools import profiling, sources

FILES = sorted(local_data.list_datasets())


def near(found, expected):
    return found == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("name", FILES)
def test_every_local_vega_table(name):
    path = getattr(local_data, name.replace("-", "_")).filepath
    with sources.open(path) as table:
        profile = profiling.profile(table)
        frame = table.query(_all(table)).to_pandas()
    assert profile.rows == len(frame)
    assert [column.name for column in profile.columns] == list(frame.columns)
    for column in profile.columns:
        _check(column, frame[column.name])


def _all(table):
    return exp.select("*").from_(table.relation())


def _check(column, values: pd.Series) -> None:
    present = values.dropna()
    assert column.nulls == values.isna().sum()
    if column.kind != "other":
        assert (column.distinct, column.distinct_exact) == (present.nunique(), True)
        assert column.sample_rows is None
    if column.kind == "number":
        _check_number(column, present.astype(float))
    if column.kind == "text" and len(present):
        lengths = present.str.len()
        assert (column.min_length, column.max_length) == (lengths.min(), lengths.max())
        assert near(column.mean_length, lengths.mean())
        assert column.blanks == (present.str.strip() == "").sum()
        assert (column.min, column.max) == (min(present, key=str.encode), max(present, key=str.encode))
        assert sum(rows for _, rows in column.patterns) <= len(present)
    if column.kind in ("text", "number", "boolean"):
        expected = present.value_counts()
        assert [rows for _, rows in column.top_values] == list(expected[: len(column.top_values)])
        assert all(expected[value] == rows for value, rows in column.top_values)


def _check_number(column, present: pd.Series) -> None:
    if not len(present):
        assert (column.min, column.mean, column.sum, column.quantiles) == (None, None, None, {})
        return
    assert near(column.min, present.min())
    assert near(column.max, present.max())
    assert near(column.mean, present.mean())
    assert near(column.stddev, present.std(ddof=0))
    assert near(column.sum, present.sum())
    for percent, value in column.quantiles.items():
        assert near(value, present.quantile(int(percent) / 100))


def orders(rows: int) -> pa.Table:
    return pa.table(
        {
            "id": range(rows),
            "state": [("open", "paid", "sent")[i % 3] for i in range(rows)],
            "rare": ["usual"] * (rows - 2) + ["odd", "odd"],
            "price": [i * 7919 % 20_011 / 4 for i in range(rows)],
            "pieces": [i % 10 for i in range(rows)],
            "email": [f"user{i}@example.com" if i % 100 else None for i in range(rows)],
        }
    )


@pytest.fixture(scope="module")
def large():
    heard = []
    with sources.open(orders(60_000)) as table:
        return profiling.profile(table, on_progress=heard.append), heard


def test_a_large_table_is_counted_exactly_where_values_are_few(large):
    profile, _ = large
    state, pieces, rare = (profile.column(name) for name in ("state", "pieces", "rare"))
    assert state.top_values == [("open", 20_000), ("paid", 20_000), ("sent", 20_000)]
    assert state.patterns == [("a", 60_000)]
    assert (pieces.distinct, pieces.distinct_exact, pieces.sample_rows) == (10, True, None)
    assert pieces.quantiles == {"5": 0.0, "25": 2.0, "50": 4.5, "75": 7.0, "95": 9.0}
    assert rare.top_values == [("usual", 59_998), ("odd", 2)]


def test_a_large_table_is_sampled_where_values_are_many_and_says_so(large):
    profile, _ = large
    price, email = profile.column("price"), profile.column("email")
    assert price.sample_rows == 10_000
    assert abs(price.quantiles["50"] - 2_501) < 100
    assert not email.distinct_exact
    assert abs(email.distinct / 59_400 - 1) < 0.1
    assert (email.nulls, email.patterns) == (600, [("a9@a.a", email.patterns[0][1])])
    assert near(price.mean, sum(i * 7919 % 20_011 / 4 for i in range(60_000)) / 60_000)


def test_a_large_table_takes_one_scan_and_one_for_each_doubt(large):
    profile, heard = large
    # One for the statistics, one for the values that the head lacks, one to prove the key.
    assert profile.scans == 3
    assert profile.candidate_keys == [["id"]]
    assert heard[0] == 0.0
    assert heard[-1] == 1.0
    assert heard == sorted(heard)


def test_the_same_content_has_the_same_profile(large):
    with sources.open(orders(60_000)) as table:
        again = profiling.profile(table)
    assert {**again.to_dict(), "seconds": 0} == {**large[0].to_dict(), "seconds": 0}


def test_through_json_and_back(large):
    text = json.dumps(large[0].to_dict(), allow_nan=False)
    assert profiling.Profile.from_dict(json.loads(text)) == large[0]


def test_not_a_number_is_counted_and_left_out():
    data = pa.table({"f": [1.0, 3.0, math.nan, math.inf, -math.inf, None], "huge": [1e308, 1e308, -1e308, 0, 0, 0]})
    with sources.open(data) as table:
        profile = profiling.profile(table)
    found = profile.column("f")
    assert (found.nulls, found.nonfinite, found.min, found.max) == (1, 3, 1.0, 3.0)
    assert (found.mean, found.stddev, found.sum, found.quantiles["50"]) == (2.0, 1.0, 4.0, 2.0)
    json.dumps(profile.to_dict(), allow_nan=False)


def test_the_profile_of_a_small_table_does_not_wait_for_pandas():
    script = (
        "import sys; from tools import profiling, sources\n"
        "for name in ('orders', 'customers', 'items'):\n"
        "    with sources.open(f'examples/{name}.csv') as table: profiling.profile(table)\n"
        "print('pandas' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
