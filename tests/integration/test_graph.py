"""The graph on a real store: the whole flow, what it permits, and what it does when a model or a table lets it down."""

import json
import os
import time

import pytest
from langchain_core.messages import AIMessage, HumanMessage

from agents.offline import plan
from agents.work import WorkError
from agents.workbench import Workbench
from graph.runs import Runs
from graph.state import GRAPH_VERSION
from graph.worker import Worker
from memory.errors import StoreError
from memory.model import Decision
from tests.support.runs import approve_all, scripted_worker, write_orders
from tests.support.scripted import ScriptedModel, calling
from tools.errors import AssayError
from tools.sources import SourceError


@pytest.fixture
def runs(store) -> Runs:
    return Runs(store)


def waiting(runs: Runs, sources: list[str], worker: Worker | None = None):
    run = runs.start(sources, requested_by="Ann", model="offline")
    assert (worker or Worker(runs.memory)).run(run.id)
    assert runs.memory.runs.get(run.id).status == "waiting"
    return run


def test_a_whole_run_profiles_proposes_waits_and_validates(runs, tmp_path):
    run = waiting(runs, [write_orders(tmp_path)])
    proposals = runs.proposals(run.id)
    assert {p.rule_type for p in proposals} >= {"IsComplete", "RowCount"}
    assert all(p.dry_run["outcome"] in ("Passed", "Failed") and p.reasoning for p in proposals)
    assert [waits.run_id for waits in runs.pending()] == [run.id]
    assert runs.memory.rules.all() == []

    approve_all(runs, run.id)
    assert Worker(runs.memory).run()
    report = runs.report(run.id)
    assert report.run.status == "done"
    assert report.run.error is None
    assert len(report.tables[0].evaluation["rules"]) == len(proposals)
    assert report.tables[0].total is not None
    assert "rules passed" in report.answer
    assert runs.pending() == []
    active = runs.memory.rules.all(status="approved")
    assert {rule.approved_by for rule in active} == {"Ann"}


def test_the_steps_of_a_run_can_be_followed(runs, tmp_path):
    run = waiting(runs, [write_orders(tmp_path)])
    events = list(runs.follow(run.id))
    kinds = [event.kind for event in events]
    assert [event.seq for event in events] == sorted(event.seq for event in events)
    assert kinds[-1] == "waiting"
    routed = [event.data["next"] for event in events if event.kind == "routed"]
    assert routed == ["profiler", "recommender"]
    called = [(event.agent, event.data["tool"]) for event in events if event.kind == "tool_called"]
    assert ("profiler", "profile_table") in called
    assert ("recommender", "propose_rules") in called
    assert list(runs.follow(run.id, after=events[-1].seq)) == []


def test_edits_and_rejections_are_recorded_and_acted_upon(runs, tmp_path):
    run = waiting(runs, [write_orders(tmp_path)])
    first, second, *rest = runs.proposals(run.id)
    runs.decide(run.id, [Decision(first.number, "edit", rule="RowCount  >   2")], "Bob")
    runs.decide(run.id, [Decision(second.number, "reject", reason="says nothing")], "Cyd")
    assert runs.memory.runs.get(run.id).status == "waiting"
    runs.decide(run.id, [Decision(p.number, "approve") for p in rest], "Ann")
    assert Worker(runs.memory).run()
    texts = {rule.rule_expression for rule in runs.memory.rules.all(status="approved")}
    assert "RowCount > 2" in texts
    assert second.rule not in texts
    decided = {p.number: p.decision for p in runs.proposals(run.id)}
    assert (decided[first.number].actor, decided[first.number].action) == ("Bob", "edit")
    assert (decided[second.number].actor, decided[second.number].reason) == ("Cyd", "says nothing")


@pytest.mark.parametrize("rule", ["RowCount >", 'IsComplete "emial"', 'ColumnValues "amount" matches "("'])
def test_an_invalid_edit_comes_back_and_nothing_is_stored(runs, tmp_path, rule):
    run = waiting(runs, [write_orders(tmp_path)])
    first, second, *_ = runs.proposals(run.id)
    wrong = [Decision(second.number, "approve"), Decision(first.number, "edit", rule=rule)]
    with pytest.raises(AssayError) as caught:
        runs.decide(run.id, wrong, "Ann")
    assert "\n" not in str(caught.value)
    assert all(p.decision is None for p in runs.proposals(run.id))


def test_a_decision_on_a_proposal_that_is_not_there_names_those_that_are(runs, tmp_path):
    run = waiting(runs, [write_orders(tmp_path)])
    with pytest.raises(StoreError, match="has no proposal 99"):
        runs.decide(run.id, [Decision(99, "approve")], "Ann")


def test_an_unchanged_table_is_not_scanned_again(runs, tmp_path, monkeypatch):
    source = write_orders(tmp_path)
    waiting(runs, [source])
    monkeypatch.setattr("tools.profiling.profile", None)
    second = waiting(runs, [source])
    finished = [e for e in runs.follow(second.id) if e.kind == "finished" and e.agent == "profiler"]
    assert finished[0].data["cached"] is True


def test_a_rejected_rule_is_not_proposed_again_and_an_active_one_neither(runs, tmp_path):
    source = write_orders(tmp_path)
    run = waiting(runs, [source])
    first, *rest = runs.proposals(run.id)
    runs.decide(run.id, [Decision(first.number, "reject", reason="legal here")], "Ann")
    runs.decide(run.id, [Decision(p.number, "approve") for p in rest], "Ann")
    Worker(runs.memory).run()
    write_orders(tmp_path, rows=3)
    again = runs.start([source], requested_by="Ann", model="offline")
    Worker(runs.memory).run(again.id)
    proposed = {(p.rule_type, tuple(p.columns)) for p in runs.proposals(again.id)}
    assert (first.rule_type, tuple(first.columns)) not in proposed
    assert not {p.fingerprint for p in runs.proposals(again.id)} & {p.fingerprint for p in rest}


def test_what_a_person_edited_is_not_proposed_again_as_it_was(runs, tmp_path):
    source = write_orders(tmp_path)
    run = waiting(runs, [source])
    first, *rest = runs.proposals(run.id)
    runs.decide(run.id, [Decision(first.number, "edit", rule="RowCount > 2")], "Ann")
    runs.decide(run.id, [Decision(p.number, "reject", reason="no") for p in rest], "Ann")
    Worker(runs.memory).run()
    again = runs.start([source], requested_by="Ann", model="offline")
    Worker(runs.memory).run(again.id)
    assert runs.memory.runs.get(again.id).status == "done"
    assert runs.proposals(again.id) == []


def test_a_similar_table_is_told_what_people_decided_on_the_first(runs, tmp_path):
    run = waiting(runs, [write_orders(tmp_path, "orders.csv")])
    email = next(p for p in runs.proposals(run.id) if p.columns == ("email",))
    runs.decide(run.id, [Decision(email.number, "reject", reason="guests have none")], "Ann")
    runs.decide(run.id, [Decision(p.number, "approve") for p in runs.proposals(run.id) if not p.decision], "Ann")
    Worker(runs.memory).run()
    other = waiting(runs, [write_orders(tmp_path, "sales.csv", rows=2)])
    told = next(p for p in runs.proposals(other.id) if (p.rule_type, p.columns) == (email.rule_type, ("email",)))
    assert "rejected on 1 similar column (orders.email): 'guests have none'" in told.evidence["memory"]


def test_a_one_step_job_is_nobody_elses_work(runs, tmp_path):
    job = runs.memory.runs.create(
        kind="profile", goal="g", sources=[], model="", graph_version=GRAPH_VERSION, requested_by="Ann"
    )
    assert Worker(runs.memory).run() is False
    assert runs.memory.runs.get(job.id).status == "queued"


def test_a_one_step_job_that_was_cut_off_is_buried(runs):
    job = runs.memory.runs.create(
        kind="profile", goal="g", sources=[], model="", graph_version=GRAPH_VERSION, requested_by="Ann"
    )
    runs.memory.runs.claim("elsewhere:1:1", seconds=0, run_id=job.id)
    assert Worker(runs.memory).run() is False
    buried = runs.memory.runs.get(job.id)
    assert (buried.status, buried.error) == ("failed", "Cut off.")


def test_a_worker_outlives_a_store_that_is_away_for_a_moment(runs, tmp_path, monkeypatch):
    run = runs.start([write_orders(tmp_path)], requested_by="Ann", model="offline")
    claim, calls = runs.memory.runs.claim, []

    def flaky(*args, **kwargs):
        calls.append(1)
        if len(calls) == 1:
            raise StoreError("The store does not answer.")
        if len(calls) == 3:
            worker.stop()
        return claim(*args, **kwargs)

    monkeypatch.setattr("graph.worker.RETRY_SECONDS", 0.01)
    monkeypatch.setattr(runs.memory.runs, "claim", flaky)
    worker = Worker(runs.memory)
    worker.loop(poll_seconds=0.01)
    assert runs.memory.runs.get(run.id).status == "waiting"


def test_a_cancel_that_comes_with_the_approval_is_not_lost(runs, tmp_path):
    run = runs.start([write_orders(tmp_path)], requested_by="Ann", model="offline")
    lease = runs.memory.runs.claim("elsewhere:1:1", seconds=60, run_id=run.id)
    runs.cancel(run.id)
    assert runs.memory.runs.release(lease, "waiting")
    assert runs.memory.runs.get(run.id).status == "cancelled"


def test_a_path_means_the_file_here_and_a_shared_name_is_ambiguous(runs, tmp_path, monkeypatch):
    bench = Workbench(runs.memory)
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        bench.open(write_orders(tmp_path / folder))[0].close()
    monkeypatch.chdir(tmp_path / "b")
    assert bench.dataset("orders.csv").name == str(tmp_path / "b" / "orders.csv")
    with pytest.raises(WorkError, match="may be any of 2"):
        bench.dataset("orders")
    with pytest.raises(SourceError, match="no dataset 'rders'"):
        bench.dataset("rders")


def test_a_folder_that_batches_leave_does_not_hide_its_dataset(runs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "landing"
    folder.mkdir()
    batch = write_orders(folder)
    bench = Workbench(runs.memory)
    bench.open(f"{folder}/*.csv")[0].close()
    os.unlink(batch)
    assert bench.dataset("landing").uri == f"{folder}/*.csv"


def test_several_tables_are_worked_on_in_one_run_and_approved_in_one_go(runs, tmp_path):
    run = waiting(runs, [write_orders(tmp_path, "a.csv"), write_orders(tmp_path, "b.csv", rows=2)])
    assert len({p.dataset_id for p in runs.proposals(run.id)}) == 2
    approve_all(runs, run.id)
    Worker(runs.memory).run()
    assert len(runs.report(run.id).tables) == 2


def test_a_table_that_is_gone_does_not_stop_the_others(runs, tmp_path):
    kept, gone = write_orders(tmp_path, "kept.csv"), write_orders(tmp_path, "gone.csv", rows=2)

    def lose(messages, tools):
        if "gone" in str(messages[-1].text) and tools[0]["name"] == "profile_table":
            (tmp_path / "gone.csv").unlink(missing_ok=True)
        return plan(messages, tools)

    run = waiting(runs, [kept, gone], scripted_worker(runs.memory, ScriptedModel(answer=lose)))
    approve_all(runs, run.id)
    Worker(runs.memory).run()
    report = runs.report(run.id)
    assert report.run.status == "done"
    assert "gone" in (report.run.error or "")
    assert not report.passed
    assert len(report.tables) == 1


def test_a_source_that_cannot_be_read_never_becomes_a_run(runs, tmp_path):
    with pytest.raises(SourceError):
        runs.start([str(tmp_path / "missing.csv")], requested_by="Ann", model="offline")
    assert runs.memory.runs.recent(10) == []


@pytest.mark.parametrize("step", ["recommender", "validator"])
def test_the_graph_refuses_a_step_whose_time_has_not_come(runs, tmp_path, step):
    def impatient(messages, tools):
        if tools[0]["name"] != "hand_over":
            return plan(messages, tools)
        if isinstance(messages[-1], HumanMessage):
            return calling("hand_over", next=step, tables=["orders"], reason="now")
        return AIMessage(f"refused: {messages[-1].text}")

    run = runs.start([write_orders(tmp_path)], requested_by="Ann", model="offline")
    scripted_worker(runs.memory, ScriptedModel(answer=impatient)).run(run.id)
    report = runs.report(run.id)
    assert "refused" in report.answer
    assert {"recommender": "profiled", "validator": "no active rules"}[step] in report.answer
    assert report.proposals == []


@pytest.mark.parametrize("table", ["nowhere", "missing.csv", "s3://", ""])
def test_a_table_that_does_not_exist_is_an_error_of_the_tool(runs, tmp_path, table):
    def confused(messages, tools):
        if isinstance(messages[-1], HumanMessage):
            return calling("hand_over", next="profiler", tables=[table], reason="why not")
        return AIMessage(f"sorry: {messages[-1].text}")

    run = runs.start([write_orders(tmp_path)], requested_by="Ann", model="offline")
    scripted_worker(runs.memory, ScriptedModel(answer=confused)).run(run.id)
    assert runs.report(run.id).answer.startswith("sorry: ")
    assert runs.memory.runs.get(run.id).status == "done"


def test_an_agent_that_only_says_it_is_done_is_not_believed(runs, tmp_path):
    asked = []

    def idle(messages, tools):
        if tools[0]["name"] != "profile_table":
            return plan(messages, tools)
        asked.append(messages[-1].text)
        return AIMessage("I have profiled the table.")

    run = runs.start([write_orders(tmp_path)], requested_by="Ann", model="offline")
    scripted_worker(runs.memory, ScriptedModel(answer=idle)).run(run.id)
    failed = runs.memory.runs.get(run.id)
    assert failed.status == "failed"
    assert "profile_table" in failed.error
    assert len(asked) == 3


def test_a_reminder_binds_the_model_to_the_tool_it_has_not_called(runs, tmp_path):
    bound = []

    class Talker(ScriptedModel):
        def bind_tools(self, tools, **kwargs):
            bound.append(kwargs.get("tool_choice"))
            forced = kwargs.get("tool_choice") == "profile_table"
            answer = plan if forced else idle
            return super().bind_tools(tools).model_copy(update={"answer": answer})

    def idle(messages, tools):
        if tools[0]["name"] == "profile_table" and isinstance(messages[-1], HumanMessage):
            return AIMessage("All is well.")
        return plan(messages, tools)

    waiting(runs, [write_orders(tmp_path)], scripted_worker(runs.memory, Talker(answer=idle)))
    assert bound.count("profile_table") == 1


def test_a_failed_run_goes_on_where_it_was(runs, tmp_path):
    def idle(messages, tools):
        return AIMessage("no") if tools[0]["name"] == "list_candidates" else plan(messages, tools)

    run = runs.start([write_orders(tmp_path)], requested_by="Ann", model="offline")
    scripted_worker(runs.memory, ScriptedModel(answer=idle)).run(run.id)
    assert runs.resume(run.id).status == "queued"
    assert Worker(runs.memory).run(run.id)
    assert runs.memory.runs.get(run.id).status == "waiting"
    profiled = [e for e in runs.follow(run.id) if e.kind == "started" and e.agent == "profiler"]
    assert len(profiled) == 1


def test_a_model_may_propose_a_rule_of_its_own_but_not_an_impossible_one(runs, tmp_path):
    rules = [
        {"rule": 'ColumnValues "amount" > 0', "reasoning": "An order costs something."},
        {"rule": 'IsComplete "emial"', "reasoning": "Needed."},
        {"rule": "RowCount >", "reasoning": "Needed."},
        {"rule": 'IsComplete "status"'},
        {"rule": 'ColumnLength "status" > 1', "reasoning": "It held in 42 of 57 loads."},
        {"rule": "RowCount > 3 // the comment stays here", "reasoning": "There are 5 rows."},
        {"candidate": 999},
    ]

    def author(messages, tools):
        if tools[0]["name"] == "list_candidates" and isinstance(messages[-1], HumanMessage):
            return calling("propose_rules", table="orders", proposals=rules)
        return plan(messages, tools)

    run = waiting(runs, [write_orders(tmp_path)], scripted_worker(runs.memory, ScriptedModel(answer=author)))
    assert [(p.rule, p.source) for p in runs.proposals(run.id)] == [
        ('ColumnValues "amount" > 0', "model"),
        ("RowCount > 3", "model"),
    ]
    returned = [e.data["text"] for e in runs.follow(run.id) if e.kind == "tool_returned" and e.agent == "recommender"]
    assert "Did you mean 'email'?" in returned[0]
    assert "no evidence shows: 42, 57" in returned[0]
    assert len(json.loads(returned[0])["refused"]) == 5


def test_a_run_of_another_graph_version_is_refused_not_misread(runs, tmp_path):
    run = runs.memory.runs.create(
        kind="run", goal="g", sources=[], model="offline", graph_version=f"{GRAPH_VERSION}-old", requested_by="Ann"
    )
    Worker(runs.memory).run(run.id)
    assert "version" in runs.memory.runs.get(run.id).error


def test_a_stopped_worker_gives_the_run_back(runs, tmp_path):
    run = runs.start([write_orders(tmp_path)], requested_by="Ann", model="offline")
    worker = Worker(runs.memory)

    def stopping(messages, tools):
        worker.stop()
        return plan(messages, tools)

    worker._make = scripted_worker(runs.memory, ScriptedModel(answer=stopping))._make
    worker.run(run.id)
    assert runs.memory.runs.get(run.id).status == "queued"
    assert Worker(runs.memory).run(run.id)
    assert runs.memory.runs.get(run.id).status == "waiting"


def test_a_run_cancelled_before_it_began_does_nothing_until_it_is_resumed(runs, tmp_path):
    run = runs.start([write_orders(tmp_path)], requested_by="Ann", model="offline")
    runs.cancel(run.id)
    Worker(runs.memory).run(run.id)
    assert runs.memory.runs.get(run.id).status == "cancelled"
    assert [event.kind for event in runs.follow(run.id)] == []
    runs.resume(run.id)
    assert Worker(runs.memory).run(run.id)
    assert runs.memory.runs.get(run.id).status == "waiting"


def test_a_run_cancelled_while_it_works_stops_after_the_step_in_hand(runs, tmp_path):
    def cancelling(messages, tools):
        if tools[0]["name"] == "profile_table" and isinstance(messages[-1], HumanMessage):
            runs.cancel(run.id)
            time.sleep(1.5)
        return plan(messages, tools)

    run = runs.start([write_orders(tmp_path)], requested_by="Ann", model="offline")
    scripted_worker(runs.memory, ScriptedModel(answer=cancelling)).run(run.id)
    assert runs.memory.runs.get(run.id).status == "cancelled"
    assert runs.proposals(run.id) == []


def test_a_checkpoint_holds_references_and_no_data(runs, tmp_path):
    run = waiting(runs, [write_orders(tmp_path)])
    with runs.memory.pool.connection() as connection:
        rows = connection.execute("select * from checkpoint_blobs where thread_id = %s", (run.id,)).fetchall()
        rows += connection.execute("select * from checkpoint_writes where thread_id = %s", (run.id,)).fetchall()
        rows += connection.execute("select * from checkpoints where thread_id = %s", (run.id,)).fetchall()
    everything = repr(rows)
    assert "orders" in everything
    assert "ann@example.com" not in everything
