"""The official Python client sends to the receiver: plain, packed, through a proxy that loses answers, to several."""

from __future__ import annotations

import json
import os
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest.mock import patch

import httpx
import pytest
import requests
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import DatasetEvent, Job, JobEvent, OutputDataset, RunState, StaticDataset
from openlineage.client.facet_v2 import lineage, ownership_job, tags_dataset
from openlineage.client.transport.http import HttpConfig, HttpTransport

from memory import Memory
from tests.support.api import serving, tokens
from tests.support.events import CLEAN, DB, GOLD, PRODUCER, RAW, column, official, reached, stored


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """The client writes what it reads in the environment back into it, in another form."""
    with patch.dict(os.environ):
        yield


@pytest.fixture
def address(lineage_store: Memory, tmp_path, monkeypatch) -> Iterator[str]:
    """A server without users."""
    monkeypatch.delenv("ASSAY_USERS", raising=False)
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path / "home"))
    with serving(lineage_store) as found:
        yield found


def http(url: str, **more: object) -> dict:
    """The configuration of a transport."""
    return {"type": "http", "url": url, "timeout": 20, "retry": {"backoff_factor": 0}, **more}


def test_an_event_arrives_and_can_be_asked_for(address, lineage_store):
    OpenLineageClient(config={"transport": http(address)}).emit(official())
    assert reached(lineage_store, column(RAW, "email")) == {"clean.mail"}
    step = lineage_store.lineage.path(column(RAW, "email"), column(CLEAN, "mail")).steps[0]
    assert (step.subtype, step.job, step.run) == ("TRANSFORMATION", ("nightly", "clean"), official().run.runId)


def test_configured_by_the_environment_alone(address, lineage_store, monkeypatch):
    monkeypatch.setenv("OPENLINEAGE_URL", address)
    OpenLineageClient().emit(official())
    assert stored(lineage_store) == 1


def test_gzip_and_the_token_of_a_person(lineage_store, tmp_path, monkeypatch):
    monkeypatch.setenv("ASSAY_USERS", str(tmp_path / "users.toml"))
    made = tokens(lineage_store, ann="author", vic="viewer")
    with serving(lineage_store) as address:
        for who, status in (("vic", 403), ("nobody", 401), ("ann", 201)):
            auth = {"type": "api_key", "apiKey": made.get(who, "unknown")}
            client = OpenLineageClient(config={"transport": http(address, compression="gzip", auth=auth)})
            if status == 201:
                client.emit(official())
                break
            with pytest.raises(requests.HTTPError, match=str(status)):
                client.emit(official())
            assert stored(lineage_store) == 0
    assert reached(lineage_store, column(RAW, "email")) == {"clean.mail"}


@contextmanager
def flaky(target: str, lost: int) -> Iterator[tuple[str, list[int]]]:
    """A proxy that hands requests on, and answers 503 to the first few all the same."""
    answers: list[int] = []

    class Proxy(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept = {name: value for name, value in self.headers.items() if name.lower().startswith("content-")}
            answer = httpx.post(target + self.path, content=body, headers=kept)
            answers.append(answer.status_code)
            self.send_response(503 if len(answers) <= lost else answer.status_code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", answers
    server.shutdown()
    server.server_close()


def test_an_event_that_is_sent_six_times_counts_once(address, lineage_store):
    with flaky(address, lost=5) as (proxy, answers):
        OpenLineageClient(config={"transport": http(proxy, compression="gzip")}).emit(official())
    assert answers == [201] * 6
    assert stored(lineage_store) == 1
    assert reached(lineage_store, column(RAW, "email")) == {"clean.mail"}


def test_one_of_several_backends(address, lineage_store, tmp_path):
    log = tmp_path / "events.jsonl"
    several = {
        "dead": http("http://127.0.0.1:9", retry={"total": 0, "connect": 0}),
        "assay": http(address),
        "log": {"type": "file", "log_file_path": str(log), "append": True},
    }
    OpenLineageClient(config={"transport": {"type": "composite", "transports": several}}).emit(official())
    assert stored(lineage_store) == 1
    assert json.loads(log.read_text())["job"]["name"] == "clean"


def test_runs_jobs_and_datasets_in_the_order_in_which_they_come(address, lineage_store):
    client = OpenLineageClient(config={"transport": http(address)})
    first, second = str(uuid.uuid4()), str(uuid.uuid4())
    client.emit(official(RunState.COMPLETE, "2026-11-01T10:05:00Z", first))
    client.emit(official(RunState.START, "2026-11-01T10:00:00Z", first))
    client.emit(official(RunState.FAIL, "2026-11-02T10:00:00Z", second))
    made = lineage.LineageDatasetInput(
        DB, CLEAN, "DATASET", "mail", [lineage.LineageTransformation("DIRECT", "IDENTITY")]
    )
    entry = lineage.LineageDatasetEntry(DB, GOLD, "DATASET", fields={"contact": lineage.LineageFieldEntry([made])})
    owned = ownership_job.OwnershipJobFacet([ownership_job.Owner("team:gold", "OWNER")])
    declared = Job("nightly", "gold", {"lineage": lineage.LineageJobFacet([entry]), "ownership": owned})
    said = {"eventTime": "2026-11-01T09:00:00Z", "producer": PRODUCER}
    client.emit(JobEvent(**said, job=declared, outputs=[OutputDataset(DB, GOLD)]))
    tagged = tags_dataset.TagsDatasetFacet([tags_dataset.TagsDatasetFacetFields("pii", "email", "people", "email")])
    client.emit(DatasetEvent(**said, dataset=StaticDataset(DB, RAW, facets={"tags": tagged})))
    assert reached(lineage_store, column(RAW, "email")) == {"clean.mail", "gold.contact"}
    found = lineage_store.lineage.impact(column(RAW, "email"))
    assert [owner.name for job in found.jobs for owner in job.owners] == ["team:gold"]
    assert {one.column for one in lineage_store.lineage.where_goes("pii").columns} == {
        column(RAW, "email"),
        column(CLEAN, "mail"),
        column(GOLD, "contact"),
    }


def test_many_threads_at_once(address, lineage_store):
    def send(number: int) -> None:
        config = HttpConfig.from_dict({"url": address, "timeout": 60})
        client = OpenLineageClient(transport=HttpTransport(config))
        for one in range(5):
            client.emit(official(run=str(uuid.UUID(int=number * 10 + one + 1)), job=f"job {number}"))

    threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stored(lineage_store) == 40
    row = lineage_store.db.row("select count(*) as n from lineage_jobs where kind = 'job'")
    assert row
    assert row["n"] == 8
