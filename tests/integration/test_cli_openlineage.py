"""``assay openlineage``: what waits, again, and the events of a run; and old messages are forgotten."""

from __future__ import annotations

import json
import os
from unittest import mock

import pytest
from typer.testing import CliRunner

from tests.support.backends import backend
from tests.support.openlineage_schemas import problems
from ui.cli.main import app


@pytest.fixture
def assay(store_url, tmp_path, monkeypatch):
    with mock.patch.dict(os.environ):
        for name in [name for name in os.environ if name.startswith("OPENLINEAGE")]:
            del os.environ[name]
        monkeypatch.setattr("graph.delivery.BRIEFLY_SECONDS", 60)
        os.environ.update({"ASSAY_DATABASE_URL": store_url, "ASSAY_HOME": str(tmp_path / "home")})

        def run(*arguments: str):
            done = CliRunner().invoke(app, [*arguments])
            assert done.exit_code == 0, done.output
            return done

        yield run


def test_what_waits_is_listed_tried_again_and_forgotten(assay, tmp_path):
    table = tmp_path / "orders.csv"
    table.write_text("id\n1\n")
    assert "Nothing waits." in assay("openlineage", "pending").stdout
    assay("settings", "set", "openlineage", "true")
    assay("profile", str(table))
    told = assay("openlineage", "pending")
    assert "START" in told.stdout
    assert "No backend is configured here" in told.stderr
    with backend() as receiver:
        os.environ["OPENLINEAGE_URL"] = receiver.url
        found = json.loads(assay("openlineage", "pending", "--json").stdout)
        assert [one["payload"]["event"] for one in found["pending"]] == ["START", "COMPLETE"]
        assert (found["total"], found["sending"], found["configured"]) == (2, True, True)
        number = str(found["pending"][0]["id"])
        done = json.loads(assay("openlineage", "retry", number, "--json").stdout)
        assert done == {"delivered": 2, "left": 0}
        assert receiver.types == ["START", "COMPLETE"]
    assert json.loads(assay("store", "prune", "--older-than", "0h", "--json").stdout)["messages"] == 3


def test_the_events_of_a_run_are_shown_as_they_would_be_sent(assay, tmp_path):
    table = tmp_path / "orders.csv"
    table.write_text("id\n1\n")
    assay("profile", str(table))
    run = json.loads(assay("runs", "list", "--json").stdout)[0]["id"]
    events = [json.loads(line) for line in assay("openlineage", "show", run).stdout.splitlines()]
    assert [event["eventType"] for event in events] == ["START", "COMPLETE"]
    assert [problems(event) for event in events] == [[], []]
    assert json.loads(assay("openlineage", "show", run, "--json").stdout) == events
