"""What may happen to a worker besides its death: paused, doubled, stopped, cut off from the store, told to leave."""

from __future__ import annotations

import signal
import tempfile
import threading
import time
from pathlib import Path

import pytest
from langchain_core.messages import HumanMessage

from agents.offline import plan
from graph import hold, worker
from graph.runs import Runs
from graph.worker import Worker
from memory import Memory, embedded
from tests.support.everything import everything
from tests.support.halting import go_on, halted
from tests.support.runs import approve_all, scripted_worker, write_orders
from tests.support.scripted import ScriptedModel

PAUSED_RUNS = 200
RESUMES = 10
LEASE = 1.0


@pytest.fixture
def runs(store) -> Runs:
    return Runs(store)


def started(runs: Runs, *sources: str):
    return runs.start(sources, requested_by="Ann", model="offline")


def expired(runs: Runs, run_id: str) -> None:
    """Waits until a claim gets the run, and ends the lease as if nothing had been done."""
    for _ in range(200):
        run = runs.memory.runs.get(run_id)
        if run.lease_until and (run.lease_until - run.updated_at).total_seconds() <= LEASE:
            break
        time.sleep(0.05)
    time.sleep(LEASE + 0.2)


@pytest.mark.parametrize(
    "point",
    [
        "graph.checkpoints:LeasedSaver.put",
        "memory.approvals:Approvals.propose",
        "memory.runs:Runs.release",
    ],
)
def test_a_worker_that_was_paused_for_longer_than_its_lease_changes_nothing(runs, store_url, tmp_path, point):
    run = started(runs, write_orders(tmp_path))
    with halted(store_url, run.id, point, LEASE) as zombie:
        zombie.send_signal(signal.SIGSTOP)
        expired(runs, run.id)
        assert Worker(runs.memory).run(run.id)
        approve_all(runs, run.id)
        assert Worker(runs.memory).run(run.id)
        before = everything(store_url, run.id)
        zombie.send_signal(signal.SIGCONT)
        assert go_on(zombie) == "done"
    assert everything(store_url, run.id) == before


def test_a_lease_is_renewed_while_a_step_takes_its_time(runs, tmp_path, monkeypatch):
    monkeypatch.setattr(hold, "LEASE_SECONDS", LEASE)
    monkeypatch.setattr(worker, "LEASE_SECONDS", LEASE)
    monkeypatch.setattr(hold, "BEAT_SECONDS", 0.1)
    claims = []

    def slow(messages, tools):
        if tools[0]["name"] == "profile_table" and isinstance(messages[-1], HumanMessage):
            time.sleep(2 * LEASE)
            claims.append(runs.memory.runs.claim("elsewhere:1:0", seconds=1, run_id=run.id))
        return plan(messages, tools)

    run = started(runs, write_orders(tmp_path))
    scripted_worker(runs.memory, ScriptedModel(answer=slow)).run(run.id)
    assert claims == [None]
    assert runs.memory.runs.get(run.id).status == "waiting"


def test_of_two_workers_on_one_run_one_works(runs, store_url, tmp_path):
    run = started(runs, write_orders(tmp_path))
    with Memory.open(store_url) as other:
        barrier, took = threading.Barrier(2), []

        def work(memory: Memory) -> None:
            hands = Worker(memory)
            barrier.wait()
            took.append(hands.run(run.id))

        threads = [threading.Thread(target=work, args=[memory]) for memory in (runs.memory, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(took) == [False, True]
    assert [e.data["next"] for e in runs.follow(run.id) if e.kind == "routed"] == ["profiler", "recommender"]


def test_sigterm_ends_the_step_in_hand_and_gives_the_run_back(runs, store_url, tmp_path):
    run = started(runs, write_orders(tmp_path))
    with halted(store_url, run.id, "memory.catalog:Catalog.save_profile") as process:
        process.send_signal(signal.SIGTERM)
        assert go_on(process) == "queued"
    assert [e.agent for e in runs.follow(run.id, alive=lambda: False) if e.kind == "finished"] == ["profiler"]
    assert runs.memory.runs.get(run.id).attempt == 0
    assert Worker(runs.memory).run(run.id)
    assert [e.kind for e in runs.follow(run.id) if e.agent == "profiler"].count("started") == 1


def test_a_cancel_in_the_middle_of_a_long_call_is_quick_and_leaves_nothing_half_done(runs, store_url, tmp_path):
    asked, answer = threading.Event(), threading.Event()

    def slow(messages, tools):
        if tools[0]["name"] == "list_candidates" and not isinstance(messages[-1], HumanMessage):
            asked.set()
            answer.wait(30)
        return plan(messages, tools)

    run = started(runs, write_orders(tmp_path))
    hands = scripted_worker(runs.memory, ScriptedModel(answer=slow))
    thread = threading.Thread(target=hands.run, args=[run.id])
    thread.start()
    assert asked.wait(30)
    with Memory.open(store_url) as elsewhere:
        begun = time.perf_counter()
        Runs(elsewhere).cancel(run.id, "Bob")
        thread.join()
    assert time.perf_counter() - begun < hold.BEAT_SECONDS + worker.GRACE_SECONDS + 2
    assert runs.memory.runs.get(run.id).status == "cancelled"
    before = everything(store_url, run.id)
    answer.set()
    time.sleep(0.5)
    assert everything(store_url, run.id) == before, "what was left behind wrote something"
    assert runs.proposals(run.id) == []
    runs.resume(run.id, "Bob")
    assert Worker(runs.memory).run(run.id)
    assert runs.memory.runs.get(run.id).status == "waiting"


def test_a_worker_that_shall_stop_now_leaves_the_step(runs, tmp_path):
    def stopping(messages, tools):
        if tools[0]["name"] == "profile_table":
            hands.stop(now=True)
        return plan(messages, tools)

    run = started(runs, write_orders(tmp_path))
    hands = scripted_worker(runs.memory, ScriptedModel(answer=stopping))
    hands.run(run.id)
    assert runs.memory.runs.get(run.id).status == "queued"
    assert [e.kind for e in runs.memory.runs.events(run.id) if e.agent == "profiler"] == ["started"]
    assert Worker(runs.memory).run(run.id)
    assert runs.memory.runs.get(run.id).status == "waiting"


def test_a_run_goes_on_after_the_store_was_restarted_in_the_middle(tmp_path, monkeypatch):
    monkeypatch.setattr("graph.worker.RETRY_SECONDS", 0.1)
    home = Path(tempfile.mkdtemp(prefix="assay-r-"))
    restarts = iter(["profile_table", "list_candidates", "run_validation"])
    wanted = [next(restarts)]

    def restarting(messages, tools):
        if wanted[0] == tools[0]["name"]:
            wanted[0] = next(restarts, None)
            embedded.stop(home)
            embedded.start(home)
        return plan(messages, tools)

    try:
        with Memory.open(embedded.start(home)) as memory:
            runs, hands = Runs(memory), scripted_worker(memory, ScriptedModel(answer=restarting))
            run = started(runs, write_orders(tmp_path))
            for status in ("waiting", "done"):
                for _ in range(10):
                    if memory.runs.get(run.id).status in ("waiting", "done", "failed"):
                        break
                    hands.run(run.id)
                assert (memory.runs.get(run.id).status, memory.runs.get(run.id).error) == (status, None)
                if status == "waiting":
                    approve_all(runs, run.id)
            assert wanted == [None]
            assert len(runs.report(run.id).tables) == 1
            once = [e.kind for e in memory.runs.events(run.id) if e.kind in ("finished", "waiting", "done", "answer")]
            assert sorted(once) == ["answer", "done", "finished", "finished", "finished", "waiting"]
    finally:
        embedded.stop(home)


def doubled(memory: Memory, run_id: str, times: int) -> None:
    """Adds copies of a paused run to the store: what other runs that wait put in the way of this one."""
    copies = "select 'copy' || n from generate_series(1, %s) as n"
    runs = "kind, goal, sources, model, graph_version, requested_by, status"
    proposals = "number, dataset_id, rule, rule_type, columns, dimension, fingerprint, reasoning, evidence, dry_run"
    parts = {
        "runs (id, " + runs + ")": f"select c, {runs} from runs, copies where id = %s",
        f"proposals (run_id, {proposals}, confidence, source)": (
            f"select c, {proposals}, confidence, source from proposals, copies where run_id = %s"
        ),
        "approvals (run_id, window_seconds, expires_at)": (
            "select c, window_seconds, expires_at from approvals, copies where run_id = %s"
        ),
        "checkpoints (thread_id, checkpoint_id, checkpoint, metadata)": (
            "select c, checkpoint_id, checkpoint, metadata from checkpoints, copies where thread_id = %s"
        ),
    }
    with memory.db.transaction() as connection:
        for into, found in parts.items():
            connection.execute(f"with copies (c) as ({copies}) insert into {into} {found}", [times, run_id])


def test_200_runs_wait_at_once_and_each_resumes_in_under_a_second(runs, tmp_path):
    hands = Worker(runs.memory)
    ids = [started(runs, write_orders(tmp_path, f"t{i % 5}.csv", rows=1 + i % 5)).id for i in range(RESUMES)]
    while hands.run():
        pass
    doubled(runs.memory, ids[0], PAUSED_RUNS - RESUMES)
    assert len(runs.pending()) == PAUSED_RUNS
    took = []
    for run_id in ids:
        begun = time.perf_counter()
        approve_all(runs, run_id)
        assert hands.run()
        took.append(time.perf_counter() - begun)
        assert runs.memory.runs.get(run_id).status == "done"
    # The least, since a machine that does other work beside it shows in all others.
    assert min(took) < 1


def test_a_run_of_another_version_is_left_to_a_worker_that_knows_it(runs, tmp_path):
    source = write_orders(tmp_path)
    old = runs.memory.runs.create(
        kind="run", goal="g", sources=[source], model="offline", graph_version="0", requested_by="Ann"
    )
    new = started(runs, source)
    assert Worker(runs.memory).run()
    assert Worker(runs.memory).run() is False
    assert runs.memory.runs.get(old.id).status == "queued"
    assert runs.memory.runs.get(new.id).status == "waiting"
