"""A server of Spark Connect: the same answers, other people's sessions left alone, and what happens when it is away."""

from __future__ import annotations

import _thread
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from tests.support.spark import Connect
from tools import dqdl, profiling, sources
from tools.sources.checking import check
from tools.sources.table import QueryError, SourceError, Table
from tools.sources.uris import shown

ROWS = 5_000
RULES = """Rules = [
    RowCount = 5000, IsUnique "id", Completeness "name" > 0.85, Mean "amount" between 40 and 60,
    ColumnValues "name" matches "v[0-9]+" with threshold > 0.8, Uniqueness "day" < 0.5, ColumnLength "name" <= 5,
    CustomSql "select count(*) from primary where amount < 0" = 0, ColumnCorrelation "id" "amount" < 0.5
]"""


@pytest.fixture(scope="module")
def orders(spark_server: Connect) -> Path:
    path = spark_server.folder / "orders.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"""copy (select n as id, case when n % 10 > 0 then 'v' || n % 700 end as name,
            cast(n * 7919 % 10007 / 100.0 as double) as amount, date '2026-01-01' + cast(n % 90 as int) as day
            from range({ROWS}) as numbers(n)) to '{path}' (format parquet)"""
        )
    spark_server.run("drop table if exists orders")
    spark_server.run(f"create table orders using parquet location '{path}'")
    return path


@pytest.fixture
def table(spark_server: Connect, orders: Path) -> Iterator[Table]:
    with sources.open(spark_server.uri("orders")) as opened:
        yield opened


def everything(table: Table) -> exp.Select:
    return exp.select("*").from_(table.relation())


def parsed(text: str) -> exp.Query:
    query = sqlglot.parse_one(text, dialect="spark")
    assert isinstance(query, exp.Query)
    return query


def test_profile_and_rules_are_those_of_the_own_engine(table: Table, orders: Path) -> None:
    with sources.open(orders) as local:
        ours, theirs = profiling.profile(local), profiling.profile(table)
        for mine, other in zip(ours.columns, theirs.columns, strict=True):
            assert (mine.name, mine.nulls, mine.distinct) == (other.name, other.nulls, other.distinct)
            assert (mine.min, mine.max, mine.mean) == (other.min, other.max, pytest.approx(other.mean))
        judged = [dqdl.evaluate(RULES, {"primary": one}) for one in (local, table)]
    assert [rule.outcome for rule in judged[0].rules] == ["Passed"] * 9, [rule.reason for rule in judged[0].rules]
    for mine, other in zip(judged[0].rules, judged[1].rules, strict=True):
        assert (mine.outcome, mine.metrics) == (other.outcome, pytest.approx(other.metrics, abs=1e-9))


def test_names_and_versions(table: Table, spark_server: Connect) -> None:
    address = f"spark://127.0.0.1:{spark_server.port}"
    assert (table.dataset.namespace, table.dataset.name, table.engine) == (address, "orders", address)
    assert (table.uri, table.dialect) == (f"{address}/orders", "spark")
    with sources.open(f"sc{table.uri.removeprefix('spark')}") as same:
        assert same.dataset == table.dataset
        assert same.version != table.version


def test_a_parquet_path_is_read_by_the_server_and_is_the_dataset_of_that_path(
    spark_server: Connect, orders: Path
) -> None:
    with sources.open(spark_server.uri(f"?parquet=file://{orders}")) as table:
        assert (table.dataset.namespace, table.dataset.name) == ("file", str(orders))
        assert table.query(everything(table)).num_rows == ROWS


def test_a_stream_comes_in_parts_with_the_types_of_the_answer(table: Table) -> None:
    batches = list(table.stream(everything(table)))
    assert batches[0].num_rows == 0
    assert sum(batch.num_rows for batch in batches) == ROWS
    assert {batch.schema for batch in batches} == {table.query(everything(table)).schema}


def test_sessions_of_others_keep_their_settings_and_do_not_see_ours(table: Table, spark_server: Connect) -> None:
    other = spark_server.session()
    assert other.conf.get("spark.sql.ansi.enabled") == "true"
    assert other.conf.get("spark.sql.session.timeZone") != ""
    assert [found.name for found in other.catalog.listTables() if found.isTemporary] == []
    assert other.sql("show tables in global_temp").toArrow().num_rows == 0
    other.stop()


def test_a_dataframe_of_a_users_session_is_asked_in_one_beside_it(spark_server: Connect) -> None:
    user = spark_server.session()
    frame = user.sql("select 'x' as v union all select '7'")
    with sources.open(frame) as table:
        numbers = parsed(f"select cast(v as int) as v from {table.relation().sql('spark')} order by 1")
        assert table.query(numbers)["v"].to_pylist() == [None, 7]
        assert user.conf.get("spark.sql.ansi.enabled") == "true"
    assert user.sql("show tables in global_temp").toArrow().num_rows == 0
    user.stop()


@pytest.mark.parametrize(
    ("query", "cause"),
    [
        ("select name rlike concat('(', name) from {t}", "pattern"),
        ("select (select name from {t})", "statement"),
        ("select nope from {t}", "statement"),
        ("select raise_error(name) from {t} where name = 'v1'", "other"),
        ("select sum(sin(a.id)) from range(100000000000) a", "time"),
    ],
)
def test_refusals_have_a_cause_and_no_value(
    table: Table, capfd: pytest.CaptureFixture[str], query: str, cause: str
) -> None:
    for ask in (table.query, lambda *a, **k: list(table.stream(*a, **k))):
        with pytest.raises(QueryError) as caught:
            ask(parsed(query.format(t=table.relation().sql("spark"))), timeout_seconds=1 if cause == "time" else None)
        assert caught.value.cause == cause
        assert "v1" not in str(caught.value)
        assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


def test_what_is_stopped_runs_no_longer_on_the_server(table: Table) -> None:
    with pytest.raises(QueryError):
        table.query(parsed("select sum(sin(a.id)) from range(100000000000) a"), timeout_seconds=0.5)
    start = time.monotonic()
    assert table.query(everything(table)).num_rows == ROWS  # there is one core
    assert time.monotonic() - start < 5


def test_ctrl_c_ends_the_query_on_the_server_too(table: Table) -> None:
    timer = threading.Timer(1, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        table.query(parsed("select sum(sin(a.id)) from range(100000000000) a"))
    timer.join()
    start = time.monotonic()
    assert table.query(everything(table)).num_rows == ROWS
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("spark://127.0.0.1:{port}/nope", "`nope` cannot be found"),
        ("spark://127.0.0.1:{port}/no.such.thing", "requires a single-part namespace"),
        ("spark://127.0.0.1:{port}/", "names no table. Write spark://host:15002/"),
        ("spark://127.0.0.1:{port}/a/b", "names no table"),
        ("spark://127.0.0.1:{port}/a?parquet=s3://b/c", "names no table"),
        ("spark://127.0.0.1:{port}/?parquet=/etc/x", "is a path of the server"),
        ("spark://127.0.0.1:{port}/?parquet=file:///etc/none", "does not exist"),
        ("spark://127.0.0.1:{port}/a?use_ssl=perhaps", "options that are not known"),
        ("spark://127.0.0.1:{port}/a?x=1", "options that are not known"),
        ("spark://127.0.0.1:1/a", "nothing listens there"),
        ("spark://nowhere.invalid/a", "there is no such host"),
        ("spark://:${{NO_SUCH_TOKEN}}@127.0.0.1:{port}/a", "environment variable NO_SUCH_TOKEN is not set"),
    ],
)
def test_what_cannot_be_opened(spark_server: Connect, uri: str, words: str) -> None:
    start = time.monotonic()
    with pytest.raises(SourceError, match=words.replace("?", r"\?")):
        sources.open(uri.format(port=spark_server.port))
    assert time.monotonic() - start < 5


def test_a_token_is_in_no_name_and_no_message(
    spark_server: Connect, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    token = "s3cr3t-" + "t0ken"
    written = f"spark://ada:{token}@127.0.0.1:{spark_server.port}/nope"
    assert shown(written) == f"spark://ada@127.0.0.1:{spark_server.port}/nope"
    monkeypatch.setenv("SPARK_TOKEN", token)
    named = f"spark://ada:${{SPARK_TOKEN}}@127.0.0.1:{spark_server.port}/nope"
    assert shown(named) == named
    for uri in (written, named):  # a token goes over TLS only, which this server does not speak
        with pytest.raises(SourceError, match="does not speak TLS") as caught:
            sources.open(uri)
        assert token not in str(caught.value)
    assert token not in capfd.readouterr().err


def test_the_check_goes_step_by_step(spark_server: Connect, orders: Path) -> None:
    assert [(step.name, step.good) for step in check(spark_server.uri("orders"))] == [
        ("address", True),
        ("network", True),
        ("table", True),
        ("rows", True),
    ]
    assert [(step.name, step.good) for step in check("spark://127.0.0.1:1/a")][-1] == ("network", False)


def test_a_server_that_goes_is_a_typed_error_and_one_that_comes_back_answers(
    spark_server: Connect, orders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = sources.open(spark_server.uri(f"?parquet=file://{orders}"))
    batches = table.stream(parsed(f"select a.* from {table.relation().sql('spark')} a, range(200) b"))
    next(batches)
    spark_server.stop()
    try:
        table._session.client.set_retry_policies([])  # type: ignore[attr-defined]
        for ask in (lambda: list(batches), lambda: table.query(everything(table))):
            with pytest.raises(QueryError, match=r"the connection to the server was lost\. Check that the server runs"):
                ask()
        table.close()
        with pytest.raises(SourceError, match="nothing listens there"):
            sources.open(table.uri)
    finally:
        spark_server.start()
    with sources.open(table.uri) as again:
        assert again.query(everything(again)).num_rows == ROWS
