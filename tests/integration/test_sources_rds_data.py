"""Aurora through the RDS Data API: pages, limits, what is put back, and what failures say."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from botocore.retries import standard
from psycopg.conninfo import make_conninfo
from sqlglot import exp, parse_one

from tests.support.aws.manager import secrets_manager
from tests.support.aws.rds_data import CLUSTER, SECRET, RdsData
from tests.support.aws.rds_data_engines import on_mysql, on_postgres
from tests.support.aws.service import Aws, Failure, run
from tests.support.mariadb import MariaDB
from tools import sources
from tools.sources import aws as aws_errors
from tools.sources import rds_data_api
from tools.sources.checking import check
from tools.sources.registry import dataset_name
from tools.sources.table import QueryError, SourceError, Table
from tools.sources.uris import shown

ROWS = 2_500
POSTGRES = f"rds-data://{CLUSTER}/rds/orders?secret={SECRET}"
MYSQL = f"{POSTGRES}&engine=mysql"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore tries again at once."""
    monkeypatch.setattr(standard.ExponentialBackoff, "delay_amount", lambda *_: 0)


class Site:
    """A cluster with a table of 2,500 rows of 500 letters each, more than one answer may hold."""

    def __init__(self, aws: Aws, backend: RdsData, uri: str) -> None:
        self.aws, self.backend, self.uri = aws, backend, uri
        self.table: Table = sources.open(uri)

    def everything(self) -> exp.Select:
        """All rows."""
        return exp.select("*").from_(self.table.relation())

    def few(self) -> exp.Select:
        """Three of them."""
        return self.everything().where("id < 3")

    def endless(self) -> exp.Select:
        """More rows than anybody waits for."""
        query = exp.select("count(*)").from_(exp.alias_(self.table.relation(), "t0", table=True))
        for number in range(1, 6):
            query = query.join(exp.alias_(self.table.relation(), f"t{number}", table=True), join_type="cross")
        return query.where("t0.id + t5.id > t1.id + t2.id * t3.id + t4.id")


@pytest.fixture(scope="module")
def server(store_server: str) -> Iterator[str]:
    with psycopg.connect(store_server, autocommit=True) as connection:
        connection.execute("drop database if exists rds with (force)")
        connection.execute("create database rds")
        with psycopg.connect(make_conninfo(store_server, dbname="rds"), autocommit=True) as made:
            made.execute("create table orders (id bigint, note text)")
            made.execute(
                f"insert into orders select n, repeat('private-{{n}}', 50) from generate_series(0, {ROWS - 1}) n"
            )
            made.execute(
                "create function w() returns int language sql as 'insert into public.orders values (1); select 1'"
            )
        yield store_server
        connection.execute("drop database rds with (force)")


@pytest.fixture
def postgres(server: str) -> Iterator[Site]:
    backend = RdsData(on_postgres(server))
    with run(backend) as aws:
        yield Site(aws, backend, POSTGRES)
    assert aws.violations == []
    assert backend.sessions == {}, "no transaction stays open"


@pytest.fixture
def mysql(mariadb_server: MariaDB) -> Iterator[Site]:
    mariadb_server.run("create or replace database rds")
    mariadb_server.run(
        "create table orders (id bigint, note text)",
        f"insert into orders select seq, repeat('private-x', 55) from seq_0_to_{ROWS - 1}",
        database="rds",
    )
    backend = RdsData(on_mysql(mariadb_server))
    with run(backend) as aws:
        yield Site(aws, backend, MYSQL)
    assert aws.violations == []
    assert backend.sessions == {}


@pytest.fixture(params=["postgres", "mysql"])
def site(request: pytest.FixtureRequest) -> Site:
    found: Site = request.getfixturevalue(request.param)
    return found


# Pages


def test_an_answer_of_more_than_a_megabyte_comes_in_parts(site: Site) -> None:
    answer = site.table.query(site.everything())
    assert sorted(answer["id"].to_pylist()) == list(range(ROWS))
    assert answer.schema.names == ["id", "note"]
    sizes = [batch.num_rows for batch in site.table.stream(site.everything())]
    assert sizes[:2] == [0, 100]
    assert sum(sizes) == ROWS
    assert max(sizes) <= 1000


def test_a_stream_may_be_left_in_the_middle(site: Site) -> None:
    batches = site.table.stream(site.everything())
    next(batches)
    next(batches)
    assert len(site.backend.sessions) == 1
    batches.close()
    assert site.backend.sessions == {}


def test_small_answers_are_one_statement(postgres: Site) -> None:
    before = len(postgres.backend.statements)
    assert postgres.table.query(postgres.few()).num_rows == 3
    assert len(postgres.backend.statements) == before + 2
    assert postgres.backend.statements[-1].startswith('SELECT * FROM "public"."orders"')


def test_rows_that_grow_are_asked_for_in_smaller_parts(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with psycopg.connect(make_conninfo(server, dbname="rds"), autocommit=True) as made:
        made.execute("drop table if exists growing")
        made.execute("create table growing as select n id, repeat('x', case when n < 120 then 1 else 9000 end) t "
                     "from generate_series(1, 400) n")  # fmt: skip
        made.execute("create table if not exists huge as select repeat('x', 1100000) t")
    with run(RdsData(on_postgres(server))), sources.open(POSTGRES.replace("orders", "growing")) as table:
        query = exp.select("*").from_(table.relation())
        assert table.query(query).num_rows == 400
        batches = table.stream(query)
        with pytest.raises(SourceError, match="rows are larger than the 1 MB"):
            list(batches)
        with sources.open(POSTGRES.replace("orders", "huge")) as huge, pytest.raises(SourceError, match="1 MB"):
            huge.query(exp.select("*").from_(huge.relation()))


def test_a_page_whose_answer_is_lost_is_noticed(postgres: Site) -> None:
    """botocore sends the FETCH again, and the cursor has moved on."""
    lost: list[str] = []

    def on_fetch(sql: str) -> None:
        if sql.startswith("fetch") and len(lost) < 1 and len(postgres.backend.sessions) == 1:
            lost.append(sql)
            raise Failure("InternalServerErrorException")

    postgres.backend.on_fetch = on_fetch
    with pytest.raises(SourceError, match="was lost on the way"):
        list(postgres.table.stream(postgres.everything()))
    postgres.backend.on_fetch = lambda sql: None
    assert sum(batch.num_rows for batch in postgres.table.stream(postgres.everything())) == ROWS


# What is told and put back


def test_writing_is_refused(site: Site) -> None:
    text = f"with gone as (delete from {site.table.relation().sql('postgres')} returning *) select * from gone"
    query = parse_one(text, read="postgres")
    assert isinstance(query, exp.Query)
    with pytest.raises(QueryError) as caught:
        site.table.query(query)
    assert caught.value.cause == "statement"


def test_functions_that_write_are_refused_by_postgres(postgres: Site) -> None:
    call = exp.Dot(this=exp.to_identifier("public"), expression=exp.Anonymous(this="w"))
    with pytest.raises(QueryError, match="would write"):
        postgres.table.query(exp.select(call))


def test_sessions_of_mysql_are_as_they_were(mysql: Site) -> None:
    names = ("time_zone", "sql_mode", "collation_connection", "div_precision_increment", "max_sort_length")
    asked = "select " + ", ".join(f"@@session.{name}" for name in names)
    session = mysql.backend.opens(database="rds")
    before = session.execute(asked, {})
    mysql.backend.opens = lambda database: _Kept(session)
    list(mysql.table.stream(mysql.everything()))
    mysql.table.query(mysql.few(), timeout_seconds=7)
    assert session.execute(asked, {}) == before
    assert any("div_precision_increment = 20" in text for text in mysql.backend.statements)
    session.close()


class _Kept:
    """A session that the service keeps for the next one."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.begin, self.execute = session.begin, session.execute

    def close(self) -> None:
        self._session.execute("rollback", {})


def test_names_without_a_schema_mean_nothing(postgres: Site) -> None:
    with pytest.raises(QueryError, match="without a schema"):
        postgres.table.query(exp.select("*").from_("orders"))


@pytest.mark.parametrize(
    ("type_", "literal", "arrow", "value"),
    [
        ("numeric(10,2)", "1.10", pa.decimal128(10, 2), Decimal("1.10")),
        ("numeric", "1.5", None, Decimal("1.5")),
        ("int[]", "array[1, 2]", pa.string(), "{1,2}"),
        ("bytea", "'\\x00ff'", pa.binary(), b"\x00\xff"),
        ("uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", pa.string(), "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        ("float8", "'NaN'", pa.float64(), "nan"),
        ("jsonb", """'{"a": 1}'""", pa.string(), '{"a": 1}'),
        ("date", "'infinity'", pa.date32(), "9999-12-31"),
        ("timestamptz", "'2024-06-30 12:00:00.000001+02'", pa.timestamp("us", "UTC"), "2024-06-30 10:00:00.000001+00:00"),  # noqa: E501
        ("time", "'10:11:12.5'", pa.time64("us"), "10:11:12.500000"),
    ],
)  # fmt: skip
def test_types(server: str, type_: str, literal: str, arrow: pa.DataType | None, value: object) -> None:
    with psycopg.connect(make_conninfo(server, dbname="rds"), autocommit=True) as made:
        made.execute("drop table if exists typed")
        made.execute(f"create table typed (v {type_})".encode())
        made.execute(f"insert into typed values ({literal}), (null)".encode())
    with run(RdsData(on_postgres(server))), sources.open(POSTGRES.replace("orders", "typed")) as table:
        answer = table.query(exp.select("*").from_(table.relation()))
        assert [str(one) for one in answer["v"].to_pylist()] == [str(value), "None"]
        assert arrow is None or answer.schema.field("v").type == arrow


# Trouble


def test_a_query_past_its_time_is_stopped_on_the_server(site: Site) -> None:
    with pytest.raises(QueryError) as caught:
        site.table.query(site.endless(), timeout_seconds=0.3)
    assert caught.value.cause == "time"


def test_ctrl_c_cancels_the_query_on_the_server(site: Site) -> None:
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        site.table.query(site.endless(), timeout_seconds=60)
    assert time.monotonic() - began < 10
    assert re.search("pg_cancel_backend|kill query", " ".join(site.backend.statements))
    assert site.table.query(site.few()).num_rows == 3


def test_a_cluster_that_sleeps_is_waited_for(postgres: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    postgres.aws.fail("BeginTransaction", "DatabaseResumingException", "is resuming after being auto-paused", times=3)
    assert postgres.table.query(postgres.few()).num_rows == 3
    monkeypatch.setattr(rds_data_api, "WAKING_SECONDS", 0.1)
    postgres.aws.fail("BeginTransaction", "DatabaseResumingException", times=9)
    with pytest.raises(SourceError, match="does not wake up"):
        postgres.table.query(postgres.few())


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalServerErrorException", "ServiceUnavailableError"])
def test_throttling_and_failures_are_waited_out(site: Site, code: str) -> None:
    for operation in ("BeginTransaction", "ExecuteStatement", "RollbackTransaction"):
        site.aws.fail(operation, code)
    assert site.table.query(site.few()).num_rows == 3


@pytest.mark.parametrize(
    ("code", "message", "said", "hint"),
    [
        ("ExpiredTokenException", "", "session has expired", "Log in again"),
        ("AccessDeniedException", "User is not authorized", "access is denied", "IAM"),
        ("ForbiddenException", "no", "", ""),
        ("HttpEndpointNotEnabledException", "no", "the Data API is not enabled", "enable-http-endpoint"),
        ("BadRequestException", "HttpEndpoint is not enabled for resource", "the Data API is not enabled", "aws rds"),
        ("BadRequestException", 'FATAL: password authentication failed for user "a"', "in the secret are wrong", ""),
        ("InvalidSecretException", "no", "holds no user and password", "secret="),
        ("StatementTimeoutException", "", "stopped at its time limit", "45 seconds"),
        ("UnsupportedResultException", "The result contains the unsupported data type X", "cannot give", ""),
    ],
)
def test_refusals_say_what_to_do(postgres: Site, code: str, message: str, said: str, hint: str) -> None:
    operation = "ExecuteStatement" if code[:5] in ("State", "Unsup") else "BeginTransaction"
    postgres.aws.fail(operation, code, message)
    with pytest.raises(SourceError) as caught:
        sources.open(postgres.uri)
    assert said in caught.value.message
    assert hint in caught.value.hint
    assert "\n" not in caught.value.message


def test_errors_hold_no_value_of_the_data(site: Site) -> None:
    broken = exp.cast(exp.column("note", quoted=True), "bigint")
    if site.table.dialect == "mysql":
        broken = exp.select(exp.column("note")).from_(site.table.relation()).subquery()
    with pytest.raises(QueryError) as caught:
        site.table.query(exp.select(exp.alias_(broken, "n")).from_(site.table.relation()))
    assert "private" not in str(caught.value)


def test_a_query_that_is_too_long_is_not_sent(postgres: Site) -> None:
    before = len(postgres.backend.statements)
    with pytest.raises(QueryError) as caught:
        postgres.table.query(postgres.everything().where(exp.column("note").eq("x" * 70_000)))
    assert caught.value.cause == "statement"
    assert len(postgres.backend.statements) == before + 1


def test_tables_clusters_and_secrets_that_are_not_there(site: Site) -> None:
    with pytest.raises(SourceError, match="there is no table") as caught:
        sources.open(site.uri.replace("/orders", "/order"))
    assert "orders" in caught.value.hint
    with pytest.raises(SourceError, match="no such cluster or database"):
        sources.open(site.uri.replace(":shop/", ":shops/"))
    with pytest.raises(SourceError, match="secret cannot be read"):
        sources.open(site.uri.replace("AbCdEf", "XyXyXy"))
    other = "&engine=mysql" if "mysql" not in site.uri else ""
    wrong = site.uri.replace("&engine=mysql", "") + other
    with pytest.raises(SourceError, match="this cluster runs") as found:
        sources.open(wrong)
    assert f"engine={site.table.dialect}" in found.value.hint


def test_no_network(postgres: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws_errors, "TRIES", 1)
    monkeypatch.setenv("AWS_ENDPOINT_URL_RDS_DATA", "http://127.0.0.1:9")
    with pytest.raises(SourceError, match="does not answer"):
        sources.open(postgres.uri)


# Names


def test_names_of_clusters_and_secrets_are_looked_up(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with secrets_manager(monkeypatch) as client:
        secret = client.create_secret(Name="prod/shop", SecretString="{}")["ARN"]
        with run(RdsData(on_postgres(server), CLUSTER.replace("eu-west", "us-east"), secret)):
            monkeypatch.setenv("AWS_ENDPOINT_URL", client.meta.endpoint_url)
            with sources.open("rds-data://shop.us-east-1/rds/public.orders?secret=prod%2Fshop") as table:
                assert table.row_count is None
            with pytest.raises(SourceError, match="there is no secret 'prod/none'"):
                sources.open("rds-data://shop.us-east-1/rds/orders?secret=prod%2Fnone")


def test_the_dataset_is_named_by_the_cluster(postgres: Site) -> None:
    assert (postgres.table.dataset.namespace, postgres.table.dataset.name) == (
        "postgres://shop.eu-west-1:5432",
        "rds.public.orders",
    )
    assert dataset_name("rds-data://shop.eu-west-1/rds/sales.orders?secret=x").name == "rds.sales.orders"
    for host in (
        "shop.eu-west-1",
        "shop.cluster-abc.eu-west-1.rds.amazonaws.com",
        "shop.c.eu-west-1.rds.amazonaws.com.cn",
    ):
        named = dataset_name(f"rds-data://{host}/rds/t?secret=x&engine=mysql")
        assert named.namespace == "mysql://shop.eu-west-1:3306"
    assert shown(POSTGRES).startswith(f"rds-data://{CLUSTER}/rds/orders?secret=arn")
    assert shown(shown(POSTGRES)) == shown(POSTGRES)


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("rds-data://shop.eu-west-1/rds/orders", "names no secret"),
        ("rds-data://shop/rds/orders?secret=x", "no cluster and region"),
        ("rds-data://ada:pw@shop.eu-west-1/rds/orders?secret=x", "takes no password"),
        ("rds-data://shop.eu-west-1/rds?secret=x", "names no table"),
        ("rds-data://shop.eu-west-1?secret=x", "names no"),
        ("rds-data://shop.eu-west-1/rds/orders?secret=x&engine=oracle", "no engine 'oracle'"),
        ("rds-data://shop.eu-west-1/rds/a.b?secret=x&engine=mysql", "names no table"),
        ("rds-data://shop.eu-west-1/rds/orders?secret=x&colour=red", "no option 'colour'"),
    ],
)
def test_addresses_that_name_nothing(uri: str, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        sources.open(uri)


def test_a_check_goes_step_by_step(postgres: Site) -> None:
    assert [(step.name, step.good) for step in check(postgres.uri)] == [
        ("address", True),
        ("credentials", True),
        ("table", True),
        ("rows", True),
    ]
    postgres.aws.fail("BeginTransaction", "HttpEndpointNotEnabledException", times=9)
    assert "enable-http-endpoint" in check(postgres.uri)[-1].hint
