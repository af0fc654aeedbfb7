from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from memory import Memory, owner
from memory.errors import LeaseLost, StoreError
from memory.runs import MAX_ATTEMPTS
from tests.support.stores import new_run

ELSEWHERE = "elsewhere:1:0"
"""An owner on another host, whose life cannot be seen from here."""


def at_once(times: int, work: Callable[[int], Any]) -> list[Any]:
    """Calls ``work`` in so many threads at the same moment."""
    barrier = threading.Barrier(times)

    def wait_and_work(number: int) -> Any:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(wait_and_work, range(times)))


def expire(store: Memory, run_id: str) -> None:
    with store.db.transaction() as connection:
        connection.execute("update runs set lease_until = now() - interval '1 second' where id = %s", [run_id])


def claimed(store: Memory, by: str = ELSEWHERE):
    lease = store.runs.claim(by, seconds=60)
    assert lease is not None
    return lease


def test_a_new_run_waits_in_the_queue(store):
    run = new_run(store, goal="profile it", sources=["a.csv", "b.csv"])
    assert (run.status, run.attempt, run.goal, run.sources) == ("queued", 0, "profile it", ["a.csv", "b.csv"])
    assert len(run.id) == 8
    assert run.created_at.utcoffset().total_seconds() == 0
    assert store.runs.get(run.id) == run


def test_a_run_is_found_by_the_beginning_of_its_id(store):
    run = new_run(store)
    assert store.runs.get(f" {run.id[:4].upper()} ").id == run.id
    for unknown in ("", "%", "_______", "none"):
        with pytest.raises(StoreError, match="no run"):
            store.runs.get(unknown)


def test_an_ambiguous_beginning_names_the_candidates(store):
    first, second = new_run(store), new_run(store)
    with store.db.transaction() as connection:
        connection.execute("update runs set id = 'same' || right(id, 4)")
    with pytest.raises(StoreError, match=f"same{second.id[4:]}, same{first.id[4:]}"):
        store.runs.get("same")


def test_recent_runs_come_newest_first(store):
    ids = [new_run(store).id for _ in range(3)]
    assert [run.id for run in store.runs.recent(2)] == ids[:0:-1]


def test_twenty_claimers_of_one_run_have_one_winner(store):
    run = new_run(store)
    leases = at_once(20, lambda n: store.runs.claim(f"elsewhere:{n}:0", seconds=60))
    (lease,) = [lease for lease in leases if lease]
    assert (lease.run.id, lease.run.status, lease.run.attempt, lease.token) == (run.id, "running", 1, 1)
    assert store.runs.get(run.id).lease_owner == lease.owner


def test_twenty_claimers_of_twenty_runs_get_one_each(store):
    ids = {new_run(store).id for _ in range(20)}
    leases = at_once(20, lambda n: store.runs.claim(f"elsewhere:{n}:0", seconds=60))
    assert {lease.run.id for lease in leases if lease} == ids


def test_claims_take_the_oldest_or_the_one_that_is_named(store):
    first, second, third = (new_run(store) for _ in range(3))
    named = store.runs.claim(ELSEWHERE, seconds=60, run_id=third.id)
    assert named is not None
    assert named.run.id == third.id
    assert [claimed(store).run.id for _ in range(2)] == [first.id, second.id]
    assert store.runs.claim(ELSEWHERE, seconds=60) is None
    assert store.runs.claim(ELSEWHERE, seconds=60, run_id=first.id) is None


def test_an_expired_lease_is_taken_over_and_the_zombie_loses(store):
    run = new_run(store)
    zombie = claimed(store, "elsewhere:1:0")
    assert store.runs.claim("elsewhere:2:0", seconds=60) is None
    expire(store, run.id)
    successor = claimed(store, "elsewhere:2:0")
    assert (successor.token, successor.run.attempt) == (zombie.token + 1, 2)
    assert not store.runs.renew(zombie, 60)
    assert not store.runs.release(zombie, "failed", "I was asleep")
    with pytest.raises(LeaseLost):
        store.runs.append_event(run.id, "late", {}, lease=zombie)
    assert store.runs.events(run.id) == []
    assert store.runs.append_event(run.id, "in time", {}, lease=successor) == 1
    assert store.runs.release(successor, "done")
    assert store.runs.get(run.id).status == "done"
    with pytest.raises(LeaseLost):
        store.runs.append_event(run.id, "after the end", {}, lease=successor)


def test_a_renewed_lease_lasts(store):
    run = new_run(store)
    lease = claimed(store)
    expire(store, run.id)
    assert store.runs.renew(lease, 60)
    assert store.runs.claim("elsewhere:2:0", seconds=60) is None


def test_the_run_of_a_dead_process_of_this_host_is_taken_over_at_once(store):
    script = "from memory import owner; print(owner.this_process())"
    dead = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()
    new_run(store)
    claimed(store, dead)
    assert claimed(store, owner.this_process()).run.attempt == 2
    assert store.runs.claim(ELSEWHERE, seconds=60) is None


def test_owners_that_cannot_be_judged_count_as_alive():
    host, pid, started = owner.this_process().split(":")
    assert not owner.is_gone(f"{host}:{pid}:{started}")
    assert not owner.is_gone(f"other-{host}:{pid}:0")
    assert not owner.is_gone(host)
    assert not owner.is_gone(f"{host}:text:0")
    assert owner.is_gone(f"{host}:{pid}:{float(started) - 100}"), "another process had this number before"


def test_a_run_that_keeps_dying_fails_with_an_explanation(store):
    run, next_in_line = new_run(store), new_run(store)
    for _ in range(MAX_ATTEMPTS):
        assert claimed(store).run.id == run.id
        expire(store, run.id)
    assert claimed(store).run.id == next_in_line.id
    failed = store.runs.get(run.id)
    assert (failed.status, failed.lease_owner) == ("failed", None)
    assert "5 attempts" in str(failed.error)
    assert failed.finished_at is not None


def test_a_retry_counts_as_an_attempt_and_a_drain_does_not(store):
    run = new_run(store)
    store.runs.release(claimed(store), "queued")
    assert store.runs.get(run.id).attempt == 0
    store.runs.release(claimed(store), "queued", "throttled")
    assert (store.runs.get(run.id).attempt, store.runs.get(run.id).error) == (1, "throttled")
    for _ in range(MAX_ATTEMPTS - 1):
        store.runs.release(claimed(store), "queued", "throttled")
    assert store.runs.claim(ELSEWHERE, seconds=60) is None
    assert str(store.runs.get(run.id).error).endswith("The last error: throttled")


def test_a_person_who_asks_again_gives_all_attempts_back(store):
    run = new_run(store)
    store.runs.release(claimed(store), "failed", "no network")
    again = store.runs.requeue(run.id)
    assert (again.status, again.attempt, again.error, again.finished_at) == ("queued", 0, None, None)


def test_waking_a_running_run_keeps_it_from_going_to_sleep(store):
    run = new_run(store)
    lease = claimed(store)
    assert store.runs.requeue(run.id).status == "running"
    assert store.runs.release(lease, "waiting")
    assert store.runs.get(run.id).status == "queued"
    assert store.runs.release(claimed(store), "waiting")
    assert store.runs.get(run.id).status == "waiting", "once is enough"


def test_only_a_run_that_is_done_cannot_be_asked_for_again(store):
    run = new_run(store)
    assert store.runs.request_cancel(run.id).status == "cancelled"
    assert not store.runs.requeue(run.id).cancel_requested
    store.runs.release(claimed(store), "done")
    with pytest.raises(StoreError, match="is done"):
        store.runs.requeue(run.id)


def test_cancelling_is_at_once_where_nobody_works_and_a_request_elsewhere(store):
    idle = new_run(store)
    cancelled = store.runs.request_cancel(idle.id)
    assert (cancelled.status, cancelled.finished_at is not None) == ("cancelled", True)
    assert store.runs.claim(ELSEWHERE, seconds=60) is None
    busy = new_run(store)
    lease = claimed(store)
    assert not store.runs.cancel_requested(busy.id)
    assert store.runs.request_cancel(busy.id).status == "running"
    assert store.runs.cancel_requested(busy.id)
    assert store.runs.release(lease, "cancelled")


def test_events_are_numbered_and_a_key_is_used_once(store):
    run, other = new_run(store), new_run(store)
    assert store.runs.append_event(run.id, "step", {"z": 1, "a": [2]}, agent="profiler", key="k") == 1
    assert store.runs.append_event(run.id, "step", {}, key=None) == 2
    assert store.runs.append_event(run.id, "again", {"other": True}, key="k") == 1
    assert store.runs.append_event(run.id, "step", {}) == 3
    assert store.runs.append_event(other.id, "step", {}, key="k") == 1
    first, *_ = events = store.runs.events(run.id)
    assert (first.kind, first.agent, first.key, list(first.data.items())) == (
        *("step", "profiler", "k"),
        [("z", 1), ("a", [2])],
    )
    assert [event.seq for event in events] == [1, 2, 3]
    assert [event.seq for event in store.runs.events(run.id, after=2)] == [3]


def test_events_from_many_threads_have_no_gaps_and_keys_hold(store):
    run = new_run(store)
    at_once(12, lambda n: store.runs.append_event(run.id, "step", {"n": n}, key=f"k{n % 6}"))
    assert [event.seq for event in store.runs.events(run.id)] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("method", ["requeue", "request_cancel", "cancel_requested"])
def test_an_unknown_run_is_said_so(store, method):
    with pytest.raises(StoreError, match="no run 'nope'"):
        getattr(store.runs, method)("nope")
    with pytest.raises(StoreError, match="no run 'nope'"):
        store.runs.append_event("nope", "step", {})


@pytest.mark.parametrize(
    ("kind", "minutes", "status"), [("profile", 6, "failed"), ("profile", 1, "queued"), ("server", 6, "queued")]
)
def test_a_one_step_job_whose_process_died_before_it_began_does_not_wait_for_ever(store, kind, minutes, status):
    run = new_run(store, kind=kind)
    with store.db.transaction() as connection:
        aged = "update runs set created_at = now() - make_interval(mins => %s) where id = %s"
        connection.execute(aged, [minutes, run.id])
    assert store.runs.claim("worker", seconds=60) is None
    assert store.runs.get(run.id).status == status
