"""`langgraph.json` in a real LangGraph server: it loads the graph, runs it, and stops at the approval."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from graph.runs import Runs
from tests.support.runs import approve_all, write_orders

ROOT = Path(__file__).parents[2]
START_SECONDS = 90


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def server(store_url, tmp_path):
    """The address of `langgraph dev` on this checkout."""
    port = free_port()
    command = [str(Path(sys.executable).with_name("langgraph")), "dev", "--config", str(ROOT / "langgraph.json")]
    command += ["--no-browser", "--no-reload", "--allow-blocking", "--port", str(port)]
    env = {**os.environ, "ASSAY_DATABASE_URL": store_url, "ASSAY_MODEL": "offline", "LANGSMITH_TRACING": "false"}
    log = tmp_path / "server.log"
    with log.open("w") as out, subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(START_SECONDS * 2):
                if process.poll() is not None:
                    pytest.fail(log.read_text())
                try:
                    urllib.request.urlopen(f"{address}/ok", timeout=2)
                    break
                except (urllib.error.URLError, ConnectionError, TimeoutError):
                    time.sleep(0.5)
            yield address
        finally:
            process.terminate()


def post(address: str, path: str, body: dict) -> dict:
    request = urllib.request.Request(
        f"{address}{path}", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)


def get(address: str, path: str) -> dict:
    with urllib.request.urlopen(f"{address}{path}", timeout=30) as answer:
        return json.load(answer)


def test_a_run_through_the_server_stops_at_the_approval_and_ends_after_it(server, store, tmp_path):
    thread = post(server, "/threads", {})["thread_id"]
    body = {"assistant_id": "assay", "input": {"sources": [write_orders(tmp_path)]}}
    post(server, f"/threads/{thread}/runs/wait", body)
    state = get(server, f"/threads/{thread}/state")
    assert state["next"] == ["approval"]
    run_id = state["values"]["run_id"]
    [waits] = state["tasks"][0]["interrupts"]
    assert waits["value"] == {"run_id": run_id}

    # A resume by itself decides nothing: the run asks again.
    post(server, f"/threads/{thread}/runs/wait", {"assistant_id": "assay", "command": {"resume": {"run_id": run_id}}})
    assert get(server, f"/threads/{thread}/state")["next"] == ["approval"]
    assert store.rules.all() == []

    approve_all(Runs(store), run_id)
    post(server, f"/threads/{thread}/runs/wait", {"assistant_id": "assay", "command": {"resume": {"run_id": run_id}}})
    state = get(server, f"/threads/{thread}/state")
    assert state["next"] == []
    assert "rules passed" in state["values"]["answer"]
    assert store.rules.all(status="approved")
