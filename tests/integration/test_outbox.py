"""What runs have to tell gets there at least once, and costs a run next to nothing, whatever the backend does."""

from __future__ import annotations

import itertools
import os
import random
import signal
import string
import subprocess
import sys
import threading
import time
from collections import Counter
from unittest import mock

import pytest

from graph import delivery
from graph.attempts import MOST_ATTEMPTS
from graph.delivery import Post, deliver
from graph.jobs import Jobs
from graph.people import change_setting
from memory import Memory
from memory.errors import StoreError
from memory.outbox import post
from tests.support.backends import backend
from tests.support.stores import new_run
from tools.lineage.naming import of_uri

QUICK = '{"total": 0}'


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    # A busy machine takes its time; what is bounded is tried by itself.
    monkeypatch.setattr(delivery, "BRIEFLY_SECONDS", 60)
    with mock.patch.dict(os.environ):
        for name in [name for name in os.environ if name.startswith("OPENLINEAGE")]:
            del os.environ[name]
        yield


@pytest.fixture
def receiver(store, monkeypatch):
    """A backend that the client tells everything once, at the first try."""
    with backend() as made:
        change_setting(store, "openlineage", True, "root")
        for name, value in {"TYPE": "http", "URL": made.url, "RETRY": QUICK}.items():
            monkeypatch.setenv(f"OPENLINEAGE__TRANSPORT__{name}", value)
        yield made


@pytest.fixture
def orders(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("id,email\n1," + "ada@" + "example.com\n")
    return str(path)


def _due(store) -> None:
    """Time passes."""
    store.db.rows("update outbox set next_attempt_at = now() where state = 'pending' returning id")


def _until(done, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_what_is_posted_comes_with_its_transaction_and_once(store):
    def failing() -> None:
        with store.db.transaction() as connection:
            post(connection, "alert", "a", {"n": 1})
            raise ValueError

    with pytest.raises(ValueError):
        failing()
    assert store.outbox.take("alert") is None
    for n in (1, 2):
        with store.db.transaction() as connection:
            post(connection, "alert", "a", {"n": n})
    message = store.outbox.take("alert")
    assert (message.payload, message.attempts, message.state) == ({"n": 1}, 1, "pending")
    assert store.outbox.take("alert") is None
    store.outbox.sent([message])
    with store.db.transaction() as connection:
        post(connection, "alert", "a", {"n": 3})
    assert store.outbox.counts() == {("alert", "sent"): 1}


def test_a_backend_that_is_down_is_asked_again_in_time(store, receiver, orders):
    Jobs(store, "ann").profile(orders)
    receiver.status = 503
    receiver.events.clear()
    assert Jobs(store, "ann").profile(orders).profile.rows == 1
    waiting = [one for one in store.outbox.undelivered() if one.kind == "openlineage"]
    assert [(one.payload["event"], one.attempts) for one in waiting] == [("START", 1), ("COMPLETE", 0)]
    assert "503" in waiting[0].error
    # While it is known to be down, nobody knocks; the run is in Assay's own lineage all the same.
    asked = len(receiver.paths)
    Jobs(store, "ann").profile(orders)
    assert len(receiver.paths) == asked
    assert store.outbox.counts()["lineage", "sent"] == 3
    receiver.status = 201
    _due(store)
    look = Post(store)
    look.look()
    _until(lambda: len(receiver.events) == 4)
    assert Counter(receiver.types) == {"START": 2, "COMPLETE": 2}
    _until(lambda: not store.outbox.undelivered())


def test_a_backend_that_hangs_keeps_nobody(store, receiver, orders, monkeypatch):
    Jobs(store, "ann").profile(orders)
    monkeypatch.setattr(delivery, "BRIEFLY_SECONDS", 0.2)
    receiver.seconds = 3
    Jobs(store, "ann").profile(orders)
    assert len(receiver.events) == 2
    _until(lambda: len(receiver.events) == 4, seconds=30)


def test_what_a_backend_refuses_is_given_up_and_the_rest_goes_on(store, receiver, orders):
    receiver.status = 422
    Jobs(store, "ann").profile(orders)
    assert store.outbox.counts() == {("lineage", "sent"): 1, ("openlineage", "given up"): 2}
    receiver.status = 201
    Jobs(store, "ann").profile(orders)
    assert receiver.types == ["START", "COMPLETE"]
    assert delivery.retry(store, "root") == 2
    assert receiver.types == ["START", "COMPLETE"] * 2


def test_tried_again_later_and_later_and_given_up_in_the_end(store, receiver, orders):
    receiver.status = 500
    Jobs(store, "ann").profile(orders)
    waits = []
    for _ in range(MOST_ATTEMPTS - 1):
        first = next(one for one in store.outbox.undelivered() if one.payload["event"] == "START")
        waits.append(store.db.row("select extract(epoch from %s - now()) as wait", [first.next_attempt_at])["wait"])
        _due(store)
        deliver(store)
    assert all(0 < wait < later for wait, later in itertools.pairwise(waits[:7]))
    assert max(waits) <= 6 * 3600
    given_up = [one for one in store.outbox.undelivered() if one.state == "given up"]
    assert [(one.payload["event"], one.attempts) for one in given_up] == [("START", MOST_ATTEMPTS)]


def test_many_workers_tell_each_thing_once(store, receiver):
    for _ in range(40):
        new_run(store)
    workers = [threading.Thread(target=deliver, args=(store,)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(receiver.events) == 40
    assert len({event["run"]["runId"] for event in receiver.events}) == 40
    assert store.outbox.counts() == {("openlineage", "sent"): 40}


def test_killed_while_it_sends_another_one_sends_again(store, store_url, receiver):
    new_run(store)
    receiver.seconds = 30
    code = f"from memory import Memory; from graph.delivery import deliver; deliver(Memory({store_url!r}))"
    with subprocess.Popen([sys.executable, "-c", code], env={**os.environ}) as sender:
        _until(lambda: store.outbox.undelivered()[0].attempts == 1, seconds=30)
        time.sleep(0.5)
        sender.send_signal(signal.SIGKILL)
    receiver.seconds = 0
    assert deliver(store) == 0
    _due(store)
    assert deliver(store) == 1
    assert receiver.types == ["START"]


def test_lineage_that_cannot_be_stored_is_told_and_stored_later(store, orders, monkeypatch):
    def broken(*_: object) -> None:
        raise KeyError("no such luck")

    monkeypatch.setattr("memory.lineage.ingest.ingest", broken)
    assert Jobs(store, "ann").profile(orders).profile.rows == 1
    (waiting,) = store.outbox.undelivered()
    assert (waiting.kind, waiting.state) == ("lineage", "pending")
    assert waiting.error.startswith("KeyError")
    assert "luck" not in waiting.error
    monkeypatch.undo()
    assert store.lineage.find("orders.csv") == []
    _due(store)
    assert deliver(store) == 1
    assert [one.dataset for one in store.lineage.find("orders.csv")] == [of_uri(orders)]


def test_a_run_that_cannot_be_told_of_keeps_no_other_back(store, orders, tmp_path):
    dice, deep = random.Random(1), tmp_path
    for _ in range(15):
        deep = deep / "".join(dice.choices(string.ascii_letters, k=200))
    deep.mkdir(parents=True)
    (deep / "t.csv").write_text("id\n1\n")
    # No index of the store takes a name of 3,000 different characters.
    with pytest.raises(StoreError):
        Jobs(store, "ann").profile(str(deep / "t.csv"))
    Jobs(store, "ann").profile(orders)
    (waiting,) = store.outbox.undelivered()
    assert waiting.error
    assert [one.dataset for one in store.lineage.find("orders.csv")] == [of_uri(orders)]


def test_a_store_that_goes_away_in_between_is_nobodys_failure(store_url, orders):
    with Memory(store_url) as memory:
        jobs = Jobs(memory, "ann")
        with mock.patch("graph.delivery._round", side_effect=StoreError("The store does not answer.")):
            assert jobs.profile(orders).profile.rows == 1


def test_a_configuration_that_cannot_be_used_is_told(store, orders, monkeypatch):
    change_setting(store, "openlineage", True, "root")
    secret = "hunter" + "2x9"
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__TYPE", "pigeon")
    Jobs(store, "ann").profile(orders)
    first = store.outbox.undelivered()[0]
    assert "OpenLineage is configured in a way that cannot be used" in first.error
    settings = {"TYPE": "http", "URL": f"http://ann:{secret}@127.0.0.1:1/{secret}", "RETRY": QUICK}
    for name, value in settings.items():
        monkeypatch.setenv(f"OPENLINEAGE__TRANSPORT__{name}", value)
    _due(store)
    assert deliver(store) == 0
    first = store.outbox.undelivered()[0]
    assert first.error.startswith("The event was not sent")
    assert secret not in first.error


def test_tags_follow_what_is_found_last(store, tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("id,contact\n" + "".join(f"{i},p{i}@" + "example.com\n" for i in range(20)))
    Jobs(store, "ann").profile(str(path))
    assert [one.column.column for one in store.lineage.where_goes("pii").columns] == ["contact"]
    path.write_text("id,contact\n" + "".join(f"{i},none\n" for i in range(20)))
    Jobs(store, "ann").profile(str(path))
    assert store.lineage.where_goes("pii").columns == ()
