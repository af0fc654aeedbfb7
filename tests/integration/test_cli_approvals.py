"""``assay pending``, ``decide`` and ``reopen`` on a real store."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from graph.runs import Runs
from graph.worker import Worker
from memory.errors import StoreError
from tests.support.runs import write_orders
from tools.errors import AssayError
from ui.cli.main import app


@pytest.fixture
def call(store_url, tmp_path, monkeypatch):
    monkeypatch.setenv("ASSAY_DATABASE_URL", store_url)
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, [*arguments])


@pytest.fixture
def run(store, tmp_path) -> str:
    """The id of a run that waits for decisions."""
    started = Runs(store).start([write_orders(tmp_path)], requested_by="Ann", model="offline")
    Worker(store).run(started.id)
    return started.id


def pending(call: Callable, *options: str) -> list[dict]:
    return json.loads(call("pending", *options, "--json").stdout)


def expire(store) -> None:
    with store.db.transaction() as connection:
        connection.execute("update approvals set expires_at = now() - interval '1 minute'")


def test_a_bulk_decision_is_about_the_rules_that_the_filter_leaves(call, store, run):
    (before,) = pending(call)
    emails = [p["number"] for p in before["proposals"] if "email" in p["columns"]]
    assert emails
    assert 0 < len(emails) < before["undecided"]
    done = call("decide", run, "--reject-all", "--column", "EMAIL", "--reason", "guests", "--as", "Bob", "--json")
    assert done.exit_code == 0
    decided = {p.number: p.decision for p in Runs(store).proposals(run) if p.decision}
    assert sorted(decided) == emails
    assert {(d.actor, d.action, d.reason) for d in decided.values()} == {("Bob", "reject", "guests")}
    (after,) = pending(call, run)
    assert after["undecided"] == before["undecided"] - len(emails)


def test_a_filter_narrows_what_is_shown_and_says_so(call, run):
    shown = call("pending", "latest", "--type", "RowCount")
    assert "1 shown" in shown.stdout
    assert "RowCount" in shown.stdout
    assert "IsComplete" not in shown.stdout
    assert "expires in 24 h" in shown.stdout


def test_a_filter_that_leaves_nothing_is_an_error_and_decides_nothing(call, store, run):
    result = call("decide", run, "--approve-all", "--column", "nowhere")
    assert isinstance(result.exception, AssayError)
    assert "No undecided rule is like that" in str(result.exception)
    assert all(p.decision is None for p in Runs(store).proposals(run))


def test_what_is_skipped_stays_in_the_inbox_and_the_run_waits(call, store, run):
    (before,) = pending(call)
    first = before["proposals"][0]["number"]
    result = call("decide", run, "--skip", str(first), "--reason", "ask Cyd", "--approve-all", "--as", "Bob")
    assert result.exit_code == 0
    assert "1 rule left for later" in result.stderr
    (after,) = pending(call)
    assert (after["undecided"], after["skipped"]) == (1, 1)
    assert after["proposals"][0]["skipped"]["actor"] == "Bob"
    assert "skipped by Bob, just now: ask Cyd" in " ".join(call("pending").stdout.split())
    assert store.runs.get(run).status == "waiting"
    assert store.rules.all() == []
    done = call("decide", run, "--approve-all")
    assert store.runs.get(run).status == "done"
    assert done.exit_code in (0, 1)


def test_an_edit_shows_its_changes_and_its_dry_run_before_it_is_stored(call, store, run):
    rows = next(p for p in Runs(store).proposals(run) if p.rule_type == "RowCount")
    result = call("decide", run, "--edit", str(rows.number), "--rule", "RowCount > 4", "--no-continue")
    assert "{+4+}" in result.stderr
    assert "5 rows" in " ".join(result.stderr.split())
    other = next(p for p in Runs(store).proposals(run) if p.decision is None)
    wrong = call("decide", run, "--edit", str(other.number), "--rule", 'IsComplete "emial"', "--no-continue")
    assert "emial" in str(wrong.exception)
    assert other.number in [p.number for p in Runs(store).undecided(run)]


def test_rules_beside_are_shown(call, store, run, tmp_path):
    (tmp_path / "r.dqdl").write_text('Rules = [ IsPrimaryKey "id", RowCount = 0 ]')
    assert call("rules", "import", "r.dqdl", "orders.csv", "--as", "Ann").exit_code == 0
    shown = " ".join(call("pending").stdout.split())
    assert "Never true together with active rule" in shown
    (listed,) = pending(call)
    relations = {related["relation"] for proposal in listed["proposals"] for related in proposal["related"]}
    assert "contradicts" in relations


def test_an_expired_request_is_told_and_reopened(call, store, run):
    expire(store)
    assert f"The time to decide is over. Reopen it with: assay reopen {run}" in call("pending").stdout
    assert [e.kind for e in store.runs.events(run)].count("approval_expired") == 1
    call("pending")
    assert [e.kind for e in store.runs.events(run)].count("approval_expired") == 1
    refused = call("decide", run, "--approve-all")
    assert isinstance(refused.exception, StoreError)
    assert f"assay reopen {run}" in str(refused.exception)
    opened = call("reopen", run, "--for", "2d", "--as", "Bob")
    assert f"Run {run} can be decided on until" in opened.stdout
    (listed,) = pending(call)
    assert not listed["expired"]
    assert "reopened by Bob until" in " ".join(call("runs", "show", run).stdout.split())


def test_a_window_that_is_none_is_refused(call, run):
    assert "Write it like 90m" in str(call("reopen", run, "--for", "soon").exception)
    assert "Write it like 90m" in str(call("run", "orders.csv", "--pause", "--window", "soon").exception)


def test_a_run_is_given_its_window(call, tmp_path):
    write_orders(tmp_path)
    assert call("run", "orders.csv", "--pause", "--window", "90m").exit_code == 0
    assert "(expires in 1 h)" in call("pending").stdout
