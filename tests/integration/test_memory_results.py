from __future__ import annotations

import pytest

from memory.model import Decision
from tests.support.stores import new_dataset, new_run, proposed
from tools.dqdl.plans.result import Evaluation, RuleResult

GOOD = RuleResult(
    rule='IsComplete "email"',
    rule_type="IsComplete",
    columns=("email",),
    outcome="Failed",
    reason="2 of 10 rows are empty.",
    dimension="completeness",
    metrics={"Column.email.Completeness": 0.8},
    failed_rows=2,
    examples=[{"zip": "1", "email": None, "age": 3}],
)
BROKEN = RuleResult(
    rule='Mean "x" > 1', rule_type="Mean", columns=("x",), outcome="Error", reason="no x", dimension="accuracy"
)
EVALUATION = Evaluation(rules=[GOOD, BROKEN], rows=10, queries=1).to_dict()
SCORES = {"completeness": 0.8, "accuracy": 0.0}


def test_a_result_comes_back_as_it_was_the_order_of_columns_included(store):
    run, dataset = new_run(store), new_dataset(store)
    stored = store.results.save(run.id, dataset.id, "v1", EVALUATION, SCORES, 0.4)
    latest = store.results.latest(dataset.id)
    assert latest is not None
    assert latest.evaluation == EVALUATION
    assert list(latest.evaluation["rules"][0]["examples"][0]) == ["zip", "email", "age"]
    assert (latest.id, latest.run_id, latest.version, latest.total) == (stored, run.id, "v1", 0.4)
    assert latest.dimensions == SCORES
    assert store.results.for_run(run.id) == [latest]


def test_saved_twice_the_first_stands(store):
    run, dataset = new_run(store), new_dataset(store)
    first = store.results.save(run.id, dataset.id, "v1", EVALUATION, SCORES, 0.4)
    assert store.results.save(run.id, dataset.id, "v2", EVALUATION, {}, 1.0) == first
    assert store.results.for_run(run.id)[0].version == "v1"
    assert store.db.rows("select count(*) as n from quality_scores") == [{"n": 2}]


def test_history_is_newest_first_and_per_dataset(store):
    dataset, other = new_dataset(store), new_dataset(store, "/data/other.csv")
    runs = [new_run(store) for _ in range(3)]
    for number, run in enumerate(runs):
        store.results.save(run.id, dataset.id, f"v{number}", EVALUATION, SCORES, number / 10)
    store.results.save(runs[0].id, other.id, "w", EVALUATION, {}, None)
    assert [result.version for result in store.results.history(dataset.id)] == ["v2", "v1", "v0"]
    assert [result.version for result in store.results.history(dataset.id, 1)] == ["v2"]
    assert [result.version for result in store.results.for_run(runs[0].id)] == ["v0", "w"]
    other_result = store.results.latest(other.id)
    assert other_result is not None
    assert (other_result.total, other_result.dimensions) == (None, {})
    assert store.results.latest(new_dataset(store, "/data/third.csv").id) is None


def test_a_result_points_at_the_active_rule_that_it_is_about(store):
    run, dataset, _ = proposed(store, 'IsComplete "email"')
    store.approvals.decide(run.id, [Decision(1, "approve")], "ada")
    rule = store.rules.activate(run.id)[0]
    store.results.save(run.id, dataset.id, "v1", EVALUATION, SCORES, 0.4)
    rows = store.db.rows("select rule_id, outcome, failed_rows from rule_results order by position")
    assert [(row["rule_id"], row["outcome"], row["failed_rows"]) for row in rows] == [
        (rule.id, "Failed", 2),
        (None, "Error", None),
    ]


@pytest.mark.parametrize("score", [-0.1, 1.5])
def test_a_score_outside_0_to_1_is_refused_and_nothing_is_kept(store, score):
    run, dataset = new_run(store), new_dataset(store)
    with pytest.raises(Exception, match="check constraint"):
        store.results.save(run.id, dataset.id, "v1", EVALUATION, {"accuracy": score}, 0.4)
    assert store.results.for_run(run.id) == []


def test_values_that_json_cannot_hold_do_not_lose_the_result(store):
    run, dataset = new_run(store), new_dataset(store)
    odd = {**EVALUATION["rules"][0], "examples": [{"a": "nul\0", "b": float("nan"), "c": "half \ud800"}]}
    store.results.save(run.id, dataset.id, "v1", {**EVALUATION, "rules": [odd]}, SCORES, 0.4)
    result = store.results.latest(dataset.id)
    assert result is not None
    assert result.evaluation["rules"][0]["examples"] == [{"a": "nul\ufffd", "b": None, "c": "half ?"}]
