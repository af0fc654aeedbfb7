"""Comparisons of random tables."""

import json
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tests.integration.test_comparing import column, compared

START = datetime.fromtimestamp(0, UTC).replace(tzinfo=None)
ROWS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(-5, 5)),
        st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True, width=32)),
        st.one_of(st.none(), st.sampled_from(["a", "b", "", "ä", "x y"])),
        st.one_of(st.none(), st.booleans()),
        st.one_of(st.none(), st.dates(date(1990, 1, 1), date(2030, 1, 1))),
        st.one_of(st.none(), st.datetimes(START, START + timedelta(days=20_000))),
    ),
    max_size=40,
)
TYPES = [pa.int64(), pa.float64(), pa.string(), pa.bool_(), pa.date32(), pa.timestamp("us")]


def table(rows):
    columns = list(zip(*rows, strict=True)) if rows else [[] for _ in TYPES]
    return pa.table({f"c{i}": pa.array(list(v), t) for i, (v, t) in enumerate(zip(columns, TYPES, strict=True))})


@given(ROWS, st.randoms(use_true_random=False))
def test_a_table_and_its_rows_in_another_order_are_the_same(rows, random):
    shuffled = random.sample(rows, len(rows))
    found = compared(table(rows), table(shuffled))
    assert found.degree == "none"
    for one in found.columns:
        assert all(abs(measure.value) < 1e-7 for measure in one.measures), one
        assert (one.new, one.gone, one.outside or 0.0, one.says) == ([], [], 0.0, "")
        assert all(each.left == each.right for each in one.bins)


@given(ROWS, ROWS)
def test_every_row_is_counted_once_on_each_side(rows, others):
    found = compared(table(rows), table(others))
    for i, one in enumerate(found.columns):
        if one.measures:
            for side, data in (("left", rows), ("right", others)):
                values = [row[i] for row in data if row[i] is not None]
                finite = [v for v in values if not isinstance(v, float) or np.isfinite(v)]
                assert sum(getattr(each, side) for each in one.bins) == len(finite)
    json.dumps(found.to_dict(), allow_nan=False)


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=60), st.lists(st.integers(-9, 9), min_size=1, max_size=60))
def test_ks_of_few_values_is_that_of_scipy(left, right):
    left = [*left, *range(-9, 10)]
    assert column(left, right).measures[1].value == pytest.approx(stats.ks_2samp(left, right).statistic)
