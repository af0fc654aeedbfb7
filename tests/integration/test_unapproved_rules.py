"""A rule whose text is not what a person approved is refused by the validator, with the reason, and never evaluated."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from graph.jobs import Jobs
from graph.runs import Runs
from graph.worker import Worker
from memory import Memory
from memory.errors import StoreError
from memory.model import Decision
from tests.support.runs import approve_all, write_orders
from ui.cli.main import app

ALTERED = ('ColumnValues "amount" > 1000', "this is no rule at all ] (", 'CustomSql "select 1" = 1')


def behind_the_back(store: Memory, statement: str, *values: object) -> None:
    """What a superuser can do who switches the triggers off."""
    with store.db.transaction() as connection:
        connection.execute("set local session_replication_role = replica")
        connection.execute(statement, values)


@pytest.fixture
def source(store, tmp_path) -> str:
    """A table with three active rules."""
    path = write_orders(tmp_path)
    jobs = Jobs(store, "Ann")
    jobs.import_rules(jobs.dataset(path), ["RowCount > 2", 'IsComplete "status"', 'IsUnique "id"'])
    return path


@pytest.mark.parametrize("text", ALTERED)
def test_an_altered_rule_is_an_error_with_its_reason_and_the_others_are_evaluated(store, source, text):
    behind_the_back(store, "update dq_rules set rule_expression = %s where rule_type = 'IsComplete'", text)
    done = Jobs(store, "Ann").validate(source)
    first, altered, last = done.evaluation.rules
    assert (first.outcome, altered.outcome, last.outcome) == ("Passed", "Error", "Passed")
    assert altered.rule == text
    assert "not the text that Ann approved" in altered.reason
    assert "approve the rule anew" in altered.reason
    assert not done.evaluation.passed
    assert (done.total, altered.metrics) == (1.0, {})
    (stored,) = store.results.history(store.catalog.find(source)[0].id)
    assert [rule["outcome"] for rule in stored.evaluation["rules"]] == ["Passed", "Error", "Passed"]


def test_when_all_are_altered_nothing_is_evaluated_and_all_is_said(store, source):
    behind_the_back(store, "update dq_rules set rule_expression = rule_expression || ' '")
    done = Jobs(store, "Ann").validate(source)
    assert [rule.outcome for rule in done.evaluation.rules] == ["Error"] * 3
    assert done.total is None


def test_a_decision_that_is_gone_or_altered_approves_nothing(store, source):
    behind_the_back(store, "update decisions set rule = 'RowCount > 0' where rule_type = 'RowCount'")
    behind_the_back(store, "delete from decisions where rule_type = 'IsUnique'")
    reasons = {rule.rule_type: rule.reason for rule in Jobs(store, "Ann").validate(source).evaluation.rules}
    assert "not the text that Ann approved" in reasons["RowCount"]
    assert "No person's decision" in reasons["IsUnique"]


def test_an_altered_rule_is_not_explained_as_if_it_ran(store, source):
    behind_the_back(store, "update dq_rules set rule_expression = 'RowCount > 7' where rule_type = 'RowCount'")
    assert "RowCount > 7" not in json.dumps([str(rule) for rule in Jobs(store, "Ann").explain(source).rules])


def test_a_run_reports_the_refused_rule(store, tmp_path):
    runs = Runs(store)
    run = runs.start([write_orders(tmp_path)], requested_by="Ann", model="offline")
    Worker(store).run(run.id)
    first, *rest = runs.proposals(run.id)
    approve_all(runs, run.id)
    store.rules.activate(run.id)
    behind_the_back(
        store, "update dq_rules set rule_expression = 'RowCount > 1' where rule_expression = %s", first.rule
    )
    Worker(store).run(run.id)
    report = runs.report(run.id)
    outcomes = [rule["outcome"] for rule in report.tables[0].evaluation["rules"]]
    assert outcomes.count("Error") == 1
    assert len(outcomes) == len(rest) + 1
    assert not report.passed


def test_an_altered_rule_is_shown_as_refused_and_not_exported(store, store_url, source, monkeypatch):
    behind_the_back(store, "update dq_rules set rule_expression = 'RowCount > 7' where rule_type = 'RowCount'")
    monkeypatch.setenv("ASSAY_DATABASE_URL", store_url)
    call = CliRunner().invoke
    number = next(rule.number for rule in store.rules.all(status="approved") if rule.problem)
    assert "refused" in call(app, ["rules", "list"]).stdout
    assert "not the text that Ann approved" in " ".join(call(app, ["rules", "show", str(number)]).stdout.split())
    exported = call(app, ["rules", "export", source])
    assert "not the text that Ann approved" in str(exported.exception)


def test_a_refused_rule_can_be_disabled_and_approved_anew(store, source):
    behind_the_back(store, "update dq_rules set rule_expression = 'RowCount > 7' where rule_type = 'RowCount'")
    jobs = Jobs(store, "Ann")
    altered = next(rule for rule in store.rules.all(status="approved") if rule.problem)
    jobs.disable(altered.number, "altered by nobody knows whom")
    jobs.import_rules(jobs.dataset(source), ["RowCount > 2"])
    assert jobs.validate(source).evaluation.passed


def test_deciding_needs_a_person(store, tmp_path):
    runs = Runs(store)
    run = runs.start([write_orders(tmp_path)], requested_by="Ann", model="offline")
    Worker(store).run(run.id)
    for name in ("", "\u200b", "recommender", "Model"):
        with pytest.raises(StoreError, match="needs"):
            runs.decide(run.id, [Decision(1, "approve")], name)
    assert all(proposal.decision is None for proposal in runs.proposals(run.id))
