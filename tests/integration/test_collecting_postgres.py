"""Views and logged queries of a real Postgres server, as lineage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from graph.lineage import Lineage, Scanned
from memory import Memory
from tests.support.lineages import below
from tests.support.same_table import postgres_uri
from tools import sources
from tools.collecting.model import CollectError
from tools.collecting.wanted import Wanted
from tools.lineage.naming import canonical, of_uri
from tools.lineage.observed import ColumnId, DatasetId
from tools.sources.table import SourceError

TABLES = (
    "create schema mart",
    'create table customers (id int primary key, email text, "Full Name" text)',
    "create table orders (id int, customer int, total numeric, at date)",
    "create view paid as select o.*, total * 2 as twice from orders o where total > 0",
    'create view mart.people(number, mail, who) as select id, lower(email), "Full Name" from customers',
    """create materialized view mart.top as
        select p.mail, sum(paid.twice) as sum from paid join mart.people p on p.number = paid.customer group by 1""",
)


class Place:
    """A database with views, and its URI."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.parts: dict[str, Any] = conninfo_to_dict(url)
        table = postgres_uri(self.parts, "orders")
        front, _, options = table.partition("?")
        self.uri = front.rpartition("/")[0] + (f"?{options}" if options else "")
        self.namespace = of_uri(table).namespace
        self.database = str(self.parts["dbname"])

    def run(self, *statements: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def column(self, name: str) -> ColumnId:
        """`schema.table.column`."""
        table, _, column = name.rpartition(".")
        return ColumnId(DatasetId(self.namespace, f"{self.database}.{table}"), column)


@pytest.fixture
def place(empty_url: str) -> Place:
    made = Place(empty_url)
    made.run(*TABLES)
    return made


@pytest.fixture
def scan(lineage_store: Memory, place: Place) -> Callable[..., Scanned]:
    return lambda **wanted: Lineage(lineage_store, None).scan(place.uri, Wanted(**wanted))


def test_views_become_edges_between_the_datasets_that_a_profile_names(
    lineage_store: Memory, place: Place, scan: Callable[..., Scanned]
) -> None:
    done = scan()
    assert (done.kind, done.jobs, done.complete, done.notes) == ("views", 3, True, [])
    with sources.open(postgres_uri(place.parts, "customers")) as table:
        name = canonical(DatasetId(table.dataset.namespace, table.dataset.name))
    assert name == place.column("public.customers.email").dataset
    assert below(lineage_store, ColumnId(name, "email")) == {
        place.column("mart.people.mail"),
        place.column("mart.top.mail"),
    }
    assert below(lineage_store, place.column("public.orders.total")) == {
        *(place.column("public.paid.total"), place.column("public.paid.twice"), place.column("mart.top.sum"))
    }
    assert below(lineage_store, place.column("public.customers.Full Name")) == {place.column("mart.people.who")}


def test_a_join_of_a_view_is_kept_once_for_the_whole_of_it(
    lineage_store: Memory, place: Place, scan: Callable[..., Scanned]
) -> None:
    scan()
    found = lineage_store.lineage.upstream(place.column("mart.top.sum"), indirect=True)
    assert place.column("public.paid.customer") in {one.column for one in found.columns}


def test_a_view_that_is_dropped_or_changed_is_so_after_the_next_scan(
    lineage_store: Memory, place: Place, scan: Callable[..., Scanned]
) -> None:
    first = scan()
    assert (scan().opened, scan().ended) == (0, 0)
    place.run(
        "drop materialized view mart.top",
        """create or replace view mart.people as
            select id as number, '' || id as mail, "Full Name" as who from customers""",
    )
    second = scan()
    assert (first.gone, second.gone) == (0, 1)
    assert below(lineage_store, place.column("public.customers.email")) == set()
    assert below(lineage_store, place.column("public.customers.id")) == {
        *(place.column("mart.people.number"), place.column("mart.people.mail"))
    }


def test_another_database_of_the_server_is_left_alone(
    lineage_store: Memory, store_server: str, place: Place, scan: Callable[..., Scanned]
) -> None:
    scan()
    with psycopg.connect(store_server, autocommit=True) as connection:
        connection.execute("create database beside")
    try:
        done = Lineage(lineage_store, None).scan(place.uri.replace(f"/{place.database}", "/beside"))
        assert (done.jobs, done.gone) == (0, 0)
    finally:
        with psycopg.connect(store_server, autocommit=True) as connection:
            connection.execute("drop database beside with (force)")
    assert below(lineage_store, place.column("public.customers.email"))


def test_queries_that_were_logged_do_not_touch_what_views_say(
    lineage_store: Memory, place: Place, scan: Callable[..., Scanned]
) -> None:
    scan()
    place.run(
        "create table copied (id int, mail text)",
        "create schema watch",
        "create table watch.pg_stat_statements (userid oid, dbid oid, query text, calls bigint)",
        """insert into watch.pg_stat_statements select 1, d.oid, q.query, 3 from pg_database d, (values
            ('insert into copied select id, lower(email) from customers where id > $1'),
            ('INSERT INTO copied SELECT id, lower(email) FROM customers WHERE id > $1 '),
            ('select * from customers'), ('insert into copied values ($1, $2)'),
            ('insert into elsewhere select * from customers')) q (query)
            where d.datname = case when q.query like '%elsewhere%' then 'template1' else current_database() end""",
    )
    done = scan(queries=True)
    # What another database ran is not of this one.
    assert (done.kind, done.statements, done.repeated, done.jobs) == ("query log", 4, 1, 1)
    mails = {place.column("mart.people.mail"), place.column("mart.top.mail"), place.column("public.copied.mail")}
    assert below(lineage_store, place.column("public.customers.email")) == mails
    assert scan().gone == 0
    assert below(lineage_store, place.column("public.customers.email")) == mails


def test_a_server_without_a_log_says_so(scan: Callable[..., Scanned]) -> None:
    with pytest.raises(CollectError, match="has no pg_stat_statements"):
        scan(queries=True)


def test_a_table_is_no_database(lineage_store: Memory, place: Place) -> None:
    with pytest.raises(SourceError, match="names a table"):
        Lineage(lineage_store, None).scan(postgres_uri(place.parts, "orders"))


def test_no_password_is_kept_or_told(lineage_store: Memory, place: Place) -> None:
    with pytest.raises(SourceError) as refused:
        Lineage(lineage_store, None).scan("postgresql://me:hush" + "hush@127.0.0.1:1/shop")
    assert "hushhush" not in str(refused.value)
