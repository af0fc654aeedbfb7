"""What lands is judged by the active rules and brought where it belongs, with its reasons."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from graph.delivery import deliver
from graph.landing import land
from graph.landing.leftovers import Leftovers
from graph.landing.promoting import Promotions
from graph.recorded import run_facts
from memory import Memory
from memory.errors import LeaseLost, NotFound, StoreUnusable, WrongState
from memory.publications import Batch
from memory.watches import Watch
from tests.support.landings import arrived, landed, taken_over, watched, with_rules
from tools.lineage.observed import DatasetId
from tools.publishing import moving
from tools.publishing.model import PublishError, Taken

GOOD, BAD = "id,amount\n1,20\n2,30\n", "id,amount\n1,20\n2,-30\n"
RULE = 'ColumnValues "amount" > 0'


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "raw").mkdir()
    return tmp_path


@pytest.fixture
def watch(store: Memory, place: Path) -> Watch:
    made = watched(store, f"{place}/raw/*.csv", trusted=f"{place}/trusted", quarantine=f"{place}/quarantine")
    with_rules(store, made.source, RULE)
    return made


def _put(place: Path, text: str, name: str = "day.csv") -> str:
    path = place / "raw" / name
    path.write_text(text)
    return str(path)


def _files(place: Path) -> list[str]:
    return sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())


def _batch(store: Memory) -> Batch:
    return store.publications.recent(1)[0]


def _manifest(path: str | Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(path).read_text())
    return found


def test_what_passes_is_trusted(store: Memory, place: Path, watch: Watch) -> None:
    outcome = landed(store, watch, _put(place, GOOD))
    batch = _batch(store)
    assert (outcome.verdict, outcome.reason, outcome.run_id) == ("trusted", None, batch.run_id)
    assert _files(place) == [f"trusted/_manifests/{batch.id}.json", "trusted/day.csv"]
    assert (place / "trusted" / "day.csv").read_text() == GOOD
    said = _manifest(place / "trusted" / "_manifests" / f"{batch.id}.json")
    assert (said["verdict"], said["rows"], said["score"], said["failed"]) == ("trusted", 2, 1.0, [])
    assert said["dataset"] == watch.source
    assert said["run"] == batch.run_id
    run = store.runs.get(str(batch.run_id))
    assert (run.status, run.kind, run.requested_by) == ("done", "validate", "Ann")
    actions = [entry.action for entry in store.audit.entries(run_id=run.id)]
    assert actions.index("batch.decided") < actions.index("batch.trusted")


def test_what_fails_is_in_quarantine_with_its_reasons(store: Memory, place: Path, watch: Watch) -> None:
    outcome = landed(store, watch, _put(place, BAD))
    batch = _batch(store)
    assert outcome.verdict == "quarantined"
    assert outcome.reason == RULE
    assert _files(place) == [f"quarantine/{batch.id}/_manifest.json", f"quarantine/{batch.id}/day.csv"]
    failed = _manifest(place / "quarantine" / batch.id / "_manifest.json")["failed"]
    assert [(one["rule"], one["outcome"], one["failed_rows"]) for one in failed] == [(RULE, "Failed", 1)]
    alerts = store.db.rows("select kind, what, said from alerts where kind = 'quarantine' and resolved_at is null")
    assert [(one["what"], one["said"]) for one in alerts] == [(batch.source, f"It did not pass: {RULE}.")]


def test_where_it_went_is_in_the_lineage(store: Memory, place: Path, watch: Watch) -> None:
    landed(store, watch, _put(place, GOOD))
    deliver(store)
    facts = run_facts(store, str(_batch(store).run_id))
    assert facts.moved
    assert facts.moved.to == DatasetId("file", f"{place}/trusted")
    assert [(edge.source.column, edge.target.column) for edge in facts.edges] == [("id", "id"), ("amount", "amount")]
    assert len(store.db.rows("select from lineage_edges")) == 2


def test_files_of_a_pattern_are_batches_of_one_dataset(store: Memory, place: Path, watch: Watch) -> None:
    for number in range(3):
        landed(store, watch, _put(place, GOOD, f"{number}.csv"))
    batches = store.publications.recent()
    assert len({batch.dataset_id for batch in batches}) == 1
    dataset = store.catalog.dataset(batches[0].dataset_id)
    assert dataset.uri == watch.source
    assert len(store.results.history(dataset.id)) == 3
    assert len({batch.version for batch in batches}) == 3


def test_folders_below_the_watched_one_are_kept(store: Memory, place: Path) -> None:
    watch = watched(store, f"{place}/raw", trusted=f"{place}/trusted", quarantine=f"{place}/quarantine")
    with_rules(store, watch.source, RULE)
    (place / "raw" / "2024").mkdir()
    landed(store, watch, _put(place, GOOD, "2024/day.csv"))
    assert (place / "trusted" / "2024" / "day.csv").exists()


def test_without_rules_it_waits_where_it_landed_and_is_judged_once_there_are_some(store: Memory, place: Path) -> None:
    watch = watched(store, f"{place}/raw/*.csv", trusted=f"{place}/trusted", quarantine=f"{place}/quarantine")
    outcome = landed(store, watch, _put(place, GOOD))
    assert outcome.verdict == "none"
    assert "no active rules" in str(outcome.reason)
    assert _files(place) == ["raw/day.csv"]
    assert store.catalog.latest_profile(_batch(store).dataset_id) is not None
    leftovers = Leftovers(store)
    assert not leftovers.once(), "there are no rules yet"
    with_rules(store, watch.source, RULE)
    assert leftovers.once()
    assert _batch(store).state == "trusted"
    assert store.arrivals.recent(1)[0].verdict == "trusted"
    assert not (place / "raw" / "day.csv").exists()


def test_what_waited_for_rules_and_is_gone_or_replaced_is_let_go(store: Memory, place: Path) -> None:
    watch = watched(store, f"{place}/raw/*.csv", trusted=f"{place}/trusted", quarantine=f"{place}/quarantine")
    for name in ("gone.csv", "day.csv"):
        landed(store, watch, _put(place, GOOD, name))
    (place / "raw" / "gone.csv").unlink()
    landed(store, watch, _put(place, BAD, "day.csv"))
    with_rules(store, watch.source, RULE)
    leftovers = Leftovers(store)
    while leftovers.once():
        pass
    states = {(Path(one.source).name, one.version): one.state for one in store.publications.recent()}
    assert sorted(states.values()) == ["quarantined", "replaced", "replaced"], "each is judged as it landed, or not"
    told = {Path(one.location).name: (one.verdict, one.reason) for one in store.arrivals.recent()[1:]}
    assert told["gone.csv"] == told["day.csv"]
    assert "gone or replaced" in str(told["gone.csv"][1])
    assert not [name for name in _files(place) if name.startswith("trusted")]


@pytest.mark.parametrize("ended", ["removed", "paused"])
def test_for_a_watch_that_ended_nothing_is_moved_later(store: Memory, place: Path, ended: str) -> None:
    watch = watched(store, f"{place}/raw/*.csv", trusted=f"{place}/trusted", quarantine=f"{place}/quarantine")
    landed(store, watch, _put(place, GOOD))
    with_rules(store, watch.source, RULE)
    if ended == "removed":
        store.watches.remove(watch.id, "Ann")
    else:
        store.watches.pause(watch.id, "Ann")
    assert not Leftovers(store).once()
    assert _files(place) == ["raw/day.csv"]
    assert Promotions(store, "Ann").promote(_batch(store)).state == "trusted", "a person may say so"


def test_of_many_rules_some_are_named_and_the_others_counted(store: Memory, place: Path, watch: Watch) -> None:
    more = [f'ColumnValues "amount" > {number}' for number in range(1, 5)]
    with_rules(store, watch.source, *more, 'IsComplete "nobody"')
    outcome = landed(store, watch, _put(place, BAD))
    named = f"{RULE}; {more[0]}; {more[1]}; and 3 more"
    assert outcome.reason == named
    assert store.publications.recent(1)[0].reasons[-1]["rule"] == 'IsComplete "nobody"'
    [alert] = store.db.rows("select said from alerts where kind = 'quarantine' and resolved_at is null")
    assert alert["said"] == f"It did not pass: {named}."


def test_why_a_file_is_no_table_is_told_with_the_arrival(store: Memory, place: Path, watch: Watch) -> None:
    assert "day.csv is empty" in str(landed(store, watch, _put(place, "")).reason)


def test_data_without_rules_starts_one_recommendation_that_waits_for_people(
    store: Memory, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_MODEL", "offline")
    watch = watched(store, f"{place}/raw/*.csv", recommend=True)
    for number in range(2):
        landed(store, watch, _put(place, GOOD, f"{number}.csv"))
    runs = store.runs.recent(kind="run")
    assert [run.sources for run in runs] == [[watch.source]]
    assert runs[0].status == "queued"


def test_a_recommendation_that_a_crash_came_before_is_started_by_whoever_goes_on(
    store: Memory, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_MODEL", "offline")
    watch = watched(store, f"{place}/raw/*.csv", recommend=True)
    held = arrived(store, watch, _put(place, GOOD))

    def away(*_: Any, **__: Any) -> None:
        raise StoreUnusable("The store does not answer.")

    with monkeypatch.context() as broken:
        broken.setattr("graph.runs.Runs.start", away)
        with pytest.raises(StoreUnusable):
            land(store, held)
    assert store.runs.recent(kind="run") == []
    assert land(store, taken_over(store, held)).verdict == "none"
    assert [run.sources for run in store.runs.recent(kind="run")] == [[watch.source]]


def test_without_places_to_go_it_is_only_judged(store: Memory, place: Path) -> None:
    watch = watched(store, f"{place}/raw/*.csv")
    with_rules(store, watch.source, RULE)
    assert landed(store, watch, _put(place, GOOD, "a.csv")).verdict == "passed"
    assert landed(store, watch, _put(place, BAD, "b.csv")).verdict == "failed"
    assert _files(place) == ["raw/a.csv", "raw/b.csv"]


def test_what_is_no_table_is_in_quarantine(store: Memory, place: Path, watch: Watch) -> None:
    assert landed(store, watch, _put(place, "")).verdict == "quarantined"
    batch = _batch(store)
    assert "is empty" in batch.reasons[0]["reason"]
    assert (place / "quarantine" / batch.id / "day.csv").exists()
    [alert] = store.db.rows("select said from alerts where kind = 'quarantine'")
    assert alert["said"].endswith("copied.")
    assert ".." not in alert["said"]


def test_a_truncated_parquet_file_is_in_quarantine(store: Memory, place: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    watch = watched(store, f"{place}/raw/*.parquet", trusted=f"{place}/trusted", quarantine=f"{place}/quarantine")
    with_rules(store, watch.source, RULE)
    path = place / "raw" / "day.parquet"
    pq.write_table(pa.table({"amount": list(range(1000))}), path)
    os.truncate(path, path.stat().st_size // 2)
    assert landed(store, watch, str(path)).verdict == "quarantined"
    assert _batch(store).reasons[0]["rule"] == "can be read"


def test_what_is_gone_is_nothing(store: Memory, place: Path, watch: Watch) -> None:
    path = _put(place, GOOD)
    os.unlink(path)
    assert landed(store, watch, path).verdict == "none"
    assert store.publications.recent() == []


def test_a_file_replaced_between_validation_and_publishing_is_not_published(
    store: Memory, place: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _put(place, GOOD)
    move = moving.move

    def late(one: Any) -> Any:
        Path(path).write_text(BAD)
        return move(one)

    monkeypatch.setattr(moving, "move", late)
    outcome = landed(store, watch, path)
    assert outcome.verdict == "none"
    assert "not what was validated" in str(outcome.reason)
    assert _files(place) == ["raw/day.csv"]
    assert _batch(store).state == "replaced"
    monkeypatch.undo()
    assert landed(store, watch, path).verdict == "quarantined", "what replaced it is judged by itself"


def test_a_file_replaced_between_the_profile_and_the_rules_is_judged_again(
    store: Memory, place: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    from agents.workbench import Workbench
    from tools.sources.table import SourceError

    path = _put(place, GOOD)
    validate = Workbench.validate

    def late(self: Workbench, *given: Any, **more: Any) -> Any:
        Path(path).write_text(BAD)
        return validate(self, *given, **more)

    monkeypatch.setattr(Workbench, "validate", late)
    held = arrived(store, watch, path)
    with pytest.raises(SourceError, match="changed while it was open"):
        land(store, held)
    assert _files(place) == ["raw/day.csv"]
    monkeypatch.undo()
    assert land(store, held).verdict == "quarantined"


def test_a_correction_takes_the_place_of_what_it_corrects(store: Memory, place: Path, watch: Watch) -> None:
    landed(store, watch, _put(place, GOOD))
    first = _batch(store)
    assert landed(store, watch, _put(place, GOOD + "3,40\n")).verdict == "trusted"
    assert (place / "trusted" / "day.csv").read_text() == GOOD + "3,40\n"
    assert store.publications.get(first.id).state == "superseded"
    assert landed(store, watch, _put(place, BAD)).verdict == "quarantined"
    assert (place / "trusted" / "day.csv").read_text() == GOOD + "3,40\n", "what is trusted stays"


def test_a_file_of_that_name_from_elsewhere_is_no_correction(store: Memory, place: Path, watch: Watch) -> None:
    landed(store, watch, _put(place, GOOD))
    (place / "raw2").mkdir()
    other = watched(store, f"{place}/raw2/*.csv", trusted=f"{place}/trusted", quarantine=f"{place}/quarantine")
    with_rules(store, other.source, RULE)
    (place / "raw2" / "day.csv").write_text(GOOD + "3,40\n")
    with pytest.raises(Taken):
        land(store, arrived(store, other, f"{place}/raw2/day.csv"))
    assert (place / "trusted" / "day.csv").read_text() == GOOD


def test_what_lies_in_the_way_is_an_error_and_nothing_is_lost(store: Memory, place: Path, watch: Watch) -> None:
    (place / "trusted").mkdir()
    (place / "trusted" / "day.csv").write_text("mine")
    held = arrived(store, watch, _put(place, GOOD))
    with pytest.raises(Taken):
        land(store, held)
    assert _batch(store).state == "moving"
    assert (place / "trusted" / "day.csv").read_text() == "mine"
    os.unlink(place / "trusted" / "day.csv")
    assert land(store, held).verdict == "trusted"


def test_a_worker_that_lost_its_lease_decides_nothing(store: Memory, place: Path, watch: Watch) -> None:
    held = arrived(store, watch, _put(place, GOOD))
    other = taken_over(store, held)
    with pytest.raises(LeaseLost):
        land(store, held)
    assert _files(place) == ["raw/day.csv"]
    assert land(store, other).verdict == "trusted"


def test_landing_twice_is_landing_once(store: Memory, place: Path, watch: Watch) -> None:
    held = arrived(store, watch, _put(place, GOOD))
    first = land(store, held)
    assert land(store, held) == first
    assert len(store.publications.recent()) == 1


def test_what_was_decided_and_left_is_carried_out_by_any_worker(
    store: Memory, place: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: Any) -> Any:
        raise PublishError("The place does not answer.")

    monkeypatch.setattr(moving, "move", away)
    with pytest.raises(PublishError):
        land(store, held := arrived(store, watch, _put(place, GOOD)))
    store.arrivals.give_up(held, "The place does not answer.")
    monkeypatch.undo()
    assert not Leftovers(store).once(), "whoever decided may still be at it"
    store.db.rows("update batches set held_until = now() returning id")
    assert Leftovers(store).once()
    assert _batch(store).state == "trusted"
    arrival = store.arrivals.get(held.arrival.id)
    assert (arrival.state, arrival.verdict, arrival.reason) == ("done", "trusted", None)


def test_unusual_batches_are_told_of_and_published_all_the_same(store: Memory, place: Path, watch: Watch) -> None:
    start = datetime.now(UTC) - timedelta(days=10)
    for day in range(5):
        rows = "".join(f"{n},{20 + n % 7}\n" for n in range(200 + day))
        landed(store, watch, _put(place, f"id,amount\n{rows}", f"{day}.csv"), start + timedelta(days=day))
    assert [batch.findings for batch in store.publications.recent()] == [[]] * 5
    rows = "".join(f"{n},{900 + n % 7},x\n" for n in range(2000))
    late = start + timedelta(days=9)
    assert landed(store, watch, _put(place, f"id,amount,note\n{rows}", "odd.csv"), late).verdict == "trusted"
    found = {(one["kind"], one["what"]) for one in _batch(store).findings}
    assert found >= {("drift", "note"), ("drift", "amount"), ("volume", "rows"), ("freshness", "arrival")}
    kinds = store.db.rows("select kind from alerts where resolved_at is null order by kind")
    assert [row["kind"] for row in kinds] == ["drift", "freshness", "volume"]


class TestPromote:
    """What did not pass is validated again after it was mended, or a person answers for it."""

    @pytest.fixture
    def batch(self, store: Memory, place: Path, watch: Watch) -> Batch:
        landed(store, watch, _put(place, BAD))
        return _batch(store)

    def test_mended_in_quarantine_it_is_published(self, store: Memory, place: Path, batch: Batch) -> None:
        Path(batch.place).write_text(GOOD)
        done = Promotions(store, "Ann").promote(batch)
        assert done.state == "trusted"
        assert _files(place) == [f"trusted/_manifests/{batch.id}.json", "trusted/day.csv"]
        assert (place / "trusted" / "day.csv").read_text() == GOOD
        assert store.db.rows("select from alerts where kind = 'quarantine' and resolved_at is null") == []

    def test_not_mended_it_stays_with_new_reasons(self, store: Memory, place: Path, batch: Batch) -> None:
        Path(batch.place).write_text(BAD + "3,-1\n")
        done = Promotions(store, "Ann").promote(batch)
        assert done.state == "quarantined"
        assert done.reasons[0]["failed_rows"] == 2
        said = _manifest(Path(batch.place).parent / "_manifest.json")
        assert said["failed"][0]["failed_rows"] == 2
        assert len(_files(place)) == 2

    def test_a_person_may_answer_for_it_with_a_reason(self, store: Memory, place: Path, batch: Batch) -> None:
        done = Promotions(store, "Ann").promote(batch, force="refunds are right here")
        assert (done.state, done.forced_by, done.forced_reason) == ("trusted", "Ann", "refunds are right here")
        said = _manifest(place / "trusted" / "_manifests" / f"{batch.id}.json")
        assert (said["forced_by"], said["forced_reason"]) == ("Ann", "refunds are right here")
        assert said["failed"][0]["rule"] == RULE
        decided = [one for one in store.audit.entries() if one.action == "batch.decided"][-1]
        assert (decided.actor, decided.data["forced_reason"]) == ("Ann", "refunds are right here")

    def test_without_a_reason_nothing_is_forced(self, store: Memory, batch: Batch) -> None:
        with pytest.raises(WrongState, match="needs a reason"):
            Promotions(store, "Ann").promote(batch, force=" ")

    def test_a_batch_is_promoted_once(self, store: Memory, batch: Batch) -> None:
        Promotions(store, "Ann").promote(batch, force="yes")
        with pytest.raises(WrongState, match="trusted already"):
            Promotions(store, "Ann").find(batch.id)
        with pytest.raises(WrongState, match="is trusted"):
            Promotions(store, "Bob").promote(store.publications.get(batch.id), force="me too")

    def test_an_old_batch_does_not_take_the_place_of_a_later_one(
        self, store: Memory, place: Path, watch: Watch, batch: Batch
    ) -> None:
        landed(store, watch, _put(place, GOOD))
        with pytest.raises(WrongState, match="A later batch of the same name is published"):
            Promotions(store, "Ann").promote(batch, force="yes")

    def test_it_is_found_by_what_people_call_it(
        self, store: Memory, watch: Watch, batch: Batch, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        promotions = Promotions(store, "Ann")
        for name in (batch.id, batch.source, batch.place, watch.source):
            assert [one.id for one in promotions.find(name)] == [batch.id]
        monkeypatch.chdir(Path(batch.source).parent)
        assert [one.id for one in promotions.find("day.csv")] == [batch.id]
        with pytest.raises(NotFound):
            promotions.find("nothing.csv")

    def test_a_batch_that_somebody_took_away_is_said_to_be_gone(self, store: Memory, batch: Batch) -> None:
        os.unlink(batch.place)
        with pytest.raises(NotFound, match="not there any more"):
            Promotions(store, "Ann").promote(batch)
