"""Reasons that a person understands who sees nothing else: they name the rule, the column and the pattern, and say
what was found.
"""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from sqlglot import exp

from tests.support.elsewhere import Elsewhere
from tools import dqdl
from tools.dqdl.plans.plan import RuleError
from tools.dqdl.plans.result import RuleResult
from tools.dqdl.regex import check as check_pattern
from tools.dqdl.rules.file_words import bytes_in_words
from tools.sources.file_listing import entries
from tools.sources.table import Field, SourceError

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
DATA = pa.table(
    {
        "number": [1, 2, 2, None],
        "letters": ["a", "bb", "bb", None],
        "day": [date(2024, 1, 1)] * 4,
        "moment": [datetime.fromisoformat("2024-01-01 10:00")] * 4,
        "flag": [True, False, None, True],
        "list": [[1], [2], None, [3]],
    }
)
NULLS = pa.table({field.name: pa.nulls(3, field.type) for field in DATA.schema})
OTHER = pa.table({"number": [1.5, 2.0], "letters": ["a", "q"], "key": [1, 2]})


def results(*rules: str, data: object = DATA, **options: object) -> list[RuleResult]:
    text = 'listed = ["z"]\nRules = [' + ",\n".join(rules) + "]"
    return dqdl.evaluate(text, {"primary": data, "other": OTHER}, now=NOW, **options).rules  # type: ignore[arg-type]


def reason(rule: str, **options: object) -> str:
    return results(rule, **options)[0].reason


def about(number: str, text: str, day: str, moment: str) -> list[str]:
    """Every rule type over columns, with conditions that hold for none of the data."""
    on_numbers = ("Mean", "Sum", "StandardDeviation", "Variance", "Range", "ZerosCount", "Skewness", "Kurtosis")
    return [
        *(f'{kind} "{number}" > 99' for kind in (*on_numbers, "InterquartileRange", "ColumnValues")),
        *(f'{kind} "{number}" > 99' for kind in ("DistinctValuesCount", "Entropy", "DuplicateRowCount")),
        *(f'{kind} "{number}" > 1' for kind in ("Completeness", "Uniqueness", "UniqueValueRatio")),
        *(f'{kind} "{number}"' for kind in ("IsComplete", "IsUnique", "IsPrimaryKey", 'DetectAnomalies "Mean"')),
        f'IsUnique "{number}" "{text}"',
        f'IsPrimaryKey "{number}" "{text}"',
        f'ColumnCorrelation "{number}" "{number}" > 2',
        *(f'ColumnValues "{number}" {form}' for form in ("in [99]", "= NULL", "between 98 and 99")),
        *(f'ColumnValues "{text}" {form}' for form in ('in ["z"]', "in $listed", 'matches "z+"', "= EMPTY", '= "z"')),
        f'ColumnValues "{day}" > "2030-01-01"',
        f'ColumnLength "{text}" > 99',
        f'ColumnDataType "{text}" = "INTEGER"',
        f'DataFreshness "{moment}" < 1 hours',
        f'ReferentialIntegrity "{number}" "other.key" = 1',
        f'DatasetMatch "other" "{number}->number" "{text}" = 1',
        f'AggregateMatch "sum({number})" "sum(other.number)" = 99',
        f'CustomSql "select max({number}) from primary" > 99',
        f'CustomSql "select {number} from primary where {number} > 99"',
        f'IsComplete "day" where "{number} > 1 and nothing > 1"',
    ]


@pytest.mark.parametrize(
    ("data", "columns"),
    [
        (DATA, ("number", "letters", "day", "moment")),
        (DATA, ("numbr", "leters", "dy", "moments")),
        (DATA, ("letters", "number", "flag", "number")),
        (DATA, ("list", "list", "list", "list")),
        (DATA.slice(0, 0), ("number", "letters", "day", "moment")),
        (NULLS, ("number", "letters", "day", "moment")),
    ],
    ids=["values", "missing", "wrong type", "lists", "empty", "all NULL"],
)
def test_whatever_goes_wrong_the_reason_names_a_column_of_the_rule(data: pa.Table, columns: tuple[str, ...]) -> None:
    for found in results(*about(*columns), data=data):
        if found.outcome == "Passed":
            continue
        named = [name for name in (*columns, "nothing") if name in found.reason]
        assert named, (found.rule, found.reason)
        assert found.reason[0].isupper() or found.reason[0].isdigit() or found.reason.startswith("sum("), found.reason
        assert found.reason.endswith((".", "?")), found.reason
        assert "<" not in found.reason.replace("< 1", ""), found.reason
        if found.outcome == "Error":
            assert found.reason.startswith(f"{found.rule}: "), found.reason


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ('ColumnValues "letters" matches "(z"', "The regular expression (z is not valid: a group is not closed"),
        (r'ColumnValues "letters" matches "(a)\1"', r"The regular expression (a)\1 cannot be used on DuckDB: "),
        (r'ColumnValues "letters" not matches "(a)\1"', r"The regular expression (a)\1 cannot be used on DuckDB: "),
        ('ColumnNamesMatchPattern "(z"', "The regular expression (z is not valid"),
        (r'ColumnNamesMatchPattern "(a+)+$"', "The regular expression (a+)+$ cannot be used on names of columns"),
        ('ColumnValues "day" > "2025-02-30"', "2025-02-30 is not a day of the calendar."),
        ('ColumnDataType "letters" = "BOLEAN"', "BOLEAN is not a type of DQDL; did you mean BOOLEAN?"),
        ("RowCount > 1 / 0", "The condition divides by zero."),
        ('Mean "number" between 1 and (2 * 3) / (1 - 1)', "The condition divides by zero."),
        ('ColumnDataType "letters" = "DATE" with threshold > 1 / 0', "The condition divides by zero."),
        ('CustomSql "selec number"', "it must be one SELECT."),
        ('CustomSql "select number from primary where number >" > 1', "it is not SQL: something is missing near '>'"),
        ('CustomSql "select number from" > 1', "the name of a table is missing near 'from'"),
        ('CustomSql "select read_csv(1) from primary" > 1', "read_csv is not allowed"),
        ('IsComplete "day" where "number >"', "it is not SQL: something is missing near '>'"),
        ('DetectAnomalies "Rowcount"', "DetectAnomalies does not know Rowcount; did you mean RowCount?"),
        ("FileSize > 1 B", "The table primary is not read from files"),
    ],
)
def test_a_rule_that_is_at_fault_is_an_error_that_names_it(rule: str, told: str) -> None:
    for data in (DATA, DATA.slice(0, 0)):
        found = results(rule, data=data)[0]
        assert (found.outcome, told in found.reason) == ("Error", True), found.reason
        assert found.reason.startswith(f"{rule}: "), found.reason


def test_a_long_rule_is_cut_in_its_error() -> None:
    found = reason('CustomSql "select count(*) from primary where number in (' + ", ".join(["1"] * 99) + ') and" > 1')
    assert found[99:102] == "…: "
    assert len(found) < 200


PRICES = pa.table({"id": [1, 2], "price": [1.0, 2.0], "place": [{"city": "a"}, {"city": "b"}]})


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("select max(pric) from primary", "There is no column pric in primary; did you mean price?"),
        ("select max(p.pric) from primary p", "There is no column pric in p; did you mean price?"),
        ("select max(`pric`) from primary", "There is no column pric in primary; did you mean price?"),
        ("select max(x.price) from primary p", "x.price is of no table in its FROM, which has p."),
        ("select count(*) from primary where exists (select 1 from other where keys = id)", "did you mean key?"),
        ("with a as (select id as n from primary) select max(id) from a", "There is no column id in a."),
        ("with a as (select id as n from primary) select max(m) from a", "There is no column m in a."),
        ("select max(z.m) from (select * from primary) z", "There is no column m in z."),
        ("select max(z.id) from (select id from primary) z(n)", "There is no column id in z."),
        ("select count(*) from (primary p join other r on p.id = r.kye)", "in r; did you mean key?"),
        ("select id from primary group by id having max(prices) > 1", "did you mean price?"),
        ("select id from primary order by prices", "did you mean price?"),
    ],
)
def test_a_missing_column_in_sql_is_told_in_plain_words_and_without_asking(
    statement: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tools.dqdl.queries.asking import Desk

    ask = Desk.ask

    def plain_only(desk: Desk, query: exp.Query, *, own_sql: bool = False) -> pa.Table:
        assert not own_sql
        return ask(desk, query)

    monkeypatch.setattr(Desk, "ask", plain_only)
    found = dqdl.evaluate(f'Rules = [CustomSql "{statement}" > 0]', {"primary": PRICES, "other": OTHER}).rules[0]
    assert (found.outcome, told in found.reason) == ("Error", True), found.reason


@pytest.mark.parametrize(
    "statement",
    [
        "select max(ID) from PRIMARY",
        "select count(place.city) from primary",
        "select count(p.place.city) from primary p",
        "select max(z.m) from (select id from primary) z(m)",
        "with a(m) as (select id from primary) select max(m) from a",
        "with a as (select *, 1 as one from primary) select max(one + id) from a",
        "select max(n) from (select id as n from primary union all select key from other) u",
        "select count(*) from primary p where exists (select 1 from other r where r.key = p.id)",
        "select count(*) from primary p where p.id in (select max(key) from other where price > 0)",
        "select count(*) from (select id as n from primary where n > 0) y",
        "select count(*) from primary join other on id = key where other.number > 0",
        "select sum(c) from (select price, count(*) as c from primary group by price having c > 0 order by c) y",
        "select count(*) from primary join (select key as id from other) k using (id)",
        "select count(*) from (primary p join other r on p.id = r.key)",
        "select max(r) from (select row_number() over (partition by price order by id) as r from primary) w",
        "select count(*) from primary as p where 1 = (select count(*) from other as p where p.key = 1)",
    ],
)
def test_no_column_that_is_there_is_taken_for_missing(statement: str) -> None:
    found = dqdl.evaluate(f'Rules = [CustomSql "{statement}" > 0]', {"primary": PRICES, "other": OTHER}).rules[0]
    assert found.outcome == "Passed", found.reason


def test_rows_to_match_that_the_table_lacks_are_a_failure_as_before() -> None:
    found = results('CustomSql "select numbr from primary"', 'CustomSql "select *, 1 as one from primary"')
    assert [one.outcome for one in found] == ["Failed", "Failed"]
    assert "did you mean number?" in found[0].reason
    starred = results('CustomSql "select * from primary where numbr > 1"')[0]
    assert (starred.outcome, "did you mean number?" in starred.reason) == ("Error", True)


def test_what_a_statement_gives_is_said_with_the_statement() -> None:
    assert (
        reason('CustomSql "select 1, 2" > 0') == 'The SQL "select 1, 2" must give one number, but it gives 2 columns.'
    )
    assert reason('CustomSql "select max(number) from primary where false" > 0').endswith(
        'where false" gives no value.'
    )
    assert 'the SQL "select number from primary where number > 1" returns' in reason(
        'CustomSql "select number from primary where number > 1"'
    )
    long = reason(f'CustomSql "select {" + ".join(["1"] * 40)} from primary limit 1" < 0')
    assert "1 + …" in long or "1 …" in long or "+…" in long, long


class Named(Elsewhere):
    """A table whose types go by the names of another engine."""

    def __init__(self, data: pa.Table, types: dict[str, str]) -> None:
        super().__init__(data, "named")
        self.dialect = "mysql"
        self.fields = tuple(Field(one.name, types[one.name], one.kind) for one in self.fields)


TYPES = {
    **{"number": "int", "letters": "varchar(20)", "day": "date", "moment": "datetime(6)", "flag": "tinyint(1)"},
    "list": "json",
}


def test_schemas_of_two_engines_are_compared_by_kinds_and_those_of_one_by_types() -> None:
    plain = DATA.select(["number", "letters", "day", "moment", "flag"])
    narrow = plain.set_column(0, "number", pa.array([1, 2, 2, None], pa.int32()))
    with Named(narrow, TYPES) as there:
        found = dqdl.evaluate('Rules = [SchemaMatch "there" = 1]', {"primary": plain, "there": there}).rules[0]
        assert (found.outcome, found.metrics) == ("Passed", {"Dataset.there.SchemaMatch": 1}), found.reason
        text = plain.set_column(0, "number", pa.array(["1", "2", "2", None]))
        found = dqdl.evaluate('Rules = [SchemaMatch "there" = 1]', {"primary": text, "there": there}).rules[0]
        assert (found.outcome, found.metrics) == ("Failed", {"Dataset.there.SchemaMatch": 0.8})
        assert "Different: number (VARCHAR, in there int)." in found.reason
    here = dqdl.evaluate('Rules = [SchemaMatch "there" = 1]', {"primary": plain, "there": narrow}).rules[0]
    assert here.outcome == "Failed"
    assert "Different: number (BIGINT, in there INTEGER)." in here.reason


@pytest.mark.parametrize(
    ("bound", "told"),
    [
        ("avg(last(5)) / avg(last(3))", "avg(last(5)) / avg(last(3)) divides by zero, since there is no history yet."),
        ("1 / last()", "1 / last() divides by zero, since there is no history yet."),
        ("abs(1 / (last() - 0))", "since there is no history yet."),
        ("index(last(3), 2)", "index(last(3), 2) has no value, since there is no history yet."),
        ("last() / 0", "The condition divides by zero."),
        ("1 / (last() * 0 + 0) / 0", "since there is no history yet."),
    ],
)
def test_a_history_that_is_empty_is_the_reason_and_not_its_zeros(bound: str, told: str) -> None:
    found = results(f"RowCount > {bound}")[0]
    assert (found.outcome, told in found.reason) == ("Error", True), found.reason
    known = results(f"RowCount > {bound}", history={"Dataset.*.RowCount": [0, 0]})[0]
    assert "no history" not in known.reason


def put(path: Path, content: str, at: str) -> None:
    path.write_text(content)
    seconds = datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()
    os.utime(path, (seconds, seconds))


def test_rules_about_files_say_what_was_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    put(tmp_path / "a.csv", "n\n1\n", "2026-03-10 11:00")
    put(tmp_path / "b.csv", "n\n" + "7\n" * 2500, "2026-03-01 00:30")
    assert reason('FileSize "*.csv" > 1 KB').endswith(": a.csv (4 B).")
    assert (
        reason('FileSize "*.csv" > 1 B') == "All 2 files comply (the rule wants all): a.csv (4 B) to b.csv (4.88 KB)."
    )
    assert reason('FileFreshness "*.csv" > "2026-03-05"').endswith(": b.csv (2026-03-01 00:30 UTC).")
    told = reason('FileFreshness "*.csv" > "00:00" with timeZone = "Asia/Tokyo"')
    assert told.endswith(": b.csv (2026-03-01 09:30 Asia/Tokyo).")
    fine = reason('FileFreshness "*.csv" > "2026-01-01"')
    assert fine.endswith("all): b.csv (2026-03-01 00:30 UTC) to a.csv (2026-03-10 11:00 UTC).")
    assert reason('FileFreshness "a.csv" > "2026-01-01"').endswith("): a.csv (2026-03-10 11:00 UTC).")
    content = hashlib.sha256(b"n\n1\n").hexdigest()
    assert reason('FileMatch "a.csv" in ["00"]').endswith(f": a.csv ({content[:12]}…).")
    none = reason('FileSize "*.csv" > 1 B with uriRegex = "x"')
    assert none == 'There is no file at "*.csv" that uriRegex leaves.'


@pytest.mark.parametrize(
    ("size", "told"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 KB"),
        (1536, "1.5 KB"),
        (5 << 20, "5 MB"),
        (3 << 40, "3 TB"),
        (2**60, "1.05e+06 TB"),
    ],
)
def test_sizes_are_told_in_the_units_of_dqdl(size: int, told: str) -> None:
    assert bytes_in_words(size) == told


@pytest.mark.parametrize(
    "tags",
    ['recentFiles = "x"', "recentFiles = 0", 'uriRegex = "("', 'filterOrder = "newest"', 'failFast = "maybe"'],
)
def test_tags_that_cannot_be_are_errors_before_any_file_is_looked_at(tags: str) -> None:
    found = results(f'FileSize "/nowhere" > 1 B with {tags}')[0]
    assert found.outcome == "Error", found.reason


def test_a_file_of_a_place_that_nobody_sees_is_said() -> None:
    with pytest.raises(SourceError, match=r"hdfs://lake/a\.parquet is neither on this machine nor on S3"):
        entries(["hdfs://lake/a.parquet"])


def test_an_engine_that_backtracks_shows_the_pattern_as_it_was_written() -> None:
    with pytest.raises(RuleError, match=r"The regular expression \(a\+\)\+ cannot be used on MySQL: one repetition"):
        check_pattern("^(a+)+$", "mysql", said="(a+)+")
