"""Rules that compare two tables."""

import pyarrow as pa
import pytest

from tools import dqdl
from tools.dqdl.plans.result import RuleResult

ORDERS = pa.table({"id": [1, 2, 3, 4], "customer": [10, 11, 12, None], "total": [5.0, 6.0, None, 8.0]})
CUSTOMERS = pa.table({"ID": [10, 11, 13], "score": [1.0, 2.0, 3.0]})
COPY = pa.table({"id": [1, 2, 3, 5], "customer": [10, 99, 12, None], "total": [5.0, 6.0, None, 8.0]})
TWICE = pa.table({"id": [1, 1], "customer": [1, 2], "total": [1.0, 2.0]})


def check(rule: str) -> RuleResult:
    tables = {"primary": ORDERS, "people": CUSTOMERS, "copy": COPY, "twice": TWICE, "none": COPY.slice(0, 0)}
    return dqdl.evaluate(f"Rules = [{rule}]", tables).rules[0]


@pytest.mark.parametrize(
    "rule",
    [
        'RowCountMatch "copy" = 1.0',
        'RowCountMatch "people" > 1.3',
        'SchemaMatch "copy" = 1.0',
        'SchemaMatch "people" = 0',
        'ReferentialIntegrity "customer" "people.id" = 0.5',
        'ReferentialIntegrity "id,customer" "copy.{id,customer}" = 0.5',
        'DatasetMatch "copy" "id" = 0.5',
        'DatasetMatch "copy" "id->id" "total->total" = 0.75',
        'AggregateMatch "sum(total)" "sum(copy.total)" = 1.0',
        'AggregateMatch "avg(total)" "sum(people.score)" between 1.05 and 1.06',
    ],
)
def test_passes(rule: str) -> None:
    result = check(rule)
    assert result.outcome == "Passed", result.reason


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ('RowCountMatch "people" = 1.0', "as a share of the rows of people (3), is 133.3 %"),
        ('RowCountMatch "none" = 1.0', "no rows"),
        ('RowCountMatch "nobody" = 1.0', "was given to this evaluation; given: people"),
        (
            'SchemaMatch "people" > 0.5',
            "Different: customer (not in people), score (only in people), total (not in people).",
        ),
        (
            'ReferentialIntegrity "customer" "people.id" = 1.0',
            "2 of 4 rows have a value of customer that people does not have",
        ),
        ('ReferentialIntegrity "customer" "people.nope" = 1.0', "no column nope in people"),
        ('ReferentialIntegrity "nope" "people.id" = 1.0', "no column nope"),
        ('DatasetMatch "copy" "id" = 1.0', "2 of 4 rows have no equal row in copy"),
        ('DatasetMatch "twice" "id" = 1.0', "not unique in twice"),
        ('AggregateMatch "sum(total)" "sum(none.total)" >= 0', "no value for sum(none.total)"),
    ],
)
def test_fails_with_a_reason(rule: str, says: str) -> None:
    result = check(rule)
    assert result.outcome == "Failed"
    assert says in result.reason


@pytest.mark.parametrize(
    "rule", ['ReferentialIntegrity "customer" "people" = 1.0', 'AggregateMatch "max(total)" "sum(people.score)" = 1.0']
)
def test_forms_that_cannot_be_read_are_errors(rule: str) -> None:
    assert check(rule).outcome == "Error"


def test_examples_are_the_rows_without_a_partner() -> None:
    result = check('ReferentialIntegrity "customer" "people.id" = 1.0')
    assert result.columns == ("customer",)
    assert [row["customer"] for row in result.examples] == [12, None]
