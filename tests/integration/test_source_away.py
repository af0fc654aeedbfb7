"""A source that is away in the middle of a run: a typed error, and the run goes on once it is back."""

from __future__ import annotations

import http.server
import math
import shutil
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlglot import exp

from graph.runs import Runs
from graph.worker import Worker
from memory import Memory, embedded
from tests.support.runs import ORDERS, approve_all
from tests.support.s3 import bucket
from tests.support.same_table import postgres_uri
from tools import sources
from tools.sources import SourceError, aws


class Server:
    """A PostgreSQL of its own that is stopped and started."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.url = embedded.start(home)

    def stop(self) -> None:
        embedded.stop(self.home)

    def start(self) -> None:
        assert embedded.start(self.home) == self.url


@pytest.fixture
def server() -> Iterator[Server]:
    home = Path(tempfile.mkdtemp(prefix="assay-a-"))
    server = Server(home)
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("create table orders (id int, email text, status text, amount float)")
        with connection.cursor().copy("copy orders from stdin (format csv, header)") as copy:
            copy.write(ORDERS)
    yield server
    server.stop()
    shutil.rmtree(home)


def waiting(store: Memory, uri: str) -> tuple[Runs, str]:
    """A run that waits for its approval."""
    runs = Runs(store)
    run = runs.start([uri], requested_by="Ann", model="offline")
    assert Worker(store).run(run.id)
    assert store.runs.get(run.id).status == "waiting"
    return runs, run.id


def goes_on(runs: Runs, run_id: str) -> None:
    """The run is resumed, and validates every rule."""
    assert runs.resume(run_id).status == "queued"
    assert Worker(runs.memory).run(run_id)
    report = runs.report(run_id)
    assert (report.run.status, report.run.error) == ("done", None)
    assert len(report.tables[0].evaluation["rules"]) == len(report.proposals)
    profiled = [event for event in runs.follow(run_id) if event.kind == "started" and event.agent == "profiler"]
    assert len(profiled) == 1  # what was done before is not done again


def test_a_run_goes_on_when_its_database_is_back(store: Memory, server: Server) -> None:
    uri = postgres_uri(conninfo_to_dict(server.url), "orders")
    runs, run_id = waiting(store, uri)
    server.stop()
    approve_all(runs, run_id)
    assert Worker(store).run(run_id)
    report = runs.report(run_id)
    assert not report.passed
    assert report.resumable
    assert report.tables == []
    assert "nothing listens there" in (report.run.error or ""), report.run.error
    with pytest.raises(SourceError, match="nothing listens there"):
        runs.start([uri], requested_by="Ann", model="offline")

    runs.resume(run_id)
    assert Worker(store).run(run_id)  # too early: it ends as before, and can be resumed again
    assert runs.report(run_id).resumable
    server.start()
    goes_on(runs, run_id)


class Gate:
    """Stands before S3: answers 503 to so many requests, and lets the others through."""

    def __init__(self, behind: str) -> None:
        self.refusing = 0.0
        gate = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def pass_on(self) -> None:
                if gate.refusing:
                    gate.refusing -= 1
                    self.answer(503, {}, b"<Error><Code>SlowDown</Code><Message>Slow down</Message></Error>")
                    return
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {k: v for k, v in self.headers.items() if k.lower() != "transfer-encoding"}
                asked = urllib.request.Request(behind + self.path, body or None, headers, method=self.command)
                try:
                    with urllib.request.urlopen(asked) as found:
                        self.answer(found.status, dict(found.headers), found.read())
                except urllib.error.HTTPError as error:
                    self.answer(error.code, dict(error.headers), error.read())

            def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
                self.send_response(HTTPStatus(status))
                length = headers.pop("Content-Length", str(len(body)))
                for name, value in headers.items():
                    if name.lower() not in ("connection", "transfer-encoding", "server", "date"):
                        self.send_header(name, value)
                self.send_header("Content-Length", length)
                self.end_headers()
                self.wfile.write(body if self.command != "HEAD" else b"")

            do_GET = do_HEAD = do_PUT = do_POST = pass_on

            def log_message(self, *_: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    with bucket(monkeypatch) as client:
        client.put_object(Bucket="lake", Key="orders.csv", Body=ORDERS.encode())
        gate = Gate(client.meta.endpoint_url)
        monkeypatch.setenv("AWS_ENDPOINT_URL", gate.url)
        monkeypatch.setattr(aws, "TRIES", 3)
        yield gate
        gate.close()


def test_a_run_goes_on_when_s3_answers_again(store: Memory, gate: Gate) -> None:
    runs, run_id = waiting(store, "s3://lake/orders.csv")
    gate.refusing = math.inf
    with pytest.raises(SourceError, match="AWS still throttles"):
        sources.open("s3://lake/orders.csv")
    approve_all(runs, run_id)
    assert Worker(store).run(run_id)
    report = runs.report(run_id)
    assert report.resumable
    assert "AWS still throttles" in (report.run.error or ""), report.run.error
    gate.refusing = 0
    goes_on(runs, run_id)


def test_s3_that_refuses_for_a_moment_is_not_noticed(gate: Gate) -> None:
    gate.refusing = 2
    with sources.open("s3://lake/orders.csv") as table:
        assert table.query(exp.select("*").from_(table.relation())).num_rows == 5
    assert gate.refusing == 0
