"""Rule types against small tables whose answers were worked out by hand."""

import datetime as dt
import json
from decimal import Decimal
from functools import cache
from typing import Any

import pyarrow as pa
import pytest

from tools import dqdl
from tools.dqdl.plans.result import RuleResult

NOW = dt.datetime(2024, 1, 2, 0, 0, 30, tzinfo=dt.UTC)
MIDNIGHT = dt.datetime(2024, 1, 1)  # noqa: DTZ001 (columns without a zone are the common case)
ORDERS = pa.table(
    {
        "id": [1, 2, 3, 3, None],
        "email": ["a@x.com", "", "bad", None, "b@y.org"],
        "price": [1.5, 2.5, -1.0, None, 10.0],
        "amount": pa.array([Decimal("1.10"), Decimal("2.20"), None, Decimal("3.30"), Decimal("0.00")]),
        "day": [dt.date(2024, 1, 1), dt.date(2024, 1, 2), None, dt.date(2023, 12, 31), dt.date(2024, 1, 2)],
        "ts": [MIDNIGHT + dt.timedelta(hours=hour) for hour in (0, 1, 2, 3, 23)],
        "code": ["1", "2", "x", None, "5"],
        "when": ["2024-01-01", "2024-02-30", "01-02-2024", None, "2024-01-05"],
        "state": ["new", "New", "paid", "  ", None],
        "one": [7, 7, 7, 7, 7],
        "flag": [True, False, None, True, True],
        "nothing": pa.array([None] * 5, pa.string()),
    }
)


@cache
def together(*rules: str) -> dict[str, RuleResult]:
    """The results of rules that are evaluated as one ruleset."""
    evaluation = dqdl.evaluate(f"Rules = [{', '.join(rules)}]", {"primary": ORDERS}, now=NOW)
    json.dumps(evaluation.to_dict(), allow_nan=False)
    return dict(zip(rules, evaluation.rules, strict=True))


def check(rule: str, table: Any = ORDERS, **tables: Any) -> RuleResult:
    evaluation = dqdl.evaluate(f"Rules = [{rule}]", {"primary": table, **tables}, now=NOW)
    json.dumps(evaluation.to_dict(), allow_nan=False)
    return evaluation.rules[0]


PASSED = [
    "RowCount = 5",
    "RowCount between 4 and 6",
    "RowCount not between 5 and 9",
    "RowCount in [1, 5]",
    "RowCount > 2 * 2",
    'RowCount = 2 where "price > 2"',
    'RowCount = 1 where "email is null"',
    'RowCount = 0 where "price > 100"',
    "ColumnCount = 12",
    'ColumnExists "ID"',
    'ColumnNamesMatchPattern "^[a-z]+$"',
    'Completeness "email" = 0.8',
    'Completeness "nothing" = 0',
    'IsComplete "one"',
    'IsComplete "email" where "id < 3"',
    'IsUnique "id" where "price > 0"',
    'Uniqueness "id" = 0.5',
    'Uniqueness "id" "email" = 1',
    'IsPrimaryKey "ts"',
    'IsPrimaryKey "ts" "one"',
    'UniqueValueRatio "id" between 0.66 and 0.67',
    'DistinctValuesCount "id" = 4',
    'DistinctValuesCount "one" = 1',
    "DuplicateRowCount = 0",
    'DuplicateRowCount "one" = 5',
    'DuplicateRowCount "id" = 2',
    'Entropy "one" = 0',
    'Entropy "id" between 1.0397 and 1.0398',
    'Mean "price" = 3.25',
    'Mean "price" = 2 where "price > 0 and price < 5"',
    'Sum "price" = 13',
    'Sum "amount" = 6.6',
    'StandardDeviation "price" between 4.1003 and 4.1004',
    'Variance "price" = 16.8125',
    'Range "price" = 11',
    'ColumnCorrelation "id" "price" < -0.69',
    'ColumnCorrelation "price" "one" != 0',
    'ColumnValues "price" between -2 and 11 with threshold = 0.8',
    'ColumnValues "price" > 0 where "price > 0"',
    'ColumnValues "price" != 3',
    'ColumnValues "price" not in [3, 4]',
    'ColumnValues "price" in [1.5, 2.5, -1, 10, NULL]',
    'ColumnValues "one" = 7',
    'ColumnValues "one" between 6 and 8',
    'ColumnValues "one" not between 7 and 9',
    'ColumnValues "code" in [1, 2] with threshold = 0.4',
    'ColumnValues "nothing" = NULL',
    'ColumnValues "nothing" in [NULL]',
    'ColumnValues "one" != NULL',
    'ColumnValues "state" in ["new", "paid"] with threshold = 0.4',
    'ColumnValues "state" in ["NEW", "paid"] with threshold = 0.6 with ignoreCase = "true"',
    'ColumnValues "state" in ["new", "New", "paid", WHITESPACES_ONLY, NULL]',
    'ColumnValues "state" not in ["old"]',
    'ColumnValues "state" != "old"',
    'ColumnValues "state" != EMPTY',
    'ColumnValues "state" = WHITESPACES_ONLY where "trim(state) = \'\'"',
    'ColumnValues "email" matches ".*@[a-z.]+" with threshold = 0.4',
    'ColumnValues "state" not matches "new" with threshold = 0.6',
    'ColumnValues "flag" in ["true", "false"] with threshold = 0.8',
    'ColumnValues "day" > "2023-12-30" with threshold = 0.8',
    'ColumnValues "day" not between "2024-02-01" and "2024-03-01"',
    'ColumnValues "day" != "2024-02-01"',
    'ColumnValues "day" <= now() with threshold >= 0.8',
    'ColumnValues "day" >= (now() - 2 days) with threshold = 0.8',
    'ColumnValues "ts" = "2024-01-01"',
    'ColumnValues "when" >= "2024-01-01" with threshold = 0.4',
    'ColumnLength "state" between 1 and 5 where "state is not null"',
    'ColumnLength "state" <= 4',
    'ColumnLength "email" != 5',
    'ColumnLength "email" in [0, 3, 7]',
    'ColumnDataType "code" = "INTEGER" with threshold = 0.6',
    'ColumnDataType "code" != "Boolean" with threshold > 0.5',
    'ColumnDataType "price" = "Double" with threshold = 0.8',
    'ColumnDataType "amount" = "DECIMAL(10,2)" with threshold = 0.8',
    'ColumnDataType "code" = "integral" with threshold = 0.6',
    'ColumnDataType "when" = "DATE" with format = "dd-MM-yyyy" with threshold = 0.2',
    'DataFreshness "ts" <= 24 hours',
    'DataFreshness "ts" between 0 days and 2 days',
    'DataFreshness "ts" >= 1 hours',
    'CustomSql "select count(*) from primary where price > 2" = 2',
    'CustomSql "select id from primary where id is not null" with threshold = 0.8',
    'CustomSql "with big as (select * from primary where price > 2) select max(price) from big" = 10',
    '(IsComplete "email") or (RowCount = 5)',
    '(IsComplete "one") and (RowCount = 5)',
    '(IsComplete "gone") or (RowCount = 5)',
]
FAILED = [
    ('IsComplete "id" where "prise > 1"', "did you mean price?", None),
    ("RowCount between 5 and 9", "5 rows", None),
    ("ColumnCount < 12", "12 columns", None),
    ('ColumnNamesMatchPattern "^[a-m]"', "price, ts, when, state, one, …", None),
    ('Completeness "email" > 0.8', "1 of 5 rows has no email (80 % good, the rule wants more than 80 %).", 1),
    ('IsComplete "email"', "1 of 5 rows has no email", 1),
    ('IsUnique "id"', "2 of 4 rows share their id with another row", 2),
    ('IsPrimaryKey "id"', "1 row has no id. 2 of 4 rows share", 3),
    ('IsPrimaryKey "one" "email"', "1 row has no email", 1),
    ('IsPrimaryKey "nothing"', "5 rows have no nothing", 5),
    ('Uniqueness "nothing" > 0', "no value in nothing", None),
    ('DuplicateRowCount "id" = 0', "2", 2),
    ('Mean "email" > 0', "does not hold numbers", None),
    ('ColumnCorrelation "price" "one" > 0', "nan", None),
    ('ColumnCorrelation "price" "email" > 0', "does not hold numbers", None),
    ('ColumnValues "price" > 0', "2 of 5 rows have a value of price that is not more than 0", 2),
    ('ColumnValues "price" not in [10, NULL]', "2 of 5", 2),
    ('ColumnValues "price" not between 20 and 30', "1 of 5 rows", 1),
    ('ColumnValues "email" > 5', "does not hold numbers", None),
    ('ColumnValues "email" = EMPTY', "4 of 5", 4),
    ('ColumnValues "email" != EMPTY', "1 of 5", 1),
    ('ColumnValues "email" not in ["bad", NULL]', "2 of 5", 2),
    ('ColumnValues "email" matches ".*"', "2 of 5", 2),
    ('ColumnValues "email" not matches "bad"', "3 of 5", 3),
    ('ColumnValues "price" > "2024-01-01"', "does not hold dates", None),
    ('ColumnValues "when" < "2024-02-01"', "3 of 5", 3),
    ('ColumnValues "emial" = "x"', "did you mean email?", None),
    ('ColumnLength "email" > 2', "2 of 5", 2),
    ('ColumnLength "email" != 7', "2 of 5", 2),
    ('ColumnLength "price" > 2', "does not hold text", None),
    ('ColumnDataType "code" = "INTEGER"', "2 of 5 rows have a value of code that cannot be read as INTEGER", 2),
    ('DataFreshness "ts" < 24 hours', "1 of 5", 1),
    ('DataFreshness "ts" <= 59 minutes', "5 of 5", 5),
    ('DataFreshness "day" <= 1 days', "2 of 5", 2),
    ('CustomSql "select id, price from primary" > 1', "2 columns", None),
    ('CustomSql "select id from primary" > 1', "more than one row", None),
    ('CustomSql "select max(id) from primary where id > 9" > 1', "no value", None),
    ('CustomSql "select max(email) from primary" > 1', "must give a number", None),
    ('CustomSql "select id, email from primary where id < 3"', "3 of 5", 3),
    ('CustomSql "select id + 1 as nid from primary"', "no column nid", None),
    ('(IsComplete "email") and (RowCount = 5)', "1 of 5 rows has no email", None),
    ('(IsComplete "email") or (RowCount = 4)', "5 rows", None),
]
ERRORS = [
    ('ColumnValues "email" matches "("', "is not valid"),
    ('ColumnNamesMatchPattern "["', "regular expression"),
    ('ColumnValues "day" = "2024-13-45"', "not a day of the calendar"),
    ('ColumnValues "day" > "21:30"', "not with"),
    ('ColumnValues "price" > last(3)', "cannot use the metric history"),
    ("RowCount = NULL", "NULL"),
    ("RowCount > 1 / 0", "zero"),
    ('ColumnDataType "code" = "BANANA"', "not a type"),
    ('ColumnDataType "code" = "DATE" with format = "yyyyMMdd"', "cannot be used"),
    ('ColumnDataType "code" matches "INT"', "= or !="),
    ('IsComplete "id" where "price >"', "not SQL"),
    ('IsComplete "id" where "price > (select 1)"', "not allowed"),
    ('CustomSql "select count(*) from other" > 1', "not a table"),
    ('DetectAnomalies "RowCounts"', "did you mean RowCount?"),
    ("(RowCount = NULL) and (RowCount = 5)", "NULL"),
]


@pytest.mark.parametrize("rule", PASSED)
def test_passes(rule: str) -> None:
    result = together(*PASSED)[rule]
    assert result.outcome == "Passed", result.reason
    assert not result.vacuous
    assert result.examples == []


@pytest.mark.parametrize(("rule", "says", "failed_rows"), FAILED)
def test_fails_with_a_reason(rule: str, says: str, failed_rows: int | None) -> None:
    result = together(*(rule for rule, *_ in FAILED))[rule]
    assert result.outcome == "Failed"
    assert says in result.reason
    assert result.failed_rows == failed_rows
    if failed_rows:
        assert len(result.examples) == min(failed_rows, 5)


@pytest.mark.parametrize(("rule", "says"), ERRORS)
def test_cannot_be_evaluated_and_says_why(rule: str, says: str) -> None:
    result = check(rule)
    assert result.outcome == "Error"
    assert says in result.reason


@pytest.mark.parametrize(
    ("rule", "key", "value"),
    [
        ("RowCount > 1", "Dataset.*.RowCount", 5),
        ('IsComplete "EMAIL"', "Column.email.Completeness", 0.8),
        ('IsUnique "id" "email"', "Multicolumn.id,email.Uniqueness", 1),
        ('ColumnLength "email" > 1', "Column.email.MaximumLength", 7),
        ('ColumnValues "price" > 1', "Column.price.Minimum", -1),
        ('CustomSql "select 3 from primary limit 1" > 1', "Dataset.*.CustomSQL", 3),
        ('ColumnNamesMatchPattern "t"', "Dataset.*.ColumnNamesPatternMatchRatio", 4 / 12),
        ('DataFreshness "ts" > 30 days', "Column.ts.DataFreshness.Compliance", 0),
    ],
)
def test_metrics_have_the_names_of_glue(rule: str, key: str, value: float) -> None:
    assert check(rule).metrics[key] == pytest.approx(value)


@pytest.mark.parametrize(
    ("rule", "dimension"),
    [
        ("RowCount > 1", "completeness"),
        ('IsUnique "id"', "uniqueness"),
        ('Mean "price" > 1', "accuracy"),
        ('DataFreshness "ts" < 1 days', "timeliness"),
        ('SchemaMatch "x" = 1', "consistency"),
        ('ColumnValues "price" > 1', "validity"),
        ('(IsUnique "id") and (RowCount > 1)', "uniqueness"),
        ('ColumnValues "price" > 1 labels=["dimension"="accuracy"]', "accuracy"),
        ('ColumnValues "price" > 1 labels=["dimension"="beauty"]', "validity"),
    ],
)
def test_a_rule_speaks_for_a_dimension(rule: str, dimension: str) -> None:
    assert check(rule).dimension == dimension


def test_examples_show_the_failing_rows_with_the_rules_columns_first() -> None:
    result = check('ColumnValues "amount" > 2.20')
    assert [row["amount"] for row in result.examples] == [1.1, 2.2, None, 0.0]
    assert next(iter(result.examples[0])) == "amount"
    assert result.examples[0]["day"] == "2024-01-01"
    assert result.examples[0]["ts"] == "2024-01-01T00:00:00"


def test_examples_of_a_key_are_rows_that_share_it_inside_the_filter() -> None:
    assert [row["id"] for row in check('IsUnique "id"').examples] == [3, 3]
    assert check('IsUnique "id" where "price is not null"').outcome == "Passed"


def test_long_texts_are_cut_in_examples() -> None:
    table = pa.table({"t": ["x" * 5000]})
    assert len(check('ColumnLength "t" < 10', table).examples[0]["t"]) == 200


def test_constants_serve_as_columns_and_lists() -> None:
    text = 'states = ["new", "paid"]\nkey = "state"\nRules = [ColumnValues $key in $states, IsComplete $key]'
    first, second = dqdl.evaluate(text, {"primary": ORDERS}).rules
    assert (first.outcome, first.failed_rows, first.columns) == ("Failed", 3, ("state",))
    assert second.reason.startswith("1 of 5 rows has no state")


def test_a_parsed_ruleset_and_its_text_give_the_same() -> None:
    text = 'Rules = [IsComplete "email", RowCount > 3]'
    tables = {"primary": ORDERS}
    assert dqdl.evaluate(text, tables) == dqdl.evaluate(dqdl.parse(text), tables)
    assert not dqdl.evaluate(text, tables).passed


def test_custom_sql_joins_the_other_tables() -> None:
    people = pa.table({"mail": ["a@x.com"]})
    sql = "select count(*) from primary p join people q on p.email = q.mail"
    assert check(f'CustomSql "{sql}" = 1', people=people).outcome == "Passed"


def test_the_age_is_rounded_to_hundredths_of_an_hour() -> None:
    table = pa.table({"t": [MIDNIGHT + dt.timedelta(hours=23, seconds=-17)]})
    assert check('DataFreshness "t" = 1 hours', table).outcome == "Passed"
    later = pa.table({"t": [MIDNIGHT + dt.timedelta(hours=23, seconds=-19)]})
    assert check('DataFreshness "t" = 1 hours', later).outcome == "Failed"
    assert check('DataFreshness "t" > 60 minutes', later).outcome == "Passed"


def test_times_with_a_zone_are_compared_in_utc() -> None:
    zone = dt.timezone(dt.timedelta(hours=5))
    table = pa.table({"t": pa.array([dt.datetime(2024, 1, 2, 4, 30, tzinfo=zone)], pa.timestamp("us", "Asia/Karachi"))})
    assert check('DataFreshness "t" <= 30 minutes', table).outcome == "Passed"
    assert check('DataFreshness "t" < 30 minutes', table).outcome == "Failed"
