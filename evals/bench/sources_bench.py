"""Rows profiled per second, source by source, against a scan of all columns by the same engine on the same table.

``python -m evals.bench.sources_bench --rows 200000 [--only parquet spark]``. The servers are those of the tests: real
ones of PostgreSQL and MariaDB on this machine, a local Spark, moto for S3; Redshift and Athena are stand-ins on
PostgreSQL and DuckDB, so that only what Assay adds to the engine shows there.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow.parquet as pq
from psycopg.conninfo import conninfo_to_dict
from sqlglot import exp

from evals.bench.profile_bench import write_orders
from memory import embedded
from tools import profiling, sources
from tools.dqdl.lowering import lower
from tools.sources.table import Field, Table

_PLAIN = "order_id bigint, customer varchar(40), email varchar(60), state varchar(10), price {double}, pieces int, "
_COLUMNS = (
    _PLAIN
    + "country varchar(2), ordered date, changed {timestamp}, express boolean, rebate {double}, postcode varchar(5)"
)
_IN_POSTGRES = _COLUMNS.format(double="double precision", timestamp="timestamp")
_IN_MARIADB = _COLUMNS.format(double="double", timestamp="datetime")


def scan(table: Table) -> None:
    """Reads every value once, with an aggregate that no statistics answer."""
    values = [exp.alias_(_read(field), f"c{number}") for number, field in enumerate(table.fields)]
    table.query(lower(exp.select(*values).from_(table.relation()), table.dialect, table.fields))


def _read(field: Field) -> exp.Expr:
    column = exp.column(field.name, quoted=True)
    if field.kind == "number":
        return exp.Sum(this=exp.cast(column, "double"))
    if field.kind == "text":
        return exp.Sum(this=exp.Length(this=column))
    return exp.Count(this=exp.Case().when(exp.Is(this=column, expression=exp.Null()), exp.Null()).else_("1"))


def measure(uri: str, runs: int) -> tuple[float, float]:
    """Median seconds of the scan and of the profile, in turn, on the opened table."""
    with sources.open(uri) as table:
        taken: list[tuple[float, float]] = []
        for _ in range(runs + 1):
            began = time.perf_counter()
            scan(table)
            between = time.perf_counter()
            profiling.profile(table)
            taken.append((between - began, time.perf_counter() - between))
    return statistics.median(one for one, _ in taken[1:]), statistics.median(two for _, two in taken[1:])


def _support(name: str) -> Any:
    """A module of the tests' servers, which the installed package does not have."""
    return import_module(f"tests.support.{name}")


@contextmanager
def _file(path: Path) -> Iterator[str]:
    yield str(path)


@contextmanager
def _csv(path: Path) -> Iterator[str]:
    yield str(_as_csv(path))


@contextmanager
def _s3(path: Path) -> Iterator[str]:
    import pytest

    with pytest.MonkeyPatch.context() as environment, _support("s3").bucket(environment) as client:
        client.put_object(Bucket="lake", Key="orders.parquet", Body=path.read_bytes())
        yield "s3://lake/orders.parquet"


@contextmanager
def _iceberg(path: Path) -> Iterator[str]:
    icebergs = _support("icebergs")
    catalog = icebergs.local_catalog(path.parent)
    icebergs.make(catalog, "shop.orders", pq.read_table(path))
    catalog.close()
    yield f"iceberg://{path.parent}/catalog.db/shop.orders"


@contextmanager
def _postgres_server(path: Path) -> Iterator[str]:
    home = Path(tempfile.mkdtemp(prefix="assay-bench-"))
    server = embedded.start(home)
    try:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"create table orders ({_IN_POSTGRES})".encode())
            with connection.cursor().copy("copy orders from stdin (format csv, header)") as copy:
                copy.write(_as_csv(path).read_bytes())
            connection.execute("vacuum analyze orders")
        yield server
    finally:
        embedded.stop(home)
        shutil.rmtree(home)


@contextmanager
def _postgres(path: Path) -> Iterator[str]:
    with _postgres_server(path) as server:
        yield _support("same_table").postgres_uri(conninfo_to_dict(server), "orders")


@contextmanager
def _mariadb(path: Path) -> Iterator[str]:
    with _support("mariadb").server() as server:
        server.run("create database shop", f"create table shop.orders ({_IN_MARIADB})")
        _load(server, pq.read_table(path).to_batches(5_000))
        server.run("analyze table shop.orders")
        yield server.uri("shop", "orders")


def _load(server: Any, batches: Any) -> None:
    connection = server.connect("shop")
    with connection, connection.cursor() as cursor:
        for batch in batches:
            rows = list(zip(*(column.to_pylist() for column in batch.columns), strict=True))
            cursor.executemany(f"insert into orders values ({', '.join(['%s'] * batch.num_columns)})", rows)


@contextmanager
def _spark(path: Path) -> Iterator[str]:
    yield f"spark://{path}"


@contextmanager
def _connect(path: Path) -> Iterator[str]:
    with _support("spark").connect(path.parent) as server:
        yield server.uri(f"?parquet=file://{path}")


@contextmanager
def _redshift(path: Path) -> Iterator[str]:
    with _postgres_server(path) as server, _support("aws.service").run(_support("aws.redshift").Redshift(server)):
        yield f"redshift://shop.eu-west-1/{conninfo_to_dict(server)['dbname']}/orders"


@contextmanager
def _athena(path: Path) -> Iterator[str]:
    athena = _support("aws.athena").Athena()
    with _support("aws.service").run(athena):
        yield athena.load("shop", "orders", pq.read_table(path))


def _as_csv(path: Path) -> Path:
    target = path.with_suffix(".csv")
    if not target.exists():
        with duckdb.connect() as connection:
            connection.execute(f"copy (from '{path}') to '{target}' (format csv, header)")
    return target


SOURCES: dict[str, tuple[str, Callable[[Path], AbstractContextManager[str]]]] = {
    "parquet": ("DuckDB", _file),
    "csv": ("DuckDB", _csv),
    "s3": ("DuckDB over moto", _s3),
    "iceberg": ("DuckDB", _iceberg),
    "postgres": ("PostgreSQL 18", _postgres),
    "mariadb": ("MariaDB", _mariadb),
    "spark": ("Spark, local", _spark),
    "connect": ("Spark Connect", _connect),
    "redshift": ("stand-in on PostgreSQL", _redshift),
    "athena": ("stand-in on DuckDB", _athena),
}


def main() -> None:
    """Prints rows per second of the scan and of the profile, and how many scans a profile is worth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=SOURCES, default=list(SOURCES))
    options = parser.parse_args()
    print(f"{options.rows:,} rows x 12, median of {options.runs}")
    print(f"{'source':10}{'engine':24}{'scan rows/s':>13}{'profile rows/s':>16}{'ratio of time':>15}", flush=True)
    for name in options.only:
        engine, made = SOURCES[name]
        with ExitStack() as stack:
            path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "orders.parquet"
            write_orders(path, options.rows, "parquet")
            scanned, profiled = measure(stack.enter_context(made(path)), options.runs)
        speeds = f"{options.rows / scanned:13,.0f}{options.rows / profiled:16,.0f}"
        print(f"{name:10}{engine:24}{speeds}{profiled / scanned:15.1f}", flush=True)


if __name__ == "__main__":
    main()
