"""Runs of every kind, as a real backend gets them: valid by the standard, complete, and with nothing that is secret."""

from __future__ import annotations

import json
import os
from unittest import mock

import pytest

from graph.jobs import Jobs
from graph.people import change_setting
from graph.runs import Runs
from graph.worker import Worker
from tests.support.api import serving, tokens
from tests.support.backends import TOKEN, backend
from tests.support.openlineage_schemas import facets, problems
from tools.errors import AssayError
from tools.lineage.naming import of_uri
from tools.lineage.observed import ColumnId
from tools.openlineage.reading.event import read

MAILS = ["ada" + "@example.com", "bob" + "@example.org", "cy" + "@example.net"]
CARD = "4012-8888" + "-8888-1881"
RULES = f"""Rules = [ IsComplete "email", ColumnValues "email" in ["{MAILS[0]}", "{MAILS[1]}"], RowCount > 2,
    ColumnValues "total" >= 0, ColumnValues "note" != "{CARD}", Completeness "email" > 0.5, IsComplete "gone",
    CustomSql "select count(*) from primary where email = '{MAILS[0]}'" > 0, Mean "total" > 1 ]"""


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    # A busy machine takes its time.
    monkeypatch.setattr("graph.delivery.BRIEFLY_SECONDS", 60)
    # The client writes its address into the environment.
    with mock.patch.dict(os.environ):
        for name in [name for name in os.environ if name.startswith("OPENLINEAGE")]:
            del os.environ[name]
        yield


@pytest.fixture
def receiver(store, monkeypatch):
    with backend() as made:
        change_setting(store, "openlineage", True, "root")
        monkeypatch.setenv("OPENLINEAGE_URL", made.url)
        yield made


@pytest.fixture
def customers(tmp_path):
    path = tmp_path / "customers.csv"
    rows = [
        f"{i},{mail},{total},n{i}" for i, (mail, total) in enumerate(zip(MAILS * 2, (5, 8, -1, 9, 2, 4), strict=True))
    ]
    path.write_text("\n".join(["id,email,total,note", *rows, "7,,3,x"]) + "\n")
    return path


def _check(receiver, *values: str) -> None:
    for event in receiver.events:
        assert problems(event) == []
        text = json.dumps(event)
        assert [value for value in (*MAILS, CARD, *values) if value in text] == []
        read(event)
    assert len({event["run"]["runId"] for event in receiver.events}) == len(receiver.events) // 2


def _facets(event, where: str) -> dict:
    return {key: facet for at, key, facet in facets(event) if at.startswith(where)}


def test_off_by_default_though_a_backend_is_named(store, customers, monkeypatch):
    with backend() as receiver:
        monkeypatch.setenv("OPENLINEAGE_URL", receiver.url)
        Jobs(store, "ann").profile(str(customers))
        assert receiver.events == []
    assert store.outbox.counts() == {("lineage", "sent"): 1}


def test_a_profile(store, receiver, customers, monkeypatch):
    parent = "019386be-c3e7-7e1b-9e0b-0123456789ab"
    monkeypatch.setenv("OPENLINEAGE_PARENT_ID", f"airflow/shop.daily/{parent}")
    Jobs(store, "ann").profile(str(customers))
    _check(receiver)
    assert receiver.types == ["START", "COMPLETE"]
    end = receiver.of("COMPLETE")
    assert [(one["namespace"], one["name"]) for one in end["inputs"]] == [("file", str(customers))]
    run, found = _facets(end, "run"), _facets(end, "inputs")
    assert run["parent"]["run"]["runId"] == parent
    assert run["parent"]["job"] == {"namespace": "airflow", "name": "shop.daily", "facets": {}}
    assert [field["name"] for field in found["schema"]["fields"]] == ["id", "email", "total", "note"]
    assert [(tag["key"], tag["value"], tag["field"]) for tag in found["tags"]["tags"]] == [
        ("pii", "email address", "email")
    ]
    metrics = found["dataQualityMetrics"]
    assert metrics["rowCount"] == 7
    assert metrics["columnMetrics"]["email"] == {"nullCount": 1, "distinctCount": 3, "count": 6, "quantiles": {}}
    assert metrics["columnMetrics"]["total"]["min"] == -1
    assert metrics["columnMetrics"]["total"]["quantiles"]["0.5"] == 4
    assert _facets(end, "job")["jobType"]["jobType"] == "PROFILE"


def test_a_validation_with_rules_that_pass_fail_and_cannot_be_judged(store, receiver, customers):
    jobs = Jobs(store, "ann")
    jobs.profile(str(customers))
    receiver.events.clear()
    jobs.validate(str(customers), RULES)
    _check(receiver)
    end = receiver.of("COMPLETE")
    found = _facets(end, "inputs")["dataQualityAssertions"]["assertions"]
    assert [(one["assertion"], one["success"]) for one in found] == [
        *[("IsComplete", False), ("ColumnValues", False), ("RowCount", True), ("ColumnValues", False)],
        *[("ColumnValues", True), ("Completeness", True), ("IsComplete", False), ("CustomSql", True), ("Mean", True)],
    ]
    assert len({one["name"] for one in found}) == len(found)
    assert {one["severity"] for one in found} == {"error"}
    shown = {one["name"].split(" #")[0]: one for one in found}
    assert shown["Completeness(email)"]["expected"] == "> 0.5"
    assert shown["Completeness(email)"]["actual"].startswith("0.857")
    assert shown["ColumnValues(total)"]["content"] == 'ColumnValues "total" >= 0'
    assert shown["ColumnValues(total)"]["params"] == {"outcome": "Failed", "dimension": "validity", "failed_rows": 1}
    assert shown["RowCount()"]["actual"] == "7"
    # What may hold an address is not told at all: the rule is there, its text is not.
    assert "content" not in shown["ColumnValues(email)"]
    assert "content" not in shown["CustomSql()"]
    tests = _facets(end, "run")["test"]["tests"]
    assert [(one["name"], one["status"] == "pass") for one in tests] == [(one["name"], one["success"]) for one in found]


def test_quarantine_tells_where_each_column_went(store, receiver, customers, tmp_path):
    Jobs(store, "ann").profile(str(customers))
    receiver.events.clear()
    rules = 'Rules = [ ColumnValues "total" >= 0, IsComplete "email" ]'
    done = Jobs(store, "ann").validate(str(customers), rules, quarantine=str(tmp_path / "q"))
    _check(receiver)
    end = receiver.of("COMPLETE")
    assert [one["name"] for one in end["outputs"]] == [done.split.good, done.split.bad]
    good, bad = end["outputs"]
    assert [half["outputFacets"]["outputStatistics"]["rowCount"] for half in (good, bad)] == [
        done.split.good_rows,
        done.split.bad_rows,
    ]
    lineage = bad["facets"]["columnLineage"]
    assert lineage["fields"]["email"]["inputFields"] == [
        {
            "namespace": "file",
            "name": str(customers),
            "field": "email",
            "transformations": [{"type": "DIRECT", "subtype": "IDENTITY", "masking": False}],
        }
    ]
    assert {one["field"] for one in lineage["dataset"]} == {"total", "email"}
    assert {one["field"] for one in lineage["fields"]["DataQualityRulesFail"]["inputFields"]} == {"total", "email"}
    # The same in Assay's own lineage, into which the personal data is followed.
    mail = ColumnId(of_uri(str(customers)), "email")
    went = {one.column for one in store.lineage.downstream(mail).columns}
    assert went == {ColumnId(of_uri(half), "email") for half in (done.split.good, done.split.bad)}
    tagged = {one.column: one.came_from for one in store.lineage.where_goes("pii").columns}
    assert tagged == {mail: None, **dict.fromkeys(went, mail)}
    # Rows that are put elsewhere another time are not where the first ones went.
    Jobs(store, "ann").validate(str(customers), rules, quarantine=str(tmp_path / "q2"))
    assert len(store.lineage.downstream(mail).columns) == 4


def test_a_run_of_agents(store, receiver, customers):
    runs = Runs(store)
    run = runs.start([str(customers)], requested_by="ann", model="offline")
    Worker(store).run(run.id)
    from memory.model import Decision

    runs.decide(run.id, [Decision(one.number, "approve") for one in runs.proposals(run.id)], "ann")
    Worker(store).run(run.id)
    assert runs.report(run.id).run.status == "done"
    _check(receiver)
    assert receiver.types == ["START", "COMPLETE"]
    found = _facets(receiver.of("COMPLETE"), "inputs")
    assert found.keys() >= {"schema", "dataSource", "version", "tags", "dataQualityMetrics", "dataQualityAssertions"}
    assert _facets(receiver.of("COMPLETE"), "run")["tags"]["tags"][0]["value"] == run.id
    assert len(found["dataQualityAssertions"]["assertions"]) == len(runs.proposals(run.id))


def test_recommendations_and_comparisons(store, receiver, customers, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("id,email\n1,x\n")
    Jobs(store, "ann").recommend(str(customers))
    Jobs(store, "ann").compare(str(customers), str(other))
    _check(receiver)
    assert receiver.types == ["START", "COMPLETE"] * 2
    assert [len(event["inputs"]) for event in receiver.events] == [1, 1, 2, 2]


def test_a_failure_says_why_without_passwords(store, receiver, tmp_path):
    secret = "hunter" + "2x9"
    for source in (str(tmp_path / "none.csv"), f"postgres://ann:{secret}@127.0.0.1:1/shop/orders"):
        with pytest.raises(AssayError):
            Jobs(store, "ann").profile(source)
    _check(receiver, secret)
    assert receiver.types == ["START", "FAIL"] * 2
    errors = [_facets(event, "run")["errorMessage"] for event in receiver.events[1::2]]
    assert all(one["message"] and one["programmingLanguage"] == "PYTHON" for one in errors)


def test_a_run_that_is_cancelled_is_aborted(store, receiver, customers):
    runs = Runs(store)
    run = runs.start([str(customers)], requested_by="ann", model="offline")
    runs.cancel(run.id, "ann")
    Jobs(store, "ann").profile(str(customers))
    _check(receiver)
    assert [event["eventType"] for event in receiver.events] == ["START", "ABORT", "START", "COMPLETE"]


def test_the_client_is_configured_as_everywhere(store, customers, tmp_path, monkeypatch):
    change_setting(store, "openlineage", True, "root")
    with backend() as receiver:
        config = tmp_path / "openlineage.yml"
        config.write_text(
            f"transport:\n  type: http\n  url: {receiver.url}\n  endpoint: in/here\n  compression: gzip\n"
            f"  auth:\n    type: api_key\n    apiKey: {TOKEN}\n"
        )
        monkeypatch.setenv("OPENLINEAGE_CONFIG", str(config))
        monkeypatch.setenv("OPENLINEAGE_NAMESPACE", "shop")
        monkeypatch.setenv("OPENLINEAGE_DISABLED", "true")
        Jobs(store, "ann").profile(str(customers))
        assert receiver.events == []
        monkeypatch.delenv("OPENLINEAGE_DISABLED")
        Jobs(store, "ann").profile(str(customers))
        # What was kept back by a process that may not send is sent by one that may.
        assert receiver.types == ["START", "COMPLETE"] * 2
        assert set(receiver.paths) == {"/in/here"}
        assert {headers["Authorization"] for headers in receiver.headers} == {f"Bearer {TOKEN}"}
        assert {headers["Content-Encoding"] for headers in receiver.headers} == {"gzip"}
        assert {event["job"]["namespace"] for event in receiver.events} == {"shop"}


def test_one_assay_tells_another(store, customers, tmp_path, empty_url, monkeypatch):
    from memory import Memory

    monkeypatch.setenv("ASSAY_HOME", str(tmp_path / "home"))
    change_setting(store, "openlineage", True, "root")
    with Memory.open(empty_url) as other, serving(other) as address:
        token = tokens(other, pipeline="author")["pipeline"]
        monkeypatch.setenv("OPENLINEAGE_URL", address)
        monkeypatch.setenv("OPENLINEAGE_API_KEY", token)
        Jobs(store, "pipeline").profile(str(customers))
        Jobs(store, "pipeline").validate(
            str(customers), 'Rules = [ IsComplete "email" ]', quarantine=str(tmp_path / "q")
        )
        mail = ColumnId(of_uri(str(customers)), "email")
        made, there = (set(one.lineage.downstream(mail).columns) for one in (store, other))
        assert len(made) == 2
        assert there == made
        assert set(other.lineage.where_goes("pii").columns) == set(store.lineage.where_goes("pii").columns)
        states = "select state, count(*) as runs from lineage_runs group by state"
        assert other.db.rows(states) == store.db.rows(states) == [{"state": "COMPLETE", "runs": 2}]
