"""Places for objects, all by the same tests: a folder, S3 and DynamoDB (moto's server)."""

from __future__ import annotations

import io
import os
import time
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from tests.support.s3 import bucket
from tools import objects
from tools.errors import AssayError
from tools.objects import dynamodb
from tools.objects.model import ObjectMissing, ObjectsError


def table(name: str = "profiles") -> str:
    boto3.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "part", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in ("id", "part")],
        BillingMode="PAY_PER_REQUEST",
    )
    return f"dynamodb://{name}"


@pytest.fixture(params=["folder", "s3", "dynamodb"])
def place(request, tmp_path, monkeypatch):
    if request.param == "folder":
        yield objects.at(str(tmp_path / "deep" / "objects"))
        return
    with bucket(monkeypatch):
        yield objects.at("s3://lake/some/prefix/" if request.param == "s3" else table())


def written(place, key: str, content: bytes) -> None:
    place.write(key, io.BytesIO(content))


def test_an_object_is_read_back_listed_and_deleted(place, monkeypatch):
    monkeypatch.setattr(dynamodb, "PART_BYTES", 1000)
    content = os.urandom(2500)
    written(place, "a/one", content)
    written(place, "a/two", b"")
    written(place, "b/three", b"3")
    assert place.read("a/one") == content
    assert place.read("a/two") == b""
    found = {stored.key: stored.modified for stored in place.listed("a/")}
    assert sorted(found) == ["a/one", "a/two"]
    assert all(abs(datetime.now(UTC) - modified) < timedelta(minutes=5) for modified in found.values())
    place.delete("a/one")
    place.delete("a/one")
    assert [stored.key for stored in place.listed("a/")] == ["a/two"]


def test_what_is_written_again_takes_the_place_of_what_was_there(place, monkeypatch):
    monkeypatch.setattr(dynamodb, "PART_BYTES", 10)
    written(place, "a/one", b"x" * 95)
    written(place, "a/one", b"y" * 31)
    assert place.read("a/one") == b"y" * 31


def test_what_is_not_there_is_named(place):
    with pytest.raises(ObjectMissing, match=r"There is no a/none at "):
        place.read("a/none")


class _Breaks(io.BytesIO):
    """Ends in an error after some bytes, as a source that is cut off."""

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(20)
        if not found:
            raise RuntimeError("cut off")
        return found


def test_a_write_that_breaks_leaves_the_old_object(place, monkeypatch):
    monkeypatch.setattr(dynamodb, "PART_BYTES", 20)
    written(place, "a/one", b"old")
    with pytest.raises(RuntimeError, match="cut off"):
        place.write("a/one", _Breaks(b"n" * 100))
    assert place.read("a/one") == b"old"
    assert [stored.key for stored in place.listed("a/")] == ["a/one"]


def test_what_a_killed_process_left_is_swept_away_after_a_day(tmp_path):
    place = objects.at(str(tmp_path))
    (tmp_path / "a").mkdir()
    old, fresh = tmp_path / "a" / ".one.12345678.tmp", tmp_path / "a" / ".one.87654321.tmp"
    for left in (old, fresh):
        left.write_bytes(b"half")
    os.utime(old, (time.time() - 90_000,) * 2)
    written(place, "a/one", b"whole")
    assert (old.exists(), fresh.exists()) == (False, True)
    assert [stored.key for stored in place.listed("a/")] == ["a/one"]


def test_a_part_that_was_lost_is_no_shorter_object(monkeypatch):
    monkeypatch.setattr(dynamodb, "PART_BYTES", 10)
    with bucket(monkeypatch):
        place = objects.at(table())
        written(place, "one", b"x" * 35)
        client = boto3.client("dynamodb")
        parts = [item["part"]["S"] for item in client.scan(TableName="profiles")["Items"]]
        lost = next(part for part in sorted(parts) if part.endswith("-000002"))
        client.delete_item(TableName="profiles", Key={"id": {"S": "one"}, "part": {"S": lost}})
        with pytest.raises(ObjectMissing):
            place.read("one")


@pytest.mark.parametrize("uri", ["", "s3://", "ftp://host/x", "dynamodb:///"])
def test_another_kind_of_place_is_refused(uri):
    with pytest.raises(ObjectsError, match="no place for objects"):
        objects.at(uri)


def test_a_kind_that_will_not_do_is_refused():
    with pytest.raises(ObjectsError, match="no place for objects"):
        objects.at("dynamodb://profiles", ("file", "s3"))


def test_a_bucket_or_table_that_is_not_there_is_said(monkeypatch):
    with bucket(monkeypatch):
        for uri, words in (("s3://none/x", "bucket"), ("dynamodb://none", "no table for objects")):
            with pytest.raises(AssayError, match=words):
                written(objects.at(uri), "a", b"1")


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(ObjectsError, match="Not a directory"):
        written(objects.at(str(tmp_path / "file")), "a/b", b"1")
