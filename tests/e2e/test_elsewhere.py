"""One store, several machines: a run is started on one, decided about on another, and goes on on a third.

Machines share nothing here but the database and the tables: each has a home and a working directory of its own.
"""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.runs import write_orders
from tests.support.terminals import ASSAY, SECONDS, environment, obey_interrupts


class Machine:
    """A home and a working directory."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        folder.mkdir()
        self._env = environment(folder / "home", ASSAY_DATABASE_URL=url, ASSAY_AUDIT_KEY="k" * 32)

    def call(self, *arguments: str) -> dict:
        done = subprocess.run(
            [ASSAY, *arguments, "--json"],
            env=self._env,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert done.returncode in (0, 1), done.stderr
        return json.loads(done.stdout)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        obey_interrupts()
        return subprocess.Popen([ASSAY, *arguments], env=self._env, cwd=self._folder, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def machines(store_url, tmp_path) -> list[Machine]:
    return [Machine(tmp_path / name, store_url) for name in ("one", "two", "three")]


def test_a_run_moves_from_machine_to_machine(machines, tmp_path):
    one, two, three = machines
    source = Path(write_orders(tmp_path / "one", rows=2))
    run = one.call("run", source.name, "--pause", "--as", "Ann")["run"]
    assert [request["run_id"] for request in two.call("pending")] == [run]
    two.call("decide", run, "--approve", "1", "--no-continue", "--as", "Bob")
    two.call("decide", run, "--approve-all", "--no-continue", "--as", "Bob")
    done = three.call("resume", run)
    assert (done["status"], len(done["tables"])) == ("done", 1)
    assert {proposal["decision"]["actor"] for proposal in done["proposals"]} == {"Bob"}


def test_a_cancel_from_another_machine_is_quick(machines, tmp_path):
    one, two, _ = machines
    source = write_orders(tmp_path / "one", "large.csv", rows=200_000)
    process = one.start("run", source, "--pause")
    assert process.stderr
    while "profiler" not in process.stderr.readline():
        pass
    run = two.call("runs", "list")[0]["id"]
    two.call("cancel", run)
    begun = time.monotonic()
    process.communicate(timeout=SECONDS)
    assert process.returncode == 2
    assert time.monotonic() - begun < 10
    assert two.call("runs", "list")[0]["status"] == "cancelled"
    assert two.call("pending") == []


def test_ctrl_c_is_quick_and_another_machine_goes_on(machines, tmp_path):
    one, two, _ = machines
    source = write_orders(tmp_path / "one", "large.csv", rows=100_000)
    process = one.start("run", source, "--pause")
    assert process.stderr
    while "profiler" not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGINT)
    begun = time.monotonic()
    told = process.communicate(timeout=SECONDS)[1]
    assert process.returncode == 130
    assert time.monotonic() - begun < 10
    assert "assay resume" in told
    run = two.call("runs", "list")[0]
    assert run["status"] == "queued"
    assert two.call("resume", run["id"])["status"] == "waiting"
