"""What a store keeps of runs: those of other versions, of LangGraph servers, and those that ended long ago."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from graph.app import graph as server_graph
from graph.build import build
from graph.errors import RunError
from graph.runs import Runs
from graph.services import Services
from graph.state import GRAPH_VERSION
from graph.worker import Worker
from memory.errors import StoreError
from tests.support import stored_runs
from tests.support.runs import approve_all, scripted_worker, write_orders
from tests.support.scripted import ScriptedModel

REMAKE = "a stored run cannot go on: raise GRAPH_VERSION and run `python -m tests.support.stored_runs`"


@pytest.fixture
def runs(store) -> Runs:
    return Runs(store)


def waiting(runs: Runs, source: str) -> str:
    run = runs.start([source], requested_by="Ann", model="offline")
    Worker(runs.memory).run(run.id)
    return run.id


def ended(runs: Runs, run_id: str, days: int) -> None:
    with runs.memory.db.transaction() as connection:
        connection.execute(
            "update runs set finished_at = now() - make_interval(days => %s) where id = %s", [days, run_id]
        )


def checkpoints(runs: Runs, run_id: str) -> int:
    return len(runs.memory.db.rows("select checkpoint_id from checkpoints where thread_id = %s", [run_id]))


def test_a_run_that_an_earlier_day_stored_goes_on(runs, store_url):
    stored_runs.write_tables()
    with psycopg.connect(store_url) as connection:
        ids = stored_runs.load(connection)
    for where, run_id in ids.items():
        assert runs.memory.runs.get(run_id).graph_version == GRAPH_VERSION, REMAKE
        for _ in range(2):
            if runs.memory.runs.get(run_id).status == "waiting":
                approve_all(runs, run_id)
            Worker(runs.memory).run(run_id)
        report = runs.report(run_id)
        assert (report.run.status, report.run.error, len(report.tables)) == ("done", None, 2), f"{where}: {REMAKE}"
        assert len(runs.memory.rules.all(status="approved")) > 5, f"{where}: {REMAKE}"


def test_a_run_of_another_version_is_refused_with_what_to_do_instead(runs, tmp_path):
    source = write_orders(tmp_path)
    run = runs.memory.runs.create(
        kind="run", goal="g", sources=[source], model="offline", graph_version="0", requested_by="Ann"
    )
    with pytest.raises(
        RunError, match=f"version 0, this one's is {GRAPH_VERSION}.*start anew with `assay run {source}`"
    ):
        runs.resume(run.id)
    Worker(runs.memory).run(run.id)
    report = runs.report(run.id)
    assert "cannot go on in this one" in str(report.run.error)
    assert not report.resumable


def test_a_failed_run_is_not_among_what_waits_for_a_person(runs, tmp_path):
    run_id = waiting(runs, write_orders(tmp_path))
    with runs.memory.db.transaction() as connection:
        connection.execute(
            "update runs set status = 'failed', error = 'x', finished_at = now() where id = %s", [run_id]
        )
    assert runs.pending() == []
    runs.resume(run_id)
    Worker(runs.memory).run(run_id)
    assert [request.run_id for request in runs.pending()] == [run_id]


def test_checkpoints_of_runs_that_ended_long_ago_are_forgotten_and_nothing_else(runs, tmp_path):
    source = write_orders(tmp_path)
    old, young, open_ = (waiting(runs, source) for _ in range(3))
    for run_id in (old, young):
        approve_all(runs, run_id)
        Worker(runs.memory).run(run_id)
    ended(runs, old, 31)
    ended(runs, young, 29)
    before, report = checkpoints(runs, old), runs.report(old)
    done = runs.prune(timedelta(days=30))
    assert (done.runs, done.checkpoints) == (1, before)
    assert [checkpoints(runs, run_id) > 0 for run_id in (old, young, open_)] == [False, True, True]
    for table in ("checkpoint_blobs", "checkpoint_writes"):
        assert runs.memory.db.rows(f"select 1 from {table} where thread_id = %s", [old]) == []
    assert runs.report(old) == report
    assert runs.prune(timedelta(days=30)).runs == 0
    approve_all(runs, open_)
    assert Worker(runs.memory).run(open_)
    assert runs.memory.runs.get(open_).status == "done"


def test_a_failed_run_whose_checkpoints_were_forgotten_begins_anew_and_does_nothing_twice(runs, tmp_path):
    run_id = waiting(runs, write_orders(tmp_path))
    proposals = runs.proposals(run_id)
    runs.cancel(run_id)
    ended(runs, run_id, 40)
    assert runs.prune(timedelta(days=30)).runs == 1
    runs.resume(run_id)
    Worker(runs.memory).run(run_id)
    assert runs.memory.runs.get(run_id).status == "waiting"
    assert runs.proposals(run_id) == proposals


def test_a_run_of_a_langgraph_server_that_fails_is_a_failed_run(runs, tmp_path):
    def broken(messages, tools):
        raise ZeroDivisionError("a bug")

    made = scripted_worker(runs.memory, ScriptedModel(answer=broken))._make(runs.memory, "")
    graph = build(lambda: Services(made.bench, made.team)).compile()
    with pytest.raises(ZeroDivisionError):
        graph.invoke({"sources": [write_orders(tmp_path)]})
    [run] = [run for run in runs.memory.runs.recent() if run.kind == "server"]
    assert (run.status, run.error) == ("failed", "a bug")


def test_a_run_of_a_langgraph_server_is_not_claimed_while_the_server_lives(runs):
    run = runs.memory.runs.create(
        kind="server", goal="g", sources=[], model="", graph_version="", requested_by="langgraph server"
    )
    runs.memory.runs.observe(run.id, "running")
    assert Worker(runs.memory).run() is False
    with runs.memory.db.transaction() as connection:
        connection.execute("update runs set lease_owner = %s where id = %s", ["elsewhere:1:0", run.id])
        connection.execute("update runs set lease_until = now() where id = %s", [run.id])
    assert Worker(runs.memory).run() is False
    assert runs.memory.runs.get(run.id).status == "failed"
    assert server_graph.name == "assay"


def test_only_what_a_server_executes_is_observed(runs, tmp_path):
    run = runs.start([write_orders(tmp_path)], requested_by="Ann", model="offline")
    runs.memory.runs.observe(run.id, "done")
    assert runs.memory.runs.get(run.id).status == "queued"


def test_a_store_that_dies_says_how_to_go_on(runs, tmp_path, monkeypatch):
    from ui.cli.driving import carry_out
    from ui.cli.output import Output

    run = runs.start([write_orders(tmp_path)], requested_by="Ann", model="offline")

    def dead(*_, **__):
        raise StoreError("The store does not answer.", hint="Is it there?")

    monkeypatch.setattr(runs.memory.runs, "events", dead)
    with pytest.raises(StoreError, match=f"Is it there\\? When it is back, go on with: assay resume {run.id}"):
        carry_out(Output(True), runs, run.id)
