"""The same data on DuckDB, PostgreSQL, MariaDB and Spark has the same profile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pyarrow.parquet as pq
import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.support import profile_tables
from tests.support.aws.athena import Athena
from tests.support.aws.redshift import Redshift
from tests.support.aws.service import run
from tests.support.same_table import FOLDS, postgres_uri
from tools import profiling, sources
from tools.profiling import ColumnProfile, Profile
from tools.sources import Table

SMALL, LARGE = 400, 26_000
"""Rows: all of them in the head, and so many that the engine has to count and to sample."""
ABOUT = 0.1
"""How far an estimate of distinct values may be off."""
EXACT = ("name", "kind", "nulls", "blanks", "min", "max", "min_length", "max_length", "inferred_type", "constant")
CLOSE = ("mean", "stddev", "sum", "mean_length", "numeric_share")
SAMPLED = ("email", "price", "total", "changed", "figures", "id")
"""Columns with too many values to count each."""


@pytest.fixture(scope="module", params=["postgres", "mysql", "spark", "redshift", "athena"])
def tables(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, Table]]:
    """The table with few and with many rows on an engine."""
    with ExitStack() as stack:
        uris = {
            "postgres": _postgres,
            "mysql": _mysql,
            "redshift": _redshift,
            "athena": _athena,
            "spark": lambda request, stack: _spark(request, tmp_path_factory.mktemp("spark")),
        }[request.param](request, stack)
        yield {rows: stack.enter_context(sources.open(uri)) for rows, uri in uris.items()}


def _redshift(request: pytest.FixtureRequest, stack: ExitStack) -> dict[int, str]:
    stack.enter_context(run(Redshift(_in_postgres(request, "measured"))))
    return {rows: f"redshift://shop.eu-west-1/measured/orders_{rows}" for rows in (SMALL, LARGE)}


def _athena(request: pytest.FixtureRequest, stack: ExitStack) -> dict[int, str]:
    athena = Athena()
    stack.enter_context(run(athena))
    return {rows: athena.load("shop", f"orders_{rows}", profile_tables.as_arrow(rows)) for rows in (SMALL, LARGE)}


def _in_postgres(request: pytest.FixtureRequest, database: str) -> str:
    server: str = request.getfixturevalue("store_server")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"drop database if exists {database} with (force)".encode())
        connection.execute(f"create database {database}".encode())
    with psycopg.connect(server, dbname=database, autocommit=True) as connection:
        for rows in (SMALL, LARGE):
            profile_tables.into_postgres(connection, f"orders_{rows}", rows)
            if database == "measured":
                connection.execute(f'alter table orders_{rows} rename "Customer Name" to "customer name"'.encode())
    return server


def _postgres(request: pytest.FixtureRequest, stack: ExitStack) -> dict[int, str]:
    place = conninfo_to_dict(_in_postgres(request, "profiles"), dbname="profiles")
    return {rows: postgres_uri(place, f"orders_{rows}") for rows in (SMALL, LARGE)}


def _mysql(request: pytest.FixtureRequest, stack: ExitStack) -> dict[int, str]:
    server = request.getfixturevalue("mariadb_server")
    server.run("create or replace database profiles")
    stack.callback(server.run, "drop database profiles")
    connection = server.connect("profiles")
    for rows in (SMALL, LARGE):
        profile_tables.into_mysql(connection, f"orders_{rows}", rows)
    connection.close()
    return {rows: server.uri("profiles", f"orders_{rows}") for rows in (SMALL, LARGE)}


def _spark(request: pytest.FixtureRequest, folder: Any) -> dict[int, str]:
    request.getfixturevalue("spark_session")
    for rows in (SMALL, LARGE):
        pq.write_table(profile_tables.as_arrow(rows), folder / f"orders_{rows}.parquet")
    return {rows: f"spark://{folder}/orders_{rows}.parquet" for rows in (SMALL, LARGE)}


@pytest.fixture
def servers(tables: dict[int, Table]) -> dict[int, Table]:
    """The tables, but for those that are read through JSON, where this would take long and ask nothing else."""
    if tables[SMALL].dialect in FOLDS:
        pytest.skip("asked often enough on quicker engines")
    return tables


@pytest.fixture(scope="module")
def expected(tables: dict[int, Table]) -> dict[int, Profile]:
    """The profiles of DuckDB."""
    found = {}
    for rows in (SMALL, LARGE):
        data = profile_tables.as_arrow(rows)
        if tables[rows].dialect in FOLDS:
            data = data.rename_columns([name.lower() for name in data.column_names])
        with sources.open(data) as table:
            found[rows] = profiling.profile(table)
    return found


def test_a_table_that_fits_the_head_is_the_same_to_the_last_value(tables, expected):
    found, wanted = profiling.profile(tables[SMALL]), expected[SMALL]
    assert (found.rows, found.candidate_keys, found.sample_rows) == (wanted.rows, wanted.candidate_keys, None)
    assert found.dependencies == wanted.dependencies
    assert (found.ordered, found.scans) == (False, 1)
    for one, other in zip(found.columns, wanted.columns, strict=True):
        _check_totals(one, other)
        for name in ("distinct", "distinct_exact", "top_values", "patterns", "shapes", "semantic", "personal", "dates"):
            assert getattr(one, name) == getattr(other, name), (one.name, name)
        assert one.quantiles == pytest.approx(other.quantiles, rel=1e-9)
        assert one.histogram == other.histogram
        assert (one.trend, one.trend_rows) == (None, None)


def test_a_large_table_differs_in_what_is_estimated_alone(tables, expected):
    found, wanted = profiling.profile(tables[LARGE]), expected[LARGE]
    assert (found.rows, found.candidate_keys) == (wanted.rows, wanted.candidate_keys)
    assert found.sample_rows == pytest.approx(10_000, rel=0.05)
    for one, other in zip(found.columns, wanted.columns, strict=True):
        _check_totals(one, other)
        assert one.distinct == pytest.approx(other.distinct, rel=0 if other.distinct_exact else ABOUT)
        if one.name in SAMPLED:
            assert one.sample_rows == found.sample_rows
            _check_sampled(one, other)
        else:
            assert (one.top_values, one.sample_rows) == (other.top_values, None)
            assert one.quantiles == pytest.approx(other.quantiles, rel=1e-9)
            assert one.histogram == other.histogram
        if one.semantic or other.semantic:
            assert one.semantic.type == other.semantic.type
        assert (one.personal is None) == (other.personal is None)


def _check_totals(one: ColumnProfile, other: ColumnProfile) -> None:
    for name in EXACT:
        assert getattr(one, name) == getattr(other, name), (one.name, name)
    for name in CLOSE:
        found, wanted = getattr(one, name), getattr(other, name)
        assert found == wanted or found == pytest.approx(wanted, rel=1e-9, abs=1e-9), (one.name, name)


def _check_sampled(one: ColumnProfile, other: ColumnProfile) -> None:
    for percent, value in one.quantiles.items():
        spread = other.quantiles["95"] - other.quantiles["5"]
        assert value == pytest.approx(other.quantiles[percent], abs=0.05 * spread)
    if one.histogram and one.histogram.sample_rows is None and other.histogram.sample_rows is None:
        assert one.histogram == other.histogram


def test_the_sample_is_even_over_the_table(servers):
    """A LIMIT would have taken the rows that were stored first."""
    column = profiling.profile(servers[LARGE]).column("id")
    for percent, value in column.quantiles.items():
        assert value == pytest.approx(LARGE * int(percent) / 100, abs=0.03 * LARGE)


def test_keys_of_another_table_are_found_on_the_same_engine(servers):
    names = {"order": servers[SMALL], "lines": servers[LARGE]}
    found = profiling.inclusions(names)
    told = {(one.table, one.column, one.of_table, one.of_column): one for one in found}
    assert all(one.share >= 0.9 and one.sample_values is None for one in found)
    assert all(one.query for one in told.values())


def test_keys_of_a_table_elsewhere_are_looked_up(tables):
    import pyarrow as pa

    lines = pa.table({"order_id": [n * 7 % SMALL for n in range(2_000)]})
    with sources.open(lines) as table:
        (found,) = profiling.inclusions({"orders": tables[SMALL], "lines": table})
    assert (found.column, found.of_column, found.share, found.missing_rows) == ("order_id", "id", 1.0, None)
    assert found.values == SMALL
    assert "values" in found.query
