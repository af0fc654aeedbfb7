"""Deciding through the door that all faces use: filters, skips, edits with a preview, related rules, the window."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from graph.errors import RunError
from graph.inbox import Filter
from graph.jobs import Jobs
from graph.runs import Runs
from graph.window import read_window
from graph.worker import Worker
from memory import Memory
from memory.errors import StoreError
from memory.model import Decision
from tests.integration.test_memory_runs import at_once
from tests.support.clocks import Clock
from tests.support.runs import approve_all, write_orders
from tools.errors import AssayError


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def runs(store_url, clock) -> Runs:
    with Memory(store_url, clock) as memory:
        yield Runs(memory)


def waiting(runs: Runs, *sources: str, **options):
    run = runs.start(sources, requested_by="Ann", model="offline", **options)
    assert Worker(runs.memory).run(run.id)
    assert runs.memory.runs.get(run.id).status == "waiting"
    return run


def kinds(runs: Runs, run_id: str) -> list[str]:
    return [e.kind for e in runs.memory.runs.events(run_id) if e.kind.startswith("approval_")]


def test_rules_are_chosen_by_table_column_type_dimension_confidence_and_today(runs, tmp_path):
    run = waiting(runs, write_orders(tmp_path, "orders.csv"), write_orders(tmp_path, "sales.csv", rows=2))
    every = runs.undecided(run.id)
    names = {one: runs.memory.catalog.dataset(one).short_name for one in {p.dataset_id for p in every}}
    assert set(names.values()) == {"orders", "sales"}
    surest = max(p.confidence for p in every)
    chosen = {
        Filter(tables=("Sales",)): lambda p: names[p.dataset_id] == "sales",
        Filter(tables=(str(tmp_path / "sales.csv"),)): lambda p: names[p.dataset_id] == "sales",
        Filter(columns=("ID", "email")): lambda p: {"id", "email"} & set(p.columns),
        Filter(rule_types=("rowcount",)): lambda p: p.rule_type == "RowCount",
        Filter(dimensions=("Completeness",)): lambda p: p.dimension == "completeness",
        Filter(confidence=surest): lambda p: p.confidence >= surest,
        Filter(passing=True): lambda p: p.dry_run["outcome"] == "Passed",
        Filter(tables=("sales",), columns=("id",)): lambda p: names[p.dataset_id] == "sales" and "id" in p.columns,
        Filter(columns=("nowhere",)): lambda p: False,
    }
    for where, expected in chosen.items():
        assert runs.undecided(run.id, where) == [p for p in every if expected(p)], where
        assert bool(runs.undecided(run.id, where)) == (where.columns != ("nowhere",)), where


def test_partly_now_and_partly_tomorrow(runs, clock, tmp_path):
    run = waiting(runs, write_orders(tmp_path), window="3d")
    first, second, *rest = runs.undecided(run.id)
    assert runs.decide(run.id, [Decision(first.number, "approve"), Decision(second.number, "skip")], "Ann").skipped
    assert runs.memory.rules.all() == []
    assert Worker(runs.memory).run() is False
    clock.ahead = timedelta(days=1)
    assert [p.number for p in runs.undecided(run.id)] == [second.number, *(p.number for p in rest)]
    runs.decide(run.id, [Decision(p.number, "approve") for p in rest], "Bob")
    assert runs.memory.runs.get(run.id).status == "waiting"
    assert [p.skipped.actor for p in runs.undecided(run.id)] == ["Ann"]
    runs.decide(run.id, [Decision(second.number, "reject", reason="no")], "Bob")
    assert Worker(runs.memory).run(run.id)
    assert {rule.approved_by for rule in runs.memory.rules.all(status="approved")} == {"Ann", "Bob"}


def test_an_edit_is_shown_with_its_changes_and_a_fresh_dry_run_before_it_counts(runs, tmp_path):
    run = waiting(runs, write_orders(tmp_path))
    rows = next(p for p in runs.undecided(run.id) if p.rule_type == "RowCount")
    write_orders(tmp_path, rows=3)
    preview = runs.preview_edit(run.id, rows.number, "RowCount   >  14")
    assert (preview.before, preview.after, preview.changed) == (rows.rule, "RowCount > 14", True)
    assert "".join(part for kind, part in preview.diff if kind != "removed") == "RowCount > 14"
    assert preview.proposed == rows.dry_run
    assert preview.today.metrics == {"Dataset.*.RowCount": 15}
    assert runs.undecided(run.id)[0].decision is None
    with pytest.raises(AssayError, match="emial"):
        runs.preview_edit(run.id, rows.number, 'IsComplete "emial"')
    with pytest.raises(RunError, match="no proposal 99"):
        runs.preview_edit(run.id, 99, "RowCount > 1")


def test_an_edit_that_changes_nothing_is_an_approval(runs, tmp_path):
    run = waiting(runs, write_orders(tmp_path))
    first = runs.undecided(run.id)[0]
    spaced = first.rule.replace(" ", "   ")
    assert not runs.preview_edit(run.id, first.number, spaced).changed
    runs.decide(run.id, [Decision(first.number, "edit", rule=spaced)], "Ann")
    decided = runs.proposals(run.id)[0].decision
    assert (decided.action, decided.rule) == ("approve", first.rule)


def test_what_active_rules_say_about_the_same_is_shown(runs, tmp_path):
    source = write_orders(tmp_path)
    jobs = Jobs(runs.memory, "Ann")
    texts = ['Completeness "id" > 0.9', "RowCount = 0", 'ColumnValues "status" in ["paid", "new", "shipped", "x"]']
    active = jobs.import_rules(jobs.dataset(source), texts)
    run = waiting(runs, source)
    by_number = {p.number: p for p in runs.undecided(run.id)}
    found = {(by_number[n].rule_type, r.relation, r.number) for n, all_ in runs.related(run.id).items() for r in all_}
    assert ("RowCount", "contradicts", active[1].number) in found
    assert {relation for kind, relation, number in found if number == active[0].number} == {"stricter"}
    assert {relation for kind, relation, number in found if number == active[2].number} <= {"stricter", "same"}
    edited = runs.preview_edit(run.id, next(iter(by_number)), 'Completeness "ID" > 0.5')
    assert [one.says for one in edited.related] == [
        f'Adds nothing to active rule {active[0].number}: Completeness "id" > 0.9'
    ]


def test_two_at_once_one_wins_and_the_other_is_told_who_and_when(runs, tmp_path):
    run = waiting(runs, write_orders(tmp_path))
    number = runs.undecided(run.id)[0].number
    outcomes = at_once(2, lambda n: runs.decide(run.id, [Decision(number, "reject", reason="no")], ("Ann", "Bob")[n]))
    (won,) = [n for n, outcome in enumerate(outcomes) if outcome.recorded]
    (conflict,) = outcomes[1 - won].conflicts
    stored = runs.proposals(run.id)[0].decision
    assert conflict.decision == stored
    assert (stored.actor, stored.decided_at is not None) == (("Ann", "Bob")[won], True)


def test_a_reminder_then_the_end_each_told_once_then_reopened(runs, clock, tmp_path):
    run = waiting(runs, write_orders(tmp_path), window="12h")
    assert runs.remind() == []
    clock.ahead = timedelta(hours=10, minutes=30)
    assert [request.run_id for request in runs.remind()] == [run.id]
    assert runs.remind() == []
    (request,) = runs.pending()
    assert (request.closing, request.expired, request.noticed) == (True, False, True)
    clock.ahead = timedelta(hours=13)
    assert len(runs.remind()) == 1
    assert runs.remind() == []
    with pytest.raises(StoreError, match="assay reopen"):
        approve_all(runs, run.id)
    again = runs.reopen(run.id, "Bob", "2d")
    assert timedelta(days=2, hours=12) < again.expires_at - again.requested_at < timedelta(days=2, hours=14)
    assert kinds(runs, run.id) == [
        "approval_requested",
        "approval_reminder",
        "approval_expired",
        "approval_reopened",
    ]
    clock.ahead += timedelta(hours=41)
    assert len(runs.remind()) == 1
    approve_all(runs, run.id)
    assert Worker(runs.memory).run(run.id)
    assert runs.memory.runs.get(run.id).status == "done"
    with pytest.raises(StoreError, match="is done"):
        runs.reopen(run.id, "Bob")


def test_a_worker_reminds_by_itself(runs, clock, tmp_path):
    run = waiting(runs, write_orders(tmp_path))
    clock.ahead = timedelta(hours=25)
    worker = Worker(runs.memory)
    thread = threading.Thread(target=worker.loop, kwargs={"poll_seconds": 0.01})
    thread.start()
    for _ in range(200):
        if "approval_expired" in kinds(runs, run.id):
            break
        threading.Event().wait(0.05)
    worker.stop()
    thread.join()
    assert kinds(runs, run.id) == ["approval_requested", "approval_expired"]


def test_new_proposals_after_all_was_decided_get_a_window_of_their_own(runs, tmp_path):
    run = waiting(runs, write_orders(tmp_path), window="1h")
    with runs.memory.db.transaction() as connection:
        connection.execute("update approvals set requested_at = now() - interval '50 min', expires_at = now()")
        connection.execute("update approvals set expires_at = now() + interval '10 min'")
    approve_all(runs, run.id)
    late = runs.memory.approvals.open(run.id, timedelta(hours=24))
    assert late.expires_at - late.requested_at == timedelta(hours=1)
    with runs.memory.db.transaction() as connection:
        connection.execute(
            """insert into proposals (run_id, number, dataset_id, rule, rule_type, columns, dimension, fingerprint,
                reasoning, evidence, dry_run, confidence, source) select run_id, 99, dataset_id, 'RowCount > 1',
                'RowCount', '{}', 'completeness', 'late', '', evidence, dry_run, 0.5, 'model' from proposals limit 1"""
        )
    fresh = runs.memory.approvals.open(run.id, timedelta(hours=24))
    assert fresh.requested_at > late.requested_at
    assert fresh.expires_at - fresh.requested_at == timedelta(hours=1)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("90m", timedelta(minutes=90)),
        ("24h", timedelta(days=1)),
        (" 3 Days ", timedelta(days=3)),
        ("1.5h", timedelta(minutes=90)),
        (None, timedelta(days=1)),
    ],
)
def test_a_window_is_said_in_words(said, meant, monkeypatch):
    assert read_window(said) == meant
    monkeypatch.setenv("ASSAY_APPROVAL_WINDOW", said or "")
    assert read_window() == meant


@pytest.mark.parametrize("said", ["0h", "-1h", "24", "h", "366d", "9999999999999d", "1h30m", "soon"])
def test_what_is_no_window_is_refused_before_a_run_exists(runs, tmp_path, monkeypatch, said):
    with pytest.raises(RunError, match="Write it like 90m"):
        runs.start([write_orders(tmp_path)], requested_by="Ann", model="offline", window=said)
    monkeypatch.setenv("ASSAY_APPROVAL_WINDOW", said)
    with pytest.raises(RunError, match="in ASSAY_APPROVAL_WINDOW"):
        runs.start([write_orders(tmp_path)], requested_by="Ann", model="offline")
    assert runs.memory.runs.recent(10) == []


def test_the_window_of_the_environment_counts_for_new_requests(runs, tmp_path, monkeypatch):
    monkeypatch.setenv("ASSAY_APPROVAL_WINDOW", "90m")
    waiting(runs, write_orders(tmp_path))
    (request,) = runs.pending()
    assert request.expires_at - request.requested_at == timedelta(minutes=90)
