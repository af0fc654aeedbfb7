"""Spark tables on a local Spark: places, types, limits, and the user's session left as it was."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlglot
from sqlglot import exp

from tools import dqdl, sources
from tools.sources.checking import check
from tools.sources.table import QueryError, SourceError, Table

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Open = Callable[[object], Table]


@pytest.fixture
def open_(spark_session: SparkSession) -> Iterator[Open]:
    """Opens tables that are closed at the end of the test."""
    with ExitStack() as stack:
        yield lambda source: stack.enter_context(sources.open(source))


@pytest.fixture
def numbers(tmp_path: Path) -> Path:
    path = tmp_path / "numbers.parquet"
    pq.write_table(pa.table({"v": [1, 2, None]}), path)
    return path


def everything(table: Table) -> exp.Select:
    return exp.select("*").from_(table.relation())


def parsed(text: str) -> exp.Query:
    query = sqlglot.parse_one(text, dialect="spark")
    assert isinstance(query, exp.Query)
    return query


def test_a_parquet_file_is_the_same_dataset_as_on_the_own_engine(open_: Open, numbers: Path) -> None:
    table = open_(f"spark://{numbers}")
    assert table.dataset == open_(numbers).dataset
    assert table.version == open_(numbers).version
    assert table.uri == f"spark://{numbers}"
    assert table.query(everything(table)).to_pylist() == [{"v": 1}, {"v": 2}, {"v": None}]


def test_a_path_that_spark_itself_reaches_is_the_dataset_of_that_path(open_: Open, numbers: Path) -> None:
    table = open_(f"spark://local/?parquet=file://{numbers}")
    assert table.dataset == open_(numbers).dataset
    assert table.query(everything(table)).num_rows == 3


def test_a_folder_of_parquet_files_is_one_table(open_: Open, tmp_path: Path) -> None:
    for part in ("a", "b"):
        pq.write_table(pa.table({"v": [part]}), tmp_path / f"{part}.parquet")
    table = open_(f"spark://{tmp_path}")
    assert sorted(row["v"] for row in table.query(everything(table)).to_pylist()) == ["a", "b"]


def test_files_that_change_while_open_are_an_error(open_: Open, numbers: Path) -> None:
    table = open_(f"spark://{numbers}")
    os.utime(numbers, (1, 1))
    with pytest.raises(SourceError, match="changed while it was open"):
        table.query(everything(table))
    with pytest.raises(SourceError, match="changed while it was open"):
        list(table.stream(everything(table)))


@pytest.mark.parametrize(
    ("literal", "type_", "kind", "value"),
    [
        ("cast(7 as tinyint)", "tinyint", "number", 7),
        ("cast(0.5 as float)", "float", "number", 0.5),
        ("cast('1.10' as decimal(38,2))", "decimal(38,2)", "number", Decimal("1.10")),
        ("'Zoë 😀'", "string", "text", "Zoë 😀"),
        ("date '9999-12-31'", "date", "date", dt.date(9999, 12, 31)),
        ("timestamp '2024-07-01 12:00:00 UTC'", "timestamp", "timestamp", dt.datetime(2024, 7, 1, 12, tzinfo=dt.UTC)),
        ("timestamp_ntz '2024-07-01'", "timestamp_ntz", "timestamp", dt.datetime.fromisoformat("2024-07-01")),
        ("binary('ab')", "binary", "other", b"ab"),
        ("array(1, 2)", "array<int>", "other", [1, 2]),
    ],
)
def test_types(spark_session: SparkSession, open_: Open, literal: str, type_: str, kind: str, value: object) -> None:
    table = open_(spark_session.sql(f"select {literal} as v"))
    assert (table.fields[0].type, table.fields[0].kind) == (type_, kind)
    assert table.query(everything(table))["v"].to_pylist() == [value]
    assert [row for batch in table.stream(everything(table)) for row in batch["v"].to_pylist()] == [value]


def test_the_users_session_keeps_its_settings_and_ours_has_its_own(spark_session: SparkSession, open_: Open) -> None:
    spark_session.conf.set("spark.sql.ansi.enabled", "true")
    spark_session.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    try:
        table = open_(spark_session.sql("select 'x' as v, timestamp '2024-07-01 12:00:00' as at"))
        row = table.query(
            parsed(f"select cast(v as int) as v, cast(at as string) as at from {table.relation().sql('spark')}")
        )
        assert row.to_pylist() == [{"v": None, "at": "2024-07-01 03:00:00"}]
        assert spark_session.conf.get("spark.sql.ansi.enabled") == "true"
        assert spark_session.conf.get("spark.sql.session.timeZone") == "Asia/Tokyo"
    finally:
        spark_session.conf.unset("spark.sql.ansi.enabled")
        spark_session.conf.unset("spark.sql.session.timeZone")


def test_views_of_the_session_open_by_name_and_do_not_resolve_otherwise(
    spark_session: SparkSession, open_: Open
) -> None:
    spark_session.range(3).createOrReplaceTempView("mine")
    table = open_("spark://local/mine")
    assert table.dataset.short == "mine"
    assert table.query(everything(table)).num_rows == 3
    with pytest.raises(QueryError, match="`mine` cannot be found"):
        table.query(exp.select("*").from_("mine"))


def test_dataframes_of_the_same_shape_are_the_same_dataset(spark_session: SparkSession, open_: Open) -> None:
    first, second = open_(spark_session.range(3)), open_(spark_session.range(5))
    assert first.dataset == second.dataset
    assert first.version != second.version
    assert first.engine == second.engine


def test_a_large_answer_comes_in_order_and_in_parts(spark_session: SparkSession, open_: Open) -> None:
    table = open_(spark_session.range(0, 30000, 1, 3))
    batches = list(table.stream(everything(table)))
    assert max(batch.num_rows for batch in batches) <= 10000
    assert [value for batch in batches for value in batch["id"].to_pylist()] == list(range(30000))


@pytest.mark.parametrize(
    ("query", "cause"),
    [
        ("select v rlike concat('(', v) from {t}", "pattern"),
        ("select (select v from {t})", "statement"),
        ("select nope from {t}", "statement"),
        ("select nofun(v) from {t}", "statement"),
        ("select * from parquet.`/etc/none`", "statement"),
        ("select raise_error(v) from {t}", "other"),
        ("select sum(sin(a.id)) from range(100000000000) a", "time"),
    ],
)
def test_refusals_have_a_cause_and_no_value(
    spark_session: SparkSession, open_: Open, capfd: pytest.CaptureFixture[str], query: str, cause: str
) -> None:
    table = open_(spark_session.sql("select explode(array('secret', 'b')) as v"))
    for ask in (table.query, lambda *a, **k: list(table.stream(*a, **k))):
        with pytest.raises(QueryError) as caught:
            ask(parsed(query.format(t=table.relation().sql("spark"))), timeout_seconds=1 if cause == "time" else None)
        assert caught.value.cause == cause
        assert "secret" not in str(caught.value)
        assert "\n" not in str(caught.value)
    assert "secret" not in capfd.readouterr().err


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("spark://local/nope", "`nope` cannot be found"),
        ("spark:///nope/x.parquet", "does not exist"),
        ("spark://local", "names no table. Write spark:///"),
        ("spark://local/?parquet=file:///nope/y.parquet", "does not exist"),
    ],
)
def test_what_cannot_be_opened(spark_session: SparkSession, source: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        sources.open(source)


def test_the_check_asks_no_network_for_what_is_here(spark_session: SparkSession, numbers: Path) -> None:
    for uri in (f"spark://{numbers}", f"spark://local/?parquet=file://{numbers}"):
        assert [(step.name, step.good) for step in check(uri)] == [("address", True), ("table", True), ("rows", True)]


def test_other_formats_are_opened_as_dataframes(spark_session: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(SourceError, match="reads Parquet here, not csv"):
        sources.open(f"spark://{path}")


def test_two_columns_that_differ_in_case(spark_session: SparkSession) -> None:
    with pytest.raises(SourceError, match="names two columns 'A'"):
        sources.open(spark_session.sql("select 1 as a, 2 as A"))


def test_a_stream_without_end(spark_session: SparkSession) -> None:
    with pytest.raises(SourceError, match="has no end"):
        sources.open(spark_session.readStream.format("rate").load())


def test_the_files_of_a_table_are_known_however_it_was_opened(
    open_: Open, spark_session: SparkSession, tmp_path: Path
) -> None:
    folder = tmp_path / "with a blank"
    folder.mkdir()
    for name in ("a", "b"):
        pq.write_table(pa.table({"v": [1, 2]}), folder / f"{name}.parquet")
    both = [str(folder / "a.parquet"), str(folder / "b.parquet")]
    assert open_(f"spark://{folder}").files() == both
    frame = spark_session.read.parquet(str(folder))
    assert open_(frame.filter("v > 1")).files() == both
    assert open_(spark_session.createDataFrame([(1,)], "v int")).files() == []


def test_rules_about_files_answer_for_spark_or_say_why_not(
    open_: Open, spark_session: SparkSession, numbers: Path
) -> None:
    rules = "Rules = [FileSize > 1 B, FileFreshness > (now() - 1 days), FileUniqueness = 1.0, RowCount = 3]"
    frame = spark_session.read.parquet(str(numbers))
    for source in (f"spark://{numbers}", frame):
        found = dqdl.evaluate(rules, {"primary": open_(source)}).rules
        assert [rule.outcome for rule in found] == ["Passed"] * 4, [rule.reason for rule in found]
        assert "numbers.parquet (" in found[0].reason
    made = dqdl.evaluate(rules, {"primary": open_(spark_session.createDataFrame([(1,)], "v int"))}).rules
    assert [rule.outcome for rule in made] == ["Error", "Error", "Error", "Failed"]
    assert "The table primary is not read from files; name a path" in made[0].reason


def test_a_missing_column_of_a_statement_is_told_as_on_every_engine(open_: Open, numbers: Path) -> None:
    found = dqdl.evaluate(
        'Rules = [CustomSql "select max(w) from primary" > 1]', {"primary": open_(f"spark://{numbers}")}
    )
    assert found.rules[0].outcome == "Error"
    assert found.rules[0].reason.endswith("There is no column w in primary.")


def test_schemas_of_spark_and_of_the_own_engine_agree_by_kinds(open_: Open, numbers: Path) -> None:
    tables = {"primary": open_(f"spark://{numbers}"), "same": open_(numbers)}
    found = dqdl.evaluate('Rules = [SchemaMatch "same" = 1.0]', tables).rules[0]
    assert found.outcome == "Passed", found.reason
