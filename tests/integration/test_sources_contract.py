"""What every Table promises, checked against every engine with the same data."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import psycopg
import pyarrow as pa
import pytest
from sqlglot import exp

from tests.support.aws.athena import Athena
from tests.support.aws.rds_data import RdsData
from tests.support.aws.rds_data_engines import on_mysql, on_postgres
from tests.support.aws.redshift import Redshift
from tests.support.aws.service import run
from tests.support.s3 import bucket
from tests.support.same_table import (
    DATA,
    ENGINES,
    KINDS,
    data_in,
    in_connect,
    in_iceberg,
    in_mariadb,
    in_postgres,
    in_rds_mysql,
    in_rds_postgres,
    in_redshift,
    in_spark,
    names_in,
    on_s3,
    over_http,
    rows,
)
from tests.support.web import web
from tools import sources
from tools.errors import AssayError
from tools.sources.table import QueryError, SourceError, Table


@pytest.fixture(scope="module", params=ENGINES)
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[Table, Table]]:
    """Two open tables with the same content on one engine."""
    if request.param == "duckdb":
        tables = sources.open(DATA), sources.open(DATA)
        yield tables
    elif request.param == "s3":
        with pytest.MonkeyPatch.context() as environment, bucket(environment) as client:
            tables = on_s3(client, "a"), on_s3(client, "b")
            yield tables
    elif request.param == "iceberg":
        folder = request.getfixturevalue("tmp_path_factory").mktemp("iceberg")
        tables = in_iceberg(folder / "a"), in_iceberg(folder / "b")
        yield tables
    elif request.param == "postgres":
        server = request.getfixturevalue("store_server")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("create database contract")
            tables = in_postgres(server, "contract", "a"), in_postgres(server, "contract", "b")
            yield tables
            for table in tables:
                table.close()
            connection.execute("drop database contract with (force)")
    elif request.param == "mysql":
        server = request.getfixturevalue("mariadb_server")
        server.run("create database contract")
        tables = in_mariadb(server, "contract", "a"), in_mariadb(server, "contract", "b")
        yield tables
        server.run("drop database contract")
    elif request.param == "redshift":
        server = request.getfixturevalue("store_server")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("create database contract")
            with run(Redshift(server, page_rows=3)) as aws:
                tables = in_redshift(server, "contract", "a"), in_redshift(server, "contract", "b")
                yield tables
            assert aws.violations == []
            connection.execute("drop database contract with (force)")
    elif request.param == "athena":
        athena = Athena(page_rows=3)
        with run(athena) as aws:
            tables = sources.open(athena.load("shop", "a", DATA)), sources.open(athena.load("shop", "b", DATA))
            yield tables
        assert aws.violations == []
    else:
        with _two_behind_http(request) as tables:
            yield tables
    for table in tables:
        table.close()


@contextmanager
def _two_behind_http(request: pytest.FixtureRequest) -> Iterator[tuple[Table, Table]]:
    if request.param == "rest":
        with pytest.MonkeyPatch.context() as environment, web() as api:
            environment.setenv("ASSAY_PRIVATE_HOSTS", "127.0.0.1")
            yield over_http(api, "a"), over_http(api, "b")
    elif request.param == "rds-mysql":
        server = request.getfixturevalue("mariadb_server")
        server.run("create or replace database contract")
        with run(RdsData(on_mysql(server))) as aws:
            yield in_rds_mysql(server, "contract", "a"), in_rds_mysql(server, "contract", "b")
        assert aws.violations == []
        server.run("drop database contract")
    elif request.param in ("spark", "connect"):
        yield _two_in_spark(request)
    else:
        server = request.getfixturevalue("store_server")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("drop database if exists contract with (force)")
            connection.execute("create database contract")
            with run(RdsData(on_postgres(server))) as aws:
                yield in_rds_postgres(server, "contract", "a"), in_rds_postgres(server, "contract", "b")
            assert aws.violations == []
            connection.execute("drop database contract with (force)")


def _two_in_spark(request: pytest.FixtureRequest) -> tuple[Table, Table]:
    if request.param == "connect":
        server = request.getfixturevalue("spark_server")
        return in_connect(server, "a"), in_connect(server, "b")
    session = request.getfixturevalue("spark_session")
    return in_spark(session), in_spark(session)


@pytest.fixture
def table(pair: tuple[Table, Table]) -> Table:
    return pair[0]


def everything(table: Table) -> exp.Select:
    return exp.select("*").from_(table.relation())


def column(name: str) -> exp.Column:
    return exp.column(name, quoted=True)


def endless(table: Table) -> exp.Select:
    """A sum over 268 million rows: the table, joined to itself without a condition.

    Not more: a task of Spark that is within one join goes on for a while after its job was cancelled.
    """
    query = exp.select(exp.Sum(this=exp.Sin(this=exp.column("id", table="t0", quoted=True)))).from_(
        exp.alias_(table.relation(), "t0", table=True)
    )
    for number in range(1, 14):
        query = query.join(exp.alias_(table.relation(), f"t{number}", table=True), join_type="cross")
    return query


def test_fields_have_names_in_order_types_as_text_and_kinds(table: Table) -> None:
    assert [field.name for field in table.fields] == names_in(table)
    assert [field.kind for field in table.fields] == KINDS
    assert all(field.type for field in table.fields)
    assert table.field("NAME").name == names_in(table)[1]


def test_values_come_back_as_they_went_in(table: Table) -> None:
    answer = table.query(everything(table))
    assert answer.column_names == names_in(table)
    assert sorted(rows(answer), key=str) == sorted(rows(data_in(table)), key=str)


def test_numbers_and_days_have_their_arrow_types(table: Table) -> None:
    schema = table.query(everything(table)).schema
    assert schema.field("id").type == pa.int64()
    assert schema.field("amount").type == data_in(table).schema.field("amount").type
    assert schema.field("score").type == pa.float64()
    assert schema.field("day").type == pa.date32()
    assert pa.types.is_timestamp(schema.field("at").type)


def test_a_stream_gives_the_rows_and_types_of_the_query(table: Table) -> None:
    batches = list(table.stream(everything(table)))
    assert {batch.schema for batch in batches} == {batches[0].schema}
    streamed = pa.Table.from_batches(batches)
    asked = table.query(everything(table))
    assert [field.type for field in streamed.schema] == [field.type for field in asked.schema]
    assert sorted(rows(streamed), key=str) == sorted(rows(asked), key=str)


def test_an_empty_answer_has_columns(table: Table) -> None:
    nothing = everything(table).where(exp.false())
    assert table.query(nothing).column_names == names_in(table)
    assert [(batch.schema.names, batch.num_rows) for batch in table.stream(nothing)] == [(names_in(table), 0)]


def test_aggregates_and_nulls(table: Table) -> None:
    query = exp.select(
        exp.alias_(exp.Count(this=exp.Star()), "n"),
        exp.alias_(exp.Count(this=column("id")), "present"),
        exp.alias_(exp.Sum(this=column("amount")), "total"),
        exp.alias_(exp.Max(this=column("score")), "most"),
        exp.alias_(exp.Min(this=column("at")), "first"),
    ).from_(table.relation())
    (row,) = table.query(query).to_pylist()
    assert (row["n"], row["present"], round(Decimal(row["total"]), 2)) == (4, 3, Decimal("-99999998.89"))
    assert math.isclose(row["most"], 0.1, rel_tol=1e-12)
    assert row["first"].year == 1999


def test_tables_of_one_engine_join(pair: tuple[Table, Table]) -> None:
    left, right = pair
    assert left.engine == right.engine
    assert left.relation() != right.relation()
    same = exp.EQ(this=exp.column("id", table="l", quoted=True), expression=exp.column("id", table="r", quoted=True))
    query = (
        exp.select(exp.alias_(exp.Count(this=exp.Star()), "n"))
        .from_(exp.alias_(left.relation(), "l", table=True))
        .join(exp.alias_(right.relation(), "r", table=True), on=same)
    )
    assert left.query(query).to_pylist() == [{"n": 3}]


def test_a_query_past_its_time_is_stopped(table: Table) -> None:
    start = time.monotonic()
    with pytest.raises(QueryError) as caught:
        table.query(endless(table), timeout_seconds=0.2)
    assert caught.value.cause == "time"
    assert time.monotonic() - start < 20
    assert table.query(everything(table)).num_rows == 4


def test_a_stream_past_its_time_is_stopped(table: Table) -> None:
    with pytest.raises(QueryError) as caught:
        list(table.stream(endless(table), timeout_seconds=0.2))
    assert caught.value.cause == "time"


def test_a_stream_may_be_left_and_the_table_used_meanwhile(table: Table) -> None:
    batches = table.stream(everything(table))
    next(batches)
    assert table.query(everything(table)).num_rows == 4
    batches.close()
    assert table.query(everything(table)).num_rows == 4


def test_threads_share_a_table(table: Table) -> None:
    counts: list[int] = []
    threads = [
        threading.Thread(target=lambda: counts.append(table.query(everything(table)).num_rows)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [4, 4, 4, 4]


def test_a_column_that_is_not_there(table: Table) -> None:
    with pytest.raises(QueryError) as caught:
        table.query(exp.select(column("nope")).from_(table.relation()))
    assert caught.value.cause == "statement"
    assert "nope" in str(caught.value)
    assert table.uri in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_name_resolves_that_is_not_a_table_of_the_query(table: Table) -> None:
    with pytest.raises(QueryError) as caught:
        table.query(exp.select("*").from_("a"))
    assert caught.value.cause == "statement"


def test_a_stream_tells_what_is_wrong_as_well(table: Table) -> None:
    with pytest.raises(SourceError):
        list(table.stream(exp.select(column("nope")).from_(table.relation())))


def test_text_is_no_query(table: Table) -> None:
    with pytest.raises(TypeError):
        table.query("select 1")  # type: ignore[arg-type]


def test_who_and_where(table: Table) -> None:
    assert table.dialect in ENGINES
    assert table.dataset.short
    assert table.version
    assert "@" not in table.engine


def test_a_closed_table_says_so(request: pytest.FixtureRequest, table: Table) -> None:
    other = sources.open(DATA) if table.uri.startswith("memory:") and table.dialect == "duckdb" else None
    if table.uri.startswith("memory:") and table.dialect == "spark":
        other = in_spark(request.getfixturevalue("spark_session"))
    closing = other or sources.open(table.uri)
    closing.close()
    closing.close()
    for ask in (closing.query, lambda query: list(closing.stream(query))):
        with pytest.raises(AssayError, match="was closed"):
            ask(everything(closing))
