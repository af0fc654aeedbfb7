"""Deciding over HTTP: partly, in bulk, with a preview; lost decisions, the window, two people."""

from __future__ import annotations

import threading
from datetime import timedelta

import httpx
import pytest

from graph.runs import Runs
from memory import Memory
from memory.model import Decision
from tests.support.api import client, problem, serving, tokens
from tests.support.waiting import Waiting, waiting_run

RULES = ['IsComplete "order_id"', "RowCount > 100", 'IsUnique "order_id"', 'ColumnLength "status" > 1']


@pytest.fixture
def api(store: Memory):
    with serving(store) as address, client(address) as found:
        yield found


@pytest.fixture
def run(store: Memory) -> Waiting:
    return waiting_run(store, rules=RULES)


def decide(api: httpx.Client, run: Waiting, *decisions, **more) -> httpx.Response:
    return api.post(f"/runs/{run.run_id}/decisions", json={"decisions": list(decisions), **more})


def test_some_now_and_the_others_by_a_filter_later(api, run, store):
    now = decide(
        api,
        run,
        {"number": 1, "action": "approve"},
        {"number": 2, "action": "edit", "rule": "RowCount>50", "reason": "small shop"},
        {"number": 4, "action": "skip", "reason": "ask the warehouse"},
    ).json()
    assert now == {"recorded": [1, 2], "skipped": [4], "undecided": 2, "status": "waiting"}
    left = api.get(f"/runs/{run.run_id}/proposals", params={"undecided": True}).json()["items"]
    assert [one["number"] for one in left] == [3, 4]
    assert left[1]["skipped"]["reason"] == "ask the warehouse"
    (waiting,) = api.get("/approvals").json()["items"]
    assert (waiting["undecided"], waiting["total"], waiting["skipped"]) == (2, 4, 1)

    keys = {"action": "reject", "reason": "of no use", "where": {"rule_types": ["isunique"]}}
    then = decide(api, run, {"number": 4, "action": "approve"}, all=keys).json()
    assert then == {"recorded": [4, 3], "skipped": [], "undecided": 0, "status": "queued"}
    by_number = {one["number"]: one["decision"] for one in api.get(f"/runs/{run.run_id}/proposals").json()["items"]}
    assert [by_number[n]["action"] for n in (1, 2, 3, 4)] == ["approve", "edit", "reject", "approve"]
    assert by_number[2]["rule"] == "RowCount > 50"
    assert api.get("/approvals").json()["items"] == []


def test_a_filter_that_leaves_nothing_is_told(api, run):
    nothing = decide(api, run, all={"action": "approve", "where": {"columns": ["nowhere"]}})
    assert "No undecided rule" in problem(nothing, 422)["detail"]
    unclear = decide(api, run, all={"action": "approve", "where": {"passing": "no"}})
    assert "passing" in problem(unclear, 422)["detail"]


def test_a_decision_lost_to_another_says_who_what_and_when_and_the_others_count(api, run, store):
    Runs(store).decide(run.run_id, [Decision(1, "reject", reason="no")], "bea")
    lost = decide(api, run, {"number": 1, "action": "approve"}, {"number": 2, "action": "approve"})
    told = problem(lost, 409)
    assert "bea decided about proposal 1 on 20" in told["detail"]
    (conflict,) = told["conflicts"]
    assert (conflict["number"], conflict["decision"]["actor"], conflict["decision"]["reason"]) == (1, "bea", "no")
    assert conflict["decision"]["decided_at"]
    assert (told["recorded"], told["undecided"]) == ([2], 2)


def test_of_two_people_who_decide_at_once_one_wins_and_the_other_is_told(run, store, tmp_path, monkeypatch):
    monkeypatch.setenv("ASSAY_USERS", str(tmp_path / "users.toml"))
    held = tokens(store, ann="approver", bea="approver")
    start, answers = threading.Barrier(2), {}

    def say(name: str) -> None:
        with client(address, held[name]) as api:
            api.get("/me")
            start.wait()
            answers[name] = decide(api, run, {"number": 1, "action": "reject", "reason": f"{name} says so"})

    with serving(store) as address:
        threads = [threading.Thread(target=say, args=(name,)) for name in held]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    decided = store.approvals.proposals(run.run_id)[0].decision
    assert decided
    winner = decided.actor
    (loser,) = {"ann", "bea"} - {winner}
    assert answers[winner].json()["recorded"] == [1]
    told = problem(answers[loser], 409)
    assert told["detail"].startswith(f"{winner} decided about proposal 1")
    assert told["conflicts"][0]["decision"]["reason"] == f"{winner} says so"


def test_a_decision_sent_again_is_no_conflict(api, run):
    first, again = (decide(api, run, {"number": 1, "action": "approve"}).json() for _ in range(2))
    assert first == again


NONE = [
    ({"number": 9, "action": "approve"}, 404, "no proposal 9"),
    ({"number": 1, "action": "reject"}, 422, "needs a reason"),
    ({"number": 1, "action": "reject", "reason": "  "}, 422, "reason"),
    ({"number": 1, "action": "edit"}, 422, "an edit has a rule"),
    ({"number": 1, "action": "approve", "rule": "RowCount > 0"}, 422, "an edit has a rule"),
    ({"number": 1, "action": "edit", "rule": "RowCount >"}, 422, "column 11"),
    ({"number": 1, "action": "edit", "rule": 'IsComplete "nowhere"'}, 422, "nowhere"),
    ({"number": "1", "action": "approve"}, 422, "body.decisions.1.number"),
    ({"number": 1, "action": "activate"}, 422, "body.decisions.1.action"),
    ({"number": 1, "action": "approve", "actor": "bea"}, 422, "body.decisions.1.actor"),
]


def test_what_is_no_decision_is_refused_and_nothing_of_the_request_stored(api, run, store):
    for decision, status, says in NONE:
        told = problem(decide(api, run, {"number": 3, "action": "approve"}, decision), status)
        assert says in told["detail"], decision
    assert all(proposal.decision is None for proposal in store.approvals.proposals(run.run_id))


def test_dqdl_that_does_not_parse_is_told_with_its_place(api, run):
    told = problem(api.post(f"/runs/{run.run_id}/proposals/1/preview", json={"rule": "RowCoutn > 5"}), 422)
    assert (told["line"], told["column"]) == (1, 1)
    assert "RowCount" in told["detail"] + told["hint"]


def test_an_edit_is_seen_before_it_counts(api, run, store):
    seen = api.post(f"/runs/{run.run_id}/proposals/2/preview", json={"rule": "RowCount > 100000"}).json()
    assert seen["changed"]
    assert seen["diff"] == [
        {"kind": "same", "text": "RowCount > "},
        {"kind": "removed", "text": "100"},
        {"kind": "added", "text": "100000"},
    ]
    assert seen["proposed"]["outcome"] == "Passed"
    assert seen["today"]["outcome"] == "Failed"
    assert store.approvals.proposals(run.run_id)[1].decision is None
    problem(api.post(f"/runs/{run.run_id}/proposals/7/preview", json={"rule": "RowCount > 1"}), 404)


def test_duplicates_and_conflicts_with_active_rules_are_beside_a_proposal(api, run, store):
    document = {"ruleset": 'Rules = [ IsComplete "order_id", RowCount < 50 ]'}
    assert api.post(f"/datasets/{run.dataset_id}/ruleset", json=document).status_code == 200
    every = api.get(f"/runs/{run.run_id}/proposals").json()["items"]
    assert [(one["number"], [r["relation"] for r in one["related"]]) for one in every[:3]] == [
        (1, ["same"]),
        (2, ["contradicts"]),
        (3, []),
    ]
    assert "Never true together" in every[1]["related"][0]["says"]


def test_after_the_window_it_has_to_be_reopened(api, run, store):
    store.approvals.reopen(run.run_id, timedelta(microseconds=1))
    late = problem(decide(api, run, {"number": 1, "action": "approve"}), 409)
    assert "window" in late["detail"]
    assert "conflicts" not in late
    assert api.get("/approvals").json()["items"][0]["expired"]
    reopened = api.post(f"/runs/{run.run_id}/reopen", json={"window": "2h"}).json()
    assert not reopened["expired"]
    assert decide(api, run, {"number": 1, "action": "approve"}).status_code == 200
    problem(api.post(f"/runs/{run.run_id}/reopen", json={"window": "never"}), 422)


def test_proposals_come_in_pages(api, run):
    first = api.get(f"/runs/{run.run_id}/proposals", params={"limit": 3}).json()
    then = api.get(f"/runs/{run.run_id}/proposals", params={"limit": 3, "cursor": first["next"]}).json()
    assert [one["rule"] for one in first["items"] + then["items"]] == RULES
    assert then["next"] is None
