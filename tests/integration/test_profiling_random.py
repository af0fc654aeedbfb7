"""Profiles of random tables against Python."""

import json
from collections import Counter

import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from tools import profiling, sources

NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=12)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
KINDS = [
    (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    (pa.float64(), st.floats()),
    (pa.string(), TEXTS),
    (pa.bool_(), st.booleans()),
    (pa.date32(), st.dates()),
    (pa.timestamp("us"), st.datetimes()),
]


@st.composite
def tables(draw) -> pa.Table:
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique_by=str.lower))
    rows = draw(st.integers(0, 12))
    arrays = []
    for _ in names:
        kind, one = draw(st.sampled_from(KINDS))
        arrays.append(pa.array(draw(st.lists(st.none() | one, min_size=rows, max_size=rows)), kind))
    return pa.table(arrays, names=names)


@given(tables())
@example(pa.table({"a": pa.array([0.0, -0.0, None, float("nan")])}))
def test_random_tables_agree_with_python(data):
    with sources.open(data) as table:
        profile = profiling.profile(table)
    assert profiling.Profile.from_dict(json.loads(json.dumps(profile.to_dict(), allow_nan=False))) == profile
    assert profile.rows == data.num_rows
    for column, array in zip(profile.columns, data.columns, strict=True):
        present = [value for value in array.to_pylist() if value is not None]
        # NaN is one value, and so are 0.0 and -0.0.
        keyed = Counter("nan" if value != value else value for value in present)
        assert (column.nulls, column.distinct) == (data.num_rows - len(present), len(keyed))
        if column.kind in ("text", "boolean") or pa.types.is_integer(array.type):
            assert dict(column.top_values) == keyed
        if pa.types.is_integer(array.type) and present:
            assert (column.min, column.max) == (min(present), max(present))


def test_a_thousand_columns():
    data = pa.table({f"c{i}": [i, i + 1, None] for i in range(1000)})
    with sources.open(data) as table:
        profile = profiling.profile(table)
    assert len(profile.columns) == 1000
    assert profile.columns[999].max == 1000
