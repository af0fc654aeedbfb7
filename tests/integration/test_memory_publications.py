"""Batches in the store: decided once, held by one, and never on their way to one place twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from memory import Memory
from memory.errors import NotFound, WrongState
from memory.publications import Batch, Judged, NewBatch, State, decide, new_id, settle
from memory.publications import store as stored
from memory.watches import NewWatch, Watch

START = datetime(2024, 6, 1, tzinfo=UTC)


@pytest.fixture
def watch(store: Memory) -> Watch:
    return store.watches.add(NewWatch("s3", "s3://lake/raw", "s3://lake/raw"), "Ann")


@pytest.fixture
def new(store: Memory, watch: Watch) -> NewBatch:
    dataset = store.catalog.upsert_dataset("s3://lake", "raw", "s3://lake/raw", [])
    path = "s3://lake/raw/a.csv"
    return NewBatch(dataset.id, path, path, '"etag"', START, size=9, watch_id=watch.id)


def _decided(
    store: Memory, new: NewBatch, to: str = "s3://lake/t/a.csv", was: State | None = None, **more: Any
) -> Batch:
    with store.db.transaction() as connection:
        return decide(connection, more.pop("batch", new_id()), new, "trusted", to, {}, Judged(**more), "Ann", was)


def _settled(store: Memory, batch: Batch, state: State = "trusted") -> Batch | None:
    with store.db.transaction() as connection:
        return settle(connection, batch, state, str(batch.destination), '"new"', "Ann")


def _waiting(store: Memory, new: NewBatch) -> Batch:
    with store.db.transaction() as connection:
        return stored(connection, new_id(), new, "waiting", Judged(), "Ann", None)


def test_ids_sort_by_time_and_differ() -> None:
    ids = [new_id() for _ in range(50)]
    assert len(set(ids)) == 50
    assert ids[0][:8] <= ids[-1][:8]


def test_a_batch_is_kept_as_it_was_decided(store: Memory, new: NewBatch) -> None:
    reasons = [{"rule": "RowCount > 5", "outcome": "Failed", "reason": "2 rows."}]
    made = _decided(store, new, rows=2, total=0.5, reasons=reasons, version="v1")
    assert store.publications.get(made.id) == made
    assert (made.state, made.target, made.destination) == ("moving", "trusted", "s3://lake/t/a.csv")
    assert (made.rows, made.total, made.reasons, made.version) == (2, 0.5, reasons, "v1")
    entry = store.audit.entries()[-1]
    assert (entry.action, entry.actor, entry.subject) == ("batch.decided", "Ann", f"batch {made.id}")
    assert entry.data["failed"] == ["RowCount > 5"]


def test_two_batches_are_never_on_their_way_to_one_place(store: Memory, new: NewBatch) -> None:
    first = _decided(store, new)
    with pytest.raises(WrongState, match="Another batch is on its way"):
        _decided(store, new)
    assert _settled(store, first)
    assert _decided(store, new).state == "moving"


def test_a_move_ends_once_and_what_it_replaces_is_superseded(store: Memory, new: NewBatch) -> None:
    first = _decided(store, new)
    done = _settled(store, first)
    assert done
    assert (done.state, done.place, done.stamp) == ("trusted", "s3://lake/t/a.csv", '"new"')
    assert _settled(store, first) is None
    assert store.publications.at("s3://lake/t/a.csv") == done
    second = _decided(store, new)
    _settled(store, second)
    assert store.publications.get(first.id).state == "superseded"
    there = store.publications.at("s3://lake/t/a.csv")
    assert there
    assert there.id == second.id


def test_who_comes_second_decides_nothing(store: Memory, new: NewBatch) -> None:
    waiting = _waiting(store, new)
    assert _decided(store, new, batch=waiting.id, was="waiting").state == "moving"
    with pytest.raises(WrongState, match="decided about meanwhile"):
        _decided(store, new, "s3://lake/t/other.csv", batch=waiting.id, was="waiting")


def test_a_decision_that_nobody_carries_out_comes_to_one_worker_that_sees_the_place(
    store: Memory, new: NewBatch, watch: Watch
) -> None:
    made = _decided(store, new)
    assert store.publications.to_carry_out() == [], "it is held by who decided"
    store.db.rows("update batches set held_until = now() - interval '1 second' returning id")
    assert store.publications.to_carry_out(blind=[watch.id]) == []
    assert [one.id for one in store.publications.to_carry_out()] == [made.id]
    assert store.publications.to_carry_out() == []


def test_what_waits_comes_to_one_worker_once_there_are_rules(store: Memory, new: NewBatch, watch: Watch) -> None:
    waiting = _waiting(store, new)
    assert store.publications.judgeable() == []
    store.rules.import_rules(new.dataset_id, ["RowCount > 0"], "Ann", None)
    assert store.publications.judgeable(blind=[watch.id]) == []
    assert [one.id for one in store.publications.judgeable()] == [waiting.id]
    assert store.publications.judgeable() == []


def test_batches_are_found_by_what_they_are_called(store: Memory, new: NewBatch) -> None:
    made = _decided(store, new)
    for name in (made.id, new.source, "s3://lake/t/a.csv"):
        assert [one.id for one in store.publications.find(name)] == [made.id]
    assert store.publications.get(made.id[:20]).id == made.id
    for name in ("", "nothing"):
        with pytest.raises(NotFound):
            store.publications.get(name)


def test_those_before_are_the_ones_that_passed_newest_first(store: Memory, new: NewBatch) -> None:
    from dataclasses import replace

    made = []
    for day in range(3):
        batch = _decided(store, replace(new, landed_at=START + timedelta(days=day)), f"s3://lake/t/{day}.csv")
        _settled(store, batch, "quarantined" if day == 1 else "trusted")
        made.append(batch.id)
    before = store.publications.before(new.dataset_id, START + timedelta(days=9))
    assert [one.id for one in before] == [made[2], made[0]]
    assert [one.id for one in store.publications.before(new.dataset_id, START + timedelta(days=2))] == [made[0]]


@pytest.mark.parametrize(
    "change", ["target = null", "held_until = null", "forced_by = 'Ann'", "state = 'elsewhere'", "stamp = null"]
)
def test_the_store_refuses_what_cannot_be(store: Memory, new: NewBatch, change: str) -> None:
    _decided(store, new)
    with pytest.raises(psycopg.errors.IntegrityError):
        store.db.rows(f"update batches set {change} returning id")  # type: ignore[arg-type]
