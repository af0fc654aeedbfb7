"""Row-level results, quarantine and comparisons: the same on every engine."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import psycopg
import pyarrow.parquet as pq
import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.support import engine_tables
from tests.support.engine_rules import CORPUS, ruleset
from tests.support.same_table import postgres_uri
from tools import comparing, dqdl, sources
from tools.comparing import statements
from tools.comparing.model import ColumnComparison, Comparison
from tools.sources.table import Table
from tools.validation import quarantine

NOW = datetime(2024, 6, 30, 12, tzinfo=UTC)
ORDERS = engine_tables.orders()
TABLES: dict[str, tuple[dict[str, Any], engine_tables.Rows]] = {
    "orders": (engine_tables.ORDERS, ORDERS),
    "twin": (engine_tables.ORDERS, ORDERS),
    "cities": (engine_tables.CITIES, engine_tables.cities()),
    "later": (engine_tables.ORDERS, [row for row in ORDERS if row["qty"] is None or row["qty"] > 3] * 3),
}
Tables = dict[str, Table]


def _postgres(stack: ExitStack, request: pytest.FixtureRequest) -> Tables:
    server = request.getfixturevalue("store_server")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("drop database if exists by_row with (force)")
        connection.execute("create database by_row")
    with psycopg.connect(server, dbname="by_row", autocommit=True) as connection, connection.cursor() as cursor:
        for name, (columns, rows) in TABLES.items():
            cursor.execute(engine_tables.create(columns, name, "postgres").encode())
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"insert into {name} values ({marks})".encode(), [list(row.values()) for row in rows])
    place = conninfo_to_dict(server, dbname="by_row")
    return {name: stack.enter_context(sources.open(postgres_uri(place, name))) for name in TABLES}


def _mysql(stack: ExitStack, request: pytest.FixtureRequest) -> Tables:
    server = request.getfixturevalue("mariadb_server")
    server.run("create or replace database by_row")
    connection = server.connect("by_row")
    with connection, connection.cursor() as cursor:
        for name, (columns, rows) in TABLES.items():
            cursor.execute(engine_tables.create(columns, name, "mysql"))
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"insert into {name} values ({marks})", [list(row.values()) for row in rows])
    return {name: stack.enter_context(sources.open(server.uri("by_row", name))) for name in TABLES}


def _spark(stack: ExitStack, request: pytest.FixtureRequest) -> Tables:
    session = request.getfixturevalue("spark_session")
    frames = {name: session.createDataFrame(engine_tables.arrow(*data)) for name, data in TABLES.items()}
    return {name: stack.enter_context(sources.open(frame)) for name, frame in frames.items()}


_MAKERS = {"postgres": _postgres, "mysql": _mysql, "spark": _spark}


@pytest.fixture(scope="module", params=list(_MAKERS))
def engine(request: pytest.FixtureRequest) -> Iterator[Tables]:
    with ExitStack() as stack:
        yield _MAKERS[request.param](stack, request)


@pytest.fixture(scope="module")
def duckdb() -> Iterator[Tables]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(sources.open(engine_tables.arrow(*data))) for name, data in TABLES.items()}


def labels(tables: Mapping[str, Any], text: str) -> Counter[Any]:
    """How often each row of the id has each result of each rule."""
    given = {"primary": tables["orders"], "cities": tables["cities"], "twin": tables["twin"]}
    found: Counter[Any] = Counter()
    for batch in dqdl.row_level(ruleset(text), given, now=NOW, filtered="SKIPPED"):
        for row in batch.select(["id", *batch.schema.names[-4:]]).to_pylist():
            for state in ("Pass", "Fail", "Skip"):
                found.update((row["id"], state, rule) for rule in row[f"DataQualityRules{state}"])
    return found


@pytest.mark.parametrize("group", list(CORPUS))
def test_rows_have_the_same_results(engine: Tables, duckdb: Tables, group: str) -> None:
    expected, got = labels(duckdb, CORPUS[group]), labels(engine, CORPUS[group])
    assert sorted(map(str, (expected - got) | (got - expected))) == []


RULES = 'Rules = [IsComplete "email", IsUnique "id", ColumnValues "qty" > 3, IsPrimaryKey "k1" "k2", RowCount > 1]'


def test_a_split_is_the_same(engine: Tables, duckdb: Tables, tmp_path: Any) -> None:
    parsed = dqdl.parse(RULES)
    splits = []
    for name, tables in (("duckdb", duckdb), ("engine", engine)):
        given = {"primary": tables["orders"]}
        evaluation = dqdl.evaluate(parsed, given, now=NOW)
        splits.append(quarantine.split(parsed, given, str(tmp_path / name), evaluation, now=NOW))
    assert splits[0].failed_rows == splits[1].failed_rows
    assert splits[0].bad_rows == splits[1].bad_rows > 0
    ids = [Counter(pq.read_table(split.bad, columns=["id"])["id"].to_pylist()) for split in splits]
    assert ids[0] == ids[1]
    assert pq.read_metadata(splits[1].good).num_rows == splits[1].good_rows


def test_a_comparison_is_the_same(engine: Tables, duckdb: Tables) -> None:
    expected, got = (comparing.compare(tables["orders"], tables["later"]) for tables in (duckdb, engine))
    check(expected, got)
    # Half of it on each engine.
    mixed = comparing.compare(duckdb["orders"], engine["later"])
    check(expected, mixed)
    assert mixed.schema.retyped == []


def check(expected: Comparison, got: Comparison) -> None:
    assert (got.left_rows, got.right_rows, got.volume) == (expected.left_rows, expected.right_rows, expected.volume)
    for one, other in zip(expected.columns, got.columns, strict=True):
        assert (one.left.nulls, one.right.nulls) == (other.left.nulls, other.right.nulls), one.name
        assert (one.new, one.gone) == (other.new, other.gone), one.name
        assert _not_compared(expected, one) == _not_compared(got, other), one.name
        values = [[measure.value for measure in column.measures] for column in (one, other)]
        assert values[0] == pytest.approx(values[1], abs=0.06), one.name


def _not_compared(found: Comparison, column: ColumnComparison) -> str:
    return column.not_compared.replace(found.left_name, "A").replace(found.right_name, "B")


def test_statements_about_many_columns_say_what_those_about_few_say(
    engine: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = comparing.compare(engine["orders"], engine["later"]).columns
    # Every statement of Spark takes seconds on a busy machine.
    monkeypatch.setattr(statements, "MOST_COLUMNS", 8 if engine["orders"].dialect == "spark" else 1)
    assert comparing.compare(engine["orders"], engine["later"]).columns == together


def test_a_table_against_itself_is_the_same(engine: Tables) -> None:
    assert comparing.compare(engine["orders"], engine["twin"]).degree == "none"


def test_keys_of_several_columns_are_joined_in_reasonable_time(store_server: str) -> None:
    with psycopg.connect(store_server, autocommit=True) as connection:
        connection.execute("create database many_keys")
    with psycopg.connect(store_server, dbname="many_keys", autocommit=True) as connection:
        connection.execute(
            "create table t as select case when i % 100 = 0 then null else 'k' || (i / 2) end as a, i / 2 as b "
            "from generate_series(1, 60000) i"
        )
    started = time.monotonic()
    with sources.open(postgres_uri(conninfo_to_dict(store_server, dbname="many_keys"), "t")) as table:
        batches = list(dqdl.row_level('Rules = [IsUnique "a" "b"]', {"primary": table}))
    results = Counter(result for batch in batches for result in batch.column(batch.num_columns - 1).to_pylist())
    # Every hundredth row and its neighbour have the same number, but the one has a text and the other has none.
    assert results == {"Failed": 58_800, "Passed": 1_200}
    assert time.monotonic() - started < 60
