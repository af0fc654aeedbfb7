"""Several tables in one run: side by side, and one that fails is one that fails."""

from __future__ import annotations

import pytest
from langchain_core.messages import AIMessage, HumanMessage

from agents.offline import plan
from graph.runs import Runs
from graph.worker import Worker
from tests.support.runs import approve_all, scripted_worker, write_orders
from tests.support.scripted import ScriptedModel
from ui.cli.ending import NOT_DONE, exit_code


@pytest.fixture
def runs(store) -> Runs:
    return Runs(store)


def carried_out(runs: Runs, worker: Worker, *sources: str) -> str:
    """The id of a run in which all that is proposed is approved."""
    run = runs.start(sources, requested_by="Ann", model="offline")
    worker.run(run.id)
    if runs.memory.runs.get(run.id).status == "waiting":
        approve_all(runs, run.id)
        worker.run(run.id)
    return run.id


def saboteur(runs: Runs, table: str, tool: str, deed) -> Worker:
    """A worker on a model that does something before its first call of the agent of that tool on that table."""

    def answer(messages, tools):
        mine = any(each["name"] == tool for each in tools) and isinstance(messages[-1], HumanMessage)
        if mine and f'"{table}"' in " ".join(str(message.text) for message in messages):
            done = deed()
            if done is not None:
                return done
        return plan(messages, tools)

    return scripted_worker(runs.memory, ScriptedModel(answer=answer))


def raising():
    raise ZeroDivisionError("a bug")


@pytest.mark.parametrize(
    ("tool", "trouble"),
    [
        ("profile_table", "gone"),
        ("profile_table", "broken"),
        ("profile_table", "bug"),
        ("list_candidates", "silent model"),
        ("list_candidates", "bug"),
        ("run_validation", "gone"),
    ],
)
def test_a_table_that_fails_does_not_stop_the_others(runs, tmp_path, tool, trouble):
    good, other, bad = (write_orders(tmp_path, f"{name}.csv", rows=2) for name in ("good", "other", "bad"))
    deeds = {
        "gone": lambda: (tmp_path / "bad.csv").unlink(missing_ok=True),
        "broken": lambda: (tmp_path / "bad.csv").write_bytes(b"\x00\xff\xfe broken") and None,
        "silent model": lambda: AIMessage("I would rather not."),
        "bug": raising,
    }
    run_id = carried_out(runs, saboteur(runs, "bad", tool, deeds[trouble]), good, other, bad)
    report = runs.report(run_id)
    assert report.run.status == "done"
    assert str(report.run.error).startswith("bad: ")
    assert "bad was given up: " in report.answer
    assert exit_code(report) == NOT_DONE
    assert report.resumable
    assert sorted(table.name for table in report.tables) == [good, other]
    [failed] = [event.data for event in runs.follow(run_id) if event.kind == "table_failed"]
    assert failed["table"] == "bad"


def test_each_table_tells_its_own_progress(runs, tmp_path):
    run_id = carried_out(runs, Worker(runs.memory), *(write_orders(tmp_path, f"{n}.csv", rows=2) for n in "abc"))
    for kind in ("started", "finished"):
        told = [(e.agent, e.data["table"]) for e in runs.follow(run_id) if e.kind == kind]
        assert sorted(told) == sorted((a, t) for a in ("profiler", "recommender", "validator") for t in "abc")
    shares = {
        t: [e.data["share"] for e in runs.follow(run_id) if e.kind == "progress" and e.data["table"] == t]
        for t in "abc"
    }
    assert all(share == sorted(share) and share[-1] == 1.0 for share in shares.values())


def test_a_source_that_is_gone_before_the_run_begins_is_one_tables_failure(runs, tmp_path):
    good, bad = write_orders(tmp_path, "good.csv"), write_orders(tmp_path, "bad.csv")
    run = runs.start([good, bad], requested_by="Ann", model="offline")
    (tmp_path / "bad.csv").unlink()
    Worker(runs.memory).run(run.id)
    approve_all(runs, run.id)
    Worker(runs.memory).run(run.id)
    report = runs.report(run.id)
    assert (report.run.status, len(report.tables)) == ("done", 1)
    assert "bad: " in str(report.run.error)

    write_orders(tmp_path, "bad.csv", rows=3)
    assert runs.resume(run.id).status == "queued"
    Worker(runs.memory).run(run.id)
    approve_all(runs, run.id)
    Worker(runs.memory).run(run.id)
    again = runs.report(run.id)
    assert (again.run.status, again.run.error, len(again.tables)) == ("done", None, 2)
    assert "given up" not in again.answer


def test_a_run_without_any_table_left_has_failed_and_can_be_resumed(runs, tmp_path):
    source = write_orders(tmp_path)
    run = runs.start([source], requested_by="Ann", model="offline")
    (tmp_path / "orders.csv").unlink()
    Worker(runs.memory).run(run.id)
    assert runs.memory.runs.get(run.id).status == "failed"
    Worker(runs.memory).run(runs.resume(run.id).id)
    assert runs.memory.runs.get(run.id).status == "failed"
    write_orders(tmp_path)
    Worker(runs.memory).run(runs.resume(run.id).id)
    assert runs.memory.runs.get(run.id).status == "waiting"
