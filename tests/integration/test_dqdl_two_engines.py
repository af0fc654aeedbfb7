"""Rules that compare tables of two engines: the same verdicts as on one, and no more brought over than is needed."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest

from tests.support.elsewhere import Elsewhere
from tools import dqdl
from tools.dqdl.plans.result import Evaluation
from tools.dqdl.queries import asking

ORDERS = pa.table(
    {
        "id": [1, 2, 3, 4],
        "customer": [10, 20, 99, None],
        "total": [1.5, 2.5, 3.0, 4.0],
        "note": ["a", "b", "c", "d"],
    }
)
PEOPLE = pa.table({"id": [10, 20, 30], "name": ["Ada", "Bo", "Cy"], "score": [1.0, 4.0, 6.0]})
COPY = pa.table(
    {"id": [1, 2, 3, 4], "customer": [10, 20, 99, None], "total": [1.5, 2.5, 3.5, 4.0], "note": list("abcd")}
)
RULES = [
    'RowCountMatch "people" > 1',
    'SchemaMatch "copy" = 1.0',
    'AggregateMatch "sum(total)" "sum(people.score)" = 1.0',
    'ReferentialIntegrity "customer" "people.id" > 0.9',
    'DatasetMatch "copy" "id" = 1.0',
    'DatasetMatch "copy" "id" "note" = 1.0',
    'CustomSql "select count(*) from primary p join people q on p.customer = q.id" = 2',
    'CustomSql "select p.id from primary p join people q on p.customer = q.id"',
    'CustomSql "select avg(score) from people" between 3 and 4',
    'IsComplete "customer"',
]


def evaluated(primary: object, others: dict[str, object], rules: list[str]) -> Evaluation:
    return dqdl.evaluate(f"Rules = [{', '.join(rules)}]", {"primary": primary, **others})


def told(evaluation: Evaluation) -> list[tuple[object, ...]]:
    return [(rule.rule, rule.outcome, rule.metrics, rule.reason, rule.failed_rows) for rule in evaluation.rules]


@pytest.fixture
def orders() -> Iterator[Elsewhere]:
    with Elsewhere(ORDERS, "orders") as table:
        yield table


@pytest.fixture
def people() -> Iterator[Elsewhere]:
    with Elsewhere(PEOPLE, "people") as table:
        yield table


HERE = told(evaluated(ORDERS, {"people": PEOPLE, "copy": COPY}, RULES))


def test_the_rules_of_this_file_are_all_evaluated() -> None:
    assert "Error" not in [outcome for _, outcome, *_ in HERE]


def test_the_reference_may_be_elsewhere(people: Elsewhere) -> None:
    assert told(evaluated(ORDERS, {"people": people, "copy": COPY}, RULES)) == HERE


def test_the_primary_may_be_elsewhere(orders: Elsewhere) -> None:
    assert told(evaluated(orders, {"people": PEOPLE, "copy": COPY}, RULES)) == HERE


def test_both_may_be_elsewhere(orders: Elsewhere, people: Elsewhere) -> None:
    assert told(evaluated(orders, {"people": people, "copy": COPY}, RULES)) == HERE


def test_only_the_columns_that_are_compared_are_brought_over(people: Elsewhere) -> None:
    evaluation = evaluated(ORDERS, {"people": people}, ['ReferentialIntegrity "customer" "people.id" > 0.9'])
    assert people.asked == ['SELECT "id" FROM "far"."data"']
    assert [row["customer"] for row in evaluation.rules[0].examples] == [99, None]


def test_counts_and_sums_are_made_where_the_rows_are(orders: Elsewhere, people: Elsewhere) -> None:
    evaluated(orders, {"people": people}, RULES[:1] + RULES[2:3])
    asked = [*orders.asked, *people.asked]
    assert len(asked) == 3
    assert all(query.startswith(("SELECT SUM(", "SELECT COUNT(", "SELECT CAST(SUM(")) for query in asked), asked


def test_failing_rows_of_another_engine_show_the_columns_of_their_rule(orders: Elsewhere) -> None:
    rule = evaluated(orders, {"people": PEOPLE}, ['ReferentialIntegrity "customer" "people.id" = 1.0']).rules[0]
    assert rule.examples == [{"customer": 99}, {"customer": None}]
    assert not any("note" in query for query in orders.asked)


def test_a_table_that_is_too_large_to_move_is_an_error_of_its_rule(
    people: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "MAX_MOVED_BYTES", 8)
    rules = ['ReferentialIntegrity "customer" "people.id" = 1.0', 'RowCountMatch "people" > 1']
    results = evaluated(ORDERS, {"people": people}, rules).rules
    assert [rule.outcome for rule in results] == ["Error", "Passed"]
    assert "people is too large to be compared with a table of another engine" in results[0].reason


def test_a_star_over_two_engines_asks_for_names(people: Elsewhere) -> None:
    rule = 'CustomSql "select * from (select p.id from primary p join people q on p.customer = q.id) x"'
    result = evaluated(ORDERS, {"people": people}, [rule]).rules[0]
    assert (result.outcome, "cannot be read by one query" in result.reason) == ("Error", True)


def test_explain_says_what_is_brought_over(people: Elsewhere) -> None:
    rules = 'Rules = [ReferentialIntegrity "customer" "people.id" = 1.0]'
    queries = dqdl.explain(rules, {"primary": ORDERS, "people": people}).queries
    assert queries[0].condition == "id of people are brought over"
    assert people.asked == []
