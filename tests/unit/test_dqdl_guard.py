"""SQL that people write into rules: what gets through the door, and what does not."""

import pyarrow as pa
import pytest

from tools import dqdl
from tools.dqdl.guard import GuardError, guard_select, guard_where

FINE = [
    "select count(*) from primary",
    "SELECT * FROM primary WHERE a > 1 AND b IN ('x', 'y')",
    "select p.a, r.b from primary p left join ref r on p.a = r.a where r.a is null",
    "with x as (select a from primary), y as (select a from x) select count(*) from y",
    "select a, count(*) from primary group by a having count(*) > 1 order by 2 desc limit 5",
    "select sum(case when a > 1 then 1 else 0 end) / count(*) from primary",
    "select a from primary union all select a from ref",
    "select count(distinct lower(trim(b))) from primary where b rlike '^[a-z]+$'",
    "select avg(datediff(to_date(b), to_date(c))) from primary",
    "select row_number() over (partition by a order by b) from primary",
    "select coalesce(nullif(b, ''), 'none'), cast(a as int), try_cast(b as double) from primary",
    "select * from (select a from primary) q",
    "select count(*) from primary where exists (select 1 from ref where ref.a = primary.a)",
]
ATTACKS = [
    "select * from other",
    "select * from '/etc/passwd'",
    "select * from `/etc/passwd`",
    "select * from `data.csv`",
    "select * from main.primary",
    "select * from information_schema.tables",
    "select * from pg_catalog.pg_shadow",
    "select * from read_csv('/etc/passwd')",
    "select * from read_text('/etc/passwd')",
    "select * from glob('/*')",
    "select * from parquet_scan('x.parquet')",
    "select * from csv.`/etc/passwd`",
    "select content from read_blob('/etc/passwd')",
    "select getenv('HOME') from primary",
    "select current_setting('data_directory') from primary",
    "select pg_sleep(100) from primary",
    "select pg_read_file('/etc/passwd') from primary",
    "select lo_import('/etc/passwd') from primary",
    "select load_file('/etc/passwd') from primary",
    "select sleep(100) from primary",
    "select benchmark(100000, md5('x')) from primary",
    "select query('drop table x') from primary",
    "select java_method('java.lang.System', 'exit', 0) from primary",
    "select reflect('java.lang.System', 'getenv') from primary",
    "select repeat('x', 1000000000) from primary",
    "select current_user from primary",
    "select version() from primary",
    "select unnest(range(1000000000)) from primary",
    "select * from range(1000000000)",
    "select * from generate_series(1, 1000000000)",
    "select explode(sequence(1, 1000000000)) from primary",
    "select * from primary lateral view explode(array(1)) t as x",
    "select 1; drop table primary",
    "select 1; select 2",
    "drop table primary",
    "delete from primary",
    "insert into primary values (1)",
    "update primary set a = 1",
    "create table x as select * from primary",
    "copy primary to '/tmp/x'",
    "attach 'x.db'",
    "install httpfs",
    "load httpfs",
    "pragma database_list",
    "set memory_limit = '1TB'",
    "call pragma_version()",
    "describe primary",
    "explain select 1",
    "use main",
    "select a into x from primary",
    "select * from primary for update",
    "select /*+ broadcast(primary) */ * from primary",
    "select ? from primary",
    "select $1 from primary",
    "select :name from primary",
    "select ${env} from primary",
    "select @@version from primary",
    "with recursive x as (select 1 as n union all select n + 1 from x) select * from x",
    "with primary as (select 1) select * from primary",
    "with `/etc/passwd` as (select 1) select * from `/etc/passwd`",
    "select (with secret as (select 1) select * from secret), (select 1 from secret) from primary",
    "with a as (select * from b), b as (select 1 as n) select * from a",
    "with a as (select * from a) select * from a",
    "select * from (with t as (select 1 as n) select * from t) q",
    "select * from primary tablesample (10 percent)",
    "select * from primary pivot (sum(a) for b in ('x'))",
    "values (1)",
    "table primary",
    "select * exclude (a) from primary",
    "select transform(a) using 'sh' from primary",
    "select list_transform([1], x -> x) from primary",
    "select {'a': 1} from primary",
    "",
    ";",
    "--",
    "(" * 5000,
    "select --",
    "select " + "- " * 5000 + "1 from primary",
    "select " + "not " * 5000 + "a from primary",
    "select '" + "x" * 30_000 + "'",
]


@pytest.mark.parametrize("dialect", ["duckdb", "postgres"])
@pytest.mark.parametrize("text", FINE)
def test_ordinary_queries_pass(text: str, dialect: str) -> None:
    assert guard_select(text, dialect=dialect, tables=["primary", "ref"]).sql(dialect)


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "mysql"])
@pytest.mark.parametrize("text", ATTACKS, ids=range(len(ATTACKS)))
def test_attacks_do_not_pass(text: str, dialect: str) -> None:
    with pytest.raises(GuardError):
        guard_select(text, dialect=dialect, tables=["primary", "ref"])


@pytest.mark.parametrize(
    "text",
    ["a > 1", "b like 'x%' and not c is null", "year(to_date(b)) = 2024", "`odd name` between 1 and 2", "a % 2 = 0"],
)
def test_ordinary_filters_pass(text: str) -> None:
    assert guard_where(text, dialect="duckdb").sql("duckdb")


@pytest.mark.parametrize(
    "text",
    [
        "a > (select max(a) from primary)",
        "exists (select 1)",
        "a in (select 1)",
        "1 = 1; drop table x",
        "1 = 1) union select (1",
        "1 = 1 -- ' \n; drop table x",
        "count(*) > 1",
        "row_number() over () = 1",
        "getenv('HOME') = ''",
        "a = $1",
        "a = ?",
        "a = 1 limit 1",
        "a = 1 group by a",
        "",
        "not " * 5000 + "a",
    ],
)
def test_filters_hold_nothing_but_a_condition_on_the_row(text: str) -> None:
    with pytest.raises(GuardError):
        guard_where(text, dialect="duckdb")


def test_a_filter_cannot_reach_a_column_that_the_table_does_not_show() -> None:
    table = pa.table({"a": [1]})
    result = dqdl.evaluate('Rules = [IsComplete "a" where "rowid = 0"]', {"primary": table}).rules[0]
    assert (result.outcome, "no column rowid" in result.reason) == ("Error", True)


def test_a_huge_answer_is_cut_off_by_the_engine() -> None:
    table = pa.table({"a": range(3000)})
    rule = 'CustomSql "select p.a from primary p cross join primary q" > 1'
    result = dqdl.evaluate(f"Rules = [{rule}]", {"primary": table}).rules[0]
    assert (result.outcome, result.reason) == (
        "Failed",
        "The SQL must give one number, but it gives more than one row.",
    )


def test_a_value_is_never_sql() -> None:
    table = pa.table({"a": ["x' or '1'='1", "b"]})
    rule = "ColumnValues \"a\" in [\"x' or '1'='1\"]"
    result = dqdl.evaluate(f"Rules = [{rule}]", {"primary": table}).rules[0]
    assert (result.outcome, result.failed_rows) == ("Failed", 1)


@pytest.mark.parametrize("name", ["user", "session_user", "current_role", "current_catalog", "current_schema"])
def test_a_function_without_parentheses_is_at_most_a_column(name: str) -> None:
    try:
        query = guard_select(f"select {name} from primary", dialect="postgres", tables=["primary"])
    except GuardError:
        return
    assert query.sql("postgres") == f'SELECT "{name}" FROM primary'
