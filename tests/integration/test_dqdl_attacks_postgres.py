"""SQL of strangers on a real Postgres: through the rules, and past the guard in a read-only transaction."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psycopg
import pytest
import sqlglot
from psycopg.conninfo import conninfo_to_dict
from sqlglot import exp

from tests.support.attacks import CONDITIONS, SELECTS, STATEMENTS, spelled
from tests.support.same_table import postgres_uri
from tools import dqdl, sources
from tools.sources.table import QueryError, SourceError, Table

CANARY = "hidden-canary"
NAMES = {"SECRET": "/etc/passwd", "FOLDER": "/tmp", "OTHER": "secret"}


@pytest.fixture(scope="module")
def server(store_server: str) -> Iterator[str]:
    """The address of a database with a table to check, and one that is none of a rule's business."""
    with psycopg.connect(store_server, autocommit=True) as connection:
        connection.execute("create database attacked")
    with psycopg.connect(store_server, dbname="attacked", autocommit=True) as connection:
        connection.execute("create table orders (a int, b text, c date)")
        connection.execute("insert into orders values (1, 'x', '2024-01-01'), (2, 'y', '2024-01-02')")
        connection.execute(f"create table secret (a text); insert into secret values ('{CANARY}')")
        connection.execute("create sequence s")
    yield store_server
    with psycopg.connect(store_server, autocommit=True) as connection:
        connection.execute("drop database attacked with (force)")


@pytest.fixture
def orders(server: str) -> Iterator[Table]:
    with sources.open(postgres_uri(conninfo_to_dict(server, dbname="attacked"), "orders")) as table:
        yield table
    assert state(server) == (2, 1, 1, False)


def state(server: str) -> tuple[int, int, int, bool]:
    """What must stay as it is: rows of both tables, number of tables beyond them, whether the sequence was used."""
    with psycopg.connect(server, dbname="attacked") as connection:
        row = connection.execute(
            "select (select count(*) from orders), (select count(*) from secret), "
            "(select count(*) - 1 from information_schema.tables where table_schema = 'public'), "
            "(select is_called from s)"
        ).fetchone()
    assert row is not None
    return row


def evaluated(orders: Table, rules: list[str]) -> list[str]:
    """The rules that did not end in an error, of those after the first, which must pass."""
    answer = dqdl.evaluate(f"Rules = [RowCount = 2, {', '.join(rules)}]", {"primary": orders})
    assert answer.rules[0].outcome == "Passed"
    assert CANARY not in str(answer)
    return [rule.rule for rule in answer.rules[1:] if rule.outcome != "Error"]


def test_no_statement_runs(orders: Table) -> None:
    texts = [spelled(text, **NAMES) for found in (*SELECTS.values(), STATEMENTS) for text in found]
    usable = [text for text in texts if text.isprintable() and len(text) < 5000]
    assert evaluated(orders, [f"CustomSql {dqdl.quote(text)} > 0" for text in usable]) == []
    assert evaluated(orders, [f"CustomSql {dqdl.quote(text)}" for text in usable]) == []


def test_no_condition_runs(orders: Table) -> None:
    texts = [spelled(text, **NAMES) for text in CONDITIONS if text.isprintable() and 0 < len(text) < 5000]
    passed = evaluated(orders, [f'IsComplete "a" where {dqdl.quote(text)}' for text in texts])
    assert [rule for rule in passed if "secret.a" not in rule] == []


PAST_THE_GUARD = [
    "select nextval('public.s')",
    "select setval('public.s', 7)",
    "select lo_import('/etc/passwd')",
    "select lo_creat(-1)",
    "select set_config('transaction_read_only', 'off', true)",
    "with x as (insert into public.orders values (3) returning *) select * from x",
    "with x as (delete from public.orders returning *) select * from x",
    "with x as (update public.secret set a = '' returning *) select * from x",
    "select * into public.stolen from public.secret",
    "select * from public.orders for update",
    "select pg_catalog.query_to_xml('insert into public.orders values (3)', true, true, '')",
]


@pytest.mark.parametrize("text", PAST_THE_GUARD)
def test_what_jumped_over_the_guard_writes_nothing(orders: Table, text: str) -> None:
    tree = sqlglot.parse_one(text, read="postgres")
    assert isinstance(tree, exp.Query)
    for ask in (orders.query, lambda select: list(orders.stream(select))):
        with pytest.raises(SourceError):
            ask(tree.copy())


@pytest.mark.parametrize(
    "text",
    [
        "select pg_sleep(60)",
        "select set_config('statement_timeout', '0', true), pg_sleep(60)",
        "with recursive x as (select 1 as n union all select n + 1 from x) select count(*) from x",
        "select count(*) from generate_series(1, 1000000000000)",
        "select sum(a.a) from public.orders a, generate_series(1, 100000) b, generate_series(1, 1000000) c",
    ],
)
def test_what_jumped_over_the_guard_ends_at_its_time_limit(orders: Table, text: str) -> None:
    tree = sqlglot.parse_one(text, read="postgres")
    assert isinstance(tree, exp.Query)
    started = time.monotonic()
    with pytest.raises(QueryError) as caught:
        orders.query(tree, timeout_seconds=0.4)
    assert caught.value.cause == "time"
    assert time.monotonic() - started < 20


def test_only_queries_go_to_the_server(orders: Table) -> None:
    for text in (
        "drop table public.orders",
        "copy public.orders to program 'sh'",
        "insert into public.orders values (3)",
    ):
        with pytest.raises(TypeError):
            orders.query(sqlglot.parse_one(text, read="postgres"))  # type: ignore[arg-type]


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)*b", "(.*)*x", "^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_a_regex_that_explodes_ends(orders: Table, monkeypatch: pytest.MonkeyPatch, pattern: str) -> None:
    monkeypatch.setenv("ASSAY_QUERY_SECONDS", "1")
    long = " || ".join(["b"] * 5)
    started = time.monotonic()
    dqdl.evaluate(
        f'Rules = [ColumnValues "b" matches "{pattern}", IsComplete "a" where "({long}) rlike \'{pattern}\'"]',
        {"primary": orders},
    )
    assert time.monotonic() - started < 20
