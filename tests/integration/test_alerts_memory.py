"""What is found is told once for as long as it lasts, and again when it is over."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import timedelta

import pytest

from memory import Memory
from memory.alerts import settle, tell
from memory.errors import StoreError
from memory.model import Dataset, Decision
from tests.support.stores import new_dataset, new_proposal, new_run
from tools.dqdl.plans.result import Evaluation, Outcome, RuleResult

EMAIL, ROWS, UNIQUE = 'IsComplete "email"', "RowCount > 1", 'IsUnique "id"'


def validated(
    store: Memory,
    dataset: Dataset,
    outcomes: Mapping[str, Outcome],
    total: float | None = None,
    version: str = "",
    scores: Mapping[str, float] | None = None,
) -> str:
    """A run that found this; its id."""
    run = new_run(store)
    rules = [
        RuleResult(rule, rule.split()[0], ("email",), outcome, f"It {outcome.lower()}.", "validity", failed_rows=1)
        for rule, outcome in outcomes.items()
    ]
    found = Evaluation(rules=rules, rows=10, queries=1).to_dict()
    store.results.save(run.id, dataset.id, version or run.id, found, scores or {}, total)
    return run.id


def news(store: Memory) -> list[tuple[str, str, int]]:
    """What changed of which alert, in order, and how often that was met."""
    return [
        (row["what"], row["change"], row["times"])
        for row in store.db.rows(
            "select what, change, times from alert_news n join alerts a on a.number = n.alert order by n.id"
        )
    ]


def test_a_rule_that_fails_run_after_run_is_news_once_and_when_it_passes_again(store):
    dataset = new_dataset(store)
    for outcome in ("Passed", "Failed", "Error", "Failed"):
        validated(store, dataset, {EMAIL: outcome, ROWS: "Passed"})
    assert news(store) == [(EMAIL, "opened", 3)]
    validated(store, dataset, {ROWS: "Passed"})
    assert len(news(store)) == 1, "a rule that was not evaluated is as it was"
    validated(store, dataset, {EMAIL: "Passed"})
    validated(store, dataset, {EMAIL: "Passed"})
    assert [change for _, change, _ in news(store)] == ["opened", "resolved"]
    validated(store, dataset, {EMAIL: "Failed"})
    assert [change for _, change, _ in news(store)] == ["opened", "resolved", "opened"]


def test_datasets_and_rules_are_told_apart(store):
    one, other = new_dataset(store), new_dataset(store, "/data/other.csv")
    validated(store, one, {EMAIL: "Failed", UNIQUE: "Failed"})
    validated(store, other, {EMAIL: "Failed"})
    validated(store, one, {EMAIL: "Passed", UNIQUE: "Failed"})
    rows = store.db.rows("select what, dataset_id from alerts where resolved_at is null order by number")
    assert [(row["what"], row["dataset_id"]) for row in rows] == [(UNIQUE, one.id), (EMAIL, other.id)]


def test_what_is_not_stored_is_no_news(store):
    dataset, run = new_dataset(store), new_run(store)

    def failing() -> None:
        with store.db.transaction() as connection:
            tell(connection, "arrival", "7", "orders.csv", "It was given up.", dataset_id=dataset.id, run_id=run.id)
            raise ValueError

    with pytest.raises(ValueError):
        failing()
    assert news(store) == []


def test_another_trouble_is_told_once_until_it_is_settled(store):
    for _ in range(2):
        with store.db.transaction() as connection:
            tell(connection, "schedule", "nightly", "nightly", "It failed.", detail={"tries": 3})
            tell(connection, "arrival", "nightly", "orders.csv", "It was given up.")
    assert news(store) == [("nightly", "opened", 2), ("orders.csv", "opened", 2)]
    for _ in range(2):
        with store.db.transaction() as connection:
            settle(connection, "schedule", "nightly")
            settle(connection, "schedule", "of another name")
    assert news(store)[2:] == [("nightly", "resolved", 2)]


def test_validations_at_the_same_time_open_one_alert(store):
    dataset = new_dataset(store)
    outcomes: dict[str, Outcome] = {f"RowCount > {n}": "Failed" for n in range(50)}
    threads = [
        threading.Thread(
            target=validated, args=(store, dataset, dict(reversed(outcomes.items()) if n % 2 else outcomes))
        )
        for n in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(news(store)) == 50
    assert {times for _, _, times in news(store)} == {6}


def test_a_rule_that_was_disabled_is_nobodys_trouble(store):
    dataset, long = new_dataset(store), f'ColumnValues "email" in ["{"x" * 3_000}"]'
    proposals = store.approvals.propose(new_run(store).id, dataset.id, [new_proposal(EMAIL), new_proposal(long)])
    store.approvals.open(proposals[0].run_id, timedelta(hours=1))
    store.approvals.decide(proposals[0].run_id, [Decision(1, "approve"), Decision(2, "approve")], "ann")
    store.rules.activate(proposals[0].run_id)
    validated(store, dataset, {EMAIL: "Failed", long: "Failed", ROWS: "Failed"})
    for rule in store.rules.active(dataset.id):
        store.rules.disable(rule.number, "ann", "too strict")
    validated(store, dataset, {ROWS: "Failed"})
    assert [alert.what for alert in store.alerts.list()] == [ROWS]
    assert {alert.resolution for alert in store.alerts.list("resolved")} == {"The rule is no longer active."}


def test_validations_that_turn_each_other_round_do_not_block_each_other(store):
    dataset, keys = new_dataset(store), [f"RowCount > {n}" for n in range(40)]
    validated(store, dataset, dict.fromkeys(keys, "Failed"))
    failed: list[Exception] = []

    def turn(odd: int) -> None:
        try:
            for n in range(8):
                outcomes = {key: ("Failed" if (k + n + odd) % 2 else "Passed") for k, key in enumerate(keys)}
                validated(store, dataset, outcomes)
        except StoreError as error:
            failed.append(error)

    threads = [threading.Thread(target=turn, args=(odd,)) for odd in (0, 1, 0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(store.alerts.list(limit=1000)) == 20


def test_a_score_that_falls_out_of_its_history_is_news_until_it_is_back(store):
    dataset = new_dataset(store)
    for total in (0.98, 0.97, 0.99, 0.98, 0.97):
        validated(store, dataset, {EMAIL: "Passed"}, total)
    assert news(store) == []
    for total in (0.5, 0.5, 0.5, 0.5, 0.5):
        validated(store, dataset, {EMAIL: "Passed"}, total)
    assert news(store) == [("total score", "opened", 5)], "it stays fallen, however long"
    validated(store, dataset, {EMAIL: "Passed"}, 0.98)
    assert news(store)[1:] == [("total score", "resolved", 5)]


def test_a_score_of_other_rules_says_nothing(store):
    dataset = new_dataset(store)
    for total in (1.0, 1.0, 1.0, 1.0):
        validated(store, dataset, {EMAIL: "Passed"}, total)
    validated(store, dataset, {EMAIL: "Passed", ROWS: "Failed"}, 0.5)
    assert [what for what, _, _ in news(store)] == [ROWS]


def test_the_same_data_again_is_no_history(store):
    dataset = new_dataset(store)
    for total in (1.0, 1.0, 1.0, 1.0):
        validated(store, dataset, {EMAIL: "Passed"}, total, version="same")
    validated(store, dataset, {EMAIL: "Passed"}, 0.5)
    assert news(store) == []
