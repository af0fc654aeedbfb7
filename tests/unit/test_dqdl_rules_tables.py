"""Rules that compare two tables."""

import datetime as dt
from uuid import UUID

import pyarrow as pa
import pytest

from tests.support.rule_cases import Cases
from tools import dqdl

ORDERS = pa.table(
    {
        "id": [1, 2, 3, 4],
        "customer": [10, 11, 99, None],
        "code": ["10", "11", "x", None],
        "total": [5.0, 6.0, None, 9.0],
        "zero": [0, 0, 0, 0],
        "void": pa.array([None] * 4, pa.float64()),
        "same": [1, 1, 2, 2],
    }
)
PEOPLE = pa.table({"ID": [10, 11, 12], "key": ["10", "11", "12"], "score": [1.0, 2.0, 7.0]})
COPY = ORDERS.set_column(3, "total", pa.array([5.0, 6.5, None, 9.0])).slice(0, 4)
EXTRA = COPY.append_column("more", pa.array([1, 2, 3, 4]))
FEWER = ORDERS.select(["id", "customer"])
OTHER_TYPE = pa.table({"ID": pa.array([1], pa.int32()), "customer": [1]})
TABLES = {
    "primary": ORDERS,
    "people": PEOPLE,
    "copy": COPY,
    "extra": EXTRA,
    "fewer": FEWER,
    "narrow": OTHER_TYPE,
    "none": ORDERS.slice(0, 0),
}

CASES = Cases(
    TABLES,
    {
        'RowCountMatch "people" > 1.3': ("Passed", None, {"Dataset.people.RowCountMatch": 4 / 3}),
        'RowCountMatch "copy" = 1.0': ("Passed", None, {"Dataset.copy.RowCountMatch": 1}),
        'RowCountMatch "none" > 0': ("Failed", None, {}),
        'RowCountMatch "nobody" > 0': ("Failed", None, {}),
        'SchemaMatch "copy" = 1.0': ("Passed", None, {"Dataset.copy.SchemaMatch": 1}),
        'SchemaMatch "extra" = 0': ("Passed", None, {"Dataset.extra.SchemaMatch": 0}),
        'SchemaMatch "fewer" > 0': ("Failed", None),
        'SchemaMatch "nobody" > 0': ("Failed", None, {}),
        # NULL keys are never found.
        'ReferentialIntegrity "customer" "people.id" = 0.5': ("Passed", 2, {"Column.people.ReferentialIntegrity": 0.5}),
        'ReferentialIntegrity "customer" "people.{ID}" > 0.5': ("Failed", 2),
        'ReferentialIntegrity "customer,code" "people.{id,key}" = 0.5': ("Passed", 2),
        'ReferentialIntegrity "CUSTOMER, code" "people.{ id , key }" = 0.5': ("Passed", 2),
        'ReferentialIntegrity "code" "people.id" = 0.5': ("Passed", 2),
        'ReferentialIntegrity "customer" "people.key" = 0.5': ("Passed", 2),
        'ReferentialIntegrity "id" "copy.id" = 1': ("Passed", 0),
        'ReferentialIntegrity "id" "none.id" = 0': ("Passed", 4),
        'ReferentialIntegrity "nope" "people.id" = 1': ("Failed", None, {}),
        'ReferentialIntegrity "customer" "people.nope" = 1': ("Failed", None, {}),
        'ReferentialIntegrity "customer" "nobody.id" = 1': ("Failed", None, {}),
        'ReferentialIntegrity "customer,id" "people.id" = 1': ("Error",),
        # Rows with the same key and the same rest; NULL equals NULL in the rest.
        'DatasetMatch "copy" "id" = 0.75': ("Passed", 1, {"Dataset.copy.DatasetMatch": 0.75}),
        'DatasetMatch "copy" "id" "total" = 0.75': ("Passed", 1),
        'DatasetMatch "copy" "id" "customer,code" = 1': ("Passed", 0),
        'DatasetMatch "copy" "id->ID" "total->zero" = 0': ("Passed", 4),
        'DatasetMatch "people" "customer->id" "code->key" = 0.5': ("Passed", 2),
        'DatasetMatch "none" "id" = 0': ("Passed", 4),
        'DatasetMatch "copy" "same" = 1': ("Failed", None, {}),
        'DatasetMatch "copy" "id->same" "total" = 1': ("Failed", None, {}),
        'DatasetMatch "copy" "same,id" = 0.75': ("Passed", 1),
        'DatasetMatch "copy" "nope" = 1': ("Failed", None, {}),
        'DatasetMatch "copy" "id->nope" = 1': ("Failed", None, {}),
        'DatasetMatch "fewer" "id" = 1': ("Failed", None, {}),
        'DatasetMatch "extra" "id" > 0': ("Failed", None, {}),
        'DatasetMatch "extra" "id" "customer" = 1': ("Passed", 0),
        'DatasetMatch "nobody" "id" = 1': ("Failed", None, {}),
        # Sums and means; the metric is named by the columns, once when they have the same name.
        'AggregateMatch "sum(total)" "sum(copy.total)" > 0.97': ("Passed", None, {"total:AggregateMatch": 20 / 20.5}),
        'AggregateMatch "avg(total)" "sum(people.score)" < 0.7': (
            *("Passed", None),
            {"Column.total,score.AggregateMatch": (20 / 3) / 10},
        ),
        'AggregateMatch "SUM(total)" "sum(total)" = 1.0': ("Passed", None),
        'AggregateMatch "sum(zero)" "sum(copy.zero)" = 1.0': ("Passed", None, {"zero:AggregateMatch": 1}),
        'AggregateMatch "sum(total)" "sum(copy.zero)" = 0.0': ("Passed", None, {"Column.total,zero.AggregateMatch": 0}),
        'AggregateMatch "sum(total)" "sum(none.total)" = 1.0': ("Failed", None, {}),
        'AggregateMatch "sum(total)" "sum(void)" > 0.5': ("Failed", None, {}),
        'AggregateMatch "sum(code)" "sum(total)" > 0': ("Failed", None, {}),
        'AggregateMatch "sum(nope)" "sum(total)" > 0': ("Failed", None, {}),
        'AggregateMatch "sum(total)" "sum(nobody.total)" > 0': ("Failed", None, {}),
        'AggregateMatch "max(total)" "sum(total)" > 0': ("Error",),
    },
)


@pytest.mark.parametrize("rule", CASES.expected)
def test_two_tables(rule: str) -> None:
    CASES.check(rule)


EMPTY = Cases(
    {**TABLES, "primary": ORDERS.slice(0, 0)},
    {
        'RowCountMatch "people" = 0': ("Passed", None, {"Dataset.people.RowCountMatch": 0}),
        'RowCountMatch "none" = 1': ("Failed", None),
        'ReferentialIntegrity "customer" "people.id" >= 0': ("Failed", None, {}),
        'DatasetMatch "copy" "id" >= 0': ("Failed", None, {}),
        'AggregateMatch "sum(total)" "sum(copy.total)" > 0.5': ("Failed", None, {}),
        'SchemaMatch "copy" = 1': ("Passed", None),
    },
)


@pytest.mark.parametrize("rule", EMPTY.expected)
def test_two_tables_the_first_of_which_is_empty(rule: str) -> None:
    EMPTY.check(rule)


def test_columns_agree_in_name_and_type() -> None:
    found = dqdl.evaluate('Rules = [SchemaMatch "narrow" = 0.5]', {"primary": FEWER, "narrow": OTHER_TYPE}).rules[0]
    assert (found.outcome, found.metrics) == ("Passed", {"Dataset.narrow.SchemaMatch": 0.5})
    assert "Different: id (BIGINT, in narrow INTEGER)." in found.reason


def test_days_match_texts_and_other_words_for_types() -> None:
    mine = pa.table({"day": [dt.date(2024, 1, 5), dt.date(2024, 1, 6)], "u": ["a", UUID(int=7).hex]})
    theirs = pa.table({"day": ["2024-01-05", "no day"], "u": pa.array(["a", "b"]).dictionary_encode()})
    rules = 'Rules = [ReferentialIntegrity "day" "theirs.day" = 0.5, ReferentialIntegrity "u" "theirs.u" = 0.5]'
    assert dqdl.evaluate(rules, {"primary": mine, "theirs": theirs}).passed


@pytest.mark.parametrize(
    ("rule", "ids"),
    [
        ('ReferentialIntegrity "customer" "people.id" = 1', [3, 4]),
        ('DatasetMatch "copy" "id" = 1', [2]),
        ('DatasetMatch "people" "customer->id" "code->key" = 1', [3, 4]),
    ],
)
def test_examples_are_the_rows_without_a_partner(rule: str, ids: list[int]) -> None:
    found = dqdl.evaluate(f"Rules = [{rule}]", TABLES).rules[0]
    assert sorted(row["id"] for row in found.examples) == ids
