"""Views of MariaDB and Spark on real servers; those of Redshift and Athena on catalogs of the same form."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import duckdb
import psycopg
import pyarrow as pa
import pytest
import sqlglot
from sqlglot import exp

from graph.lineage import Lineage
from memory import Memory
from tests.support.aws.athena import Athena
from tests.support.aws.redshift import Redshift
from tests.support.aws.service import run
from tests.support.lineages import below
from tests.support.mariadb import MariaDB
from tools import sources
from tools.collecting.databases.catalogs import CATALOGS, schemas_of
from tools.collecting.databases.sql import SqlListing
from tools.collecting.databases.views import Queries, Views
from tools.collecting.model import CollectError, Found, Skipped
from tools.collecting.wanted import Wanted
from tools.lineage.naming import canonical
from tools.lineage.observed import ColumnId, DatasetId
from tools.sources import athena
from tools.sources.database import Database
from tools.sources.table import SourceError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def of(namespace: str, name: str) -> ColumnId:
    table, _, column = name.rpartition(".")
    return ColumnId(DatasetId(namespace, table), column)


@pytest.fixture
def mariadb_shop(mariadb_server: MariaDB, mariadb_database: str) -> str:
    mariadb_server.run(
        "create table customers (id int, `E Mail` varchar(100))",
        "create table orders (id int, customer int, total decimal(10, 2))",
        "create view people (number, mail) as select id, lower(`E Mail`) from customers",
        """create view spent as select p.mail, sum(o.total) as total from orders o
            join people p on p.number = o.customer where o.total > 0 group by p.mail""",
        database=mariadb_database,
    )
    return mariadb_database


def test_views_of_mariadb(lineage_store: Memory, mariadb_server: MariaDB, mariadb_shop: str) -> None:
    uri = mariadb_server.uri(mariadb_shop, "").rstrip("/")
    done = Lineage(lineage_store, None).scan(uri)
    assert (done.jobs, done.complete) == (2, True)
    with sources.open(f"{uri}/customers") as table:
        customers = canonical(DatasetId(table.dataset.namespace, table.dataset.name))
    there = customers.namespace
    assert below(lineage_store, ColumnId(customers, "E Mail")) == {
        *(of(there, f"{mariadb_shop}.people.mail"), of(there, f"{mariadb_shop}.spent.mail"))
    }
    assert below(lineage_store, of(there, f"{mariadb_shop}.orders.total")) == {of(there, f"{mariadb_shop}.spent.total")}
    mariadb_server.run("drop view spent", database=mariadb_shop)
    assert Lineage(lineage_store, None).scan(uri).gone == 1


def test_the_general_log_of_mariadb(lineage_store: Memory, mariadb_server: MariaDB, mariadb_shop: str) -> None:
    uri = mariadb_server.uri(mariadb_shop, "").rstrip("/")
    mariadb_server.run("create table copied (id int, mail varchar(100))", database=mariadb_shop)
    mariadb_server.run("truncate mysql.general_log", "set global log_output = 'TABLE'", "set global general_log = on")
    try:
        mariadb_server.run(
            "create temporary table step as select id, `E Mail` as mail from customers",
            "insert into copied select id, upper(mail) from step where id > 7",
            "insert into copied select id, upper(mail) from step where id > 8",
            database=mariadb_shop,
        )
    finally:
        mariadb_server.run("set global general_log = off")
    done = Lineage(lineage_store, None).scan(uri, Wanted(queries=True))
    assert (done.jobs, done.repeated, done.complete) == (1, 1, True)
    there = f"mysql://127.0.0.1:{mariadb_server.port}"
    assert below(lineage_store, of(there, f"{mariadb_shop}.customers.E Mail")) == {
        of(there, f"{mariadb_shop}.copied.mail")
    }


def test_a_whole_server_of_mariadb(lineage_store: Memory, mariadb_server: MariaDB, mariadb_shop: str) -> None:
    mariadb_server.run(f"create database beside_{mariadb_shop}")
    try:
        mariadb_server.run(
            f"create view v as select id from {mariadb_shop}.customers", database=f"beside_{mariadb_shop}"
        )
        done = Lineage(lineage_store, None).scan(f"mysql://root@127.0.0.1:{mariadb_server.port}")
        assert done.jobs == 3
        there = f"mysql://127.0.0.1:{mariadb_server.port}"
        assert of(there, f"beside_{mariadb_shop}.v.id") in below(
            lineage_store, of(there, f"{mariadb_shop}.customers.id")
        )
    finally:
        mariadb_server.run(f"drop database beside_{mariadb_shop}")


def test_views_of_spark(lineage_store: Memory, spark_session: SparkSession) -> None:
    spark_session.sql("create database shop_of_lineage")
    try:
        spark_session.sql("create table shop_of_lineage.raw (id int, mail string) using parquet")
        spark_session.sql("use shop_of_lineage")
        spark_session.sql("create view shop_of_lineage.clean as select id, upper(mail) as mail from raw")
        spark_session.sql("use default")
        spark_session.sql(
            """create view shop_of_lineage.counted (email, n)
            as select mail, count(*) as many from shop_of_lineage.clean group by mail"""
        )
        spark_session.range(2).createOrReplaceTempView("of_the_session")
        done = Lineage(lineage_store, None).scan("spark://local")
        assert (done.jobs, done.complete) == (2, True)
        with sources.open("spark://local/shop_of_lineage.raw") as table:
            raw = DatasetId(table.dataset.namespace, table.dataset.name)
        assert below(lineage_store, ColumnId(raw, "mail")) == {
            of("spark://local", f"shop_of_lineage.{name}") for name in ("clean.mail", "counted.email")
        }
    finally:
        spark_session.sql("use default")
        spark_session.sql("drop database shop_of_lineage cascade")
        spark_session.catalog.dropTempView("of_the_session")
    assert Lineage(lineage_store, None).scan("spark://local").gone == 2
    with pytest.raises(CollectError, match="keeps no log"):
        Lineage(lineage_store, None).scan("spark://local", Wanted(queries=True))


@contextmanager
def lookalike(dialect: str, namespace: str, name: str, *statements: str) -> Iterator[SqlListing]:
    """A catalog in DuckDB that answers the queries of another system, by names that DuckDB lacks or has otherwise."""
    with duckdb.connect() as connection:
        for statement in statements:
            connection.execute(statement)

        def rows(select: exp.Query) -> Iterator[tuple[Any, ...]]:
            for function in list(select.find_all(exp.CurrentDatabase, exp.Anonymous)):
                if function.sql().lower().startswith("current_database"):
                    function.replace(exp.Literal.string(name))
            for table in select.find_all(exp.Table):
                table.set("db", exp.to_identifier("lookalike"))
            yield from connection.execute(select.sql(dialect="duckdb")).fetchall()

        yield SqlListing(Database(namespace, name, dialect, rows))


REDSHIFT = (
    "create schema lookalike",
    """create table lookalike.svv_all_columns as select * from (values
        ('shop', 'public', 'customers', 'id', 1, 'integer'), ('shop', 'public', 'customers', 'mail', 2, 'varchar'),
        ('shop', 'mart', 'people', 'number', 1, 'integer'), ('shop', 'mart', 'people', 'email', 2, 'varchar'),
        ('other', 'public', 'customers', 'x', 1, 'integer'))
        t (database_name, schema_name, table_name, column_name, ordinal_position, data_type)""",
    """create table lookalike.pg_views as select * from (values
        ('mart', 'people', 'SELECT customers.id AS number, lower(customers.mail) AS email FROM customers;'),
        ('mart', 'late', 'create view mart.late as select email from mart.people with no schema binding'),
        ('pg_catalog', 'own', 'select 1')) t (schemaname, viewname, definition)""",
    """create table lookalike.sys_query_history as select * from (values
        (1, 11, 'shop', 'success', 'CTAS', timestamp '2026-10-01 10:00:00'),
        (2, 11, 'shop', 'success', 'INSERT', timestamp '2026-10-01 10:01:00'),
        (3, 12, 'shop', 'failed', 'INSERT', timestamp '2026-10-01 10:02:00'))
        t (query_id, session_id, database_name, status, query_type, start_time)""",
    r"""create table lookalike.sys_query_text as select * from (values
        (1, 0, 'create temp table step as select'), (1, 1, ' mail\nfrom customers'),
        (2, 0, 'insert into mart.copied (m) select upper(mail) from step'),
        (3, 0, 'insert into mart.failed (m) select mail from customers')) t (query_id, sequence, text)""",
)


def edges(found: list[Found | Skipped]) -> set[tuple[str, str]]:
    assert all(isinstance(one, Found) and not one.problems for one in found), found
    return {
        (f"{e.source.dataset.name}.{e.source.column}", f"{e.target.dataset.name}.{e.target.column}")
        for one in found
        if isinstance(one, Found)
        for e in one.observed.edges
        if e.type == "DIRECT"
    }


def test_views_and_queries_of_redshift_on_a_catalog_of_its_form() -> None:
    there = "redshift://prod.eu-west-1:5439"
    opening = lambda: lookalike("redshift", there, "shop", *REDSHIFT)  # noqa: E731
    assert edges(list(Views(opening, NOW).collect(lambda _: None))) == {
        ("shop.public.customers.id", "shop.mart.people.number"),
        ("shop.public.customers.mail", "shop.mart.people.email"),
        ("shop.mart.people.email", "shop.mart.late.email"),
    }
    found = list(Queries(opening, there, NOW).collect(lambda _: None))
    assert edges(found) == {("shop.public.customers.mail", "shop.mart.copied.m")}
    assert [one.observed.at for one in found if isinstance(one, Found)] == [datetime(2026, 10, 1, 10, 1, tzinfo=UTC)]


def test_views_of_athena_on_a_catalog_of_its_form() -> None:
    statements = (
        "create schema lookalike",
        """create table lookalike.columns as select * from (values
            ('awsdatacatalog', 'shop', 'raw', 'id', 1, 'bigint'),
            ('awsdatacatalog', 'shop', 'raw', 'mail', 2, 'varchar'),
            ('awsdatacatalog', 'shop', 'clean', 'mail', 1, 'varchar'))
            t (table_catalog, table_schema, table_name, column_name, ordinal_position, data_type)""",
        """create table lookalike.views as select * from (values
            ('awsdatacatalog', 'shop', 'clean', 'SELECT DISTINCT lower(mail) mail FROM shop.raw'))
            t (table_catalog, table_schema, table_name, view_definition)""",
    )
    there = "awsathena://athena.eu-west-1.amazonaws.com"
    opening = lambda: lookalike("athena", there, "awsdatacatalog", *statements)  # noqa: E731
    assert edges(list(Views(opening, NOW).collect(lambda _: None))) == {
        ("awsdatacatalog.shop.raw.mail", "awsdatacatalog.shop.clean.mail")
    }
    with pytest.raises(CollectError, match="keeps no log"):
        list(Queries(opening, there, NOW).collect(lambda _: None))


@pytest.mark.parametrize("dialect", sorted(CATALOGS))
def test_the_queries_of_each_catalog_are_good_sql_of_its_dialect(dialect: str) -> None:
    catalog = CATALOGS[dialect]
    trees = [catalog.query(text) for text in (catalog.columns, catalog.views, catalog.queries) if text]
    trees += [schemas_of(catalog)] if catalog.log else []
    for tree, width in zip(trees, (5, 4, 6 if catalog.in_pieces else 4, 1), strict=False):
        assert len(tree.selects) in (width, 1)
        assert sqlglot.parse_one(tree.sql(dialect=dialect), dialect=dialect) == tree


def test_redshift_through_its_connector(lineage_store: Memory, empty_url: str, store_server: str) -> None:
    with psycopg.connect(empty_url, autocommit=True) as connection:
        database = connection.info.dbname
        for statement in (
            "create schema mart",
            "create table customers (id int, mail text)",
            "create view mart.people as select id as number, lower(mail) as email from customers",
            "set allow_system_table_mods = on",
            """create view pg_catalog.svv_all_columns as select current_database()::text as database_name,
                table_schema::text as schema_name, table_name::text as table_name, column_name::text as column_name,
                ordinal_position::int as ordinal_position, data_type::text as data_type
                from information_schema.columns""",
        ):
            connection.execute(statement.encode())
    uri = f"redshift://shop.eu-west-1/{database}"
    with run(Redshift(store_server)) as aws:
        done = Lineage(lineage_store, None).scan(uri)
        with sources.open(f"{uri}/public.customers") as table:
            customers = canonical(DatasetId(table.dataset.namespace, table.dataset.name))
    assert aws.violations == []
    assert (done.jobs, done.complete) == (1, True)
    assert below(lineage_store, ColumnId(customers, "mail")) == {
        of(customers.namespace, f"{database}.mart.people.email")
    }


def test_athena_through_its_connector(lineage_store: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = Athena()
    stand_in.load("shop", "raw", pa.table({"id": [1], "mail": ["a"]}))
    ask = athena.ask
    views = pa.table(
        [["awsdatacatalog"], ["shop"], ["clean"], ["SELECT lower(mail) mail FROM shop.raw"]], names=list("csvq")
    )
    # The stand-in has no list of views.
    monkeypatch.setattr(athena, "ask", lambda uri, query: views if "views" in query.sql() else ask(uri, query))
    with run(stand_in) as aws:
        done = Lineage(lineage_store, None).scan("athena://eu-west-1")
        with sources.open("athena://eu-west-1/shop.raw") as table:
            raw = canonical(DatasetId(table.dataset.namespace, table.dataset.name))
    assert aws.violations == []
    assert (done.jobs, done.skipped, done.incomplete) == (1, [], [])
    assert below(lineage_store, ColumnId(raw, "mail")) == {of(raw.namespace, "AwsDataCatalog.shop.clean.mail")}


def test_a_view_whose_sql_may_not_be_seen_is_skipped_and_what_was_known_of_it_stays() -> None:
    statements = [
        "create schema lookalike",
        REDSHIFT[1],
        "create table lookalike.pg_views as select 'mart' as schemaname, 'people' as viewname, '' as definition",
    ]
    views = Views(lambda: lookalike("redshift", "redshift://c.r:5439", "shop", *statements), NOW)
    found = list(views.collect(lambda _: None))
    assert found == [Skipped("shop.mart.people", "its SQL may not be seen by this user", jobs="shop.mart.people")]


def test_other_schemes_are_told_what_there_is(lineage_store: Memory) -> None:
    with pytest.raises(SourceError, match="no connector for oracle"):
        Lineage(lineage_store, None).scan("oracle://db/shop")
    with pytest.raises(CollectError, match="spark://local"):
        Lineage(lineage_store, None).scan("spark:///tmp/file.parquet")
