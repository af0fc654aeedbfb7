"""Schedules: each time is done once, by one of many workers, in the name of who added it; and what is missed once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from graph import delivery, scheduling
from graph.alerting import Alerting
from graph.permissions import Actor, PermissionDenied
from graph.scheduling import Scheduler, Scheduling
from memory.channels import NewChannel
from memory.errors import NotFound, WrongState
from memory.people import People, new_person
from memory.schedules import MOST_TRIES, Schedules
from memory.store import Memory
from tests.support.webhooks import webhook
from tools.cron import CronError
from tools.errors import AssayError
from tools.objects.model import ObjectsError
from ui.cli.main import app

NEVER_ALIVE = "elsewhere:1:1"


@pytest.fixture
def people(tmp_path, monkeypatch) -> People:
    """Users of its own."""
    monkeypatch.setenv("ASSAY_USERS", str(tmp_path / "users.toml"))
    return People()


@pytest.fixture
def orders(tmp_path) -> str:
    path = tmp_path / "orders.csv"
    path.write_text("id,email\n1,a@example.com\n2,b@example.com\n")
    return str(path)


def ruled(store: Memory, source: str, *rules: str) -> None:
    from graph.jobs import Jobs

    jobs = Jobs(store, "ada")
    jobs.profile(source)
    jobs.import_rules(jobs.dataset(source), rules)


def due(store: Memory, number: int, **ago: float) -> datetime:
    """Has a schedule be due so long ago."""
    at = datetime.now(UTC) - timedelta(**ago)
    with store.db.transaction() as connection:
        connection.execute("update schedules set next_at = %s where number = %s", [at, number])
    return at


def firings(store: Memory) -> list[tuple]:
    rows = store.db.rows("select schedule, due_at, outcome, tries from schedule_firings order by id")
    return [(row["schedule"], row["due_at"], row["outcome"], row["tries"]) for row in rows]


def test_what_is_due_is_done_in_the_name_of_who_added_it(store, orders):
    ruled(store, orders, "RowCount > 1", 'IsComplete "email"')
    made = Scheduling(store, "ada").add("0 6 * * *", "validate", orders, zone="Europe/Berlin")
    scheduler = Scheduler(store)
    assert scheduler.once() is False
    at = due(store, made.number, minutes=1)
    assert (scheduler.once(), scheduler.once()) == (True, False)
    (found,) = Scheduling(store, "ada").all()
    assert (found.last_outcome, found.last_said) == ("passed", "2 of 2 rules passed, score 100.0%")
    assert (found.last_due_at, found.working) == (at, False)
    assert found.next_at > datetime.now(UTC)
    run = store.runs.get(found.last_run)
    assert (run.kind, run.requested_by, run.sources) == ("validate", "ada", [orders])


def test_rules_that_fail_are_told(store, orders):
    ruled(store, orders, "RowCount > 5")
    made = Scheduling(store, "ada").add("@daily", "validate", orders)
    due(store, made.number)
    Scheduler(store).once()
    found = Schedules(store.db).get(made.number)
    assert (found.last_outcome, found.last_said) == ("failed", "0 of 1 rules passed, score 0.0%")


def test_missed_times_are_made_up_for_once(store, orders):
    made = Scheduling(store, "ada").add("* * * * *", "profile", orders)
    at = due(store, made.number, days=3)
    scheduler = Scheduler(store)
    assert [scheduler.once() for _ in range(3)] == [True, False, False]
    assert firings(store) == [(made.number, at, "done", 1)]
    assert Schedules(store.db).get(made.number).next_at > datetime.now(UTC)


def test_many_workers_do_each_time_once(store, store_url, orders):
    numbers = [Scheduling(store, "ada").add("@hourly", "profile", orders).number for _ in range(12)]
    for number in numbers:
        due(store, number, minutes=number)
    memories = [Memory.open(store_url) for _ in range(4)]

    def work(memory: Memory) -> None:
        while Scheduler(memory).once():
            pass

    threads = [threading.Thread(target=work, args=(memory,)) for memory in memories]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for memory in memories:
        memory.close()
    done = firings(store)
    assert sorted(number for number, *_ in done) == numbers
    assert {(outcome, tries) for *_, outcome, tries in done} == {("done", 1)}


def test_one_that_takes_longer_than_its_times_is_not_begun_twice(store, orders):
    made = Scheduling(store, "ada").add("* * * * *", "profile", orders)
    schedules = Schedules(store.db)
    due(store, made.number)
    firing = schedules.take("one", 60)
    due(store, made.number)
    assert schedules.take("two", 60) is None
    assert schedules.get(made.number).working
    with pytest.raises(WrongState, match="right now"):
        Scheduling(store, "ada").run_now(made.number)
    assert schedules.end(firing, "done", "at last")
    assert schedules.take("two", 60).due_at > firing.due_at


def test_what_a_dead_worker_left_is_done_by_another_which_alone_may_end_it(store, orders):
    made = Scheduling(store, "ada").add("@daily", "profile", orders)
    schedules = Schedules(store.db)
    at = due(store, made.number, hours=1)
    first = schedules.take(NEVER_ALIVE, 0)
    time.sleep(0.01)
    assert Scheduler(store).once() is True
    assert firings(store) == [(made.number, at, "done", 2)]
    assert schedules.renew(first, 60) is False
    assert schedules.end(first, "error", "too late") is False
    assert schedules.get(made.number).last_outcome == "done"


def test_one_that_kills_its_workers_is_given_up_and_told(store, orders):
    made = Scheduling(store, "ada").add("@daily", "profile", orders)
    schedules = Schedules(store.db)
    due(store, made.number)
    for tries in range(1, MOST_TRIES + 1):
        assert schedules.take(NEVER_ALIVE, 0).tries == tries
        time.sleep(0.01)
    assert schedules.take(NEVER_ALIVE, 0) is None
    found = schedules.get(made.number)
    assert (found.last_outcome, found.last_said[:8]) == ("error", "Given up")
    assert store.db.row("select kind from alerts")["kind"] == "schedule"


def test_a_killed_worker_loses_nothing(store, store_url, orders):
    """SIGKILL in the middle of a job: another process does it, in seconds, without waiting for the lease."""
    made = Scheduling(store, "ada").add("@daily", "profile", orders)
    due(store, made.number)
    script = (
        "import os, signal\nfrom memory import Memory\nfrom graph import scheduling\n"
        "scheduling._done = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"scheduling.Scheduler(Memory.open({store_url!r})).once()"
    )
    killed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert killed.returncode == -9, killed.stderr
    assert Schedules(store.db).get(made.number).working
    assert Scheduler(store).once() is True
    assert [(outcome, tries) for *_, outcome, tries in firings(store)] == [("done", 2)]


def test_a_run_is_started_once_though_its_firing_is_taken_up_twice(store, orders, monkeypatch):
    made = Scheduling(store, "ada").add("@daily", "run", orders, goal="Profile it")
    due(store, made.number)
    schedules = Schedules(store.db)
    with monkeypatch.context() as patched:
        patched.setattr(Schedules, "end", lambda *_: True)
        Scheduler(store).once()
    with store.db.transaction() as connection:
        connection.execute("update schedule_firings set lease_until = now() - interval '1 second'")
    Scheduler(store).once()
    runs = store.runs.recent(kind="run")
    assert [(run.goal, run.requested_by, run.status) for run in runs] == [("Profile it", "ada", "queued")]
    found = schedules.get(made.number)
    assert (found.last_outcome, found.last_run) == ("started", runs[0].id)


def test_metrics_go_out(store, tmp_path):
    made = Scheduling(store, "ada").add("@daily", "metrics", str(tmp_path / "out"))
    due(store, made.number)
    Scheduler(store).once()
    assert Schedules(store.db).get(made.number).last_said == "1 day written"
    assert (tmp_path / "out/sql/athena.sql").exists()


def test_what_cannot_be_done_is_told_until_it_can(store, tmp_path):
    gone = tmp_path / "gone.csv"
    made = Scheduling(store, "ada").add("@daily", "profile", str(gone))
    for open_, outcome in ((True, "error"), (False, "done")):
        due(store, made.number)
        Scheduler(store).once()
        found = Schedules(store.db).get(made.number)
        assert found.last_outcome == outcome, found.last_said
        alerts = store.db.rows("select kind, resolved_at is null as open, what from alerts")
        assert [(one["kind"], one["open"], one["what"]) for one in alerts] == [("schedule", open_, f"profile {gone}")]
        gone.write_text("id\n1\n")


def test_what_was_removed_meanwhile_is_nobodys_trouble(store, tmp_path):
    schedules = Schedules(store.db)
    for left in (False, True):
        made = Scheduling(store, "ada").add("@daily", "profile", str(tmp_path / "gone.csv"))
        firing = schedules.take_now(made.number, NEVER_ALIVE, -1 if left else 60, "ada")
        if left:
            store.db.rows("update schedule_firings set tries = %s where id = %s returning id", [MOST_TRIES, firing.id])
        Scheduling(store, "ada").remove(made.number)
        assert schedules.take(NEVER_ALIVE, 60) is None
        assert left or schedules.end(firing, "error", "There is no such file.")
    assert store.alerts.list("all") == []
    assert [one[2] for one in firings(store)] == ["error", "error"]


def test_run_now_has_people_told(store, tmp_path, monkeypatch):
    with webhook() as hook:
        monkeypatch.setenv("HOOK", hook.url)
        Alerting(store, "root").add_channel(NewChannel("ops", "webhook", "${HOOK}"))
        made = Scheduling(store, "ada").add("@daily", "profile", str(tmp_path / "gone.csv"))
        monkeypatch.setattr(delivery, "BRIEFLY_SECONDS", 30)
        assert Scheduling(store, "ada").run_now(made.number).last_outcome == "error"
        assert "schedule failed" in hook.texts[0]


def test_a_bug_is_no_end_of_the_worker(store, orders, monkeypatch):
    made = Scheduling(store, "ada").add("@daily", "profile", orders)
    due(store, made.number)
    monkeypatch.setattr(scheduling, "_profiled", lambda *_: next(iter(())))
    assert Scheduler(store).once() is True
    assert Schedules(store.db).get(made.number).last_said.startswith("Internal error: StopIteration")


def test_paused_it_is_not_due_and_resumed_nothing_is_made_up_for(store, orders):
    scheduling = Scheduling(store, "ada")
    made = scheduling.add("@daily", "profile", orders)
    due(store, made.number, days=2)
    assert scheduling.pause(made.number).next_at is None
    assert Scheduler(store).once() is False
    with pytest.raises(WrongState, match="paused already"):
        scheduling.pause(made.number)
    assert scheduling.resume(made.number).next_at > datetime.now(UTC)
    with pytest.raises(WrongState, match="is not paused"):
        scheduling.resume(made.number)
    assert Scheduler(store).once() is False
    scheduling.remove(made.number)
    assert scheduling.all() == []
    for deed in (scheduling.pause, scheduling.resume, scheduling.remove, scheduling.run_now):
        with pytest.raises(NotFound, match=f"no schedule {made.number}"):
            deed(made.number)
    deeds = store.db.rows("select action, actor, subject from audit_log where action like 'schedule.%%' order by seq")
    assert [(row["action"], row["actor"]) for row in deeds] == [
        (f"schedule.{deed}", "ada") for deed in ("added", "paused", "resumed", "removed")
    ]


def test_run_now_leaves_the_next_time_as_it_is(store, orders):
    scheduling = Scheduling(store, "ada")
    made = scheduling.add("@daily", "profile", orders)
    done = scheduling.run_now(made.number)
    assert (done.last_outcome, done.last_said, done.next_at) == ("done", "2 rows profiled", made.next_at)
    assert Scheduling(store, "ben").run_now(made.number).last_said == "unchanged since the last profile"
    rows = store.db.rows("select asked_by from schedule_firings order by id")
    assert [row["asked_by"] for row in rows] == ["ada", "ben"]
    assert {run.requested_by for run in store.runs.recent(kind="profile")} == {"ada"}


def test_who_lost_the_role_does_nothing_any_more(store, orders, people):
    for name, role in (("ada", "author"), ("eve", "viewer")):
        people.add(new_person(name, role))
    made = Scheduling(store, "ada").add("@daily", "profile", orders)
    with pytest.raises(PermissionDenied, match="may not change schedules"):
        Scheduling(store, "eve").pause(made.number)
    people.change("ada", role="viewer")
    due(store, made.number)
    Scheduler(store).once()
    found = Schedules(store.db).get(made.number)
    assert found.last_outcome == "error"
    assert "may not start runs" in found.last_said
    assert store.runs.recent() == []


def test_nobody_adds_one_in_a_name_that_will_not_be_known(store, orders, people):
    people.add(new_person("ada", "author"))
    with pytest.raises(PermissionDenied, match="in the name of root"):
        Scheduling(store, Actor("root", "admin")).add("@daily", "profile", orders)
    assert Scheduling(store, Actor("ada", "admin")).add("@daily", "profile", orders).added_by == "ada"


REFUSED = [
    ("* * *", "profile", "a.csv", "UTC", CronError, "5 fields"),
    ("@daily", "profile", "a.csv", "Mars", CronError, "no time zone"),
    ("@daily", "profile", " ", "UTC", AssayError, "no source"),
    ("@daily", "profile", "postgresql://u:" + "hunter2@h/d/public.t", "UTC", AssayError, "keeps no password"),
    ("@daily", "metrics", "dynamodb://t", "UTC", ObjectsError, "no place"),
]


def test_what_cannot_be_a_schedule_is_refused(store):
    for cron, action, source, zone, error, words in REFUSED:
        with pytest.raises(error, match=words) as raised:
            Scheduling(store, "ada").add(cron, action, source, zone=zone)
        assert "hunter2" not in str(raised.value)
    assert Schedules(store.db).all() == []


def test_sources_without_a_password_are_kept_as_they_are(store):
    for source in ("postgresql://u:${PW}@h/d/public.t", "postgresql://u@h/d/t", "iceberg://local/shop.orders?branch=x"):
        assert Scheduling(store, "ada").add("@daily", "profile", source).source == source


def test_a_worker_has_the_duty(store, orders):
    from graph.roster import duties

    made = Scheduling(store, "ada").add("@daily", "profile", orders)
    due(store, made.number)
    (duty,) = [one for one in duties(store) if one.name == "schedules"]
    assert duty.once() is True
    duty.stop()
    due(store, made.number)
    assert duty.once() is False


@pytest.fixture
def call(store_url, tmp_path, monkeypatch):
    monkeypatch.setenv("ASSAY_DATABASE_URL", store_url)
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, ["schedule", *arguments])


def test_on_the_command_line(call, orders):
    assert "There are no schedules" in call("list").stdout
    told = call("add", "30 6 * * MON-FRI", "profile", "orders.csv", "--zone", "Asia/Tokyo", "--as", "ada").stdout
    assert told.startswith(f"Schedule 1: profile {Path(orders)}.")
    assert "06:30 JST" in told
    assert call("run-now", "1").stdout == "Schedule 1: done: 2 rows profiled\n"
    os.remove(orders)
    ended = call("run-now", "1")
    assert ended.exit_code == 2
    assert "Schedule 1: error:" in ended.stdout
    listed = call("list").stdout
    assert "Asia/Tokyo" in listed.replace("\n", "")
    assert call("pause", "1").stdout == "Schedule 1 is paused.\n"
    assert json.loads(call("list", "--json").stdout)[0]["paused"] is True
    assert call("resume", "1").stdout.startswith("Schedule 1 goes on, next at ")
    assert call("remove", "1").stdout == "Schedule 1 is removed.\n"


def test_rules_that_fail_end_with_one(call, store, orders):
    ruled(store, orders, "RowCount > 5")
    assert call("add", "@daily", "validate", "orders.csv").exit_code == 0
    ended = call("run-now", "1")
    assert (ended.exit_code, ended.stdout) == (1, "Schedule 1: failed: 0 of 1 rules passed, score 0.0%\n")
