"""Datasets, rules, results, metrics, comparison and the audit log over HTTP."""

from __future__ import annotations

import httpx
import pytest

from graph.jobs import Jobs
from memory import Memory
from tests.support.api import client, problem, serving
from tests.support.runs import write_orders
from tests.support.stores import new_dataset
from ui.api.desk import MOST_COMPARISONS

RULESET = 'Rules = [ IsComplete "email", RowCount > 3, ColumnLength "status" > 2 ]'


@pytest.fixture
def api(store: Memory):
    with serving(store) as address, client(address) as found:
        yield found


@pytest.fixture
def orders(api: httpx.Client, store: Memory, tmp_path) -> str:
    """A dataset that was profiled, has three rules and was validated twice."""
    path = write_orders(tmp_path)
    jobs = Jobs(store, "ann")
    found = str(jobs.profile(path).dataset.id)
    assert api.post(f"/datasets/{found}/ruleset", json={"ruleset": RULESET, "reason": "known"}).status_code == 200
    jobs.validate(path)
    write_orders(tmp_path, rows=2)
    jobs.validate(path)
    return found


def test_a_dataset_is_found_with_what_is_known_of_it(api, orders, store):
    (listed,) = api.get("/datasets", params={"name": "orders"}).json()["items"]
    assert listed["id"] == orders
    assert [column["name"] for column in listed["fields"]] == ["id", "email", "status", "amount"]
    shown = api.get(f"/datasets/{orders}").json()
    assert shown["active_rules"] == 3
    assert shown["latest_score"]["total"] == api.get(f"/datasets/{orders}/scores").json()["items"][0]["total"]
    assert api.get(f"/datasets/{orders}/profile").json()["profile"]["rows"] == 5
    assert api.get(f"/datasets/{orders}/result").json()["evaluation"]["rows"] == 10


def test_failing_rows_are_those_of_the_newest_result(api, orders):
    found = api.get(f"/datasets/{orders}/failures").json()
    (failing,) = found["rules"]
    assert (failing["rule"], failing["outcome"], failing["failed_rows"]) == ('IsComplete "email"', "Failed", 2)
    assert [row["id"] for row in failing["examples"]] == [4, 9]


def test_scores_and_metrics_have_a_past(api, orders):
    first = api.get(f"/datasets/{orders}/scores", params={"limit": 1}).json()
    then = api.get(f"/datasets/{orders}/scores", params={"limit": 1, "cursor": first["next"]}).json()
    assert first["items"][0]["measured_at"] > then["items"][0]["measured_at"]
    assert then["next"] is None
    assert 0 < first["items"][0]["dimensions"]["completeness"] < 1
    keys = [metric["key"] for metric in api.get(f"/datasets/{orders}/metrics").json()["items"]]
    (rows,) = [key for key in keys if key.startswith("Dataset.*.RowCount")]
    points = api.get(f"/datasets/{orders}/points", params={"key": rows}).json()["items"]
    assert [point["value"] for point in points] == [10, 5]
    judged = api.post(f"/points/{points[0]['number']}/verdict", json={"verdict": "exclude", "reason": "a test load"})
    assert (judged.json()["verdict"], judged.json()["reason"]) == ("exclude", "a test load")
    problem(api.post("/points/9999/verdict", json={"verdict": "normal", "reason": "x"}), 404)


def test_rules_are_exported_and_taken_in_again(api, orders, store):
    text = api.get(f"/datasets/{orders}/ruleset").text
    assert text == 'Rules = [\n    IsComplete "email",\n    RowCount > 3,\n    ColumnLength "status" > 2\n]\n'
    again = api.post(f"/datasets/{orders}/ruleset", json={"ruleset": text}).json()
    assert [rule["number"] for rule in again] == [1, 2, 3]
    assert len(store.rules.all()) == 3
    for wrong, says in (("Rules = [", "Line 1"), ('Rules = [ IsComplete "nowhere" ]', "nowhere")):
        assert says in problem(api.post(f"/datasets/{orders}/ruleset", json={"ruleset": wrong}), 422)["detail"]


def test_a_misspelt_tag_is_refused_here_too(api, orders):
    odd = {"ruleset": 'Rules = [ ColumnValues "status" = "new" with treshold = 0.5 ]'}
    told = problem(api.post(f"/datasets/{orders}/ruleset", json=odd), 422)
    assert "treshold is not the name of a tag" in told["detail"]
    assert (told["line"], told["column"]) == (1, 11)


def test_a_rule_that_was_altered_behind_the_databases_back_is_not_given_away(api, orders, store):
    with store.db.transaction() as connection:
        connection.execute("set local session_replication_role = replica")
        connection.execute("update dq_rules set rule_expression = 'RowCount > 0' where number = 2")
    assert "Rule 2: This is not the text" in problem(api.get(f"/datasets/{orders}/ruleset"), 409)["detail"]
    assert "not the text" in api.get("/rules/2").json()["problem"]


def test_a_rule_is_disabled_with_a_reason(api, orders):
    disabled = api.post("/rules/1/disable", json={"reason": "guests have none"}).json()
    assert (disabled["status"], disabled["disabled_reason"]) == ("disabled", "guests have none")
    active = api.get("/rules", params={"status": "approved", "dataset_id": orders, "limit": 1}).json()
    assert [rule["number"] for rule in active["items"]] == [2]
    then = api.get("/rules", params={"status": "approved", "cursor": active["next"]}).json()
    assert [rule["number"] for rule in then["items"]] == [3]
    assert api.get("/rules/1").json()["disabled_at"]
    problem(api.get("/rules/99"), 404)
    problem(api.post("/rules/2/disable", json={"reason": " "}), 422)


def test_what_is_not_known_yet_is_told(api, store):
    unknown, bare = "00000000-0000-0000-0000-000000000000", new_dataset(store).id
    for part in ("", "/profile", "/result", "/failures", "/ruleset", "/scores", "/metrics", "/points?key=k"):
        assert "no dataset" in problem(api.get(f"/datasets/{unknown}{part}"), 404)["detail"]
    for part in ("/profile", "/result", "/failures", "/ruleset"):
        problem(api.get(f"/datasets/{bare}{part}"), 404)
    assert api.get(f"/datasets/{bare}/scores").json()["items"] == []


def test_datasets_come_in_pages(api, store):
    names = [f"/data/t{number}.csv" for number in range(5)]
    for name in names:
        new_dataset(store, name)
    first = api.get("/datasets", params={"limit": 3}).json()
    then = api.get("/datasets", params={"limit": 3, "cursor": first["next"]}).json()
    assert [one["name"] for one in first["items"] + then["items"]] == names
    assert then["next"] is None
    problem(api.get("/datasets", params={"cursor": "bm9uZQ"}), 422)


def test_two_tables_are_compared(api, tmp_path):
    pair = {"before": write_orders(tmp_path, "a.csv"), "now": write_orders(tmp_path, "b.csv", rows=2)}
    found = api.post("/compare", json=pair).json()
    assert (found["left_rows"], found["right_rows"]) == (5, 10)
    assert found["degree"] in ("small", "large")
    assert {column["name"] for column in found["columns"]} == {"id", "email", "status", "amount"}
    for _ in range(MOST_COMPARISONS):
        assert "gone.csv" in problem(api.post("/compare", json={**pair, "now": "gone.csv"}), 422)["detail"]
    assert api.post("/compare", json=pair).status_code == 200


def test_comparisons_are_bounded(store, monkeypatch):
    monkeypatch.setattr("ui.api.desk.MOST_COMPARISONS", 0)
    with serving(store) as address, client(address) as api:
        refused = api.post("/compare", json={"before": "a.csv", "now": "b.csv"})
    assert "comparisons" in problem(refused, 503)["detail"]
    assert refused.headers["retry-after"]


def test_the_audit_log_is_read_backwards_in_pages(api, orders):
    every = api.get("/audit").json()["items"]
    numbers = [entry["seq"] for entry in every]
    assert numbers == sorted(numbers, reverse=True)
    first = api.get("/audit", params={"limit": 3}).json()
    then = api.get("/audit", params={"limit": 3, "cursor": first["next"]}).json()
    assert [entry["seq"] for entry in first["items"] + then["items"]] == numbers[:6]
    assert {entry["action"] for entry in every} >= {"rule.imported", "rule.activated", "rules.executed"}
    assert api.get("/audit", params={"since": "2999-01-01"}).json()["items"] == []
    for since in ("0001-01-01T00:00:00+14:00", "0", "-1", "yesterday"):
        problem(api.get("/audit", params={"since": since}), 422)
    problem(api.get("/audit", params={"run_id": "zzzzzzzz"}), 404)
