"""Redshift's Data API and Athena: paging, waiting, cancelling, throttling, lost answers, caps, and what goes wrong."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator

import psycopg
import pyarrow as pa
import pytest
from botocore.retries import standard
from psycopg.conninfo import make_conninfo
from sqlglot import exp, parse_one

from tests.support.aws.athena import Athena, Workgroup
from tests.support.aws.redshift import Redshift
from tests.support.aws.service import Aws, run
from tools import sources
from tools.lineage.naming import of_uri
from tools.sources import athena as athena_source
from tools.sources import aws as aws_errors
from tools.sources import redshift as redshift_source
from tools.sources import waiting
from tools.sources.registry import dataset_name
from tools.sources.scanned import CapError, Cost, metered, shown, size_of
from tools.sources.table import QueryError, SourceError, Table

DATA = pa.table({"id": range(10), "note": [f"private-{n}" for n in range(10)]})
REDSHIFT = "redshift://shop.eu-west-1/dev/orders"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore tries again at once."""
    monkeypatch.setattr(standard.ExponentialBackoff, "delay_amount", lambda *_: 0)


class Site:
    """One warehouse with a table of ten rows, open."""

    def __init__(self, aws: Aws, backend: Redshift | Athena, uri: str) -> None:
        self.aws, self.backend, self.uri = aws, backend, uri
        athena = isinstance(backend, Athena)
        self.start = "StartQueryExecution" if athena else "BatchExecuteStatement"
        self.look = "GetQueryExecution" if athena else "DescribeStatement"
        self.page = "GetQueryResults" if athena else "GetStatementResult"
        self.table: Table = sources.open(uri)

    @property
    def cancelled(self) -> list[str]:
        """The queries that were cancelled."""
        return self.backend.stopped if isinstance(self.backend, Athena) else self.backend.cancelled

    def everything(self) -> exp.Select:
        """All rows."""
        return exp.select("*").from_(self.table.relation())

    def endless(self) -> exp.Select:
        """Ten thousand million rows."""
        query = exp.select("count(*)").from_(exp.alias_(self.table.relation(), "t0", table=True))
        for number in range(1, 10):
            query = query.join(exp.alias_(self.table.relation(), f"t{number}", table=True), join_type="cross")
        return query.where("t0.id + t5.id > t9.id + t7.id * t3.id + t2.id")


@pytest.fixture(scope="module")
def server(store_server: str) -> Iterator[str]:
    with psycopg.connect(store_server, autocommit=True) as connection:
        connection.execute("create database dev")
        with psycopg.connect(make_conninfo(store_server, dbname="dev"), autocommit=True) as dev:
            dev.execute("create table orders (id bigint, note text)")
            dev.execute("insert into orders select n, 'private-' || n from generate_series(0, 9) n")
            dev.execute("create view recent as select id from orders where id > 5")
        yield store_server
        connection.execute("drop database dev with (force)")


@pytest.fixture
def redshift(server: str) -> Iterator[Site]:
    backend = Redshift(server, page_rows=4)
    with run(backend) as aws:
        yield Site(aws, backend, REDSHIFT)
    assert aws.violations == []


@pytest.fixture
def athena() -> Iterator[Site]:
    backend = Athena(page_rows=4)
    with run(backend) as aws:
        yield Site(aws, backend, backend.load("shop", "orders", DATA))
    assert aws.violations == []


@pytest.fixture(params=["redshift", "athena"])
def site(request: pytest.FixtureRequest) -> Site:
    found: Site = request.getfixturevalue(request.param)
    return found


def test_large_answers_come_page_by_page(site: Site) -> None:
    assert site.table.query(site.everything()).column("id").to_pylist() == list(range(10))
    assert site.aws.calls[site.page] >= 3
    before = site.aws.calls[site.page]
    batches = site.table.stream(site.everything())
    assert [next(batches).num_rows, next(batches).num_rows] in ([0, 4], [0, 3])
    assert site.aws.calls[site.page] == before + 1
    batches.close()


@pytest.mark.parametrize("code", ["ThrottlingException", "TooManyRequestsException", "InternalServerException"])
def test_throttling_and_failures_are_waited_out(site: Site, code: str) -> None:
    for operation in (site.start, site.look, site.page):
        site.aws.fail(operation, code)
    assert site.table.query(site.everything()).num_rows == 10


def test_a_start_whose_answer_is_lost_runs_once(site: Site) -> None:
    site.aws.cut(site.start)
    before = len(queries(site))
    assert site.table.query(site.everything()).num_rows == 10
    assert len(queries(site)) == before + 1
    first, second = site.aws.asked(site.start)[-2:]
    assert first == second


def queries(site: Site) -> list[str]:
    return list(site.backend.executions if isinstance(site.backend, Athena) else site.backend.batches)


def test_what_is_throttled_for_good_says_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws_errors, "TRIES", 2)
    with sources.open(site.uri) as table:
        site.aws.fail(site.look, "ThrottlingException", times=2)
        with pytest.raises(SourceError, match="throttles after 2 tries"):
            table.query(site.everything())
    assert site.aws.calls["CancelStatement"] + site.aws.calls["StopQueryExecution"] == 1  # nobody waits for it now


def test_a_query_past_its_time_is_cancelled_on_the_server(site: Site) -> None:
    with pytest.raises(QueryError) as caught:
        site.table.query(site.endless(), timeout_seconds=0.3)
    assert caught.value.cause == "time"
    wait_for_end(site)
    assert len(site.cancelled) <= 1  # or the server's own limit came first


def test_ctrl_c_cancels_the_query_on_the_server(site: Site) -> None:
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        site.table.query(site.endless(), timeout_seconds=60)
    assert time.monotonic() - began < 10
    assert len(site.cancelled) == 1
    wait_for_end(site)
    assert site.table.query(site.everything()).num_rows == 10


def test_ctrl_c_before_the_start_is_confirmed_leaves_nothing_running(site: Site) -> None:
    site.aws.slow[site.start] = 1.0
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    before = len(queries(site))
    with pytest.raises(KeyboardInterrupt):
        site.table.query(site.endless(), timeout_seconds=60)
    assert len(queries(site)) == before + 1
    assert site.cancelled == queries(site)[-1:]
    wait_for_end(site)


def wait_for_end(site: Site) -> None:
    running = site.backend.executions if isinstance(site.backend, Athena) else site.backend.batches
    assert all(one.done.wait(10) for one in running.values())


def test_waiting_grows_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(waiting.time, "sleep", slept.append)
    answers = iter([None] * 12 + ["done"])
    assert waiting.finish(lambda: next(answers), lambda: None, waiting.Clock(None)) == "done"
    assert slept[0] == waiting.FIRST_PAUSE
    assert slept[-1] == waiting.LONGEST_PAUSE
    assert slept == sorted(slept)


def test_errors_hold_no_value_of_the_data(site: Site) -> None:
    note = exp.cast(exp.column("note", quoted=True), "bigint")
    with pytest.raises(QueryError) as caught:
        site.table.query(exp.select(exp.alias_(note, "n")).from_(site.table.relation()))
    assert caught.value.cause == "conversion"
    assert "private" not in str(caught.value)


@pytest.mark.parametrize(
    "sql",
    [
        "select * into copied from {table}",
        "with gone as (delete from {table} returning *) select * from gone",
        "select * from orders",
        "with a as (select 1 as x) select * from a, orders",
    ],
)
def test_what_writes_or_leaves_the_schema_open_is_not_sent(site: Site, sql: str) -> None:
    text = sql.format(table=site.table.relation().sql(dialect="postgres"))
    query = parse_one(text, read="postgres")
    assert isinstance(query, exp.Query)
    before = site.aws.calls[site.start]
    with pytest.raises(QueryError) as caught:
        site.table.query(query)
    assert caught.value.cause == "statement"
    assert site.aws.calls[site.start] == before


def test_a_name_of_a_with_is_no_table_without_schema(site: Site) -> None:
    query = exp.select(exp.alias_(exp.Count(this=exp.Star()), "n")).from_("a").with_("a", as_=site.everything())
    assert site.table.query(query).to_pylist() == [{"n": 10}]


def test_answers_have_the_names_of_the_query(site: Site) -> None:
    named = exp.alias_(exp.column("id", quoted=True), "Number Of It", quoted=True)
    assert site.table.query(exp.select(named).from_(site.table.relation())).column_names == ["Number Of It"]


@pytest.mark.parametrize(
    ("code", "words", "hint"),
    [
        ("ExpiredTokenException", "session has expired", "Log in again"),
        ("UnrecognizedClientException", "does not accept these credentials", "aws sso login"),
        ("AccessDeniedException", "access is denied", "IAM"),
    ],
)
def test_what_is_wrong_with_the_credentials(site: Site, code: str, words: str, hint: str) -> None:
    for operation in ("GetTableMetadata", "BatchExecuteStatement"):
        site.aws.fail(operation, code, "User: arn:aws:iam::1:user/ada is not authorized")
    with pytest.raises(SourceError, match=words) as caught:
        sources.open(site.uri)
    assert hint in caught.value.hint


def test_no_credentials_and_no_network(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws_errors, "TRIES", 1)
    for service in ("ATHENA", "REDSHIFT_DATA"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", "http://127.0.0.1:9")
    with pytest.raises(SourceError, match="does not answer"):
        sources.open(site.uri)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(SourceError, match="no AWS credentials"):
        sources.open(site.uri)
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(SourceError, match="no such AWS profile"):
        sources.open(site.uri)


# Redshift


@pytest.mark.parametrize(
    ("uri", "name", "told"),
    [
        ("redshift://shop.eu-west-1/dev/a.b", "shop.eu-west-1:5439", {"ClusterIdentifier": "shop"}),
        (
            "redshift://ada@shop.eu-west-1/dev/a.b",
            "shop.eu-west-1:5439",
            {"ClusterIdentifier": "shop", "DbUser": "ada"},
        ),
        ("redshift://shop.eu-west-1:5440/dev/a.b", "shop.eu-west-1:5440", {"ClusterIdentifier": "shop"}),
        ("redshift://shop.us-west-2/dev/a.b?serverless=true", "shop.us-west-2:5439", {"WorkgroupName": "shop"}),
        (
            "redshift://shop.123456789012.us-west-2.redshift-serverless.amazonaws.com:5439/dev/a.b",
            "shop.us-west-2:5439",
            {"WorkgroupName": "shop"},
        ),
        (
            "redshift://shop.abc123xyz.us-west-2.redshift.amazonaws.com/dev/a.b?secret=db%2Fshop",
            "shop.us-west-2:5439",
            {"ClusterIdentifier": "shop", "SecretArn": "db/shop"},
        ),
        ("redshift://shop/dev/a.b", "shop.us-east-1:5439", {"ClusterIdentifier": "shop"}),
    ],
)
def test_who_is_asked_for_a_redshift_table(redshift: Site, uri: str, name: str, told: dict[str, str]) -> None:
    named = dataset_name(uri)
    assert (named.namespace, named.name) == (f"redshift://{name}", "dev.a.b") == tuple(of_uri(uri))
    with pytest.raises(SourceError, match=r"no table a\.b"):
        sources.open(uri)
    (request,) = redshift.aws.asked("BatchExecuteStatement")[-1:]
    assert {key: request[key] for key in request if key not in ("Sqls", "ClientToken", "Database")} == told
    assert request["Database"] == "dev"


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("redshift://shop.eu-west-1/dev", "names no table"),
        ("redshift://shop.eu-west-1/", "names no database"),
        ("redshift://shop.eu-west-1/dev/a.b.c", "names no table"),
        ("redshift://ada:pass@shop.eu-west-1/dev/t", "takes no password"),
        ("redshift://shop.eu-west-1/dev/t?output=x", "no option 'output'"),
        ("redshift://nix.eu-west-1/dev/t", "no cluster 'nix'"),
        ("redshift://nix.eu-west-1/dev/t?serverless=true", "no workgroup 'nix'"),
        ("redshift://shop.eu-west-1/nix/t", 'database "nix" does not exist'),
        ("redshift://shop.eu-west-1/dev/order", "no table public.order."),
    ],
)
def test_uris_that_name_no_redshift_table(redshift: Site, uri: str, words: str) -> None:
    with pytest.raises(SourceError) as caught:
        sources.open(uri)
    assert words in str(caught.value)
    assert "pass@" not in str(caught.value)
    if "order." in words:
        assert caught.value.hint.startswith("Did you mean public.orders")


def test_the_session_of_each_query_is_its_own(redshift: Site) -> None:
    redshift.table.query(redshift.everything(), timeout_seconds=7)
    *settings, query = redshift.aws.asked("BatchExecuteStatement")[-1]["Sqls"]
    assert settings == ["set search_path to ''", "set timezone to 'UTC'", "set statement_timeout to 7000"]
    assert query == 'SELECT * FROM "public"."orders"'


def test_too_many_statements_at_once_are_waited_for(redshift: Site) -> None:
    redshift.aws.fail("BatchExecuteStatement", "ActiveStatementsExceededException", times=3)
    assert redshift.table.query(redshift.everything()).num_rows == 10
    redshift.aws.fail("BatchExecuteStatement", "ActiveStatementsExceededException", times=1000)
    with pytest.raises(QueryError) as caught:
        redshift.table.query(redshift.everything(), timeout_seconds=0.5)
    assert caught.value.cause == "time"


def test_a_query_longer_than_the_data_api_takes(redshift: Site) -> None:
    long = exp.column("note", quoted=True).isin(*(f"{n:0100}" for n in range(1000)))
    with pytest.raises(QueryError, match="100 kB") as caught:
        redshift.table.query(redshift.everything().where(long))
    assert caught.value.cause == "statement"


def test_a_query_that_an_administrator_cancels(redshift: Site) -> None:
    backend = redshift.backend
    assert isinstance(backend, Redshift)
    backend.delay = 0.3
    threading.Timer(0.1, lambda: backend._cancel({"Id": list(backend.batches)[-1]})).start()
    with pytest.raises(QueryError, match="cancelled on the server"):
        redshift.table.query(redshift.everything())


def test_the_views_of_redshift_can_be_asked_for(redshift: Site) -> None:
    views = parse_one("select viewname, definition from pg_catalog.pg_views where schemaname = 'public'")
    assert isinstance(views, exp.Query)
    (view,) = redshift_source.ask("redshift://shop.eu-west-1/dev", views).to_pylist()
    assert view["viewname"] == "recent"
    assert "orders" in view["definition"]


# Athena


@pytest.mark.parametrize(
    ("uri", "region", "name"),
    [
        ("athena://eu-west-1/Shop.Orders", "eu-west-1", "AwsDataCatalog.shop.orders"),
        ("athena://athena.eu-west-1.amazonaws.com/shop.orders", "eu-west-1", "AwsDataCatalog.shop.orders"),
        ("athena:///shop.orders", "us-east-1", "AwsDataCatalog.shop.orders"),
        ("athena://eu-west-1/lake/shop.orders?workgroup=team&cap=2TB", "eu-west-1", "lake.shop.orders"),
    ],
)
def test_names_of_athena_tables(athena: Site, uri: str, region: str, name: str) -> None:
    named = dataset_name(uri)
    assert (named.namespace, named.name) == (f"awsathena://athena.{region}.amazonaws.com", name)
    assert (named.namespace, named.name) == tuple(of_uri(uri))
    assert named.short == "orders"


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("athena://eu-west-1/orders", "names no table"),
        ("athena://eu-west-1/", "names no table"),
        ("athena://ada@eu-west-1/shop.orders", "neither users nor ports"),
        ("athena://eu-west-1/shop.orders?cap=much", "'much' is no size"),
        ("athena://eu-west-1/shop.orders?cap=0", "'0' is no size"),
        ("athena://eu-west-1/shop.orders?cap=5MB", "no query costs less than 10.0 MB"),
        ("athena://eu-west-1/shop.orders?secret=x", "no option 'secret'"),
        ("athena://eu-west-1/shop.ordres", "no table shop.ordres"),
    ],
)
def test_uris_that_name_no_athena_table(athena: Site, uri: str, words: str) -> None:
    with pytest.raises(SourceError) as caught:
        sources.open(uri)
    assert words in str(caught.value)
    if "ordres" in uri:
        assert caught.value.hint == "Did you mean shop.orders?"


def test_what_queries_read_is_counted(athena: Site) -> None:
    with metered() as meter:
        cost = cost_of(sources.open(athena.uri))
    assert (cost.queries, cost.bytes, meter.told()) == (0, 0, "")
    cost.note("another", 1)
    assert meter.told() == "10.0 MB were read by 1 query, for about 0.0001 USD."
    cost = cost_of(athena.table)
    athena.table.query(athena.everything().limit(0))
    assert cost.queries == 0  # nothing was read
    athena.table.query(athena.everything())
    list(athena.table.stream(athena.everything()))
    assert (cost.queries, cost.bytes) == (2, 20_000_000)  # the least that is charged for each
    assert cost.usd == pytest.approx(0.0001)


def cost_of(table: Table) -> Cost:
    assert isinstance(table, athena_source.AthenaTable)
    return table.cost


def test_a_query_that_passes_the_cap_is_stopped_and_no_other_is_begun(athena: Site) -> None:
    backend = athena.backend
    assert isinstance(backend, Athena)
    with sources.open(f"{athena.uri}?cap=1GB") as table:
        backend.steps = [100_000_000, 900_000_000, 1_100_000_000, 5_000_000_000]
        with pytest.raises(CapError, match=r"have read 1\.1 GB .*, and may read 1\.0 GB") as caught:
            table.query(athena.everything())
        assert "?cap=" in caught.value.hint
        assert len(backend.stopped) == 1
        assert cost_of(table).bytes == 5_000_000_000  # what it had read when it ended
        before = athena.aws.calls["StartQueryExecution"]
        with pytest.raises(CapError):
            table.query(athena.everything())
        assert athena.aws.calls["StartQueryExecution"] == before
    assert athena.table.query(athena.everything()).num_rows == 10  # each opening has a cap of its own


def test_the_limit_of_the_workgroup_holds_besides(athena: Site) -> None:
    backend = athena.backend
    assert isinstance(backend, Athena)
    backend.workgroups["small"] = Workgroup(cutoff=10)
    with sources.open(f"{athena.uri}?workgroup=small") as table:
        with pytest.raises(QueryError, match="limit of bytes that the workgroup sets"):
            table.query(athena.everything())
        assert {one["WorkGroup"] for one in athena.aws.asked("StartQueryExecution")} == {"small"}


def test_a_place_for_answers_is_needed(athena: Site) -> None:
    backend = athena.backend
    assert isinstance(backend, Athena)
    backend.workgroups["bare"] = Workgroup(output="")
    with (
        sources.open(f"{athena.uri}?workgroup=bare") as table,
        pytest.raises(SourceError, match="no place for the answers") as caught,
    ):
        table.query(athena.everything())
    assert "?output=s3://" in caught.value.hint
    with sources.open(f"{athena.uri}?workgroup=bare&output=s3://mine/answers/") as table:
        assert table.query(athena.everything()).num_rows == 10
    with sources.open(f"{athena.uri}?workgroup=nix") as table, pytest.raises(SourceError, match="nix is not found"):
        table.query(athena.everything())


def test_the_views_of_athena_can_be_asked_for(athena: Site) -> None:
    query = parse_one("select table_name from information_schema.tables where table_schema = 'shop'")
    assert isinstance(query, exp.Query)
    assert athena_source.ask("athena://eu-west-1", query).to_pylist() == [{"table_name": "orders"}]


@pytest.mark.parametrize(
    ("text", "size"),
    [("500GB", 500 * 10**9), ("1.5 tb", 1_500_000_000_000), ("10", 10), ("2k", 2000), ("", None), ("-1", None)],
)
def test_sizes(text: str, size: int | None) -> None:
    assert size_of(text) == size


@pytest.mark.parametrize(("size", "text"), [(0, "0 bytes"), (999, "999 bytes"), (12_300_000_000, "12.3 GB")])
def test_sizes_for_people(size: int, text: str) -> None:
    assert shown(size) == text
