"""MySQL tables on a real MariaDB: types, limits, what is kept of a URI, and what failures say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal

import pyarrow as pa
import pytest
import sqlglot
from sqlglot import exp

from agents.workbench import Workbench
from graph.runs import Runs
from memory import Memory
from tests.support.mariadb import MariaDB
from tools import sources
from tools.sources import registry
from tools.sources.table import QueryError, SourceError, Table

Run = Callable[..., Table]
Open = Callable[[str], Table]


@pytest.fixture
def open_() -> Iterator[Open]:
    """Opens tables that are closed at the end of the test."""
    with ExitStack() as stack:
        yield lambda uri: stack.enter_context(sources.open(uri))


@pytest.fixture
def opened(mariadb_server: MariaDB, mariadb_database: str, open_: Open) -> Run:
    """Runs statements in a fresh database and opens a table of it."""

    def run(*statements: str, table: str = "t") -> Table:
        mariadb_server.run("set sql_mode = ''", *statements, database=mariadb_database)
        return open_(mariadb_server.uri(mariadb_database, table))

    return run


def everything(table: Table) -> exp.Select:
    return exp.select("*").from_(table.relation())


def parsed(text: str) -> exp.Query:
    query = sqlglot.parse_one(text, dialect="mysql")
    assert isinstance(query, exp.Query)
    return query


@pytest.mark.parametrize(
    ("type_", "literal", "kind", "arrow", "value"),
    [
        ("tinyint(1)", "2", "boolean", pa.int8(), 2),
        ("bit(1)", "b'1'", "boolean", pa.uint64(), 1),
        ("bit(9)", "b'100000001'", "number", pa.uint64(), 257),
        ("tinyint(4) unsigned", "255", "number", pa.uint8(), 255),
        ("smallint", "-3", "number", pa.int16(), -3),
        ("mediumint", "-8388608", "number", pa.int32(), -(2**23)),
        ("bigint unsigned", "18446744073709551615", "number", pa.uint64(), 2**64 - 1),
        ("decimal(10,2) unsigned", "1.10", "number", pa.decimal128(10, 2), Decimal("1.10")),
        ("decimal(65,0)", "9" * 65, "number", pa.decimal256(65, 0), Decimal("9" * 65)),
        ("float", "0.5", "number", pa.float32(), 0.5),
        ("double", "-2.5e300", "number", pa.float64(), -2.5e300),
        ("year", "2024", "number", pa.int16(), 2024),
        ("char(3)", "'a'", "text", pa.string(), "a"),
        ("varchar(9)", "'Zoë 😀'", "text", pa.string(), "Zoë 😀"),
        ("enum('ok','sad')", "'sad'", "text", pa.string(), "sad"),
        ("set('a','b')", "'a,b'", "text", pa.string(), "a,b"),
        ("json", """'{"a": 1}'""", "text", pa.string(), '{"a": 1}'),
        ("varbinary(4)", "x'00ff'", "other", pa.binary(), b"\x00\xff"),
        ("date", "'2024-02-29'", "date", pa.date32(), dt.date(2024, 2, 29)),
        ("date", "'0000-00-00'", "date", pa.date32(), dt.date.min),
        ("date", "'2024-00-10'", "date", pa.date32(), dt.date.min),
        ("time(3)", "'10:11:12.5'", "time", pa.time64("us"), dt.time(10, 11, 12, 500000)),
        ("time", "'100:00:00'", "time", pa.time64("us"), dt.time.max),
        ("time", "'-01:00:00'", "time", pa.time64("us"), dt.time.min),
    ],
)
def test_types(opened: Run, type_: str, literal: str, kind: str, arrow: pa.DataType, value: object) -> None:
    table = opened(f"create table t (v {type_})", f"insert into t values ({literal}), (null)")
    assert table.fields[0].kind == kind
    answer = table.query(everything(table))
    assert answer.schema.field("v").type == arrow
    assert answer["v"].to_pylist() == [value, None]
    assert [row for batch in table.stream(everything(table)) for row in batch["v"].to_pylist()] == [value, None]


def test_moments_are_those_of_utc(opened: Run) -> None:
    table = opened(
        "create table t (a timestamp(6) null, b datetime(3))",
        "insert into t values ('2024-07-01 12:00:00.000001', '2024-07-01 12:00:00.5'), (null, '0000-00-00')",
    )
    first, second = table.query(everything(table)).to_pylist()
    assert first["a"] == dt.datetime(2024, 7, 1, 12, 0, 0, 1, tzinfo=dt.UTC)
    assert first["b"] == dt.datetime.fromisoformat("2024-07-01 12:00:00.500")
    assert second["b"] == dt.datetime.fromisoformat("0001-01-01")


def test_types_are_told_as_the_server_writes_them_and_hidden_columns_are_none(opened: Run) -> None:
    table = opened("create table t (a bigint(20) unsigned, b decimal(5,2), c int invisible)")
    assert [(field.name, field.type) for field in table.fields] == [("a", "bigint(20) unsigned"), ("b", "decimal(5,2)")]
    assert table.query(everything(table)).column_names == ["a", "b"]


def test_text_of_the_session_compares_exactly_and_joins_with_bars(opened: Run) -> None:
    table = opened("create table t (v varchar(9))", "insert into t values ('ada')")
    row = table.query(
        exp.select(
            exp.alias_(exp.EQ(this=exp.Literal.string("a"), expression=exp.Literal.string("A")), "case_"),
            exp.alias_(exp.EQ(this=exp.Literal.string("a"), expression=exp.Literal.string("a ")), "blank"),
            exp.alias_(exp.Literal.string("back\\slash'quote"), "text_"),
            exp.alias_(exp.Div(this=exp.Literal.number(1), expression=exp.Literal.number(3)), "third"),
        ).from_(table.relation())
    ).to_pylist()[0]
    assert (row["case_"], row["blank"], row["text_"]) == (0, 0, "back\\slash'quote")
    assert abs(float(row["third"]) - 1 / 3) < 1e-12


def test_sums_and_means_are_exact(opened: Run) -> None:
    table = opened("create table t (v bigint)", "insert into t values (9223372036854775807), (9223372036854775806)")
    query = parsed("select sum(v) as s, avg(v) as a from t")
    query.find(exp.Table).replace(table.relation())  # type: ignore[union-attr]
    row = table.query(query).to_pylist()[0]
    assert row == {"s": 2**64 - 3, "a": Decimal("9223372036854775806.5")}


def test_a_large_answer_comes_in_parts_and_may_be_left(opened: Run) -> None:
    table = opened("create table t (v int)", "insert into t select seq from seq_1_to_25000")
    sizes = [batch.num_rows for batch in table.stream(everything(table))]
    assert sum(sizes) == 25000
    assert max(sizes) <= 10000
    left = table.stream(everything(table))
    assert [next(left).num_rows, next(left).num_rows] == [0, 10000]
    left.close()


def test_names_with_dots_slashes_and_backticks(opened: Run) -> None:
    table = opened("create table `a/``b.c` (`x y` int)", table="a%2F%60b%2Ec")
    assert [field.name for field in table.fields] == ["x y"]
    assert table.query(everything(table)).num_rows == 0


@pytest.mark.parametrize(
    ("query", "cause"),
    [
        ("select 18446744073709551615 * v from {t}", "range"),
        ("select 'a' regexp '(' from {t}", "pattern"),
        ("select (select v from {t})", "statement"),
        ("select v from t", "statement"),
        ("select nope from {t}", "statement"),
        ("select nofun(v) from {t}", "statement"),
        ("select v, count(*) from {t}", "statement"),
        ("select sleep(9)", "time"),
    ],
)
def test_refusals_have_a_cause_and_no_value(opened: Run, query: str, cause: str) -> None:
    table = opened("create table t (v int)", "insert into t values (987654), (3)")
    tree = parsed(query.format(t=table.relation().sql("mysql")))
    for call in list(tree.find_all(exp.RegexpLike)):
        call.replace(exp.Anonymous(this="regexp_instr", expressions=[call.this, call.expression]))
    with pytest.raises(QueryError) as caught:
        table.query(tree, timeout_seconds=0.3)
    assert caught.value.cause == cause
    assert "987654" not in str(caught.value)
    assert table.query(everything(table)).num_rows == 2


def test_one_statement_and_no_writing(opened: Run, mariadb_server: MariaDB, mariadb_database: str) -> None:
    table = opened(
        "create table t (v int)", "create function w() returns int begin insert into t values (1); return 1; end"
    )
    call = exp.Dot(this=exp.to_identifier(mariadb_database), expression=exp.Anonymous(this="w"))
    with pytest.raises(QueryError, match="would write"):
        table.query(exp.select(call))
    with pytest.raises(QueryError) as caught:
        table.query(exp.select(exp.var("1; select 2")))
    assert caught.value.cause == "statement"


def test_a_connection_that_was_cut_off_is_made_anew_unseen_but_a_stream_says_so(
    opened: Run, mariadb_server: MariaDB
) -> None:
    table = opened("create table t as select seq as v from seq_1_to_400000")
    assert table.query(everything(table).limit(5)).num_rows == 5
    batches = table.stream(everything(table))
    next(batches)
    with mariadb_server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("select id from information_schema.processlist where id <> connection_id() and user = 'root'")
        for (number,) in cursor.fetchall():
            cursor.execute(f"kill {number}")
    assert table.query(everything(table).limit(5)).num_rows == 5
    with pytest.raises(SourceError, match="connection to the server was lost"):
        list(batches)


def test_a_table_that_is_dropped_while_it_is_open(opened: Run, mariadb_server: MariaDB, mariadb_database: str) -> None:
    table = opened("create table t (v int)")
    mariadb_server.run("drop table t", database=mariadb_database)
    for ask in (table.query, lambda query: list(table.stream(query))):
        with pytest.raises(QueryError, match=r"t' doesn't exist") as caught:
            ask(everything(table))
        assert caught.value.cause == "statement"


@pytest.fixture
def ada(mariadb_server: MariaDB, mariadb_database: str) -> Iterator[str]:
    """The base of the URIs of a user who may read one table."""
    mariadb_server.run(
        "create table seen (v int)",
        "create table hidden (v int)",
        "create user 'ada'@'%' identified by 's@cret'",
        f"grant select on {mariadb_database}.seen to 'ada'@'%'",
        database=mariadb_database,
    )
    yield f"127.0.0.1:{mariadb_server.port}/{mariadb_database}"
    mariadb_server.run("drop user 'ada'@'%'")


def test_a_password_opens_and_is_kept_nowhere(ada: str, open_: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    table = open_(f"mysql://ada:s%40cret@{ada}/seen")
    for text in (table.uri, table.engine, repr(table), repr(table.dataset), str(vars(table))):
        assert "cret" not in text
    with pytest.raises(SourceError, match=r"user or password are wrong\..*MYSQL_PWD"):
        open_(table.uri)
    monkeypatch.setenv("MYSQL_PWD", "s@cret")
    assert open_(table.uri).dataset == table.dataset
    monkeypatch.setenv("SHOP_PASSWORD", "s@cret")
    assert "${SHOP_PASSWORD}" in open_(f"mariadb://ada:${{SHOP_PASSWORD}}@{ada}/seen").uri


def test_a_run_that_could_not_reopen_its_table_is_refused_at_once(ada: str, store: Memory) -> None:
    with pytest.raises(SourceError, match=r"user or password are wrong\. A URI's own password is never stored"):
        Runs(store).start([f"mysql://ada:s%40cret@{ada}/seen"], requested_by="ada")
    assert [dataset.uri for dataset in store.catalog.datasets()] == [f"mysql://ada@{ada}/seen"]
    assert store.runs.recent() == []


def test_a_wrong_password_is_not_repeated_when_a_dataset_is_named(ada: str, store: Memory) -> None:
    with pytest.raises(SourceError, match="user or password are wrong") as caught:
        Workbench(store).dataset(f"mysql://ada:wr0ng@{ada}/seen")
    assert "wr0ng" not in str(caught.value)


def test_what_the_user_may_not_read_is_not_there(ada: str, open_: Open) -> None:
    with pytest.raises(SourceError, match=r"there is no table .*hidden\. There are seen"):
        open_(f"mysql://ada:s%40cret@{ada}/hidden")
    table = open_(f"mysql://ada:s%40cret@{ada}/seen")
    with pytest.raises(QueryError, match="GRANT SELECT"):
        table.query(exp.select("*").from_(exp.table_("user", db="mysql")))


def test_dataset_and_engine_names(opened: Run, mariadb_server: MariaDB, mariadb_database: str) -> None:
    table = opened("create table t (v int)")
    assert table.engine == table.dataset.namespace == f"mysql://127.0.0.1:{mariadb_server.port}"
    assert table.dataset.name == f"{mariadb_database}.t"
    assert table.dataset.short == "t"


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("mysql://root@{at}/orderz", r"there is no table .*orderz\. Did you mean orders\?"),
        ("mysql://root@{at}", r"names no table\. Write mysql://.*There are orders"),
        ("mysql://root@{at}/a.b", "names no table"),
        ("mysql://root@{at}/orders?nope=1", "there is no option 'nope'"),
        ("mysql://ada:s3cret@{at}/orders", "user or password are wrong"),
        ("mysql://ada:s3cret@127.0.0.1:1/shop/t", "nothing listens there"),
        ("mysql://ada:s3cret@nope.invalid/shop/t", "there is no such host"),
        ("mysql://ada:s3/cret@localhost/shop/t", "cannot be read. Write special characters"),
    ],
)
def test_what_cannot_be_opened(mariadb_server: MariaDB, mariadb_database: str, uri: str, words: str) -> None:
    mariadb_server.run("create table orders (v int)", database=mariadb_database)
    with pytest.raises(SourceError, match=words) as caught:
        sources.open(uri.format(at=f"127.0.0.1:{mariadb_server.port}/{mariadb_database}"))
    assert "cret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_driver_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name}", name="pymysql")

    monkeypatch.setattr(registry, "import_module", absent)
    with pytest.raises(SourceError, match=r"mysql:// needs pymysql.*pip install 'assay\[mysql\]'"):
        sources.open("mysql://root@localhost/shop/t")
