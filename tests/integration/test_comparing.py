"""Comparing tables."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv
from scipy import stats

from tools import sources
from tools.comparing import bins, columns, compare, edges, figures, grouping, saying, statements
from tools.sources import SourceError


def compared(left, right):
    with sources.open(left) as one, sources.open(right) as other:
        return compare(one, other)


def column(left, right):
    """The comparison of one column of values."""
    return compared(pa.table({"c": left}), pa.table({"c": right})).columns[0]


def normal(seed, rows, mean=0.0, width=1.0):
    return np.random.default_rng(seed).normal(mean, width, rows)


@pytest.mark.parametrize("empty", [[float("nan")], [float("inf"), None], [float("nan"), float("-inf")]])
def test_numbers_none_of_which_is_finite(empty):
    for sides, named in (((empty, [1.0, 2.0]), "A"), (([1.0, 2.0], empty), "B"), ((empty, empty), "A and B")):
        found = column(*(pa.array(side, pa.float64()) for side in sides))
        assert found.not_compared == f"It has no finite numbers in {named}."
        assert (found.measures, found.bins) == ([], [])


def test_schema():
    left = pa.table({"a": [1], "b": ["x"], "gone": [1], "C": [1.0]})
    right = pa.table({"c": [1.0], "b": [1], "new": [1], "a": [1]})
    found = compared(left, right)
    assert (found.schema.added, found.schema.removed, found.schema.reordered) == (["new"], ["gone"], True)
    assert [(one.name, one.left, one.right) for one in found.schema.retyped] == [("b", "VARCHAR", "BIGINT")]
    assert (found.schema.degree, found.degree) == ("large", "large")
    assert found.columns[1].not_compared == "It is text in A and number in B."


@pytest.mark.parametrize(
    ("mean", "width", "degree"),
    [(0.0, 1.0, "none"), (0.1, 1.0, "none"), (0.4, 1.0, "small"), (0.7, 1.0, "large"), (0, 2.0, "large")],
)
def test_numbers(mean, width, degree):
    found = column(normal(1, 20_000), normal(2, 20_000, mean, width))
    assert found.degree == degree
    assert [measure.name for measure in found.measures] == ["PSI", "KS"]
    assert 9 <= len(found.bins) <= 11
    if width == 1.0 and mean:
        # Two normal distributions d standard deviations apart have a PSI of d squared.
        assert found.measures[0].value == pytest.approx(mean**2, rel=0.35, abs=0.01)


def test_moments_in_time_and_days():
    start = datetime.fromtimestamp(19_723 * 86_400, UTC).replace(tzinfo=None)
    left = [start + timedelta(hours=i) for i in range(2000)]
    right = [moment + timedelta(days=40) for moment in left]
    for one, other in ((left, right), ([m.date() for m in left], [m.date() for m in right])):
        found = column(one, other)
        assert found.degree == "large"
        assert found.left.min.startswith("2024-01-01")
        assert found.outside > 0.4
        assert "of the values in B lie outside of the range of A" in found.says
    zoned = pa.array(left, pa.timestamp("us", "UTC"))
    assert column(zoned, pa.array(right, pa.timestamp("us", "UTC"))).degree == "large"
    assert column(zoned, zoned).degree == "none"


def test_categories():
    left = ["new"] * 500 + ["paid"] * 400 + ["lost"] * 100
    right = ["new"] * 300 + ["paid"] * 400 + ["sent"] * 300
    found = column(left, right)
    assert (found.degree, found.new, found.gone) == ("large", ["sent"], ["lost"])
    assert [(each.label, each.left, each.right) for each in found.bins[:2]] == [("new", 500, 300), ("paid", 400, 400)]
    assert found.says.endswith("Only in B: sent. Only in A: lost.")
    assert column([True] * 500 + [False] * 500, [True] * 900 + [False] * 100).degree == "large"


def test_many_categories_are_compared_by_the_most_frequent_and_the_rest():
    left = [f"v{i % 3000}" for i in range(12_000)] + ["big"] * 4000
    right = [f"v{i % 3000}" for i in range(12_000)] + ["big"] * 1000 + ["fresh"] * 3000
    found = column(left, right)
    assert (found.new, found.degree) == (["fresh"], "large")
    assert sum(each.left for each in found.bins) == sum(each.right for each in found.bins) == 16_000
    assert column(left, left).degree == "none"


def test_what_is_a_key_has_no_categories():
    found = column([f"id{i}" for i in range(500)], [f"other{i}" for i in range(500)])
    assert (found.not_compared, found.degree) == ("It identifies rows: nearly every value is another one.", "none")


def test_missing_values():
    found = column([1.0] * 1000, [1.0] * 900 + [None] * 100)
    assert (found.nulls, found.degree) == ("large", "large")
    assert found.says == "NULL: 0 % of A, 10 % of B."
    assert column(pa.array([None, None], pa.int64()), [1, 2]).not_compared == "It has no values in A."


def test_few_rows_are_no_proof():
    assert column([1, 2, 3, 4], [1, 2, 3, 9]).degree == "none"


def test_volume_and_empty_tables():
    assert compared(pa.table({"a": [1] * 10}), pa.table({"a": [1] * 30})).volume == "large"
    empty = pa.table({"a": pa.array([], pa.int64())})
    assert compared(empty, empty).degree == "none"
    assert compared(empty, pa.table({"a": [1]})).volume == "large"


def test_types_that_are_not_compared():
    found = column([[1], [2]], [[1], [3]])
    assert found.not_compared == "Values of type BIGINT[] are not compared."


def test_a_column_of_one_value():
    found = column([7] * 100, [7] * 60 + [8] * 40)
    assert [(each.label, each.left, each.right) for each in found.bins] == [
        ("< 7", 0, 0),
        ("7", 100, 60),
        ("> 7", 0, 40),
    ]
    assert (found.outside, found.degree) == (0.4, "large")
    assert column([7] * 100, [6] * 100).degree == "large"


def test_numbers_with_few_values():
    found = column([0] * 500 + [1] * 500, [0] * 900 + [1] * 100)
    assert [(each.label, each.left, each.right) for each in found.bins] == [("≤ 0", 500, 900), ("> 0", 500, 100)]
    assert found.degree == "large"
    found = column([0, 1, 2] * 300, [0, 1, 2] * 200 + [9] * 300)
    assert (found.degree, found.measures[1].value) == ("large", pytest.approx(1 / 3))


def test_files_of_kinds_that_differ(tmp_path):
    data = pa.table({"n": list(range(1000)), "s": ["a", "b"] * 500})
    pq.write_table(data, tmp_path / "t.parquet")
    (tmp_path / "t.csv").write_text("n,s\n" + "".join(f"{i},{'ab'[i % 2]}\n" for i in range(1000)))
    assert compared(tmp_path / "t.parquet", tmp_path / "t.csv").degree == "none"


def queries(monkeypatch, left, right):
    """How many queries it takes, what the comparison says, and the shares of progress."""
    asked, shares = [], []
    for module in (figures, edges, bins, grouping):
        monkeypatch.setattr(module, "asked", lambda query, table: asked.append(query) or statements.asked(query, table))
    with sources.open(left) as one, sources.open(right) as other:
        found = compare(one, other, on_progress=shares.append).to_dict()
    found.pop("seconds")
    assert (shares == sorted(shares), shares[0], shares[-1]) == (True, 0.0, 1.0)
    return len(asked), found["columns"], shares


def wide(seed, columns, rows=200):
    """Numbers, texts, days, flags and texts with more values than are compared one by one, in turn."""
    random = np.random.default_rng(seed)
    makers = (
        lambda: random.normal(0, 1, rows),
        lambda: random.integers(-9, 9, rows),
        lambda: random.choice(["a", "b", "ä", ""], rows),
        lambda: pa.array(random.integers(18_000, 18_900, rows).astype("int32")).cast(pa.date32()),
        lambda: random.random(rows) < 0.3,
    )
    return pa.table({f"c{i}": makers[i % len(makers)]() for i in range(columns)})


@pytest.mark.parametrize("kind", ["memory", "csv"])
def test_queries_do_not_grow_with_columns_but_with_batches(monkeypatch, tmp_path, kind):
    left, right = wide(1, 50), wide(2, 50)
    if kind == "csv":
        for name, data in (("left", left), ("right", right)):
            csv.write_csv(data, tmp_path / f"{name}.csv")
        left, right = tmp_path / "left.csv", tmp_path / "right.csv"
    count, together, shares = queries(monkeypatch, left, right)
    # The figures of both sides, edges on one, rows by bin and by category on both.
    assert count == 2 + 1 + 2 + 2
    assert len(set(shares)) > count / 2
    monkeypatch.setattr(statements, "MOST_COLUMNS", 10)
    assert queries(monkeypatch, left, right)[:2] == (2 + 3 + 2 * 3 + 2 * 2, together)
    monkeypatch.setattr(statements, "MOST_COLUMNS", 1)
    assert queries(monkeypatch, left, right)[:2] == (2 + 30 + 2 * 30 + 2 * 20, together)


def test_a_statement_is_about_fewer_columns_of_a_tall_table(monkeypatch):
    left, right = wide(1, 50), wide(2, 50)
    together = queries(monkeypatch, left, right)[1]
    monkeypatch.setattr(bins, "MOST_CELLS", 2_000)
    monkeypatch.setitem(edges.MOST_SORTED, "duckdb", 1_000)
    assert queries(monkeypatch, left, right)[:2] == (2 + 6 + 2 * 3 + 2, together)


def test_texts_with_many_values_take_a_second_look_together(monkeypatch):
    left, right = (
        pa.table({f"c{k}": [f"v{i * (k + 1) % n}" for i in range(5_000)] for k in range(6)}) for n in (1_501, 900)
    )
    count, together, _ = queries(monkeypatch, left, right)
    # The right side has been counted as a whole, and is not asked again.
    assert count == 2 + 2 + 1
    monkeypatch.setattr(grouping, "TALL", 0)
    assert queries(monkeypatch, left, right)[:2] == (count, together)


def test_batches_end_by_number_and_by_weight(monkeypatch):
    monkeypatch.setattr(statements, "MOST_COLUMNS", 3)
    assert list(statements.batches([1, 1, 1, 1, 9, 2, 2], int, 4)) == [[1, 1, 1], [1], [9], [2, 2]]
    assert list(statements.batches([], int, 4)) == []


def test_a_source_that_went_away_is_an_error(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a\n1\n")
    with sources.open(path) as one, sources.open(pa.table({"a": [1]})) as other:
        path.unlink()
        with pytest.raises(SourceError):
            compare(one, other)


def test_bins_are_merged_into_tenths():
    assert columns._merged([2] * 50) == [(i, i + 5) for i in range(0, 50, 5)]
    assert columns._merged([100]) == [(0, 1)]
    assert columns._merged([90, 5, 5]) == [(0, 1), (1, 3)]
    assert columns._spans([0, 50, 50, 0]) == [(0, 2), (2, 4)]
    assert columns._spans([0, 100, 0]) == [(0, 1), (1, 2), (2, 3)]


def test_columns_that_may_change():
    left, right = (
        pa.table({"at": [1] * 500, "a": [1] * 500}),
        pa.table({"at": [2] * 500, "a": [1] * 500, "b": [1] * 500}),
    )
    with sources.open(left) as one, sources.open(right) as other:
        assert compare(one, other).degree == "large"
        found = compare(one, other, ignore=["AT", "b"])
        assert ([column.name for column in found.columns], found.degree) == (["a"], "none")
        with pytest.raises(SourceError, match="Neither table has a column 'c'"):
            compare(one, other, ignore=["c"])


def test_ks_of_many_values_is_within_a_bin_of_that_of_scipy():
    left, right = normal(5, 5000), normal(6, 4000, 0.5)
    found = column(left, right).measures[1].value
    expected = stats.ks_2samp(left, right).statistic
    assert expected - 1 / edges.BINS <= found <= expected + 1e-9


def test_psi_is_that_of_the_bins_that_are_shown():
    left, right = normal(7, 3000), normal(8, 3000, 0.6)
    found = column(left, right)
    cuts = np.quantile(left, np.arange(1, 10) / 10)
    shares = [np.histogram(side, [-np.inf, *cuts, np.inf])[0] / len(side) for side in (left, right)]
    expected = float(np.sum((shares[1] - shares[0]) * np.log(shares[1] / shares[0])))
    assert found.measures[0].value == pytest.approx(expected, rel=0.05)


def test_a_difference_that_chance_explains_is_said_and_does_not_count():
    found = column(normal(1, 12), normal(2, 12, 0.3))
    assert any(measure.value >= measure.small and not measure.significant for measure in found.measures)
    assert found.degree == "none"
    assert "not significantly" in found.says


def test_measures_carry_their_thresholds_and_whether_they_are_significant():
    found = column(normal(1, 4_000), normal(2, 4_000, 2.0))
    assert [(one.name, one.small, one.large, one.significant) for one in found.measures] == [
        ("PSI", 0.1, 0.25, True),
        ("KS", 0.126, 0.197, True),
    ]
    plain = column(["a", "b"] * 50, ["a", "b"] * 60).measures
    assert [(one.name, one.small, one.significant) for one in plain] == [
        ("Jensen-Shannon", 0.134, False),
        ("chi-square", None, False),
    ]


def test_the_number_of_different_values_says_whether_it_is_exact():
    assert not column([1, 2], [3]).left.distinct_exact


@pytest.mark.parametrize(
    ("left", "right", "names"),
    [
        ("data/orders_1.csv", "data/orders_2.csv", ("orders_1.csv", "orders_2.csv")),
        ("/old/orders.csv", "/new/orders.csv", ("old/orders.csv", "new/orders.csv")),
        ("orders.csv", "/new/orders.csv", ("orders.csv", "new/orders.csv")),
        ("postgresql://host/shop/public.orders", "s3://lake/orders.parquet", ("public.orders", "orders.parquet")),
        ("orders.csv", "orders.csv", ("orders.csv (A)", "orders.csv (B)")),
        ("postgresql://u@h/shop/orders?host=%2Ftmp", "postgresql://h/shop/later?sslmode=require", ("orders", "later")),
        ("C:\\a\\x.csv", "C:\\b\\x.csv", ("a/x.csv", "b/x.csv")),
        ("memory:table-1", "memory:table-2", ("A", "B")),
        ("memory:table-1", "orders.csv", ("memory:table-1", "orders.csv")),
    ],
)
def test_tables_are_called_by_the_end_of_their_uri(left, right, names):
    assert saying.names(left, right) == names
