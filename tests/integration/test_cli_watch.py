"""``assay watch`` and ``assay events`` on a real store, and a worker that is killed while data lands."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from graph.jobs import Jobs
from memory import Memory
from memory.arrivals import NewArrival
from tests.support.arriving import settled, soon
from tools.errors import AssayError
from ui.cli.main import app

Call = Callable[..., Any]
RULES = 'Rules = [IsComplete "id", RowCount > 0]'


@pytest.fixture
def call(store_url: str, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("ASSAY_DATABASE_URL", store_url)
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    found = tmp_path / "in"
    found.mkdir()
    return found


def told(result: Any) -> str:
    assert result.exit_code == 0, result.output
    return " ".join(result.stdout.split())


def test_a_watch_is_set_up_listed_paused_and_removed(call: Call, store: Memory, inbox: Path) -> None:
    place = f"{inbox}/*.csv"
    targets = ("--trusted", f"{inbox}-good", "--quarantine", f"{inbox}-bad")
    made = json.loads(call("watch", "add", place, *targets, "--suffix", ".csv", "--as", "Ann", "--json").stdout)
    assert (made["source"], made["trusted"], made["suffixes"], made["created_by"]) == (
        *(place, f"{inbox}-good"),
        *([".csv"], "Ann"),
    )
    number = str(made["id"])
    listed = told(call("watch", "list"))
    assert "every 0.25 s" in listed
    assert "nothing" in listed
    assert "is paused" in told(call("watch", "pause", number))
    assert "paused" in told(call("watch", "list"))
    assert "goes on" in told(call("watch", "resume", number))
    assert "is removed" in told(call("watch", "remove", number))
    assert "Nothing is watched" in told(call("watch", "list"))
    assert [entry.action for entry in store.audit.entries()] == [
        f"watch.{deed}" for deed in ("added", "paused", "resumed", "removed")
    ]


def test_a_watch_that_waits_for_events_says_so(call: Call, inbox: Path) -> None:
    result = call("watch", "add", "postgres://ada@db/shop/orders")
    assert "It waits for events: assay worker --queue URL" in result.stderr
    assert "--every" not in result.stderr


def test_what_arrived_is_listed_and_what_is_dead_tried_again(call: Call, store: Memory, inbox: Path) -> None:
    made = json.loads(call("watch", "add", str(inbox), "--json").stdout)
    one = NewArrival(made["id"], "1", f"{inbox}/a.csv", f"{inbox}/a.csv")
    bad = NewArrival(None, "2", "queue", "", reason="The event is not JSON.", state="dead", raw="{")
    store.arrivals.take_in([one, bad])
    held = store.arrivals.claim("elsewhere:1:0", seconds=60)
    assert held
    store.arrivals.give_up(held, "The catalog is away.")
    assert "The catalog is away." in told(call("events", "list"))
    assert told(call("events", "list", "--state", "waiting")) == "There is nothing."
    assert [found["watch_id"] for found in json.loads(call("events", "dead", "--json").stdout)] == [None, made["id"]]
    assert "0 tried again, 0 read at last, 1 cannot" in told(call("events", "retry", str(held.arrival.id + 1)))
    assert "1 tried again" in told(call("events", "retry", "--all"))
    assert [found["state"] for found in json.loads(call("events", "list", "--json").stdout)] == ["dead", "waiting"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("events", "retry"), "Say which"),
        (("events", "retry", "1", "--all"), "Say which"),
        (("events", "retry", "7"), "no arrival 7"),
        (("events", "list", "--state", "lost"), "no state 'lost'"),
        (("watch", "remove", "7"), "no watch 7"),
        (("watch", "add", "/nowhere/at/all"), "is not there"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(call: Call, arguments: tuple[str, ...], why: str) -> None:
    result = call(*arguments)
    assert isinstance(result.exception, AssayError)
    assert why in str(result.exception)


@pytest.fixture
def worker(store_url: str) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Begins workers in processes of their own."""
    begun: list[subprocess.Popen[bytes]] = []

    def begin() -> subprocess.Popen[bytes]:
        line = [str(Path(sys.executable).with_name("assay")), "worker"]
        env: dict[str, Any] = {**os.environ, "ASSAY_DATABASE_URL": store_url}
        begun.append(subprocess.Popen(line, env=env, stderr=subprocess.DEVNULL))
        return begun[-1]

    yield begin
    for process in begun:
        process.kill()
        process.wait()


def test_a_worker_that_is_killed_while_files_land_loses_nothing_and_does_nothing_twice(
    store: Memory, inbox: Path, call: Call, worker: Callable[[], subprocess.Popen[bytes]]
) -> None:
    (inbox / "00.csv").write_text("id\n1\n")
    jobs = Jobs(store, "sam")
    jobs.import_ruleset(jobs.profile(f"{inbox}/*.csv").dataset, RULES)
    for number in range(1, 7):
        (inbox / f"{number:02}.csv").write_text("id\n\n" if number % 3 == 0 else f"id\n{number}\n")
    good, bad = inbox.parent / "good", inbox.parent / "bad"
    assert call("watch", "add", f"{inbox}/*.csv", "--trusted", str(good), "--quarantine", str(bad)).exit_code == 0
    first = worker()
    soon(lambda: store.arrivals.counts().get("done", 0) >= 2, "it has begun", seconds=60)
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = worker()
    found = settled(store, 7, seconds=60)
    second.send_signal(signal.SIGTERM)
    assert second.wait(20) == 0
    verdicts = {Path(one.location).name: one.verdict for one in found}
    wrong = [f"{number:02}.csv" for number in (3, 6)]
    assert verdicts == {f"{n:02}.csv": "quarantined" if f"{n:02}.csv" in wrong else "trusted" for n in range(7)}
    assert sorted(path.name for path in good.glob("*.csv")) == sorted(verdicts.keys() - set(wrong))
    assert sorted(path.name for path in bad.glob("*/*.csv")) == wrong
    assert list(inbox.iterdir()) == []
    assert store.db.rows("select arrival_id from batches group by 1 having count(*) > 1") == []
