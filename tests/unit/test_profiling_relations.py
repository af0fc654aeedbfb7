"""What columns say about each other: keys, dependencies, foreign keys; and about themselves from row to row."""

from __future__ import annotations

import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tools import profiling, sources
from tools.profiling.bins import moment_bins, number_bins, seconds
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

    def test_whole_numbers_get_whole_bins(self):
        found = column_of([1, 2, 2, 3, None]).histogram
        assert (found.edges, found.counts) == ([1.0, 2.0, 3.0], [1, 3])

    def test_dates(self):
        import datetime as dt

        days = [dt.date(2024, 1, 1) + dt.timedelta(days=n) for n in range(60)]
        found = column_of([*days, None]).histogram
        assert sum(found.counts) == 60
        assert found.edges[0] <= "2024-01-01" < "2024-02-29" <= found.edges[-1]
        assert all(len(edge) == 10 for edge in found.edges)

    def test_what_has_no_bins(self):
        assert column_of([5, 5, 5]).histogram is None
        assert column_of([None, None], pa.float64()).histogram is None
        assert column_of(["a", "b"]).histogram is None
        assert number_bins(0.0, float("inf"), whole=False) is None
        assert number_bins(1e18, 1e18 + 1, whole=True) is None
        assert moment_bins(5.0, 5.0, days=True) is None

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
