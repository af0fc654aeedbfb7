"""``assay alerts``: from the first channel to the last message, on a real store."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from graph import delivery
from memory import Memory
from memory.alerts import tell
from tests.support.webhooks import webhook
from tools.errors import AssayError
from ui.cli.main import app
from ui.report.times import later


@pytest.fixture
def call(store_url, tmp_path, monkeypatch):
    monkeypatch.setenv("ASSAY_DATABASE_URL", store_url)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(delivery, "BRIEFLY_SECONDS", 30)
    Path("orders.csv").write_text("id,email\n1,\n")
    Path("r.dqdl").write_text('Rules = [ IsComplete "email" ]')

    def run(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, [*arguments])
        assert done.exit_code == code, done.output
        return done.stdout

    return run


@pytest.fixture
def hook(monkeypatch):
    with webhook() as made:
        monkeypatch.setenv("HOOK", made.url)
        yield made


def failed(call, *arguments: str) -> str:
    """What an error says."""
    done = CliRunner().invoke(app, [*arguments])
    assert isinstance(done.exception, AssayError)
    return str(done.exception)


def test_a_failing_rule_is_told_listed_snoozed_and_resolved(call, hook):
    assert "Nothing is in trouble." in call("alerts", "list")
    assert "Channel ops is there" in call("alerts", "channels", "add", "ops", "--webhook", "${HOOK}", "--as", "root")
    assert call("alerts", "channels", "test", "ops") == "Channel ops took the message.\n"
    assert "Nothing is wrong." in hook.texts[0]
    call("alerts", "page", "https://assay.example.com")
    call("validate", "orders.csv", "--rules", "r.dqdl", code=1)
    assert "https://assay.example.com/alerts?alert=1" in hook.texts[1]
    (listed,) = json.loads(call("alerts", "list", "orders.csv", "--json"))
    assert (listed["number"], listed["what"], listed["told"]) == (1, 'IsComplete "email"', ["ops"])
    assert "IsComplete" in call("alerts", "list")
    said = " ".join(call("alerts", "show", "1").split())
    for words in ("Alert 1: rule", "met 1 time,", "told ops"):
        assert words in said
    snoozed = call("alerts", "snooze", "1", "--until", "2096-12-24T08:00+02:00", "--reason", "we know", "--as", "ann")
    assert snoozed == "Nobody is told of alert 1 until 2096-12-24 06:00 UTC.\n"
    assert "by ann: we know" in call("alerts", "show", "1")
    assert "orders.csv is over" in call("alerts", "snooze", "orders.csv", "--until", "now", "--reason", "it is over")
    assert call("alerts", "resolve", "1", "--reason", "a test", "--as", "ann") == "Alert 1 is resolved, says ann.\n"
    assert "resolved" in call("alerts", "list", "--all")
    assert "by ann: a test" in call("alerts", "show", "1")
    assert failed(call, "alerts", "resolve", "1", "--reason", "again") == "Alert 1 is resolved already."
    assert "Nothing is in trouble." in call("alerts", "list")


def test_a_channel_that_fails_says_so_and_its_messages_are_kept(call, hook):
    call("alerts", "channels", "add", "ops", "--webhook", "${HOOK}")
    hook.status = 404
    assert "127.0.0.1 answered 404: ok." in failed(call, "alerts", "channels", "test", "ops")
    call("validate", "orders.csv", "--rules", "r.dqdl", code=1)
    (waiting,) = json.loads(call("alerts", "messages", "--json"))
    assert (waiting["kind"], waiting["state"], waiting["attempts"]) == ("alert ops", "pending", 1)
    assert "answered 404" in call("alerts", "messages")
    assert "Nothing waits." in call("openlineage", "pending"), "which is about runs"
    call("openlineage", "retry")
    assert hook.asked == 2
    hook.status = 200
    assert "Every message was delivered." in call("alerts", "messages", "--retry")
    assert len(hook.texts) == 1


def test_channels_are_listed_with_what_they_get_and_no_secret(call):
    call(
        *("alerts", "channels", "add", "mail", "--smtp", "smtp://mail.example.com", "--from", "a@example.com"),
        *("--to", "b@example.com", "--user", "assay", "--password", "${SMTP}", "--owner", "ann", "--tag", "pii"),
    )
    call("alerts", "channels", "add", "bus", "--eventbridge", "default", "--dataset", "*/raw/*")
    call("alerts", "channels", "add", "topic", "--sns", "arn:aws:sns:eu-west-1:123456789012:ops")
    listed = {one["name"]: one for one in json.loads(call("alerts", "channels", "list", "--json"))}
    assert listed["mail"]["options"]["password"] == "${SMTP}"
    assert {name: one["kind"] for name, one in listed.items()} == {
        "mail": "email",
        "bus": "eventbridge",
        "topic": "sns",
    }
    shown = " ".join(call("alerts", "channels", "list").split())
    assert "eventbridge" in shown
    assert "already" in failed(call, "alerts", "channels", "add", "bus", "--eventbridge", "x")
    call("alerts", "channels", "remove", "bus")
    assert "There is no channel 'bus'" in failed(call, "alerts", "channels", "remove", "bus")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("channels", "add", "x"), "leads to one place"),
        (("channels", "add", "x", "--sns", "a", "--eventbridge", "b"), "leads to one place"),
        (("channels", "add", "x", "--webhook", "https://example.com/hook"), "is a secret"),
        (("channels", "add", "x", "--webhook", "${HOOK}", "--header", "X-Key"), "is no header"),
        (("channels", "test", "x"), "no channel 'x'"),
        (("show", "7"), "no alert 7"),
        (("snooze", "7", "--until", "2h", "--reason", "x"), "no alert 7"),
        (("snooze", "1", "--until", "soon", "--reason", "x"), "no time to come"),
        (("threshold", "2"), "2 is no score"),
        (("threshold", "high"), "'high' is no score"),
        (("threshold", "0.9", "--dimension", "beauty"), "no dimension 'beauty'"),
        (("page", "assay.example.com"), "no address of a page"),
    ],
)
def test_what_cannot_be_done_is_said(call, arguments, message):
    assert message in failed(call, "alerts", *arguments)


def test_a_score_below_its_threshold_is_an_alert_of_its_own(call, hook):
    call("alerts", "channels", "add", "ops", "--webhook", "${HOOK}")
    assert "all datasets: total score at least 50.0%" in call("alerts", "threshold", "0.5")
    call("validate", "orders.csv", "--rules", "r.dqdl", code=1)
    assert "The total score is 0.0%, and should be at least 50.0%." in hook.texts[0]
    assert "score below its threshold" in call("alerts", "list")
    said = call("alerts", "threshold", "0%", "--dataset", "orders.csv")
    assert f"{Path('orders.csv').resolve()}: total score at least 0.0%" in said
    call("validate", "orders.csv", "--rules", "r.dqdl", code=1)
    assert [one["kind"] for one in json.loads(call("alerts", "list", "--json"))] == ["rule"]
    call("alerts", "threshold", "none", "--dataset", "orders.csv")
    call("alerts", "threshold", "0.9", "--dimension", "completeness")
    call("validate", "orders.csv", "--rules", "r.dqdl", code=1)
    found = json.loads(call("alerts", "list", "--json"))
    assert sorted(one["what"] for one in found if one["kind"] == "score") == ["completeness score", "total score"]


def test_what_others_wrote_moves_no_cursor(call, store_url):
    with Memory.open(store_url) as memory, memory.db.transaction() as connection:
        tell(connection, "source", "x", "shop\x1b[2J", "\x1b[31mred")
    assert "\x1b" not in call("alerts", "list") + call("alerts", "show", "1")


def test_times_to_come_are_said_in_words():
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert later("90m", now) == now + timedelta(minutes=90)
    assert later("Tomorrow", now) == now + timedelta(days=1)
    assert later("2026-12-24") == datetime(2026, 12, 24, tzinfo=UTC)
    assert later("2026-12-24T08:00+02:00") == datetime(2026, 12, 24, 6, tzinfo=UTC)
    for wrong in ("", "2x", "next week", "999999w 1", "999999w"):
        with pytest.raises(AssayError, match="no time to come"):
            later(wrong, now)
