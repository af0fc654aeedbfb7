"""The commands about people, settings and the audit log: what they print and how they exit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from graph.people import actor_of_password, actor_of_token
from memory.audit import Fact
from memory.db import connect
from memory.people import People
from tests.support.stores import proposed
from tools.errors import AssayError
from ui.cli.main import app

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def places(store_url, tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("ASSAY_DATABASE_URL", store_url)
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path))
    monkeypatch.setenv("ASSAY_AUDIT_ANCHOR", str(tmp_path))
    monkeypatch.setattr("memory.people.COST", 16)
    return tmp_path


def assay(*arguments: str, **more):
    return CliRunner().invoke(app, list(arguments), **more)


def shown(*arguments: str, **more):
    return json.loads(assay(*arguments, "--json", **more).stdout)


def test_users_are_added_changed_and_removed(places):
    assert shown("users", "list")["sign_in"] is False
    made = shown("users", "add", "ann", "--role", "approver", "--password", input=f"{PASSWORD}\n")
    assert (made["role"], made["password"], made["tokens"]) == ("approver", True, [])
    assert actor_of_password("ann", PASSWORD).role == "approver"
    assert shown("users", "role", "ann", "admin", "--as", "root")["role"] == "admin"
    assay("users", "password", "ann", env={"ASSAY_PASSWORD": "another password"})
    assert actor_of_password("ann", "another password")
    token = assay("users", "token", "ann", "--days", "2").stdout.strip()
    assert actor_of_token(token) == "ann"
    assert "1 token" in assay("users", "list").stdout
    assert token not in str(shown("users", "list"))
    assert shown("users", "token", "ann", "--revoke")["revoked"] == 1
    assert assay("users", "remove", "ann").exit_code == 0
    assert People().all() == []
    told = shown("audit", "list")
    assert told[1]["actor"] == "root"
    assert len(told) == 6


def test_what_is_no_user_or_password_is_refused():
    for arguments in (("users", "role", "eve", "admin"), ("users", "add", "a", "--role", "king")):
        assert isinstance(assay(*arguments).exception, AssayError)
    short = assay("users", "add", "a", "--role", "viewer", "--password", input="short\n")
    assert "10 to 1000" in str(short.exception)
    assert "no way to sign in yet" in assay("users", "add", "a", "--role", "viewer").stderr


def test_settings_are_listed_and_set():
    assert "approver_differs = false" in assay("settings", "list").stdout
    assert shown("settings", "set", "approver_differs", "true", "--as", "root")["value"] is True
    assert shown("settings", "list")[0]["changed_by"] == "root"
    assert isinstance(assay("settings", "set", "approver_differs", "yes").exception, AssayError)
    assert isinstance(assay("settings", "set", "speed", "true").exception, AssayError)


def test_the_log_is_listed_by_run_and_time(store):
    run, _, _ = proposed(store, 'IsComplete "email"')
    store.audit.record(Fact("run.started", "ada", "another"))
    assert [entry["action"] for entry in shown("audit", "list", "--run", "latest")] == [
        *("run.started", "rule.proposed", "approval.requested")
    ]
    assert shown("audit", "list", "--run", run.id[:4]) == shown("audit", "list", "--run", "latest")
    assert len(shown("audit", "list", "--limit", "2")) == 2
    assert shown("audit", "list", "--since", "2999-01-01") == []
    told = assay("audit", "list").stdout
    assert 'IsComplete "email"' in told
    assert max(map(len, told.splitlines())) <= 80
    assert isinstance(assay("audit", "list", "--since", "yesterday").exception, AssayError)


def test_verify_exits_with_what_it_found(store, places):
    for number in range(3):
        store.audit.record(Fact("rule.decided", "ada", subject=f"proposal {number}"))
    good = assay("audit", "verify")
    assert good.exit_code == 0
    assert "3 entries, each as it was written" in good.stdout
    (file,) = places.glob("*.anchor")
    file.unlink()
    assert assay("audit", "verify").exit_code == 2
    assert assay("audit", "verify", "--trust").exit_code == 0
    with connect(store.url) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("update audit_log set actor = 'eve' where seq = 2")
    bad = assay("audit", "verify")
    assert bad.exit_code == 1
    assert "edit: Entry 2 is not what was written" in bad.stdout
    assert shown("audit", "verify")["findings"][0]["seq"] == 2
