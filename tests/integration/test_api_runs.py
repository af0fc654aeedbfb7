"""Runs over HTTP: start, list, look at, follow, decide, resume, cancel."""

from __future__ import annotations

import threading
from pathlib import Path

import httpx
import pytest

from graph.worker import Worker
from memory import Memory
from tests.support.api import client, heard, problem, serving
from tests.support.runs import write_orders
from tests.support.stores import new_run, proposed
from ui.api import stream


@pytest.fixture
def api(store: Memory):
    with serving(store) as address, client(address) as found:
        yield found


def start(api: httpx.Client, tmp_path: Path, key: str = "", **more) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    body = {"sources": [write_orders(tmp_path)], "model": "offline", **more}
    return api.post("/runs", json=body, headers=headers)


def test_a_run_goes_from_start_to_end_over_http_alone(store, tmp_path):
    with serving(store, worker=True) as address, client(address) as api:
        started = start(api, tmp_path, window="2h")
        assert started.status_code == 201
        run = started.json()
        assert started.headers["location"] == f"/api/v1/runs/{run['id']}"
        assert run["status"] == "queued"
        with api.stream("GET", f"/runs/{run['id']}/stream") as told:
            assert told.headers["content-type"].startswith("text/event-stream")
            first = heard(told.iter_lines())
        assert first[-1] == ("end", "", {"status": "waiting", "error": None})
        assert [int(number) for _, number, _ in first[:-1]] == list(range(1, len(first)))

        (waiting,) = api.get("/approvals").json()["items"]
        assert (waiting["run_id"], waiting["tables"]) == (run["id"], ["orders"])
        decided = api.post(f"/runs/{run['id']}/decisions", json={"all": {"action": "approve"}})
        assert decided.json()["recorded"] == list(range(1, waiting["total"] + 1))
        assert decided.json()["undecided"] == 0

        last = str(len(first) - 1)
        with api.stream("GET", f"/runs/{run['id']}/stream", headers={"Last-Event-ID": last}) as told:
            rest = heard(told.iter_lines())
        assert rest[0][1] == str(len(first)), "it goes on where it stopped"
        assert rest[-1][2]["status"] == "done"

        report = api.get(f"/runs/{run['id']}").json()
        assert report["run"]["status"] == "done"
        assert report["tables"][0]["evaluation"]["rows"] == 5
        assert (report["proposals"], report["undecided"]) == (waiting["total"], 0)
        assert report["cost"] == {**report["cost"], "calls": 0, "cost_usd": None, "agents": []}
        assert "No language model" in report["answer"]
        assert not report["resumable"]
        told = [entry["action"] for entry in api.get("/audit", params={"run_id": run["id"]}).json()["items"]]
        assert {"run.started", "rule.decided", "rule.activated", "rules.executed"} <= set(told)


def test_under_a_key_a_run_is_started_once_and_other_words_are_refused(api, store, tmp_path):
    first, again = (start(api, tmp_path, "k-1") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert first.json()["id"] == again.json()["id"]
    assert len(store.runs.recent()) == 1
    assert "k-1" in problem(start(api, tmp_path, "k-1", goal="Something else"), 422)["detail"]
    assert start(api, tmp_path, "k-2").json()["id"] != first.json()["id"]
    problem(start(api, tmp_path, "no blanks"), 422)


def test_the_same_key_at_once_starts_one_run(api, store, tmp_path):
    write_orders(tmp_path)
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(start(api, tmp_path, "k").json()["id"])) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len(set(found)) == len(store.runs.recent()) == 1


def test_what_cannot_work_is_refused_at_once(api, store, tmp_path):
    path = write_orders(tmp_path)
    for body, says in [
        ({"sources": ["nowhere.csv"], "model": "offline"}, "nowhere.csv"),
        ({"sources": []}, "body.sources"),
        ({"sources": ["a"], "modle": "offline"}, "body.modle"),
        ({"sources": ["a"], "budget_usd": 0}, "body.budget_usd"),
        ({"sources": [path], "model": "no-such-model"}, "no-such-model"),
        ({"sources": [path], "model": "offline", "window": "soon"}, "soon"),
    ]:
        assert says in problem(api.post("/runs", json=body), 422)["detail"]
    assert store.runs.recent() == []


def test_runs_come_in_pages_newest_first(api, store):
    ids = [new_run(store).id for _ in range(5)]
    job = new_run(store, kind="profile").id
    seen, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        part = api.get("/runs", params={"limit": 2, "kind": "run", **({"cursor": cursor} if cursor else {})}).json()
        seen += [run["id"] for run in part["items"]]
        cursor, pages = part["next"], pages + 1
    assert (seen, pages) == (ids[::-1], 3)
    assert [run["id"] for run in api.get("/runs", params={"limit": 1}).json()["items"]] == [job]
    assert api.get("/runs", params={"status": "done"}).json() == {"items": [], "next": None}
    assert "cursor" in problem(api.get("/runs/" + ids[0] + "/events", params={"cursor": "!"}), 422)["detail"]
    problem(api.get("/runs", params={"limit": 0}), 422)
    problem(api.get("/runs", params={"cursor": "AAAA"}), 422)


def test_a_run_is_known_by_its_whole_id(api, store):
    run = new_run(store)
    assert api.get(f"/runs/{run.id}").json()["run"]["id"] == run.id
    for unknown in (run.id[:4], "zzzzzzzz", "%00", "a" * 300):
        assert "no run" in problem(api.get(f"/runs/{unknown}"), 404)["detail"]


def test_a_run_is_cancelled_and_resumed(api, store):
    run = new_run(store)
    assert api.post(f"/runs/{run.id}/cancel").json()["status"] == "cancelled"
    store.db.rows("update runs set graph_version = %s returning id", [_version()])
    resumed = api.post(f"/runs/{run.id}/resume", json={"budget_tokens": 500})
    assert resumed.json()["status"] == "queued"
    assert api.get(f"/runs/{run.id}").json()["budget"] == {"usd": None, "tokens": 500}
    store.db.rows("update runs set status = 'done' returning id")
    assert "is done" in problem(api.post(f"/runs/{run.id}/resume"), 409)["detail"]


def test_events_come_in_pages(api, store):
    run = new_run(store)
    for number in range(5):
        store.runs.append_event(run.id, "note", {"n": number}, agent="profiler")
    first = api.get(f"/runs/{run.id}/events", params={"limit": 3}).json()
    then = api.get(f"/runs/{run.id}/events", params={"limit": 3, "cursor": first["next"]}).json()
    assert [event["data"]["n"] for event in first["items"] + then["items"]] == list(range(5))
    assert then["next"] is None


def test_a_stream_gives_events_as_they_come_and_signs_of_life(api, store, monkeypatch):
    monkeypatch.setattr(stream, "HEARTBEAT_SECONDS", 0.1)
    run = new_run(store)
    store.runs.append_event(run.id, "begun", {"text": "a\nb"})
    lines: list[str] = []
    with api.stream("GET", f"/runs/{run.id}/stream") as told:
        every = told.iter_lines()
        for line in every:
            lines.append(line)
            if line.startswith(":"):
                break
        store.runs.append_event(run.id, "more", {})
        store.runs.request_cancel(run.id, "ann")
        rest = heard(every)
    assert [data["kind"] for _, _, data in heard(iter(lines))] == ["begun"]
    assert [(name, number) for name, number, _ in rest] == [("message", "2"), ("end", "")]
    assert rest[-1][2]["status"] == "cancelled"


def test_who_has_seen_all_of_a_paused_run_is_told_not_to_come_again(api, store):
    run, _, _ = proposed(store, 'IsComplete "email"')
    store.runs.append_event(run.id, "note", {})
    store.db.rows("update runs set status = 'waiting' returning id")
    path = f"/runs/{run.id}/stream"
    assert api.get(path, headers={"Last-Event-ID": "1"}).status_code == 204
    assert len(heard(iter(api.get(path, headers={"Last-Event-ID": "rubbish"}).text.split("\n")))) == 2
    assert len(heard(iter(api.get(path, params={"after": 1}).text.split("\n")))) == 1
    problem(api.get("/runs/zzzzzzzz/stream"), 404)


def test_streams_are_bounded_and_end_with_the_server(store, monkeypatch):
    monkeypatch.setattr("ui.api.routes.runs.MOST_STREAMS", 1)
    run = new_run(store)
    with serving(store) as address, client(address) as api:
        with api.stream("GET", f"/runs/{run.id}/stream") as first:
            lines = first.iter_lines()
            assert next(lines).startswith("retry")
            refused = api.get(f"/runs/{run.id}/stream")
            assert "streams" in problem(refused, 503)["detail"]
            assert refused.headers["retry-after"]
        open_at_the_end = httpx.Client(base_url=api.base_url, timeout=30, trust_env=False)
        told = open_at_the_end.send(open_at_the_end.build_request("GET", f"/runs/{run.id}/stream"), stream=True)
    assert "end" not in [name for name, _, _ in heard(told.iter_lines())]
    open_at_the_end.close()


def test_a_worker_elsewhere_drives_what_the_api_started(api, store, tmp_path):
    run = start(api, tmp_path).json()
    assert Worker(store).run(run["id"])
    found = api.get(f"/runs/{run['id']}/proposals").json()["items"]
    assert {one["table"] for one in found} == {"orders"}
    assert all(one["dry_run"]["outcome"] in ("Passed", "Failed") for one in found)


def _version() -> str:
    from graph.state import GRAPH_VERSION

    return GRAPH_VERSION
