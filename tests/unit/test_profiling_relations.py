"""What columns say about each other: keys, dependencies, foreign keys; and about themselves from row to row."""

from __future__ import annotations

import datetime as dt
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tools import profiling, sources
from tools.profiling import moments
from tools.profiling.bins import number_bins
from tools.profiling.model import Histogram
from tools.profiling.moments import seconds
from tools.profiling.order import trend


def profile_of(data: dict) -> profiling.Profile:
    with sources.open(pa.table(data)) as table:
        return profiling.profile(table)


def column_of(values, kind=None) -> profiling.ColumnProfile:
    return profile_of({"x": pa.array(values, kind)}).columns[0]


class TestDependencies:
    def cities(self, rows: int, wrong: int = 0) -> dict:
        chance = random.Random(7)
        plz = [f"{chance.randrange(60):05d}" for _ in range(rows)]
        city = [f"city {int(code) // 2}" for code in plz]
        for at in range(wrong):
            city[at * 50] = "Nowhere"
        return {"plz": plz, "city": city, "noise": [chance.randrange(9) for _ in range(rows)]}

    @pytest.mark.parametrize("rows", [2_000, 30_000])
    def test_a_column_that_decides_another(self, rows):
        (found,) = profile_of(self.cities(rows)).dependencies
        assert (found.determinant, found.dependent, found.share, found.rows) == ("plz", "city", 1.0, rows)
        assert (found.violations, found.examples, found.sample_rows) == (0, [], None)

    @pytest.mark.parametrize("rows", [2_000, 30_000])
    def test_errors_are_counted_in_all_rows_and_shown(self, rows):
        data = self.cities(rows, wrong=20)
        (found,) = profile_of(data).dependencies
        assert (found.violations, found.rows) == (20, rows)
        assert found.share == pytest.approx(1 - 20 / rows)
        assert len(found.examples) == 3
        for code, usual, odd in found.examples:
            assert (usual, odd) == (f"city {int(code) // 2}", "Nowhere")

    def test_neither_a_key_nor_a_constant_nor_a_skewed_column_is_decided(self):
        rows = 3_000
        skewed = ["usual"] * (rows - 20) + ["odd"] * 20
        few = [n % 7 for n in range(rows)]
        data = {"id": range(rows), "same": ["x"] * rows, "skewed": skewed, "few": few}
        assert profile_of(data).dependencies == []

    def test_missing_values_take_no_part(self):
        data = self.cities(2_000)
        data["city"] = [None if n % 3 == 0 else city for n, city in enumerate(data["city"])]
        (found,) = profile_of(data).dependencies
        assert (found.share, found.rows) == (1.0, sum(city is not None for city in data["city"]))

    def test_many_columns_do_not_take_for_ever(self):
        chance = random.Random(3)
        profile = profile_of({f"c{i}": [chance.randrange(20) for _ in range(2_000)] for i in range(120)})
        assert profile.dependencies == []
        assert profile.seconds < 60


class TestKeys:
    @pytest.mark.parametrize("rows", [60, 40_000])
    def test_three_columns_that_only_together_tell_rows_apart(self, rows):
        data = {
            "a": [n % 40 for n in range(rows)],
            "b": [n // 40 % 40 for n in range(rows)],
            "c": [n // 1_600 for n in range(rows)],
        }
        found = profile_of(data).candidate_keys
        assert found == ([["a", "b"]] if rows == 60 else [["a", "b", "c"]])

    def test_a_key_of_a_text_file_needs_no_second_reading(self, tmp_path):
        path = tmp_path / "a.csv"
        path.write_text("id,v\n" + "".join(f"{n},{n % 7}\n" for n in range(30_000)))
        with sources.open(path) as table:
            profile = profiling.profile(table)
        assert (profile.candidate_keys, profile.column("id").distinct_exact) == ([["id"]], True)
        assert profile.scans == 1

    def test_numbers_beyond_the_expected_range_are_counted_all_the_same(self, tmp_path):
        path = tmp_path / "a.csv"
        path.write_text("id,v\n" + "".join(f"{n * 100_003},{n % 7}\n" for n in range(30_000)))
        with sources.open(path) as table:
            profile = profiling.profile(table)
        assert (profile.candidate_keys, profile.column("id").distinct) == ([["id"]], 30_000)


class TestTrend:
    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ([1, 2, 3], "strictly increasing"),
            ([1, 1, 2, None, 3], "increasing"),
            ([3, 2, 1], "strictly decreasing"),
            ([3, 3, 1], "decreasing"),
            ([1, 3, 2], None),
            ([2, 2, 2], None),
            ([1, 2], None),
            ([], None),
            (["a", "b", "c"], "strictly increasing"),
        ],
    )
    def test_of_values(self, values, expected):
        assert trend(pa.chunked_array([pa.array(values, None if values else pa.int64())])) == expected

    def test_the_profile_says_how_many_rows_it_looked_at(self):
        profile = profile_of({"id": range(25_000), "v": [n % 3 for n in range(25_000)]})
        assert (profile.ordered, profile.column("id").trend) == (True, "strictly increasing")
        assert profile.column("id").trend_rows == 20_001
        assert profile.column("v").trend is None

    def test_constant(self):
        assert column_of(["x", "x", None]).constant
        assert not column_of(["x", "y"]).constant
        assert not column_of([None, None], pa.string()).constant


class TestHistograms:
    def test_round_edges_and_every_row(self):
        found = column_of([n * 0.37 % 93 for n in range(30_000)]).histogram
        assert found.sample_rows is None
        assert sum(found.counts) == 30_000
        assert found.edges[0] == 0.0
        assert found.edges[1] == 5.0
        assert len(found.edges) == len(found.counts) + 1 <= 22

    def test_a_text_file_is_sampled_and_says_so(self, tmp_path):
        path = tmp_path / "a.csv"
        path.write_text("v\n" + "".join(f"{n * 7919 % 20_011 / 8}\n" for n in range(30_000)))
        with sources.open(path) as table:
            found = profiling.profile(table).columns[0].histogram
        assert found.sample_rows == sum(found.counts) == 10_000

    @pytest.mark.parametrize(
        ("values", "edges", "counts"),
        [
            ([1, 2, 2, 3, None], [1, 2, 3, 3], [1, 2, 1]),
            ([5, 500_000, 5, -1], [-1, 5, 500_000, 500_000], [1, 2, 1]),
            ([3.0, 4.0, 3.0, float("nan")], [3, 4, 4], [2, 1]),
        ],
    )
    def test_a_few_whole_numbers_get_a_bar_each(self, values, edges, counts):
        found = column_of(values).histogram
        assert found == Histogram(edges, counts, by_value=True)

    def test_a_few_values_of_many_rows_get_a_bar_each_wherever_they_are_counted(self, tmp_path):
        path = tmp_path / "a.csv"
        path.write_text("v\n" + "".join(f"{n % 7}\n" for n in range(30_000)))
        for source in (path, pa.table({"v": [n % 7 for n in range(30_000)]})):
            with sources.open(source) as table:
                found = profiling.profile(table).columns[0].histogram
            assert (found.edges, found.by_value) == ([0, 1, 2, 3, 4, 5, 6, 6], True)
            assert sum(found.counts) == 30_000

    def test_fractions_get_bins_however_few_they_are(self):
        found = column_of([0.5, 1.0, 2.0]).histogram
        assert not found.by_value
        assert found.edges[:2] == [0.5, 0.6]

    @pytest.mark.parametrize(("low", "high"), [(1, 21), (0, 99), (-3, 46), (7, 1_000_003), (0, 10**9)])
    def test_bins_of_whole_numbers_hold_equally_many_each(self, low, high):
        bins = number_bins(low, high, whole=True)
        assert bins.width.is_integer()
        assert bins.start <= low
        assert high + (bins.width < 100) <= bins.start + bins.number * bins.width
        assert 8 <= bins.number <= 22
        assert str(int(bins.width)).rstrip("0") in {"1", "2", "25", "5"}

    def test_dates(self):
        days = [dt.date(2024, 1, 1) + dt.timedelta(days=n) for n in range(60)]
        found = column_of([*days, None]).histogram
        assert sum(found.counts) == 60
        assert found.edges == [str(dt.date(2024, 1, 1) + dt.timedelta(weeks=n)) for n in range(10)]
        assert found.counts == [7] * 8 + [4]

    @pytest.mark.parametrize(
        ("first", "last", "edges"),
        [
            ("2024-01-05", "2024-01-07", ["2024-01-05", "2024-01-06", "2024-01-07", "2024-01-08"]),
            ("2023-11-07", "2024-06-30", ["2023-11-01", "2023-12-01", "2024-01-01"]),
            ("2020-02-01", "2024-03-01", ["2020-01-01", "2020-04-01"]),
            ("1931-05-01", "2004-03-01", ["1930-01-01", "1935-01-01"]),
            ("0001-01-01", "9999-12-31", ["0001-01-01", "0500-01-01"]),
            ("2024-01-01T10:00:00.5", "2024-01-01T10:00:03", ["2024-01-01T10:00:00", "2024-01-01T10:00:01"]),
            ("2024-01-01T23:00:00", "2024-01-02T02:10:00", ["2024-01-01T23:00:00", "2024-01-01T23:15:00"]),
        ],
    )
    def test_edges_of_moments_are_those_of_the_calendar(self, first, last, edges):
        found = moments.histogram(first, last, [(first, 2), (last, 3)], days="T" not in first, sample_rows=None)
        assert found.edges[: len(edges)] == edges
        assert found.counts[0] == 2
        assert found.counts[-1] == 3
        assert found.edges[-2] <= last <= found.edges[-1]
        assert len(found.counts) <= 20

    def test_the_ends_of_the_calendar_are_no_error(self):
        for first, last in (("0001-01-01", "0001-01-09"), ("9999-12-29", "9999-12-31"), ("9999-12-01", "9999-12-31")):
            found = moments.histogram(first, last, [(first, 1), (last, 1)], days=True, sample_rows=None)
            assert sum(found.counts) == 2
            assert found.edges == sorted(found.edges)

    def test_what_has_no_bins(self):
        assert column_of([5, 5, 5]).histogram is None
        assert column_of([None, None], pa.float64()).histogram is None
        assert column_of(["a", "b"]).histogram is None
        assert number_bins(0.0, float("inf"), whole=False) is None
        assert number_bins(1e18, 1e18 + 1, whole=True) is None
        assert column_of([dt.date(2024, 1, 1)] * 3).histogram is None

    @pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-5.0, 17.3), (1e-9, 2e-9), (-1e300, 1e300), (0.1, 1e9)])
    def test_the_bins_hold_both_ends(self, low, high):
        bins = number_bins(low, high, whole=False)
        assert bins.start <= low
        assert bins.start + bins.number * bins.width >= high * (1 - 1e-9)
        assert bins.number <= 21

    def test_moments_beyond_the_calendar_are_left_out(self):
        assert seconds(["2024-01-01", "10000-01-01", "infinity", "-0044-03-15"]) == [1704067200.0, None, None, None]


class TestInclusions:
    def tables(self, orphans: int = 0):
        customers = pa.table({"id": [f"C{n:04d}" for n in range(500)], "name": [f"n{n}" for n in range(500)]})
        refs = [f"C{n % 400:04d}" for n in range(3_000 - orphans)] + [f"C9{n:03d}" for n in range(orphans)]
        orders = pa.table({"order": range(3_000), "customer_id": refs, "pieces": [n % 9 for n in range(3_000)]})
        return customers, orders

    def test_a_foreign_key_is_found_and_counted(self):
        customers, orders = self.tables()
        with sources.open(customers) as one, sources.open(orders) as two:
            (found,) = profiling.inclusions({"customers": one, "orders": two})
        assert (found.table, found.column, found.of_table, found.of_column) == (
            "orders",
            "customer_id",
            "customers",
            "id",
        )
        assert (found.values, found.missing, found.missing_rows, found.share) == (400, 0, 0, 1.0)
        assert found.confidence > 0.9
        assert found.sample_values is None
        assert "LEFT JOIN" in found.query
        assert '"customers"' in found.query
        assert "assay_" not in found.query

    def test_orphans_are_counted_with_their_rows_and_shown(self):
        customers, orders = self.tables(orphans=5)
        with sources.open(customers) as one, sources.open(orders) as two:
            (found,) = profiling.inclusions({"customers": one, "orders": two})
        assert (found.missing, found.missing_rows, found.examples) == (5, 5, ["C9000", "C9001", "C9002"])

    def test_the_query_it_shows_gives_what_it_says(self):
        import duckdb

        customers, orders = self.tables(orphans=5)
        with sources.open(customers) as one, sources.open(orders) as two:
            (found,) = profiling.inclusions({"customers": one, "orders": two})
        connection = duckdb.connect()
        connection.register("customers", customers)
        connection.register("orders", orders)
        assert connection.execute(found.query).fetchall() == [(405, 5, 5)]

    def test_small_numbers_within_a_range_of_keys_are_an_accident(self):
        keys = pa.table({"id": range(1, 1_001), "v": [n % 3 for n in range(1_000)]})
        other = pa.table({"pieces": [n % 9 + 1 for n in range(2_000)]})
        with sources.open(keys) as one, sources.open(other) as two:
            assert profiling.inclusions({"products": one, "lines": two}) == []

    def test_numbers_named_after_the_table_are_none(self):
        keys = pa.table({"id": range(1, 1_001)})
        other = pa.table({"product_id": [n % 900 + 1 for n in range(2_000)]})
        with sources.open(keys) as one, sources.open(other) as two:
            (found,) = profiling.inclusions({"products": one, "lines": two})
        assert (found.column, found.share) == ("product_id", 1.0)

    def test_a_table_may_refer_to_itself(self):
        people = pa.table({"id": range(1, 301), "manager_id": [n % 20 + 1 for n in range(300)]})
        with sources.open(people) as table:
            (found,) = profiling.inclusions({"people": table})
        assert (found.column, found.of_column) == ("manager_id", "id")

    def test_too_many_orphans_are_no_foreign_key(self):
        customers, orders = self.tables(orphans=200)
        with sources.open(customers) as one, sources.open(orders) as two:
            assert profiling.inclusions({"customers": one, "orders": two}) == []


def test_a_parquet_file_is_not_read_for_its_key_by_a_hash_table(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": range(50_000), "v": [n % 7 for n in range(50_000)]}), path)
    asked = []
    with sources.open(path) as table:
        query = table.query
        table.query = lambda select, **options: asked.append(select.sql("duckdb")) or query(select, **options)
        profile = profiling.profile(table)
    assert profile.candidate_keys == [["id"]]
    assert any("BITSTRING_AGG" in text for text in asked)
    assert not any("COUNT(DISTINCT" in text for text in asked)
