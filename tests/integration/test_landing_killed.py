"""Killed anywhere while it lands, a batch is lost nowhere, seen in one place only, and ends where it belongs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from graph.landing import land
from graph.landing.promoting import Promotions
from memory import Memory
from memory.watches import Watch
from tests.support import s3
from tests.support.dying import killed_at
from tests.support.icebergs import local_catalog, make
from tests.support.landings import arrived, taken_over, watched, with_rules
from tools.sources.s3 import _client_for

GOOD, BAD = "id,amount\n1,20\n2,30\n", "id,amount\n1,20\n2,-30\n"
RULE = 'ColumnValues "amount" > 0'
STEP = 1 if os.environ.get("ASSAY_THOROUGH") else 7


def _moments() -> Iterator[int]:
    """All of them, or each seventh: what is left out is tried with ASSAY_THOROUGH."""
    return count(1, STEP)


def _files(place: Path, text: str) -> list[str]:
    """Where the text lies, hidden names too."""
    return sorted(
        str(path.relative_to(place)) for path in place.rglob("*") if path.is_file() and path.read_text() == text
    )


@pytest.fixture
def watch(store: Memory, tmp_path: Path) -> Watch:
    (tmp_path / "raw").mkdir()
    made = watched(store, f"{tmp_path}/raw/*.csv", trusted=f"{tmp_path}/trusted", quarantine=f"{tmp_path}/quarantine")
    with_rules(store, made.source, RULE)
    return made


@pytest.mark.parametrize("text", [GOOD, BAD])
def test_a_file_is_lost_nowhere_and_ends_in_one_place(
    store: Memory, store_url: str, tmp_path: Path, watch: Watch, text: str
) -> None:
    for moment in _moments():
        mine = f"{text}{moment},7\n"
        path = tmp_path / "raw" / f"{moment}.csv"
        path.write_text(mine)
        held = arrived(store, watch, str(path))
        died = killed_at(lambda held=held: land(Memory(store_url), held), moment)
        seen = [name for name in _files(tmp_path, mine) if "/." not in name]
        kept = {name.partition("/")[0] for name in seen}
        assert kept, f"killed at moment {moment}, the file is nowhere"
        assert not {"trusted", "quarantine"} <= kept, f"in both places at moment {moment}"
        held = taken_over(store, held)
        outcome = land(store, held)
        store.arrivals.finish(held, outcome)
        batch = store.publications.of_arrival(held.arrival.id)
        assert batch
        expected = f"trusted/{moment}.csv" if text is GOOD else f"quarantine/{batch.id}/{moment}.csv"
        assert _files(tmp_path, mine) == [expected], f"after moment {moment}"
        assert outcome.verdict == batch.state == ("trusted" if text is GOOD else "quarantined")
        if not died:
            break
    assert moment > 20


def test_a_promotion_ends_in_one_place(store: Memory, store_url: str, tmp_path: Path, watch: Watch) -> None:
    for moment in _moments():
        mine = f"{BAD}{moment},7\n"
        path = tmp_path / "raw" / f"{moment}.csv"
        path.write_text(mine)
        held = arrived(store, watch, str(path))
        store.arrivals.finish(held, land(store, held))
        batch = store.publications.of_arrival(held.arrival.id)
        assert batch
        died = killed_at(lambda batch=batch: Promotions(Memory(store_url), "Ann").promote(batch, "it is right"), moment)
        assert _files(tmp_path, mine), f"killed at moment {moment}, the file is nowhere"
        now = store.publications.get(batch.id)
        if now.state != "trusted":
            now = Promotions(store, "Ann").promote(now, "it is right")
        assert now.state == "trusted"
        assert _files(tmp_path, mine) == [f"trusted/{moment}.csv"], f"after moment {moment}"
        if not died:
            break
    assert moment > 10


def test_an_object_is_lost_nowhere_and_ends_in_one_place(
    store: Memory, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with s3.bucket(monkeypatch) as lake:
        _client_for.cache_clear()
        watch = watched(store, "s3://lake/raw/*.csv", trusted="s3://lake/trusted", quarantine="s3://lake/bad")
        with_rules(store, watch.source, RULE)
        for moment in count(1, 2 * STEP):
            text = GOOD if moment % 4 == 1 else BAD
            mine = f"{text}{moment},7\n".encode()
            lake.put_object(Bucket="lake", Key=f"raw/{moment}.csv", Body=mine)
            held = arrived(store, watch, f"s3://lake/raw/{moment}.csv")
            died = killed_at(lambda held=held: land(Memory(store_url), held), moment)
            kept = {key.partition("/")[0] for key in _objects(lake, mine)}
            assert kept, f"killed at moment {moment}, the object is nowhere"
            assert not {"trusted", "bad"} <= kept
            held = taken_over(store, held)
            outcome = land(store, held)
            store.arrivals.finish(held, outcome)
            batch = store.publications.of_arrival(held.arrival.id)
            assert batch
            expected = f"trusted/{moment}.csv" if text is GOOD else f"bad/{batch.id}/{moment}.csv"
            assert _objects(lake, mine) == [expected], f"after moment {moment}"
            if not died:
                break
        assert moment > 20
        assert "Uploads" not in lake.list_multipart_uploads(Bucket="lake")
        _client_for.cache_clear()


def _objects(lake: Any, body: bytes) -> list[str]:
    keys = [one["Key"] for one in lake.list_objects_v2(Bucket="lake").get("Contents", ())]
    return [key for key in keys if lake.get_object(Bucket="lake", Key=key)["Body"].read() == body]


def test_a_branch_is_published_once_wherever_it_is_killed(store: Memory, store_url: str, tmp_path: Path) -> None:
    import pyarrow as pa

    catalog = local_catalog(tmp_path)
    table = make(catalog, "shop.orders", pa.table({"amount": [1]}))
    table.manage_snapshots().create_branch(table.current_snapshot().snapshot_id, "audit").commit()  # type: ignore[union-attr]
    uri = f"iceberg://{tmp_path}/catalog.db/shop.orders"
    watch = watched(store, uri, branch="audit")
    with_rules(store, uri, RULE)
    for moment in _moments():
        table.append(pa.table({"amount": [moment]}), branch="audit")
        snapshot = table.refs()["audit"].snapshot_id
        held = arrived(store, watch, f"{uri}?snapshot={snapshot}")
        died = killed_at(lambda held=held: land(Memory(store_url), held), moment)
        held = taken_over(store, held)
        outcome = land(store, held)
        store.arrivals.finish(held, outcome)
        assert outcome.verdict == "trusted"
        table.refresh()
        assert table.refs()["main"].snapshot_id == snapshot
        if not died:
            break
    assert moment > 10
