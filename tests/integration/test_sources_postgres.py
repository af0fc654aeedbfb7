"""PostgreSQL tables on a real server: types, limits, what is kept of a URI, and what failures say."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

import psycopg
import pytest
import sqlglot
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlglot import exp

from tests.support.same_table import postgres_uri
from tools import sources
from tools.sources.table import QueryError, SourceError, Table

Run = Callable[..., Table]
Open = Callable[[str], Table]


@pytest.fixture
def place(empty_url: str) -> dict[str, Any]:
    return conninfo_to_dict(empty_url)


@pytest.fixture
def open_(empty_url: str) -> Iterator[Open]:
    """Opens tables that are closed at the end of the test."""
    with ExitStack() as stack:
        yield lambda uri: stack.enter_context(sources.open(uri))


@pytest.fixture
def opened(empty_url: str, place: dict[str, Any], open_: Open) -> Run:
    """Runs statements in a fresh database and opens a table of it."""

    def run(*statements: str, table: str = "t") -> Table:
        with psycopg.connect(empty_url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)
        return open_(postgres_uri(place, table))

    return run


def everything(table: Table) -> exp.Select:
    return exp.select("*").from_(table.relation())


def parsed(text: str) -> exp.Query:
    query = sqlglot.parse_one(text, dialect="postgres")
    assert isinstance(query, exp.Query)
    return query


@pytest.mark.parametrize(
    ("type_", "literal", "kind", "shown", "value"),
    [
        ("smallint", "7", "number", "smallint", 7),
        ("bigint", "-9223372036854775808", "number", "bigint", -(2**63)),
        ("real", "0.5", "number", "real", 0.5),
        ("double precision", "'Infinity'", "number", "double precision", math.inf),
        ("numeric(38,2)", "123456789012345678901234567890123456.78", "number", "numeric(38,2)", None),
        ("numeric", "1e15", "number", "numeric", Decimal(10) ** 15),
        ("numeric(4,-2)", "12345", "number", "numeric(4,-2)", Decimal(12300)),
        ("varchar(9)", "'Zoë'", "text", "character varying(9)", "Zoë"),
        ("char(3)", "'a'", "text", "character(3)", "a  "),
        ("uuid", "'6f9619ff-8b86-d011-b42d-00c04fc964ff'", "text", "uuid", "6f9619ff-8b86-d011-b42d-00c04fc964ff"),
        ("mood", "'sad'", "text", "public.mood", "sad"),
        ("positive", "3", "number", "integer", 3),
        ("date", "'infinity'", "date", "date", dt.date.max),
        ("date", "'0044-03-15 BC'", "date", "date", dt.date.min),
        ("date", "'20000-01-01'", "date", "date", dt.date.max),
        ("time", "'24:00'", "time", "time without time zone", dt.time.max),
        ("timetz", "'10:00+02'", "time", "time with time zone", "10:00:00+02"),
        ("jsonb", """'{"a": [1, null]}'""", "other", "jsonb", '{"a": [1, null]}'),
        ("int[]", "'{1,NULL}'", "other", "integer[]", "{1,NULL}"),
        ("interval", "'1 day 2 hours'", "other", "interval", "P1DT2H"),
        ("inet", "'10.0.0.1/8'", "other", "inet", "10.0.0.1/8"),
        ("bytea", r"'\x00ff'", "other", "bytea", b"\x00\xff"),
    ],
)
def test_types(opened: Run, type_: str, literal: str, kind: str, shown: str, value: object) -> None:
    make = "create type mood as enum ('ok', 'sad')", "create domain positive as int check (value > 0)"
    table = opened(*make, f"create table t (v {type_})", f"insert into t values ({literal}), (null)")
    assert (table.fields[0].type, table.fields[0].kind) == (shown, kind)
    expected = Decimal(literal) if value is None else value
    assert table.query(everything(table))["v"].to_pylist() == [expected, None]
    assert [row for batch in table.stream(everything(table)) for row in batch["v"].to_pylist()] == [expected, None]


def test_moments_are_those_of_utc_and_infinity_is_the_last_of_them(opened: Run) -> None:
    table = opened(
        "create table t (a timestamptz, b timestamp)",
        "insert into t values ('2024-07-01 12:00+02', '2024-07-01 12:00'), ('infinity', '-infinity')",
    )
    utc, plain = dt.datetime(2024, 7, 1, 10, tzinfo=dt.UTC), dt.datetime.fromisoformat("2024-07-01 12:00")
    answer = table.query(everything(table)).to_pylist()
    assert answer[0] == {"a": utc, "b": plain}
    assert answer[1]["a"].year == 9999
    assert answer[1]["b"].year == 1


def test_a_numeric_nan_is_nan_in_an_answer_and_refused_where_the_type_is_promised(opened: Run) -> None:
    table = opened("create table t (v numeric(5,2))", "insert into t values ('NaN'), (1.25)")
    first, second = table.query(everything(table))["v"].to_pylist()
    assert math.isnan(first)
    assert second == 1.25
    with pytest.raises(QueryError, match="column 'v' does not fit") as caught:
        list(table.stream(everything(table)))
    assert caught.value.cause == "conversion"


def test_a_numeric_of_any_size_is_exact_in_an_answer_and_in_a_stream_up_to_38_digits(opened: Run) -> None:
    table = opened("create table t (v numeric)", "insert into t values (1e30), (1e-16)")
    assert table.query(everything(table))["v"].to_pylist() == [Decimal(10) ** 30, Decimal("1e-16")]
    with pytest.raises(QueryError, match="column 'v' does not fit"):
        list(table.stream(everything(table)))


def test_sums_are_exact(opened: Run) -> None:
    table = opened("create table t (v bigint)", "insert into t values (9223372036854775807), (9223372036854775807)")
    query = exp.select(exp.alias_(exp.Sum(this=exp.column("v")), "s")).from_(table.relation())
    assert table.query(query).to_pylist() == [{"s": 2 * (2**63 - 1)}]


def test_a_large_answer_comes_in_parts(opened: Run) -> None:
    table = opened("create table t as select generate_series(1, 25000) as v")
    sizes = [batch.num_rows for batch in table.stream(everything(table))]
    assert sum(sizes) == 25000
    assert max(sizes) <= 10000


def test_names_with_dots_slashes_and_quotes(opened: Run) -> None:
    table = opened(
        'create schema "Sales.EU"', 'create table "Sales.EU"."a/""b" ("x y" int)', table="Sales%2EEU.a%2F%22b"
    )
    assert [field.name for field in table.fields] == ["x y"]
    assert table.query(everything(table)).num_rows == 0


def test_views_are_tables_without_a_lasting_version(opened: Run, open_: Open) -> None:
    table = opened("create table base (v int)", "create view t as select * from base where now() > '2020-01-01'")
    assert table.version != open_(table.uri).version


def test_the_version_stays_until_something_is_written(opened: Run, open_: Open, empty_url: str) -> None:
    table = opened("create table t (v int)")
    assert open_(table.uri).version == table.version
    with psycopg.connect(empty_url) as connection:
        connection.execute("insert into t values (1)")
        during = open_(table.uri).version
    assert open_(table.uri).version not in (table.version, during)


@pytest.mark.parametrize(
    ("query", "cause"),
    [
        ("select 1 / 0", "range"),
        ("select 'secret'::int", "conversion"),
        ("select date '2024-02-31'", "range"),
        ("select 2147483647 + 1", "range"),
        ("select 'a' ~ '('", "pattern"),
        ("select (select v from public.t)", "statement"),
        ("select v from t", "statement"),
        ("select nextval('public.s')", "statement"),
        ("select pg_sleep(9)", "time"),
    ],
)
def test_refusals_have_a_cause_and_no_value(opened: Run, query: str, cause: str) -> None:
    table = opened("create table t (v text)", "insert into t values ('secret'), ('b')", "create sequence s")
    with pytest.raises(QueryError) as caught:
        table.query(parsed(query), timeout_seconds=0.3)
    assert caught.value.cause == cause
    assert "secret" not in str(caught.value)
    assert table.query(everything(table)).num_rows == 2


def test_a_search_path_or_a_time_zone_of_the_user_changes_nothing(opened: Run, place: dict[str, Any]) -> None:
    table = opened(
        "create table t (a timestamptz)",
        "insert into t values ('2024-07-01 12:00+00')",
        f"alter role {place['user']} in database {place['dbname']} set timezone = 'Asia/Tokyo'",
        f"alter role {place['user']} in database {place['dbname']} set datestyle = 'German'",
        f"alter role {place['user']} in database {place['dbname']} set search_path = 'public'",
    )
    text = exp.select(exp.alias_(exp.cast(exp.column("a"), "text"), "a")).from_(table.relation())
    assert table.query(text).to_pylist() == [{"a": "2024-07-01 12:00:00+00"}]
    with pytest.raises(QueryError):
        table.query(parsed("select * from t"))


def test_one_statement_and_no_writing(opened: Run) -> None:
    table = opened(
        "create table t (v int)",
        "create function w() returns int language sql as 'insert into public.t values (1) returning v'",
    )
    with pytest.raises(QueryError, match="would write"):
        table.query(parsed("select public.w()"))
    two = exp.select(exp.var("1; delete from public.t"))
    with pytest.raises(QueryError) as caught:
        table.query(two)
    assert caught.value.cause == "statement"


def test_a_connection_that_was_cut_off_is_made_anew_unseen_but_a_stream_says_so(opened: Run, empty_url: str) -> None:
    table = opened("create table t as select generate_series(1, 30000) as v")
    assert table.query(everything(table)).num_rows == 30_000
    batches = table.stream(everything(table))
    assert sum(next(batches).num_rows for _ in range(2)) == 10_000
    with psycopg.connect(empty_url, autocommit=True) as connection:
        connection.execute(
            """select pg_terminate_backend(pid) from pg_stat_activity
            where pid <> pg_backend_pid() and datname = current_database()"""
        )
    assert table.query(everything(table)).num_rows == 30_000
    with pytest.raises(SourceError, match="connection to the server was lost"):
        list(batches)


def test_a_table_that_is_dropped_while_it_is_open(opened: Run, empty_url: str) -> None:
    table = opened("create table t (v int)")
    with psycopg.connect(empty_url, autocommit=True) as connection:
        connection.execute("drop table t")
    for ask in (table.query, lambda query: list(table.stream(query))):
        with pytest.raises(QueryError, match=r'relation "public\.t" does not exist') as caught:
            ask(everything(table))
        assert caught.value.cause == "statement"


def test_a_password_opens_and_is_kept_nowhere(
    opened: Run, open_: Open, place: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened("create table t (v int)")
    base = f":{place['port']}/{place['dbname']}/t?host={place['host']}&sslpassword=s%40cret"
    table = open_(f"postgresql://{place['user']}:s%40cret@{base}")
    for text in (table.uri, table.engine, repr(table), repr(table.dataset), str(vars(table))):
        assert "cret" not in text
    assert open_(table.uri).uri == table.uri
    monkeypatch.setenv("SHOP_PASSWORD", "s@cret")
    named = open_(f"postgresql://{place['user']}:${{SHOP_PASSWORD}}@{base}")
    assert "${SHOP_PASSWORD}" in named.uri
    assert open_(named.uri).uri == named.uri


def test_dataset_and_engine_names(opened: Run, place: dict[str, Any]) -> None:
    table = opened("create table t (v int)")
    assert table.dataset.namespace.startswith("postgres://")
    assert table.dataset.name == f"{place['dbname']}.public.t"
    assert table.dataset.short == "t"
    assert table.engine.endswith(f"/{place['dbname']}")


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("{base}/orderz{options}", r"there is no table public\.orderz\. Did you mean public\.orders\?"),
        ("{base}{options}", r"names no table\. Write postgresql://.*There are public\.orders"),
        ("{base}/a.b.c{options}", "names no table"),
        ("{base}/orders{options}&nope=1", "no such option 'nope'"),
        ("postgresql://ada:s3cret@127.0.0.1:1/shop/t", "nothing listens there"),
        ("postgresql://ada:s3cret@nope.invalid/shop/t", "there is no such host"),
        ("postgresql://ada:s3/cret@localhost/shop/t", "cannot be read. Write special characters"),
        ("postgresql://ada:s3cret@localhost:x/shop/t", "cannot be read"),
        ("postgresql://ada:${{NOT_SET_HERE}}@localhost/shop/t", "variable NOT_SET_HERE is not set"),
    ],
)
def test_what_cannot_be_opened(empty_url: str, place: dict[str, Any], uri: str, words: str) -> None:
    with psycopg.connect(empty_url, autocommit=True) as connection:
        connection.execute("create table orders (v int)")
    base = f"postgresql://{place['user']}@:{place['port']}/{place['dbname']}"
    with pytest.raises(SourceError, match=words) as caught:
        sources.open(uri.format(base=base, options=f"?host={place['host']}"))
    assert "cret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_wrong_database_and_role(place: dict[str, Any]) -> None:
    with pytest.raises(SourceError, match='database "nope" does not exist'):
        sources.open(postgres_uri({**place, "dbname": "nope"}, "t"))
    with pytest.raises(SourceError, match='role "nobody_here" does not exist'):
        sources.open(postgres_uri({**place, "user": "nobody_here"}, "t"))


def test_no_permission(empty_url: str, place: dict[str, Any]) -> None:
    role = f"ada_{place['dbname']}"
    with psycopg.connect(empty_url, autocommit=True) as connection:
        connection.execute("create table t (v int)")
        connection.execute(f"create role {role} login")
        try:
            with pytest.raises(SourceError, match=r"permission denied for table t\..*GRANT SELECT"):
                sources.open(postgres_uri({**place, "user": role}, "t"))
        finally:
            connection.execute(f"drop role {role}")


def test_two_columns_that_differ_in_case(opened: Run) -> None:
    with pytest.raises(SourceError, match="names two columns 'A'"):
        opened('create table t (a int, "A" int)')


def test_the_store_itself_can_be_a_source(store_url: str) -> None:
    place = conninfo_to_dict(make_conninfo(store_url))
    with sources.open(postgres_uri(place, "datasets")) as table:
        assert table.query(everything(table)).num_rows == 0
