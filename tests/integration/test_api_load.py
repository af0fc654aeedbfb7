"""What the HTTP API costs the store; no slow request is felt by another client, or by who stops the server."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest

from graph.runs import Runs
from memory import Memory
from memory.model import NewProposal
from tests.support.api import V1, client, heard, serving
from tests.support.browser import free_port
from tests.support.stores import new_dataset, new_proposal, new_run
from ui.api import server

THREADS = 45
"""More than a server has for requests."""


def filled(store: Memory, tables: int) -> str:
    """A run with two proposals, an active rule and a result for each table, and as many runs more."""
    run = new_run(store)
    for number in range(tables):
        dataset = new_dataset(store, f"/data/t{number}.csv").id
        store.approvals.propose(run.id, dataset, [proposal('IsComplete "email"'), proposal('IsUnique "email"')])
        store.rules.import_rules(dataset, ['IsComplete "email"'], "ann")
        evaluation = {
            "rows": 1,
            "queries": 1,
            "passed": True,
            "rules": [],
            "statistics": {},
            "problems": [],
            "points": {},
        }
        store.results.save(run.id, dataset, "v1", evaluation, {}, 1.0)
        new_run(store)
    store.db.rows(
        "insert into approvals (run_id, requested_at, window_seconds, expires_at) select id, now(), 60, "
        "now() + interval '1 hour' from runs on conflict do nothing returning run_id"
    )
    return run.id


def proposal(rule: str) -> NewProposal:
    return new_proposal(rule, dry_run={"outcome": "Passed"})


@contextmanager
def counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The statements that are sent to the store meanwhile."""
    sent: list[str] = []
    execute = psycopg.Cursor.execute

    def told(self, query, *rest, **options):
        if query:  # an empty one asks whether the connection lives
            sent.append(str(query))
        return execute(self, query, *rest, **options)

    with monkeypatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", told)
        yield sent


def test_a_list_of_many_costs_as_many_queries_as_one_of_few(store, monkeypatch):
    few = filled(store, 1)
    counts: dict[str, list[int]] = {}
    with serving(store) as address, client(address) as api:
        for run in (few, filled(store, 6)):
            for path in (
                "/runs",
                "/approvals",
                "/rules",
                "/datasets",
                f"/runs/{run}",
                f"/runs/{run}/proposals",
                f"/runs/{run}/events",
                "/audit",
            ):
                with counting(monkeypatch) as sent:
                    assert api.get(path).status_code == 200
                counts.setdefault(path.replace(run, "RUN"), []).append(len(sent))
    assert all(one == other for one, other in counts.values()), counts
    assert max(one for one, _ in counts.values()) <= 10, counts
    assert counts["/runs"] == counts["/approvals"] == counts["/rules"] == [1, 1]


def test_a_slow_query_is_not_felt_by_other_clients(store):
    run = new_run(store)
    slow: list[int] = []
    with serving(store) as address, client(address) as api, psycopg.connect(store.url) as other:
        other.execute("lock table dq_rules in access exclusive mode")
        stuck = [threading.Thread(target=lambda: slow.append(api.get("/rules").status_code)) for _ in range(5)]
        for thread in stuck:
            thread.start()
        with client(address) as quick, quick.stream("GET", f"/runs/{run.id}/stream") as told:
            store.runs.append_event(run.id, "note", {})
            began = time.monotonic()
            assert quick.get("/me").status_code == 200
            assert httpx.get(f"{address}/health").status_code == 200
            store.runs.request_cancel(run.id, "ann")
            assert [name for name, _, _ in heard(told.iter_lines())] == ["message", "end"]
        assert time.monotonic() - began < 10
        assert slow == []
        other.rollback()
        for thread in stuck:
            thread.join()
    assert slow == [200] * 5


def test_a_stream_goes_on_while_all_threads_of_requests_are_taken(store, monkeypatch):
    run, over = new_run(store), threading.Event()
    monkeypatch.setattr(Runs, "preview_edit", lambda *_: over.wait(30))
    with serving(store) as address, client(address) as api:
        path = f"/runs/{run.id}/proposals/1/preview"
        taken = [threading.Thread(target=lambda: api.post(path, json={"rule": "RowCount > 1"})) for _ in range(THREADS)]
        with client(address) as quick, quick.stream("GET", f"/runs/{run.id}/stream") as told:
            lines = told.iter_lines()
            assert next(lines).startswith("retry")
            for thread in taken:
                thread.start()
            time.sleep(1)
            store.runs.request_cancel(run.id, "ann")
            assert [name for name, _, _ in heard(lines)] == ["end"]
            assert httpx.get(f"{address}/health").status_code == 200
        assert not over.is_set()
        over.set()
        for thread in taken:
            thread.join()


def test_who_sends_half_a_request_does_not_keep_the_server(store, monkeypatch, caplog):
    monkeypatch.setattr(server, "GRACE_SECONDS", 1)
    with caplog.at_level(logging.INFO), serving(store) as address:
        slow = half_a_request(address)
        began = time.monotonic()
    assert time.monotonic() - began < 10
    slow.close()
    assert "cut off" in caplog.text
    assert "Traceback" not in caplog.text


def test_a_request_that_waits_for_the_store_does_not_keep_the_process(store_url, tmp_path):
    port = free_port()
    environment = {**os.environ, "ASSAY_DATABASE_URL": store_url, "ASSAY_HOME": str(tmp_path)}
    line = [str(Path(sys.executable).with_name("assay")), "api", "--no-worker", "--port", str(port)]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(line, env=environment, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        ends_in_time(address, process, store_url)
    finally:
        process.kill()
        process.wait()
    assert "Traceback" not in (tmp_path / "log").read_text()


def ends_in_time(address: str, process: subprocess.Popen[bytes], store_url: str) -> None:
    """Stops a server while a request waits for a table that is locked."""
    until_it_answers(address, process)
    with psycopg.connect(store_url) as other, httpx.Client(timeout=30, trust_env=False) as api:
        other.execute("lock table dq_rules in access exclusive mode")
        with pytest.raises(httpx.ReadTimeout):
            api.get(f"{address}{V1}/rules", timeout=0.5)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert time.monotonic() - began < 15


def until_it_answers(address: str, process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        assert process.poll() is None
        try:
            if httpx.get(f"{address}/ready", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("it does not answer")


def half_a_request(address: str) -> socket.socket:
    host, _, port = address.removeprefix("http://").partition(":")
    slow = socket.create_connection((host, int(port)))
    head = f"POST {V1}/runs HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    slow.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())
    time.sleep(0.2)
    return slow
