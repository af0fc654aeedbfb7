"""What came to the places that are watched: taken in once, worked on by one, in the order it came, and never lost."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from memory import Memory
from memory.arrivals import MOST_TRIES, RAW_LETTERS, Hold, NewArrival, Outcome, keep
from memory.errors import LeaseLost, NotFound, WrongState
from memory.owner import this_process
from memory.watches import NewWatch, Watch

ELSEWHERE = "elsewhere:1:0"
"""A worker on another host, whose life cannot be seen from here."""


@pytest.fixture
def watch(store: Memory) -> Watch:
    return store.watches.add(NewWatch("s3", "s3://lake/raw/*.csv", "s3://lake/raw/*.csv"), "sam")


def came(watch: Watch | None, name: str, version: str = "1", **more: object) -> NewArrival:
    location = f"s3://lake/raw/{name}"
    return NewArrival(watch and watch.id, f"{name} {version}", location, location, version, **more)  # type: ignore[arg-type]


def claimed(store: Memory, by: str = ELSEWHERE) -> Hold:
    held = store.arrivals.claim(by, seconds=60)
    assert held is not None
    return held


def expire(store: Memory) -> None:
    store.db.rows("update arrivals set lease_until = now() - interval '1 second' where state = 'working' returning id")


def test_a_watch_is_kept_as_it_was_wanted_and_recorded(store: Memory) -> None:
    new = NewWatch("iceberg", "iceberg://lake/shop.orders", "iceberg://lake/shop.orders", "audit", (".csv",), "t", "q")
    made = store.watches.add(new, "sam")
    assert store.watches.get(made.id) == made
    assert (made.branch, made.suffixes, made.trusted, made.created_by, made.paused) == (
        *("audit", (".csv",), "t"),
        *("sam", False),
    )
    assert [entry.action for entry in store.audit.entries()] == ["watch.added"]


def test_the_same_is_watched_once_until_it_is_removed(store: Memory, watch: Watch) -> None:
    new = NewWatch("s3", watch.source, watch.source)
    with pytest.raises(WrongState, match="watched already"):
        store.watches.add(new, "kim")
    store.watches.remove(watch.id, "sam")
    again = store.watches.add(new, "kim")
    assert [one.id for one in store.watches.all()] == [again.id]
    with pytest.raises(NotFound):
        store.watches.remove(watch.id, "sam")


def test_what_came_twice_is_taken_in_once(store: Memory, watch: Watch) -> None:
    assert store.arrivals.take_in([came(watch, "a"), came(watch, "a"), came(watch, "b")]) == 2
    assert store.arrivals.take_in([came(watch, "b"), came(watch, "b", "2")]) == 1
    assert store.arrivals.counts() == {"waiting": 3}
    assert store.arrivals.known(watch.id, ["a 1", "c 1"]) == {"a 1"}


def test_many_that_take_in_the_same_at_once_take_it_in_once(store: Memory, watch: Watch) -> None:
    found = [came(watch, str(number)) for number in range(50)]
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda turn: store.arrivals.take_in(found[turn:] + found[:turn]), range(8)))
    assert sum(taken) == 50


def test_an_arrival_is_worked_on_by_one(store: Memory, watch: Watch) -> None:
    store.arrivals.take_in([came(watch, str(number)) for number in range(40)])
    with ThreadPoolExecutor(8) as threads:
        held = list(threads.map(lambda _: store.arrivals.claim(ELSEWHERE, seconds=60), range(48)))
    ids = [one.arrival.id for one in held if one]
    assert len(ids) == len(set(ids)) == 40


def test_what_came_to_one_place_is_worked_on_in_order(store: Memory, watch: Watch) -> None:
    store.arrivals.take_in([came(watch, "a", "1"), came(watch, "a", "2"), came(watch, "b")])
    first = claimed(store)
    other = claimed(store)
    assert (first.arrival.version, other.arrival.location) == ("1", "s3://lake/raw/b")
    assert store.arrivals.claim(ELSEWHERE, seconds=60) is None
    assert store.arrivals.finish(first, Outcome("passed"))
    assert claimed(store).arrival.version == "2"


def test_what_was_replaced_does_not_wait_for_its_next_attempt(store: Memory, watch: Watch) -> None:
    store.arrivals.take_in([came(watch, "a", "1")])
    store.arrivals.again(claimed(store), "It cannot be read.", timedelta(hours=1))
    assert store.arrivals.claim(ELSEWHERE, seconds=60) is None
    store.arrivals.take_in([came(watch, "a", "2")])
    assert claimed(store).arrival.version == "1"


def test_a_lapsed_lease_goes_to_the_next_and_the_first_cannot_write(store: Memory, watch: Watch) -> None:
    store.arrivals.take_in([came(watch, "a")])
    paused = claimed(store)
    expire(store)
    held = claimed(store, "another:2:0")
    assert held.arrival.tries == 2
    assert not store.arrivals.renew(paused, 60)
    assert not store.arrivals.finish(paused, Outcome("passed"))
    assert not store.arrivals.again(paused, "no", timedelta())
    assert not store.arrivals.give_up(paused, "no")
    with pytest.raises(LeaseLost), store.db.transaction() as connection:
        keep(connection, paused)
    assert store.arrivals.renew(held, 60)
    assert store.arrivals.finish(held, Outcome("failed", "Rule 1"))
    done = store.arrivals.get(held.arrival.id)
    assert (done.state, done.verdict, done.reason, done.lease_owner) == ("done", "failed", "Rule 1", None)


_CLAIM_AND_DIE = """
import os, signal, sys
from memory import Memory
from memory.owner import this_process
with Memory(sys.argv[1]) as store:
    assert store.arrivals.claim(this_process(), seconds=600)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_worker_had_is_free_at_once(store: Memory, store_url: str, watch: Watch) -> None:
    store.arrivals.take_in([came(watch, "a")])
    died = subprocess.run([sys.executable, "-c", _CLAIM_AND_DIE, store_url], timeout=60, check=False)
    assert died.returncode == -signal.SIGKILL
    assert claimed(store).arrival.tries == 2


def test_what_is_cut_short_again_and_again_is_dead_and_says_why(store: Memory, watch: Watch) -> None:
    store.arrivals.take_in([came(watch, "a")])
    for _ in range(MOST_TRIES):
        store.arrivals.again(claimed(store), "S3 is away.", timedelta())
    assert store.arrivals.claim(ELSEWHERE, seconds=60) is None
    [dead] = store.arrivals.recent(state="dead")
    assert dead.reason == "Given up after 5 attempts, each cut short. The last error: S3 is away."


def test_an_attempt_that_does_not_count_is_none(store: Memory, watch: Watch) -> None:
    store.arrivals.take_in([came(watch, "a")])
    for _ in range(MOST_TRIES + 1):
        store.arrivals.again(claimed(store), None, timedelta(), counts=False)
    assert claimed(store).arrival.tries == 1


def test_dead_ones_are_retried_with_all_their_attempts(store: Memory, watch: Watch) -> None:
    unread = came(None, "x", state="dead", reason="no JSON", raw="{" * 2 * RAW_LETTERS)
    store.arrivals.take_in([came(watch, "a"), came(watch, "b"), unread])
    for _ in range(2):
        store.arrivals.give_up(claimed(store), "broken")
    one, *_ = sorted(arrival.id for arrival in store.arrivals.recent(state="dead"))
    assert [arrival.id for arrival in store.arrivals.retry("sam", [one])] == [one]
    assert len(store.arrivals.retry("sam")) == 1
    assert store.arrivals.counts() == {"waiting": 2, "dead": 1}
    assert claimed(store).arrival.tries == 1
    [kept] = store.arrivals.recent(state="dead")
    assert len(kept.raw or "") == RAW_LETTERS
    assert [entry.action for entry in store.audit.entries()].count("arrivals.retried") == 2


def test_a_paused_watch_keeps_what_came(store: Memory, watch: Watch) -> None:
    store.arrivals.take_in([came(watch, "a")])
    store.watches.pause(watch.id, "sam")
    assert store.arrivals.claim(ELSEWHERE, seconds=60) is None
    store.watches.pause(watch.id, "sam", paused=False)
    assert claimed(store).watch.id == watch.id


def test_a_removed_watch_lets_go_of_what_waits(store: Memory, watch: Watch) -> None:
    store.arrivals.take_in([came(watch, "a"), came(watch, "b")])
    held = claimed(store)
    store.watches.remove(watch.id, "sam")
    assert store.arrivals.claim(ELSEWHERE, seconds=60) is None
    assert store.arrivals.finish(held, Outcome("passed"))
    assert sorted(str(one.verdict) for one in store.arrivals.recent()) == ["none", "passed"]


def test_what_comes_to_a_removed_watch_is_not_taken_in(store: Memory, watch: Watch) -> None:
    store.watches.remove(watch.id, "sam")
    assert store.arrivals.take_in([came(watch, "a"), came(None, "b", state="dead", reason="no JSON")]) == 1
    assert store.arrivals.counts(watch.id) == {}


def test_a_worker_that_cannot_see_a_place_leaves_its_arrivals_to_others(store: Memory, watch: Watch) -> None:
    store.arrivals.take_in([came(watch, "a")])
    assert store.arrivals.claim(ELSEWHERE, seconds=60, blind=[watch.id]) is None
    assert claimed(store).watch.id == watch.id


def folder(store: Memory, name: str) -> Watch:
    return store.watches.add(NewWatch("folder", f"/in/{name}", f"/in/{name}", every_seconds=0.25), "sam")


def test_a_place_is_looked_at_by_one_worker(store: Memory, watch: Watch) -> None:
    one, two = folder(store, "one"), folder(store, "two")
    me = this_process()
    assert [held.id for held in store.watches.hold(me, seconds=60, blind=[two.id])] == [one.id]
    assert [held.id for held in store.watches.hold(ELSEWHERE, seconds=60)] == [two.id]
    assert [held.id for held in store.watches.hold(me, seconds=60)] == [one.id]
    store.watches.let_go(ELSEWHERE)
    assert [held.id for held in store.watches.hold(me, seconds=60)] == [one.id, two.id]


@pytest.mark.parametrize("leave", ["late", "gone"])
def test_the_places_of_a_worker_that_is_gone_or_silent_are_taken_over(
    store: Memory, leave: str, dead_owner: Callable[[], str]
) -> None:
    one = folder(store, "one")
    assert store.watches.hold(ELSEWHERE if leave == "late" else dead_owner(), seconds=0 if leave == "late" else 600)
    assert [held.id for held in store.watches.hold(this_process(), seconds=60)] == [one.id]


def test_how_a_look_went_is_told(store: Memory) -> None:
    one = folder(store, "one")
    store.watches.looked(one.id, "/in/one may not be read.")
    assert store.watches.get(one.id).trouble == "/in/one may not be read."
    store.watches.looked(one.id, None)
    told = store.watches.get(one.id)
    assert told.trouble is None
    assert told.looked_at is not None


@pytest.fixture
def dead_owner() -> Callable[[], str]:
    """A process of this machine that runs no more."""
    host, pid, _ = this_process().split(":")
    return lambda: f"{host}:{pid}:0.00"
