"""Trees for one engine: what is rewritten, and what stays."""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from tools.dqdl.lowering import lower
from tools.dqdl.plans import sql
from tools.dqdl.plans.plan import RuleError
from tools.sources.table import Field

NOW = datetime(2024, 6, 30, 12, tzinfo=UTC)
DIALECTS = ["duckdb", "postgres", "mysql", "spark", "redshift", "athena"]
FIELDS = (
    Field("t", "VARCHAR", "text"),
    Field("i", "INTEGER", "number"),
    Field("d", "DOUBLE", "number"),
    Field("p", "DECIMAL(10,2)", "number"),
    Field("b", "BOOLEAN", "boolean"),
    Field("at", "TIMESTAMP", "timestamp"),
)


def lowered(text: str, dialect: str, read: str = "spark") -> str:
    query = sqlglot.parse_one(text, read=read)
    assert isinstance(query, exp.Query)
    return lower(query, dialect, FIELDS).sql(dialect)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_query_with_nothing_to_rewrite_is_the_same_tree(dialect: str) -> None:
    query = exp.select(exp.alias_(exp.Count(this=exp.Star()), "n")).from_("t")
    assert lower(query, dialect, FIELDS) is query
    assert query.sql() == "SELECT COUNT(*) AS n FROM t"


def test_the_root_itself_is_rewritten() -> None:
    condition = exp.RegexpLike(this=sql.column("t"), expression=sql.text("a"))
    assert lower(condition, "mysql", FIELDS).sql("mysql").endswith("'a') > 0")


@pytest.mark.parametrize(
    ("text", "dialect", "part"),
    [
        ("select 1 from x where t = 'a'", "mysql", "CAST(CAST(t AS CHAR CHARACTER SET utf8mb4) AS BINARY) = 'a'"),
        ("select 1 from x where i = 1", "mysql", "WHERE i = 1"),
        ("select 1 from x where t < 'a'", "postgres", """(t) COLLATE "C" < 'a'"""),
        ("select 1 from x where t = 'a'", "postgres", "WHERE t = 'a'"),
        ("select 1 from x where t = 'a'", "duckdb", "WHERE t = 'a'"),
        ("select i / p from x", "spark", "CAST(i AS DOUBLE) / NULLIF(CAST(p AS DOUBLE), 0)"),
        ("select i / p from x", "mysql", "CAST(i AS DOUBLE) / NULLIF(CAST(p AS DOUBLE), 0)"),
        ("select i % 2 from x", "postgres", "i % NULLIF(2, 0)"),
        ("select d % 2 from x", "postgres", "CAST(d AS DECIMAL) % NULLIF(2, 0)"),
        ("select avg(i) from x", "mysql", "AVG(CAST(i AS DOUBLE))"),
        ("select sum(i) from x", "spark", "SUM(CAST(i AS DECIMAL(38, 0)))"),
        ("select sum(i) from x", "duckdb", "SUM(i)"),
        ("select sum(d) from x", "spark", "SUM(d)"),
        ("select i + 1 from x", "duckdb", "CAST(i AS DECIMAL(38, 0)) + 1"),
        ("select d + 1 from x", "duckdb", "d + 1"),
        ("select ln(d) from x", "postgres", "CASE WHEN d > 0 THEN LN(d) END"),
        ("select isnan(d) from x", "mysql", "SELECT FALSE FROM x"),
        ("select isnan(d) from x", "postgres", "CAST(d AS DOUBLE PRECISION) = CAST('NaN' AS DOUBLE PRECISION)"),
        ("select count_if(b) from x", "mysql", "COUNT(CASE WHEN b THEN 1 END)"),
        ("select cast(b as string) from x", "mysql", "CASE WHEN b THEN 'true' WHEN NOT (b) THEN 'false' END"),
        ("select cast(d as int) from x", "duckdb", "TRY_CAST(TRUNC(d) AS INT)"),
        ("select cast(b as int) from x", "postgres", "CAST(CASE WHEN b THEN 1 WHEN NOT b THEN 0 END AS INT)"),
        ("select t <=> 'a' from x", "redshift", "COALESCE(t = 'a', FALSE) OR"),
        ("select max(t) from x", "postgres", 'MAX((t) COLLATE "C")'),
        ("select t from x order by t", "postgres", 'ORDER BY (t) COLLATE "C"'),
        (
            "select count(distinct t) from x",
            "mysql",
            "COUNT(DISTINCT CAST(CAST(t AS CHAR CHARACTER SET utf8mb4) AS BINARY))",
        ),
        ("select t, count(*) from x group by t", "mysql", "SELECT MIN("),
        ("select t rlike 'a.c' from x", "duckdb", r"REGEXP_MATCHES(t, 'a[^\x{A}\x{D}\x{85}\x{2028}\x{2029}]c')"),
        ("select t rlike '^a$' from x", "postgres", r"t ~ '\Aa(?=(?:\r\n|[\n\r\u0085\u2028\u2029])?\Z)'"),
        ("select 1 from x where t > 5", "postgres", "CASE WHEN"),
        ("select u from (select t as u from x) q where u < 'a'", "postgres", """(u) COLLATE "C" < 'a'"""),
    ],
)
def test_pieces(text: str, dialect: str, part: str) -> None:
    assert part in lowered(text, dialect)


def test_one_name_of_two_kinds_is_not_known() -> None:
    query = sqlglot.parse_one("select 1 from x where c < 'a'")
    fields = [Field("c", "VARCHAR", "text"), Field("C", "INTEGER", "number")]
    assert lower(query, "postgres", fields).sql("postgres").endswith("c < 'a'")


def test_times_with_a_zone_are_plain_in_mysql() -> None:
    query = exp.select(sql.moment(NOW, zoned=True))
    assert lower(query, "mysql").sql("mysql") == "SELECT CAST('2024-06-30 12:00:00' AS DATETIME(6))"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_casts_in_casts_are_bounded(dialect: str) -> None:
    inner = "t"
    for _ in range(3):
        inner = f"cast(cast(substring({inner}, 1, 9) as timestamp) as string)"
    with pytest.raises(RuleError, match="too large"):
        lowered(f"select {inner} from x", dialect)


def test_a_pattern_that_is_computed_is_refused() -> None:
    with pytest.raises(RuleError, match="written as a plain text"):
        lowered("select t rlike t from x", "duckdb")


@pytest.mark.parametrize(
    ("value", "shown"),
    [("1.5", "1.5"), ("12.0", "12.0"), ("'NaN'::double", "NaN"), ("'-inf'::double", "-Infinity"), ("0.1", "0.1")],
)
def test_doubles_as_text(value: str, shown: str) -> None:
    query = sqlglot.parse_one("select cast(d as text) from x", read="duckdb")
    text = lower(query, "duckdb", FIELDS).sql("duckdb")
    found = duckdb.connect().execute(f"with x as (select {value}::double as d) {text}").fetchone()
    assert found == (shown,)


@pytest.mark.parametrize(
    ("form", "text", "day"),
    [
        ("%d-%m-%Y", "31-01-2024", "2024-01-31"),
        ("%d-%m-%Y", "31-02-2024", None),
        ("%d-%m-%Y", "1-2-2024", None),
        ("%m/%d/%Y", "02/29/2023", None),
        ("%Y/%m", "2024/06", "2024-06-01"),
        ("%d/%m", "29/02", None),
        ("%m-%d", "06-30", "1970-06-30"),
    ],
)
def test_days_in_a_format(form: str, text: str, day: str | None) -> None:
    read = exp.StrToTime(this=sql.column("t"), format=sql.text(form), safe=True)
    query = lower(exp.select(exp.cast(read, "text")).from_("x"), "duckdb", FIELDS).sql("duckdb")
    found = duckdb.connect().execute(f"with x as (select '{text}' as t) {query}").fetchone()
    assert found == (day and f"{day} 00:00:00",)
