"""Events of many requests are stored together, and one that cannot be stored spoils no other."""

from __future__ import annotations

import json
import threading
from types import SimpleNamespace

import psycopg
import pytest

from graph.permissions import Actor, PermissionDenied
from graph.receiving import Receiver
from memory.errors import StoreUnusable
from tests.support.events import run_event

ANN = Actor("ann", "author")
POISON = "poison"


class Store:
    """Takes its time, refuses whatever comes with poison, and remembers what it was given."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.busy = threading.Event()
        self.go = threading.Event()

    def ingest(self, observed) -> None:
        names = [one.job.name for one in observed]
        self.busy.set()
        self.go.wait(10)
        self.batches.append(names)
        if POISON in names:
            raise psycopg.DataError("out of range")
        if "down" in names:
            raise StoreUnusable("away")


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def receiver(store: Store) -> Receiver:
    return Receiver(SimpleNamespace(lineage=store))  # type: ignore[arg-type]


def body(job: str) -> bytes:
    return json.dumps(run_event(job={"namespace": "n", "name": job})).encode()


def sent(receiver: Receiver, jobs: list[str], store: Store) -> dict[str, object]:
    """What each of several requests at once gets; the first is under way when the others come."""
    answers: dict[str, object] = {}

    def send(job: str) -> None:
        try:
            answers[job] = receiver.one(ANN, body(job), packed=False)
        except (psycopg.Error, StoreUnusable) as error:
            answers[job] = type(error)

    threads = [threading.Thread(target=send, args=(job,)) for job in jobs]
    threads[0].start()
    assert store.busy.wait(10)
    for thread in threads[1:]:
        thread.start()
    while len(receiver._waiting) < len(jobs) - 1:
        threading.Event().wait(0.005)
    store.go.set()
    for thread in threads:
        thread.join(10)
    return answers


def test_what_comes_at_the_same_time_is_stored_at_once(receiver, store):
    assert sent(receiver, ["first", "a", "b", "c"], store) == dict.fromkeys(["first", "a", "b", "c"], True)
    assert [sorted(batch) for batch in store.batches] == [["first"], ["a", "b", "c"]]


@pytest.mark.parametrize(("bad", "error"), [(POISON, psycopg.DataError), ("down", StoreUnusable)])
def test_one_that_cannot_be_stored_spoils_no_other(receiver, store, bad, error):
    assert sent(receiver, ["first", "a", bad, "b"], store) == {"first": True, "a": True, bad: error, "b": True}
    assert sorted(map(len, store.batches)) == [1, 1, 1, 1, 3]


def test_one_alone_is_tried_once_and_told(receiver, store):
    store.go.set()
    with pytest.raises(psycopg.DataError):
        receiver.one(ANN, body(POISON), packed=False)
    assert store.batches == [[POISON]]


def test_only_authors_may_tell(receiver, store):
    for told in (receiver.one, receiver.many):
        with pytest.raises(PermissionDenied, match="role viewer"):
            told(Actor("vic", "viewer"), body("a"), packed=False)
    assert store.batches == []
