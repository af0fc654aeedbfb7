"""CustomSql in both forms, and filters."""

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest

from tests.support.rule_cases import Cases
from tools import dqdl

ORDERS = pa.table(
    {
        "id": [1, 2, 3, 4],
        "state": ["new", "new", "paid", None],
        "price": [1.5, None, 3.0, 4.0],
        "day": [dt.date(2024, 1, 5)] * 4,
        "My Col": [1, 2, 3, 4],
    }
)
PEOPLE = pa.table({"id": [1, 2], "name": ["a", "b"]})

CASES = Cases(
    {"primary": ORDERS, "people": PEOPLE},
    {
        # A number.
        'CustomSql "select count(*) from primary" = 4': ("Passed", None, {"Dataset.*.CustomSQL": 4}),
        'CustomSql "select count(*) from PRIMARY where price > 2" > 2': ("Failed", None, {"Dataset.*.CustomSQL": 2}),
        'CustomSql "select sum(price) from primary" between 8 and 9': ("Passed", None, {"Dataset.*.CustomSQL": 8.5}),
        'CustomSql "select max(id) / 8 from primary" = 0.5': ("Passed", None),
        "CustomSql \"select cast('12' as string)\" = 12": ("Passed", None),
        'CustomSql "select mean(price) from primary where price < 4" = 2.25': ("Passed", None),
        'CustomSql "select true" = 1': ("Passed", None),
        'CustomSql "select cast(1.5 as decimal(4,2))" in [1.5]': ("Passed", None),
        'CustomSql "select count(*) from primary p join people q on p.id = q.id" = 2': ("Passed", None),
        'CustomSql "with t as (select id from primary where id > 1) select count(*) from t" = 3': ("Passed", None),
        # Not one number.
        'CustomSql "select id from primary" > 0': ("Failed", None, {}),
        'CustomSql "select 1, 2" > 0': ("Failed", None, {}),
        'CustomSql "select id from primary where id > 9" > 0': ("Failed", None, {}),
        'CustomSql "select max(price) from primary where id > 9" > 0': ("Failed", None, {}),
        "CustomSql \"select 'x'\" > 0": ("Failed", None, {}),
        'CustomSql "select max(day) from primary" > 0': ("Failed", None, {}),
        # The rows that come back pass, found by all returned columns; NULL equals NULL.
        'CustomSql "select id from primary"': ("Passed", 0, {"Dataset.*.CustomSQL.Compliance": 1}),
        'CustomSql "select id from primary where id < 4"': ("Failed", 1, {"Dataset.*.CustomSQL.Compliance": 0.75}),
        'CustomSql "select id from primary where id < 4" with threshold > 0.7': ("Passed", 1),
        'CustomSql "select * from primary where price is not null"': ("Failed", 1),
        'CustomSql "select state from primary where id in (1, 3, 4)"': ("Passed", 0),
        'CustomSql "select state from primary where id = 1"': ("Failed", 2),
        'CustomSql "select ID, STATE from primary"': ("Passed", 0),
        'CustomSql "select p.id from primary p join people q on p.id = q.id" with threshold = 0.5': ("Passed", 2),
        'CustomSql "select q.id from people q" with threshold >= 0.5': ("Passed", 2),
        'CustomSql "select `My Col` from primary where `My Col` < 3"': ("Failed", 2),
        'CustomSql "select id from primary where id > 9"': ("Failed", 4, {"Dataset.*.CustomSQL.Compliance": 0}),
        'CustomSql "select id, 1 as other from primary"': ("Failed", None, {}),
        'CustomSql "select count(*) from primary"': ("Failed", None, {}),
        'CustomSql "select name from people"': ("Failed", None, {}),
        # What may not run, or cannot.
        'CustomSql "select * from nobody"': ("Error",),
        'CustomSql "delete from primary"': ("Error",),
        'CustomSql "select nope from primary" > 1': ("Error",),
        'CustomSql "select id from"': ("Error",),
        # Filters are Spark's, and a row whose filter is NULL is left out.
        "RowCount = 2 where \"state = 'new'\"": ("Passed", None),
        "RowCount = 1 where \"state <> 'new'\"": ("Passed", None),
        "RowCount = 1 where \"not (state = 'new')\"": ("Passed", None),
        'RowCount = 3 where "state is not null and `My Col` between 1 and 4"': ("Passed", None),
        'RowCount = 2 where "PRICE > 2"': ("Passed", None),
        'RowCount = 2 where "id % 2 = 0"': ("Passed", None),
        'RowCount = 1 where "id / 4 > 0.75"': ("Passed", None),
        "RowCount = 4 where \"day >= '2024-01-01'\"": ("Passed", None),
        "RowCount = 3 where \"state rlike '^[np]'\"": ("Passed", None),
        'RowCount = 4 where "coalesce(price, 0) >= 0"': ("Passed", None),
        "RowCount = 2 where \"length(state) = 3 or lower(state) = 'x'\"": ("Passed", None),
        'RowCount = 1 where "nope = 1"': ("Failed", None, {}),
        'RowCount = 1 where "id ="': ("Error",),
        'RowCount = 1 where "count(*) > 1"': ("Error",),
        'RowCount = 1 where "id in (select id from people)"': ("Error",),
    },
)


@pytest.mark.parametrize("rule", CASES.expected)
def test_sql_of_rules(rule: str) -> None:
    CASES.check(rule)


EMPTY = Cases(
    {"primary": ORDERS.slice(0, 0)},
    {
        'CustomSql "select * from primary"': ("Failed", None, {}),
        'CustomSql "select * from primary" with threshold >= 0': ("Failed", None, {}),
        'CustomSql "select count(*) from primary" = 0': ("Passed", None),
        'CustomSql "select sum(price) from primary" = 0': ("Failed", None, {}),
    },
)


@pytest.mark.parametrize("rule", EMPTY.expected)
def test_sql_over_an_empty_table(rule: str) -> None:
    EMPTY.check(rule)


def test_equal_rows_pass_together() -> None:
    table = pa.table({"a": [1, 1, 2], "m": [Decimal("1.10"), Decimal("1.10"), None]})
    rules = 'Rules = [CustomSql "select a, m from primary where a = 1 limit 1", CustomSql "select m from primary"]'
    found = dqdl.evaluate(rules, {"primary": table}).rules
    assert [(rule.outcome, rule.failed_rows) for rule in found] == [("Failed", 1), ("Passed", 0)]


def test_examples_are_the_rows_that_did_not_come_back() -> None:
    found = dqdl.evaluate('Rules = [CustomSql "select id from primary where price > 2"]', {"primary": ORDERS}).rules[0]
    assert [row["id"] for row in found.examples] == [1, 2]
