"""Data that arrives in folders and tables: noticed, landed once, tried again, and never lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from graph import arriving
from graph.arriving import bell as bells
from graph.arriving import places, work
from graph.arriving.bell import Bell
from graph.arriving.places import Look, Places
from graph.arriving.sight import Sight
from graph.arriving.work import GONE, REPLACED, Landing
from graph.duties import Duties
from graph.watching import BEFORE, WatchError, Watching
from memory import Memory
from memory.arrivals import MOST_TRIES, Hold, Outcome
from memory.errors import StoreUnusable
from memory.watches import Watch
from tests.support.arriving import settled, soon
from tests.support.icebergs import local_catalog, make
from tools.errors import AssayError
from tools.events import files
from tools.sources.table import SourceError


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files settle, and failures are tried again, in no time."""
    monkeypatch.setattr(files, "SETTLED_SECONDS", 0.02)
    monkeypatch.setattr(work, "FIRST_WAIT", timedelta(0))
    monkeypatch.setattr(bells, "IDLE_SECONDS", 0.02)
    monkeypatch.setattr(places, "RENEW_SECONDS", 0.1)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    found = tmp_path / "in"
    found.mkdir()
    return found


@contextmanager
def landing(store: Memory, land: work.Land, hands: int = 1) -> Iterator[None]:
    """A worker that looks at places, and lands by a function of the test's own."""
    bell, sight = Bell(), Sight(store)
    landings = [Landing(store, bell, sight, number, land) for number in range(hands)]
    with Duties([Places(store, bell, sight), *landings]):
        yield


def passed(memory: Memory, held: Hold) -> Outcome:
    return Outcome("passed")


def watch(store: Memory, place: object, **more: object) -> Watch:
    return Watching(store, "sam").add(str(place), **more)  # type: ignore[arg-type]


def looked(store: Memory, look: Look, number: int) -> None:
    """Has a place looked at until so many files were taken in."""

    def enough() -> bool:
        look.begin()
        look.soon()
        return len(store.arrivals.recent(1000)) == number

    soon(enough, f"{number} files are taken in")


def verdicts(store: Memory) -> dict[str, str | None]:
    return {Path(one.location).name: one.verdict for one in store.arrivals.recent(1000)}


def test_a_folder_on_this_machine_is_watched_by_any_worker_just_so(store: Memory, inbox: Path) -> None:
    place = f"{inbox}/*.csv"
    (inbox / "first.csv").write_text("id,amount\n1,5\n2,6\n")
    made = watch(store, place)
    assert (made.kind, made.source, made.rules_of) == ("folder", place, place)
    with Duties(arriving.duties(store)):
        [first] = settled(store)
        (inbox / "second.csv").write_text("id,amount\n3,5\n")
        (inbox / "notes.txt.tmp").write_text("no data")
        both = settled(store, 2)
    assert [Path(one.location).name for one in both] == ["first.csv", "second.csv"]
    assert (first.state, first.verdict) == ("done", "none"), first
    assert "no active rules" in (first.reason or "")
    assert first.size == 18


def test_what_is_there_already_arrives_unless_it_is_passed_over(store: Memory, inbox: Path) -> None:
    (inbox / "old.csv").write_text("id\n1\n")
    watch(store, inbox, from_now=True)
    with landing(store, passed):
        (inbox / "new.csv").write_text("id\n1\n")
        settled(store, 2)
    assert verdicts(store) == {"old.csv": "none", "new.csv": "passed"}
    assert store.arrivals.recent()[-1].reason == BEFORE


def test_a_file_that_is_written_anew_arrives_anew(store: Memory, inbox: Path) -> None:
    watch(store, inbox)
    with landing(store, passed):
        (inbox / "a.csv").write_text("id\n1\n")
        settled(store, 1)
        (inbox / "a.csv").write_text("id\n1\n2\n")
        one, two = settled(store, 2)
    assert one.location == two.location
    assert one.version != two.version


def test_a_worker_that_starts_again_takes_nothing_twice(store: Memory, inbox: Path) -> None:
    watch(store, inbox)
    for number in range(3):
        (inbox / f"{number}.csv").write_text("id\n1\n")
        with landing(store, passed):
            settled(store, number + 1)
    assert store.arrivals.counts() == {"done": 3}


def test_many_workers_share_the_work_and_do_nothing_twice(store: Memory, inbox: Path) -> None:
    watch(store, inbox)
    landed: list[str] = []

    def slowly(memory: Memory, held: Hold) -> Outcome:
        time.sleep(0.01)
        landed.append(held.arrival.location)
        return Outcome("passed")

    for number in range(60):
        (inbox / f"{number}.csv").write_text("id\n1\n")
    with landing(store, slowly, 3), landing(store, slowly, 3):
        settled(store, 60)
    assert len(landed) == len(set(landed)) == 60


def test_what_fails_is_tried_again_and_left_to_people_in_the_end(store: Memory, inbox: Path) -> None:
    watch(store, inbox)
    tries: list[int] = []

    def broken(memory: Memory, held: Hold) -> Outcome:
        tries.append(held.arrival.tries)
        raise SourceError("The catalog is away.", hint="Wait.")

    (inbox / "a.csv").write_text("id\n1\n")
    with landing(store, broken):
        [dead] = settled(store)
    assert tries == list(range(1, MOST_TRIES + 1))
    assert (dead.state, dead.reason) == ("dead", "The catalog is away. Wait.")
    assert store.db.rows("select kind from alerts") == [{"kind": "arrival"}]
    assert Watching(store, "sam").retry([dead.id]).again == [dead.id]
    with landing(store, passed):
        assert soon(lambda: store.arrivals.counts() == {"done": 1}, "it is done")
    assert store.db.rows("select kind from alerts where resolved_at is null") == []


def test_a_failure_that_passes_is_no_failure(store: Memory, inbox: Path) -> None:
    watch(store, inbox)
    outcomes: list[Callable[[], Outcome]] = [_raise(SourceError("away")), _raise(ValueError("a secret value"))]

    def twice(memory: Memory, held: Hold) -> Outcome:
        return outcomes.pop(0)() if outcomes else Outcome("failed", "Rule 2")

    (inbox / "a.csv").write_text("id\n1\n")
    with landing(store, twice):
        [done] = settled(store)
    assert (done.verdict, done.reason, done.tries) == ("failed", "Rule 2", 3)


def test_a_bug_is_told_without_a_value(store: Memory, inbox: Path) -> None:
    watch(store, inbox)
    (inbox / "a.csv").write_text("id\n1\n")
    with landing(store, lambda memory, held: _raise(ValueError("a secret value"))()):
        [dead] = settled(store)
    assert "ValueError" in (dead.reason or "")
    assert "secret" not in (dead.reason or "")


def _raise(error: Exception) -> Callable[[], Outcome]:
    def fail() -> Outcome:
        raise error

    return fail


def test_while_the_store_is_away_nothing_is_lost_and_no_attempt_is_used_up(store: Memory, inbox: Path) -> None:
    watch(store, inbox)
    away = [True, True]

    def land(memory: Memory, held: Hold) -> Outcome:
        if away:
            away.pop()
            raise StoreUnusable("The store does not answer.")
        return Outcome("passed")

    (inbox / "a.csv").write_text("id\n1\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("graph.duties.RETRY_SECONDS", 0.05)
        with landing(store, land):
            [done] = settled(store)
    assert (done.verdict, done.tries) == ("passed", 1)


def test_what_is_gone_or_replaced_before_it_is_looked_at_is_said_to_be(store: Memory, inbox: Path) -> None:
    made = watch(store, inbox)
    for name in ("gone", "changed", "same"):
        (inbox / f"{name}.csv").write_text("id\n1\n")
    look = Look(store, made, Bell())
    looked(store, look, 3)
    (inbox / "gone.csv").unlink()
    (inbox / "changed.csv").write_text("id\n1\n2\n")
    hand = Landing(store, Bell(), Sight(store), 0, passed)
    while hand.once():
        pass
    told = {Path(one.location).name: (one.verdict, one.reason) for one in store.arrivals.recent()}
    assert told == {"gone.csv": ("none", GONE), "changed.csv": ("none", REPLACED), "same.csv": ("passed", None)}


def test_what_was_moved_away_by_a_try_that_was_cut_off_is_not_said_to_be_gone(store: Memory, inbox: Path) -> None:
    watch(store, inbox)

    def moves(memory: Memory, held: Hold) -> Outcome:
        if Path(held.arrival.location).exists():
            Path(held.arrival.location).unlink()
            raise StoreUnusable("Cut off after the move.")
        return Outcome("trusted")

    (inbox / "a.csv").write_text("id\n1\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("graph.duties.RETRY_SECONDS", 0.05)
        with landing(store, moves):
            [done] = settled(store)
    assert done.verdict == "trusted"


def test_a_place_that_goes_away_is_told_and_comes_back(store: Memory, inbox: Path, tmp_path: Path) -> None:
    made = watch(store, inbox)
    look = Look(store, made, Bell())
    inbox.rmdir()
    look.begin()
    assert "is not there" in (store.watches.get(made.id).trouble or "")
    inbox.mkdir()
    look.soon()
    look.begin()
    assert store.watches.get(made.id).trouble is None


def test_a_folder_of_another_machine_is_left_to_its_workers(store: Memory, inbox: Path) -> None:
    made = watch(store, inbox)
    (inbox / "a.csv").write_text("id\n1\n")
    look = Look(store, made, Bell())
    looked(store, look, 1)
    (inbox / "a.csv").rename(inbox.parent / "a.csv")
    inbox.rename(inbox.parent / "elsewhere")
    hand = Landing(store, Bell(), Sight(store), 0, passed)
    assert hand.once() is False
    assert store.arrivals.counts() == {"waiting": 1}


def test_a_paused_watch_looks_at_nothing(store: Memory, inbox: Path) -> None:
    made = watch(store, inbox)
    Watching(store, "sam").pause(made.id)
    (inbox / "a.csv").write_text("id\n1\n")
    with landing(store, passed):
        time.sleep(0.4)
        assert store.arrivals.counts() == {}
        Watching(store, "sam").pause(made.id, paused=False)
        assert settled(store)


def rows(*ids: int) -> pa.Table:
    return pa.table({"id": pa.array(ids, pa.int64())})


def test_each_new_snapshot_of_an_iceberg_table_arrives_once(store: Memory, tmp_path: Path) -> None:
    catalog = local_catalog(tmp_path / "lake")
    table = make(catalog, "shop.orders", rows(1), rows(2))
    uri = f"iceberg://{tmp_path}/lake/catalog.db/shop.orders"
    made = watch(store, uri, every_seconds=0.1)
    seen: list[str] = []

    def land(memory: Memory, held: Hold) -> Outcome:
        seen.append(held.arrival.source)
        return Outcome("passed")

    with landing(store, land, 2):
        settled(store, 1)
        table.append(rows(3))
        table.append(rows(4))
        settled(store, 3)
    numbers = [snapshot.snapshot_id for snapshot in table.snapshots()][1:]
    assert seen == [f"{uri}?snapshot={number}" for number in numbers], "the present one, then each that came, in order"
    with landing(store, land, 2):
        time.sleep(0.3)
    assert store.arrivals.counts(made.id) == {"done": 3}
    catalog.engine.dispose()


def test_of_a_branch_what_is_not_in_main_arrives(store: Memory, tmp_path: Path) -> None:
    catalog = local_catalog(tmp_path / "lake")
    table = make(catalog, "shop.orders", rows(1), rows(2))
    uri = f"iceberg://{tmp_path}/lake/catalog.db/shop.orders"
    made = watch(store, f"{uri}?branch=audit", every_seconds=0.1)
    assert (made.source, made.branch) == (uri, "audit")
    with landing(store, passed):
        time.sleep(0.3)
        assert store.arrivals.recent() == []
        table.manage_snapshots().create_branch(table.current_snapshot().snapshot_id, "audit").commit()  # type: ignore[union-attr]
        table.append(rows(3), branch="audit")
        table.append(rows(4), branch="audit")
        one, two = settled(store, 2)
    heads = table.refresh().refs()
    assert two.source == f"{uri}?snapshot={heads['audit'].snapshot_id}"
    assert one.source != two.source
    assert heads["main"].snapshot_id not in {int(found.source.rpartition("=")[2]) for found in (one, two)}
    catalog.engine.dispose()


def test_a_table_that_is_not_there_is_refused_and_one_that_goes_is_told(store: Memory, tmp_path: Path) -> None:
    catalog = local_catalog(tmp_path / "lake")
    make(catalog, "shop.orders", rows(1))
    uri = f"iceberg://{tmp_path}/lake/catalog.db/shop.orders"
    with pytest.raises(SourceError, match="no table"):
        watch(store, uri.replace("orders", "others"))
    made = watch(store, uri)
    catalog.drop_table("shop.orders")
    look = Look(store, made, Bell())
    look.begin()
    soon(lambda: store.watches.get(made.id).trouble, "the trouble is told")
    catalog.engine.dispose()


@pytest.mark.parametrize(
    ("place", "more", "why"),
    [
        ("/nowhere/at/all", {}, "not there"),
        (" ", {}, "empty"),
        ("ftp://host/x", {}, "no connector"),
        ("postgres://ada:secretword@db/shop/orders", {}, "password"),
        ("postgres://ada@db/shop/orders", {"trusted": "/t", "quarantine": "/q"}, "is a table"),
        ("postgres://ada@db/shop/orders", {"every_seconds": 5.0}, "cannot be looked at"),
        ("iceberg://lake/shop.orders?snapshot=7", {}, "past state"),
        ("INBOX", {"branch": "audit"}, "no branches"),
        ("INBOX", {"trusted": "/t"}, "both --trusted and --quarantine"),
        ("INBOX", {"trusted": "INBOX/good", "quarantine": "/q"}, "arrive again"),
        ("s3://keys:word@lake/raw", {}, "password|keys"),
    ],
)
def test_a_watch_that_cannot_be_is_refused(
    store: Memory, inbox: Path, place: str, more: dict[str, object], why: str
) -> None:
    given = {
        name: str(value).replace("INBOX", str(inbox)) if isinstance(value, str) else value
        for name, value in more.items()
    }
    with pytest.raises(AssayError, match=why) as refused:
        watch(store, place.replace("INBOX", str(inbox)), **given)
    assert "secretword" not in str(refused.value)
    assert store.watches.all() == []


def test_only_what_is_dead_is_tried_again(store: Memory, inbox: Path) -> None:
    watch(store, inbox)
    (inbox / "a.csv").write_text("id\n1\n")
    with landing(store, passed):
        [done] = settled(store)
    with pytest.raises(WatchError, match="is done, not dead"):
        Watching(store, "sam").retry([done.id])


def test_the_same_folder_is_looked_at_by_many_at_once_without_a_double(store: Memory, inbox: Path) -> None:
    made = watch(store, inbox)
    for number in range(40):
        (inbox / f"{number}.csv").write_text("id\n1\n")
    time.sleep(0.05)

    def look(_: int) -> None:
        one = Look(store, made, Bell())
        for _ in range(3):
            one.begin()
            one.soon()
            time.sleep(0.03)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(look, range(4)))
    assert store.arrivals.counts() == {"waiting": 40}
