"""Who gets into the API, what each role may, and what never leaves it."""

from __future__ import annotations

import json
import logging
import socket
import time
from urllib.parse import urlsplit

import httpx
import pytest

from memory import Memory
from memory.people import People
from tests.support.api import V1, client, problem, serving, tokens
from tests.support.runs import write_orders
from tests.support.waiting import waiting_run
from ui.api import shell, stream

ROLES = {"vic": "viewer", "art": "author", "pia": "approver"}


@pytest.fixture
def signed(store: Memory, tmp_path, monkeypatch):
    """The address of a server with users, and their tokens."""
    monkeypatch.setenv("ASSAY_USERS", str(tmp_path / "users.toml"))
    made = tokens(store, **ROLES)
    with serving(store) as address:
        yield address, made


@pytest.fixture
def address(store: Memory, tmp_path, monkeypatch):
    """A server without users."""
    monkeypatch.delenv("ASSAY_USERS", raising=False)
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path / "home"))
    with serving(store) as found:
        yield found


def test_without_a_token_that_is_known_nothing_is_told(signed):
    for header in ("", "Bearer", "Bearer assay_00000000_guess", "Basic YTpi", "assay_x", "Bearer \xff"):
        headers = {"Authorization": header.encode("latin-1")} if header else {}
        for path in ("/runs", "/audit?odd=1", "/me", "/runs/abcdefgh/stream", "/datasets"):
            refused = httpx.get(signed[0] + V1 + path, headers=headers)
            assert "assay users token" in problem(refused, 401)["detail"]
            assert refused.headers["www-authenticate"].startswith("Bearer")
    unread = httpx.post(f"{signed[0]}{V1}/runs", content=b"a=b")
    problem(unread, 401)
    for path in ("/health", "/ready", f"{V1}/openapi.json"):
        assert httpx.get(signed[0] + path).status_code == 200


def test_a_token_stands_for_its_person_and_role(signed):
    for name, token in signed[1].items():
        with client(signed[0], token) as api:
            assert api.get("/me").json() == {"name": name, "role": ROLES[name]}


def test_each_role_may_what_it_may(signed, store, tmp_path):
    run = waiting_run(store, rules=["RowCount > 1"])
    document = {"ruleset": "Rules = [ RowCount > 2 ]"}
    asked = {
        ("POST", "/runs"): ("author", {"sources": [write_orders(tmp_path)], "model": "offline"}),
        ("POST", "/compare"): ("author", {"before": write_orders(tmp_path), "now": write_orders(tmp_path)}),
        ("POST", f"/runs/{run.run_id}/proposals/1/preview"): ("approver", {"rule": "RowCount > 2"}),
        ("POST", f"/runs/{run.run_id}/reopen"): ("approver", {}),
        ("POST", f"/runs/{run.run_id}/decisions"): ("approver", {"all": {"action": "approve"}}),
        ("POST", f"/datasets/{run.dataset_id}/ruleset"): ("approver", document),
        ("POST", "/rules/1/disable"): ("approver", {"reason": "why not"}),
        ("POST", "/points/1/verdict"): ("approver", {"verdict": "normal", "reason": "sale"}),
        ("GET", f"/runs/{run.run_id}"): ("viewer", None),
        ("GET", "/audit"): ("viewer", None),
        ("POST", "/lineage"): ("author", {}),
        ("POST", "/lineage/batch"): ("author", []),
        ("POST", f"/runs/{run.run_id}/cancel"): ("author", {}),
        ("POST", f"/runs/{run.run_id}/resume"): ("author", {}),
    }
    order = list(ROLES.values())
    for (method, path), (least, body) in asked.items():
        for name, role in ROLES.items():
            with client(signed[0], signed[1][name]) as api:
                answer = api.request(method, path, json=body)
            if order.index(role) < order.index(least):
                assert f"has the role {role}" in problem(answer, 403)["detail"], path
            else:
                assert answer.status_code not in (401, 403), (path, role, answer.text)
    deciders = {entry.actor for entry in store.audit.entries() if entry.action == "rule.decided"}
    assert deciders == {"pia"}, "the token's name, whatever a body says"


def test_a_change_counts_from_the_next_request_on(signed):
    with client(signed[0], signed[1]["vic"]) as api:
        People().change("vic", role="author")
        assert api.get("/me").json()["role"] == "author"
        People().change("vic", tokens=())
        problem(api.get("/me"), 401)


def test_a_stream_ends_when_its_token_is_taken_back(signed, store, monkeypatch):
    monkeypatch.setattr(stream, "HEARTBEAT_SECONDS", 0.1)
    run = waiting_run(store, rules=["RowCount > 1"])
    store.db.rows("update runs set status = 'queued' returning id")
    with client(signed[0], signed[1]["vic"]) as api, api.stream("GET", f"/runs/{run.run_id}/stream") as told:
        lines = told.iter_lines()
        next(lines)
        People().remove("vic")
        assert not any(line.startswith("event: end") for line in lines)


def test_who_may_not_approve_their_own_rules_is_refused(signed, store):
    from graph.people import change_setting
    from graph.permissions import Actor

    run = waiting_run(store, rules=["RowCount > 1"])
    store.db.rows("update runs set requested_by = 'pia' returning id")
    change_setting(store, "approver_differs", True, Actor("boss", "admin"))
    with client(signed[0], signed[1]["pia"]) as api:
        refused = api.post(f"/runs/{run.run_id}/decisions", json={"all": {"action": "approve"}})
    assert "may not approve" in problem(refused, 403)["detail"]


def test_a_user_file_that_cannot_be_used_lets_nobody_in(signed):
    People().path.chmod(0o644)
    with client(signed[0], signed[1]["pia"]) as api:
        assert "user file" in problem(api.get("/me"), 503)["detail"]


def test_without_users_this_machine_alone_is_answered(address):
    assert httpx.get(f"{address}{V1}/me").json()["role"] == "admin"
    outsiders = [
        {"Host": "evil.example"},
        {"Host": "evil.example:8600", "Origin": "http://evil.example:8600"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"X-Forwarded-For": "203.0.113.9"},
    ]
    for headers in outsiders:
        problem(httpx.get(f"{address}{V1}/me", headers=headers), 403)
        problem(httpx.post(f"{address}{V1}/runs/abcdefgh/cancel", headers=headers), 403)
    own = {"Origin": address}
    assert httpx.get(f"{address}{V1}/me", headers=own).status_code == 200


def test_what_a_page_of_another_site_may_send_decides_nothing(address, store):
    run = waiting_run(store, rules=["RowCount > 1"])
    body = b'{"all": {"action": "approve"}}'
    # The kinds of body that a browser sends without asking first; an old one might not name the page either.
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json", ""):
        headers = {"Content-Type": kind} if kind else {}
        told = problem(httpx.post(f"{address}{V1}/runs/{run.run_id}/decisions", content=body, headers=headers), 415)
        assert "Content-Type: application/json" in told["detail"]
        problem(httpx.post(f"{address}{V1}/runs/{run.run_id}/cancel", content=body, headers=headers), 415)
    assert store.runs.get(run.run_id).status == "waiting"
    assert store.approvals.proposals(run.run_id)[0].decision is None
    kind = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert httpx.post(f"{address}{V1}/runs/{run.run_id}/decisions", content=body, headers=kind).status_code == 200


def test_no_other_site_is_invited(signed):
    with client(signed[0], signed[1]["vic"]) as api:
        asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
        refused = api.request("OPTIONS", "/runs", headers=asked)
        assert refused.status_code == 405
        told = api.get("/me", headers={"Origin": "https://evil.example"})
    for answer in (refused, told):
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers


def test_a_body_that_is_too_large_or_no_json_is_refused(address):
    large = b'{"sources": ["' + b"x" * 1_100_000 + b'"]}'
    json_header = {"Content-Type": "application/json"}
    problem(httpx.post(f"{address}{V1}/runs", content=large, headers=json_header), 413)
    problem(
        httpx.post(f"{address}{V1}/runs", content=iter([large[:700_000], large[700_000:]]), headers=json_header), 413
    )
    problem(httpx.post(f"{address}{V1}/runs", content=b'{"sources"', headers=json_header), 422)
    nested = b"[" * 100_000
    assert httpx.post(f"{address}{V1}/runs", content=nested, headers=json_header).status_code in (400, 422)
    told = problem(httpx.post(f"{address}{V1}/runs", content=b'{"sources": }', headers=json_header), 422)
    assert told["errors"] == [{"where": "body", "message": "Not JSON from character 13 on: Expecting value."}]


def test_a_body_that_stays_away_is_not_waited_for(address, monkeypatch):
    monkeypatch.setattr(shell, "BODY_SECONDS", 0.2)
    where = urlsplit(address)
    with socket.create_connection((where.hostname, where.port), timeout=10) as slow:
        head = f"POST {V1}/compare HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Type: application/json\r\n"
        slow.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())
        assert b" 408 " in slow.recv(10_000)


def test_secrets_are_neither_told_nor_logged(signed, caplog):
    secret = "hunter2-hunter2"
    bodies = [
        {"sources": [f"postgresql://ann:{secret}@127.0.0.1:1/db/public/orders"], "model": "offline"},
        {"sources": [f"postgresql://ann:{secret}@127.0.0.1:1/db"], "goal": 5, "pass": secret},
        {"sources": [{"password": secret}]},
    ]
    with caplog.at_level(logging.INFO), client(signed[0], signed[1]["art"]) as api:
        answers = [api.post("/runs", json=body, params={"token": secret}) for body in bodies]
        answers += [api.post("/compare", json={"before": bodies[0]["sources"][0], "now": "b"})]
        answers += [api.get("/me", headers={"Authorization": f"Bearer assay_{secret}"})]
    for answer in answers:
        assert answer.status_code in (401, 422)
        assert secret not in answer.text + str(answer.headers)
    assert "/api/v1/runs 422" in caplog.text
    ours = "".join(record.getMessage() for record in caplog.records if record.name != "httpx")
    assert secret not in ours
    assert signed[1]["art"] not in caplog.text


def test_a_bug_is_told_by_its_number_alone(address, monkeypatch, caplog):
    monkeypatch.setattr("ui.api.routes.log.models.Me", None)
    told = httpx.get(f"{address}{V1}/me", headers={"X-Request-ID": "mine-1"})
    found = problem(told, 500)
    assert found["request_id"] == "mine-1"
    assert "NoneType" not in json.dumps(found)
    give_up = time.monotonic() + 10
    while "NoneType" not in caplog.text and time.monotonic() < give_up:
        time.sleep(0.01)
    assert "mine-1 broke" in caplog.text
    own = httpx.get(f"{address}{V1}/rules/1", headers={"X-Request-ID": "x" * 65})
    assert len(own.headers["x-request-id"]) == 32


def test_a_store_that_is_away_is_told(address, store):
    store.close()
    assert httpx.get(f"{address}/health").status_code == 200
    problem(httpx.get(f"{address}/ready"), 503)
    problem(httpx.get(f"{address}{V1}/rules"), 503)


def test_what_nobody_knows_is_not_ignored(address):
    told = problem(httpx.get(f"{address}{V1}/runs", params={"state": "waiting", "limit": 1}), 422)
    assert told["errors"][0]["where"] == "query.state"
    assert "status" in told["detail"]
    problem(httpx.get(f"{address}{V1}/me", params={"limit": 1}), 422)


def test_head_is_get_without_the_body_and_what_else_may_be_asked_is_told(address):
    for path in ("/health", f"{V1}/runs", f"{V1}/rules/9"):
        one, other = httpx.head(address + path), httpx.get(address + path)
        assert one.status_code == other.status_code
        assert one.headers["content-type"] == other.headers["content-type"]
        assert one.content == b""
    for path, allowed in {
        f"{V1}/runs": "HEAD, GET, POST",
        f"{V1}/runs/abcdefgh/cancel": "POST",
        f"{V1}/runs/abcdefgh/stream": "GET",
    }.items():
        refused = httpx.delete(address + path)
        problem(refused, 405)
        assert refused.headers["allow"] == allowed
    assert httpx.head(f"{address}{V1}/runs/abcdefgh/stream").status_code == 405
    assert httpx.get(f"{address}{V1}/runs/").status_code == 404, "no redirect, which would name http"


def test_what_is_not_there_is_a_problem_too(address):
    problem(httpx.get(f"{address}/"), 404)
    problem(httpx.get(f"{address}{V1}/lineages"), 404)
    problem(httpx.get(f"{address}{V1}/lineage"), 405)
    problem(httpx.delete(f"{address}{V1}/runs"), 405)
    problem(httpx.get(f"{address}{V1}/datasets/no-uuid"), 422)
