"""kill -9 of the process that executes a run: whoever comes next finishes it, and nothing happens twice."""

import signal
import subprocess
import sys

import pytest

from graph.runs import Runs
from graph.worker import Worker
from tests.support.runs import approve_all, write_orders

BEFORE_THE_APPROVAL = [
    "tools.profiling:profile",
    "memory.catalog:Catalog.save_profile:after",
    "memory.approvals:Approvals.propose",
    "memory.approvals:Approvals.propose:after",
    "memory.approvals:Approvals.open:after",
    "graph.worker:Worker._ending",
]
AFTER_THE_APPROVAL = [
    "memory.rules:Rules.activate",
    "memory.rules:Rules.activate:after",
    "memory.recall:Recall.remember:after",
    "memory.results:Results.save:after",
]


def killed_at(point: str, store_url: str, run_id: str) -> None:
    command = [sys.executable, "-m", "tests.support.doomed", store_url, run_id, point]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == "here", f"the worker never came to {point}"
        child.send_signal(signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL


def finish(runs: Runs, run_id: str) -> None:
    """Takes the run over, decides if it waits, and checks that everything is there once."""
    if runs.memory.runs.get(run_id).status != "waiting":
        assert Worker(runs.memory).run(run_id)
    proposals = runs.proposals(run_id)
    if any(p.decision is None for p in proposals):
        approve_all(runs, run_id)
        assert Worker(runs.memory).run(run_id)
    report = runs.report(run_id)
    assert report.run.status == "done"
    assert [p.number for p in proposals] == list(range(1, len(proposals) + 1))
    assert len({p.fingerprint for p in proposals}) == len(proposals)
    rules = runs.memory.rules.all(status="approved")
    assert sorted(rule.rule_expression for rule in rules) == sorted(p.rule for p in proposals)
    assert len(report.tables) == 1


@pytest.mark.parametrize("point", BEFORE_THE_APPROVAL)
def test_killed_before_the_approval(store, store_url, tmp_path, point):
    runs = Runs(store)
    run = runs.start([write_orders(tmp_path)], requested_by="Ann", model="offline")
    killed_at(point, store_url, run.id)
    assert store.runs.get(run.id).status == "running"
    finish(runs, run.id)


@pytest.mark.parametrize("point", AFTER_THE_APPROVAL)
def test_killed_after_the_approval(store, store_url, tmp_path, point):
    runs = Runs(store)
    run = runs.start([write_orders(tmp_path)], requested_by="Ann", model="offline")
    Worker(store).run(run.id)
    approve_all(runs, run.id)
    killed_at(point, store_url, run.id)
    finish(runs, run.id)


def test_killed_while_it_waits_for_a_person(store, store_url, tmp_path):
    runs = Runs(store)
    run = runs.start([write_orders(tmp_path)], requested_by="Ann", model="offline")
    killed_at("memory.runs:Runs.release:after", store_url, run.id)
    assert store.runs.get(run.id).status == "waiting"
    finish(runs, run.id)
