"""SQL that people write into rules: what gets through the door, and what does not."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from tests.support.together import each
from tools import dqdl
from tools.dqdl.rules.guard import GuardError, guard_select, guard_where
from tools.sources.duck import engine

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
    "select extract(year from c), date_trunc('month', c), trunc(c, 'MM'), last_day(c) from primary",
    "select dateadd(day, 1, c), timestampadd(MONTH, 2, c) from primary",
    "select c - interval 3 days, c + interval '1 day 2 hours' from primary",
    "select cast(a as decimal(10, 2)), cast(a as varchar(5)), cast(c as timestamp), cast(a as boolean) from primary",
    'select `odd name`, "a;b" from primary -- a comment; with a semicolon',
    "select a /* one */ from primary where b = 'x; drop table primary'",
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
def test_attacks_do_not_pass(dialect: str) -> None:
    def is_refused(text: str) -> None:
        with pytest.raises(GuardError):
            guard_select(text, dialect=dialect, tables=["primary", "ref"])

    each(ATTACKS, is_refused)


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
    assert (result.outcome, "no column rowid" in result.reason) == ("Failed", True)


def test_a_huge_answer_is_cut_off_by_the_engine() -> None:
    table = pa.table({"a": range(3000)})
    rule = 'CustomSql "select p.a from primary p cross join primary q" > 1'
    result = dqdl.evaluate(f"Rules = [{rule}]", {"primary": table}).rules[0]
    assert (result.outcome, result.reason) == (
        "Failed",
        'The SQL "select p.a from primary p cross join primary q" must give one number, '
        "but it gives more than one row.",
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


LEAK = "(select count(*) from read_text('/etc/hosts')) > 0"
HIDDEN = [
    f"extract(`year from c) > 0 and {LEAK} and extract(year` from c) > 1",
    "dateadd(`day x`, 1, c) > c",
    f"dateadd(`day) > c or {LEAK} or (c + interval 1 day`, 1, c) > c",
    "timestampadd(`month; select 1`, 1, c) > c",
    "timestampdiff(`day, c, c)); select 1 --`, c, c) > 1",
    "date_trunc('day'' , c) or 1 = 1 --', c) > c",
    "cast(a as decimal(10, `x`)) > 1",
    "cast(a as decimal(`10) > 1 or (1`, 2)) > 1",
    "cast(a as `int) > 1; select (1`) > 1",
    "cast(a as foo) > 1",
    "cast(a as struct<`x int); select 1 --`: int>) is null",
    "c > interval `1 day; select 1`",
    "c > interval '1 day; select 1' day",
    "extract(year\u00a0from\u2003c; select 1) > 1",
    "a > 1\x00 or 1 = 1",
    "a collate `x; select 1` > 1",
    "a in (1) /* x */ ; select 1 */ > 1",
]


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "mysql"])
@pytest.mark.parametrize("text", HIDDEN, ids=range(len(HIDDEN)))
def test_sql_hidden_in_a_unit_or_a_type_does_not_pass(text: str, dialect: str) -> None:
    with pytest.raises(GuardError):
        guard_where(text, dialect=dialect)
    with pytest.raises(GuardError):
        guard_select(f"select a from primary where {text}", dialect=dialect, tables=["primary"])


def test_a_unit_writes_no_file(tmp_path: Path) -> None:
    target = tmp_path / "x.csv"
    text = (
        f"select extract(`year from c)) as x; copy (select 1) to '{target}'; select (1 --` from c) from primary",
        f"select extract(`year from c) as x; set variable p = '{target}'; "
        "copy (select 1) to (getvariable('p')); select 7 --` from c) from primary",
    )
    table = pa.table({"c": ["2020-01-01"]})
    for one in text:
        result = dqdl.evaluate(f'Rules = [CustomSql "{one}" > 1]', {"primary": table}).rules[0]
        assert (result.outcome, target.exists()) == ("Error", False)


def test_comments_do_not_reach_the_engine() -> None:
    condition = guard_where("a /* one /* nested */ ; select 1 */ > 1 -- two", dialect="duckdb")
    assert condition.sql("duckdb") == "a > 1"


PLACES = [
    "extract({} from c) > 1",
    "dateadd({}, 1, c) > c",
    "timestampadd({}, 1, c) > c",
    "timestampdiff({}, c, c) > 1",
    "date_trunc({}, c) > c",
    "trunc(c, {}) > c",
    "c > c - interval 1 {}",
    "c > c - interval {} day",
    "cast(a as {}) > 1",
    "cast(a as decimal(10, {})) > 1",
    "cast(a as varchar({})) = 'x'",
    "{} > 1",
    "p.{} = 'x'",
    "b like 'x' escape {}",
    "b rlike {}",
    "trim({} from b) = 'x'",
    "to_timestamp(b, {}) > c",
    "b = {}",
]
PIECES = st.sampled_from(
    [
        *(
            "day",
            "year",
            "int",
            "a",
            "1",
            " ",
            "from c",
            ")",
            "(",
            "))",
            ";",
            "--",
            "/*",
            "*/",
            "'",
            '"',
            "`",
            "\\",
            ",",
        ),
        *(
            "select 1",
            "or",
            "> 1",
            "(select 1)",
            "read_text('x')",
            "from read_text('x')",
            "union",
            "$$",
            "\u00a0",
            "\n",
        ),
        *("copy (select 1) to 'x'", "as x", "\u2019", "\u037e", "{", "[", "::", "e'", "#", "decimal", "x'"),
    ]
)
HOSTILE = st.lists(PIECES, max_size=8).map(" ".join)
QUOTES = st.sampled_from(["{}", "`{}`", "'{}'", '"{}"', "`{}", "/*{}*/day"])


@given(place=st.sampled_from(PLACES), quotes=QUOTES, hostile=HOSTILE, dialect=st.sampled_from(["duckdb", "postgres"]))
def test_what_passes_is_one_select_without_a_table_function(
    place: str, quotes: str, hostile: str, dialect: str
) -> None:
    condition = place.replace("{}", quotes.replace("{}", hostile))
    try:
        query = guard_select(f"select a from primary p where {condition}", dialect=dialect, tables=["primary"])
    except GuardError:
        return
    written = query.sql(dialect, comments=False)
    again = sqlglot.parse(written, read=dialect)
    assert len(again) == 1
    assert isinstance(again[0], exp.Query)
    assert {table.name.lower() for table in again[0].find_all(exp.Table)} == {"primary"}
    assert not list(again[0].find_all(exp.Anonymous, exp.Command))
    if dialect == "duckdb":
        assert [statement.type for statement in _statements(written)] == [duckdb.StatementType.SELECT]


def _statements(text: str) -> list[duckdb.Statement]:
    try:
        return duckdb.extract_statements(text)
    except duckdb.Error:
        # What DuckDB cannot read, it cannot run.
        return duckdb.extract_statements("select 1")


def test_the_engine_runs_one_select_only() -> None:
    leaky = exp.select(exp.Extract(this=exp.Var(this="year from now()); select 1 --"), expression=exp.null()))
    with pytest.raises(duckdb.Error, match="not one SELECT"):
        engine().run(leaky)
    with pytest.raises(duckdb.Error):
        engine().describe(leaky)


@pytest.mark.parametrize("setting", ["autoinstall_known_extensions", "autoload_known_extensions"])
def test_the_engine_loads_nothing_by_itself(setting: str) -> None:
    asked = exp.select(exp.alias_(exp.func("current_setting", exp.Literal.string(setting)), "found"))
    assert engine().run(asked)["found"][0].as_py() is False
