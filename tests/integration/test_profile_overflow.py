"""Large profiles are kept elsewhere: readers do not notice, and what is lost or changed there is said."""

from __future__ import annotations

import gzip
import json
import logging
import os
import time
from datetime import timedelta
from pathlib import Path

import boto3
import pytest
from typer.testing import CliRunner

from graph.jobs import Jobs
from graph.retention import prune
from memory import overflow
from memory.errors import StoreError
from memory.store import Memory
from tests.integration.test_objects import table
from tests.support.s3 import bucket
from tests.support.stores import new_dataset
from tools.errors import AssayError
from tools.objects import at as opened
from ui.cli.main import app

MONTH = timedelta(days=30)


def profile(letters: int = 5000, **more) -> dict:
    return {"rows": 3, "columns": [{"name": "Email", "top_values": [["é" * letters, 1]], **more}], "ordered": True}


@pytest.fixture(params=["folder", "s3", "dynamodb"])
def place(request, tmp_path, monkeypatch):
    monkeypatch.setenv(overflow.LIMIT, "2000")
    with bucket(monkeypatch):
        uri = {"folder": lambda: str(tmp_path / "big"), "s3": lambda: "s3://lake/big", "dynamodb": table}[
            request.param
        ]()
        monkeypatch.setenv(overflow.PLACE, uri)
        yield uri


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv(overflow.LIMIT, "2000")
    monkeypatch.setenv(overflow.PLACE, str(tmp_path / "big"))
    return tmp_path / "big"


def rows(store: Memory) -> list:
    return store.db.rows("select profile is null as away, overflow from profiles order by created_at")


def objects(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_large_profile_is_elsewhere_and_each_reader_gets_it(store, place, monkeypatch):
    dataset = new_dataset(store)
    small, large = profile(1), profile()
    ids = [store.catalog.save_profile(dataset.id, name, one) for name, one in (("small", small), ("large", large))]
    assert [row["away"] for row in rows(store)] == [False, True]
    monkeypatch.delenv(overflow.PLACE)
    assert store.catalog.profile(dataset.id, "large").profile == large
    assert store.catalog.profile_by_id(ids[1]).profile == large
    assert store.catalog.latest_profile(dataset.id).profile == large
    assert store.recall.profile_with(dataset.id, "email") == large
    assert store.recall.profile_with(dataset.id, "phone") is None
    assert store.catalog.profile(dataset.id, "small").profile == small


def test_an_unchanged_file_is_not_scanned_again(store, folder, tmp_path):
    columns = [f"column_{number}" for number in range(40)]
    (tmp_path / "wide.csv").write_text(",".join(columns) + "\n" + ",".join(map(str, range(40))) + "\n")
    first, again = (Jobs(store, "ada").profile(str(tmp_path / "wide.csv")) for _ in range(2))
    assert rows(store)[0]["away"]
    assert (first.cached, again.cached) == (False, True)
    assert again.profile.columns == first.profile.columns


def test_stored_twice_it_is_once_there(store, folder):
    dataset = new_dataset(store)
    first = store.catalog.save_profile(dataset.id, "v", profile())
    assert store.catalog.save_profile(dataset.id, "v", profile()) == first
    assert store.catalog.save_profile(dataset.id, "v", profile(nulls=7)) == first
    assert len(objects(folder)) == 1
    assert store.catalog.profile(dataset.id, "v").profile == profile()


def test_one_that_was_in_the_row_before_stays_there(store, folder, monkeypatch):
    dataset = new_dataset(store)
    monkeypatch.delenv(overflow.PLACE)
    store.catalog.save_profile(dataset.id, "v", profile())
    monkeypatch.setenv(overflow.PLACE, str(folder))
    store.catalog.save_profile(dataset.id, "v", profile())
    assert objects(folder) == []
    assert store.catalog.profile(dataset.id, "v").profile == profile()


def test_a_place_that_cannot_be_written_to_loses_no_profile(store, folder, caplog):
    folder.write_text("a file is in the way")
    dataset = new_dataset(store)
    with caplog.at_level(logging.WARNING, "memory.overflow"):
        store.catalog.save_profile(dataset.id, "v", profile())
    assert "stays in the store" in caplog.text
    assert store.catalog.profile(dataset.id, "v").profile == profile()


def test_settings_that_cannot_be_used_are_said(store, folder, monkeypatch):
    dataset = new_dataset(store)
    for variable, value, words in (
        (overflow.PLACE, "ftp://x/y", "no place for objects"),
        (overflow.LIMIT, "1 MB", "no number of bytes"),
    ):
        with monkeypatch.context() as patched:
            patched.setenv(variable, value)
            with pytest.raises(AssayError, match=words):
                store.catalog.save_profile(dataset.id, "v", profile())


def test_what_was_changed_there_is_not_taken_for_the_profile(store, folder):
    dataset = new_dataset(store)
    store.catalog.save_profile(dataset.id, "v", profile())
    (path,) = objects(folder)
    content = path.read_bytes()
    other = gzip.compress(json.dumps(profile(4999)).encode())
    for changed in (content[:40], other, content[:30] + b"!!" + content[32:]):
        path.write_bytes(changed)
        with pytest.raises(StoreError, match="was changed after it was stored"):
            store.catalog.profile(dataset.id, "v")


def test_what_is_lost_is_said_and_can_be_let_go(store, place, tmp_path):
    dataset = new_dataset(store)
    store.catalog.save_profile(dataset.id, "v", profile())
    found = rows(store)[0]["overflow"]
    opened(found["place"]).delete(found["key"])
    with pytest.raises(StoreError, match=r"is lost.*assay store prune --profiles"):
        store.catalog.profile(dataset.id, "v")
    assert prune(store, MONTH).profiles == 0
    done = prune(store, MONTH, profiles=True)
    assert (done.profiles, done.objects) == (1, 0)
    assert store.catalog.profile(dataset.id, "v") is None
    store.catalog.save_profile(dataset.id, "v", profile())
    assert store.catalog.profile(dataset.id, "v").profile == profile()


def test_objects_of_no_profile_are_pruned_when_they_are_not_young(store, folder):
    dataset = new_dataset(store)
    store.catalog.save_profile(dataset.id, "v", profile())
    (kept,) = objects(folder)
    old, young = kept.with_name("old.json.gz"), kept.with_name("young.json.gz")
    foreign = folder / "profiles-of-another-store" / "x.json.gz"
    foreign.parent.mkdir()
    for path in (old, young, foreign):
        path.write_bytes(b"x")
    for path in (kept, old, foreign):
        os.utime(path, (time.time() - 7200,) * 2)
    assert prune(store, timedelta(0)).objects == 1
    assert sorted(objects(folder)) == sorted([kept, young, foreign])


def test_old_profiles_go_with_their_objects_and_the_newest_stays(store, folder):
    dataset = new_dataset(store)
    for number in range(3):
        store.catalog.save_profile(dataset.id, f"v{number}", profile(5000 + number))
        with store.db.transaction() as connection:
            connection.execute(
                "update profiles set created_at = now() - make_interval(days => %s) where version = %s",
                [100 - number, f"v{number}"],
            )
    assert prune(store, MONTH).profiles == 0
    assert prune(store, MONTH, profiles=True).profiles == 2
    assert len(objects(folder)) == 1
    assert store.catalog.latest_profile(dataset.id).profile == profile(5002)


def test_an_object_of_two_contents_goes_with_the_last(store, folder):
    dataset = new_dataset(store)
    for version, days in (("first", 100), ("again", 0)):
        store.catalog.save_profile(dataset.id, version, profile())
        when = "update profiles set created_at = now() - make_interval(days => %s) where version = %s returning id"
        store.db.rows(when, [days, version])
    assert len(objects(folder)) == 1
    assert prune(store, MONTH, profiles=True).profiles == 1
    assert store.catalog.latest_profile(dataset.id).profile == profile()


def test_the_command_says_what_it_let_go(store_url, store, folder, monkeypatch):
    monkeypatch.setenv("ASSAY_DATABASE_URL", store_url)
    dataset = new_dataset(store)
    store.catalog.save_profile(dataset.id, "v", profile())
    objects(folder)[0].unlink()
    told = CliRunner().invoke(app, ["store", "prune", "--profiles"]).stdout
    assert told.splitlines()[1] == "Deleted 1 profile and 0 objects of no profile."
    assert json.loads(CliRunner().invoke(app, ["store", "prune", "--json"]).stdout)["profiles"] == 0


def test_what_is_in_dynamodb_is_in_parts(store, monkeypatch):
    monkeypatch.setenv(overflow.LIMIT, "2000")
    monkeypatch.setattr("tools.objects.dynamodb.PART_BYTES", 1000)
    with bucket(monkeypatch):
        monkeypatch.setenv(overflow.PLACE, table())
        dataset = new_dataset(store)
        # Nothing that can be packed well.
        large = profile(1, noise=os.urandom(3000).hex())
        store.catalog.save_profile(dataset.id, "v", large)
        assert boto3.client("dynamodb").scan(TableName="profiles")["Count"] >= 4
        assert store.catalog.profile(dataset.id, "v").profile == large
