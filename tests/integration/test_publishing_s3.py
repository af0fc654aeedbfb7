"""Objects on S3 are moved whole, once, and only as they were validated, wherever the process is killed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support import s3
from tests.support.dying import killed_at
from tools.publishing import bucket
from tools.publishing.model import Content, Move, Replaced, Taken
from tools.publishing.moving import content, move
from tools.sources.s3 import _client_for, client
from tools.sources.table import SourceError

STEP = 1 if os.environ.get("ASSAY_THOROUGH") else 3
"""What is left out is tried with ASSAY_THOROUGH."""
TEXT = b"id,amount\n1,20\n2,30\n"


@pytest.fixture
def lake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with s3.bucket(monkeypatch) as made:
        # What one test hangs on a client does not go on in the next.
        _client_for.cache_clear()
        yield made
        _client_for.cache_clear()


def _landed(lake: Any, body: bytes = TEXT, key: str = "raw/day.csv") -> Content:
    lake.put_object(Bucket="lake", Key=key, Body=body, ContentType="text/csv", Metadata={"by": "etl"})
    found = content(f"s3://lake/{key}")
    assert found
    return found


def _move(found: Content, batch: str = "b1", **changes: str) -> Move:
    made = {
        "source": "s3://lake/raw/day.csv",
        "destination": "s3://lake/trusted/day.csv",
        "manifest": f"s3://lake/trusted/_manifests/{batch}.json",
    }
    return Move(batch, content=found, told={"batch": batch, "verdict": "trusted"}, **{**made, **changes})


def _keys(lake: Any) -> list[str]:
    return [one["Key"] for one in lake.list_objects_v2(Bucket="lake").get("Contents", ())]


def _body(lake: Any, key: str) -> bytes:
    found: bytes = lake.get_object(Bucket="lake", Key=key)["Body"].read()
    return found


def test_an_object_that_passed_is_trusted_and_nowhere_else(lake: Any) -> None:
    there = move(_move(_landed(lake)))
    assert _keys(lake) == ["trusted/_manifests/b1.json", "trusted/day.csv"]
    assert _body(lake, "trusted/day.csv") == TEXT
    head = lake.head_object(Bucket="lake", Key="trusted/day.csv")
    assert head["ContentType"] == "text/csv"
    assert head["Metadata"] == {"by": "etl", bucket.BATCH: "b1"}
    said = json.loads(_body(lake, "trusted/_manifests/b1.json"))
    assert (said["file"], said["stamp"]) == ("s3://lake/trusted/day.csv", there.stamp)
    assert "Uploads" not in lake.list_multipart_uploads(Bucket="lake")


def test_wherever_it_is_killed_the_object_is_there_and_the_next_attempt_ends_it(lake: Any) -> None:
    for moment in count(1, STEP):
        for key in _keys(lake):
            lake.delete_object(Bucket="lake", Key=key)
        one = _move(_landed(lake))
        died = killed_at(lambda one=one: move(one), moment)
        left = [key for key in _keys(lake) if key.endswith(".csv")]
        assert left, f"killed at moment {moment}, the object is nowhere"
        assert all(_body(lake, key) == TEXT for key in left)
        move(one)
        assert _keys(lake) == ["trusted/_manifests/b1.json", "trusted/day.csv"], f"after moment {moment}"
        assert "Uploads" not in lake.list_multipart_uploads(Bucket="lake"), f"parts are left of moment {moment}"
        if not died:
            break
    assert moment > 8


def test_wherever_a_promotion_is_killed_no_manifest_says_that_the_batch_is_in_both_places(lake: Any) -> None:
    for moment in count(1, STEP):
        for key in _keys(lake):
            lake.delete_object(Bucket="lake", Key=key)
        found = _landed(lake, key="bad/b1/day.csv")
        lake.put_object(Bucket="lake", Key="bad/b1/_manifest.json", Body=b'{"verdict": "quarantined"}')
        one = _move(found, source="s3://lake/bad/b1/day.csv", left="s3://lake/bad/b1/_manifest.json")
        died = killed_at(lambda one=one: move(one), moment)
        keys = _keys(lake)
        marked = "bad/b1/_manifest.json" in keys
        in_quarantine = marked and json.loads(_body(lake, "bad/b1/_manifest.json"))["verdict"] == "quarantined"
        assert not (in_quarantine and "trusted/day.csv" in keys), f"in both at moment {moment}"
        assert {"trusted/day.csv", "bad/b1/day.csv"} & set(keys)
        move(one)
        assert _keys(lake) == ["trusted/_manifests/b1.json", "trusted/day.csv"], f"after moment {moment}"
        if not died:
            break
    assert moment > 10


def test_an_object_that_was_replaced_is_not_published(lake: Any) -> None:
    one = _move(_landed(lake))
    _landed(lake, b"id,amount\n1,-1\n")
    with pytest.raises(Replaced, match="not what was validated"):
        move(one)
    assert _keys(lake) == ["raw/day.csv"]


def test_an_object_that_is_replaced_while_it_is_copied_is_not_published(
    lake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the copy S3 itself has to refuse; what is asked of it says so."""
    one = _move(_landed(lake))
    asked: dict[str, Any] = {}
    client().meta.events.register("provide-client-params.s3.UploadPartCopy", lambda params, **_: asked.update(params))
    move(one)
    assert asked["CopySourceIfMatch"] == one.content.stamp


def test_an_object_that_is_gone_is_not_published(lake: Any) -> None:
    one = _move(_landed(lake))
    lake.delete_object(Bucket="lake", Key="raw/day.csv")
    with pytest.raises(Replaced):
        move(one)
    assert _keys(lake) == []


def test_an_object_that_lands_while_its_predecessor_is_published_stays(lake: Any) -> None:
    one = _move(_landed(lake))
    completed: list[int] = []

    def lands(**_: Any) -> None:
        if not completed:
            completed.append(1)
            lake.put_object(Bucket="lake", Key="raw/day.csv", Body=b"id,amount\n9,9\n")

    client().meta.events.register("after-call.s3.CompleteMultipartUpload", lands)
    move(one)
    assert completed
    assert _body(lake, "trusted/day.csv") == TEXT
    assert _body(lake, "raw/day.csv") == b"id,amount\n9,9\n"


def test_what_somebody_else_put_there_is_not_written_over(lake: Any) -> None:
    one = _move(_landed(lake))
    lake.put_object(Bucket="lake", Key="trusted/day.csv", Body=b"mine")
    with pytest.raises(Taken, match="is there already"):
        move(one)
    assert _body(lake, "trusted/day.csv") == b"mine"
    assert _keys(lake) == ["raw/day.csv", "trusted/day.csv"]


def test_what_somebody_puts_there_at_the_last_moment_is_not_written_over(lake: Any) -> None:
    one = _move(_landed(lake))

    def lands(**_: Any) -> None:
        lake.put_object(Bucket="lake", Key="trusted/day.csv", Body=b"mine")

    client().meta.events.register("after-call.s3.UploadPartCopy", lands)
    with pytest.raises(Taken):
        move(one)
    assert _body(lake, "trusted/day.csv") == b"mine"
    assert "Uploads" not in lake.list_multipart_uploads(Bucket="lake")


def test_a_corrected_object_takes_the_place_of_the_batch_of_that_name(lake: Any) -> None:
    first = move(_move(_landed(lake)))
    found = _landed(lake, TEXT + b"3,40\n")
    move(_move(found, "b2", replaces=first.stamp))
    assert _body(lake, "trusted/day.csv") == TEXT + b"3,40\n"
    assert "raw/day.csv" not in _keys(lake)
    assert lake.head_object(Bucket="lake", Key="trusted/day.csv")["Metadata"][bucket.BATCH] == "b2"


def test_an_object_of_many_parts_is_copied_in_parts(lake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket, "PART_BYTES", 5 << 20)
    body = bytes(range(256)) * (11 << 12)
    one = _move(_landed(lake, body))
    there = move(one)
    assert _body(lake, "trusted/day.csv") == body
    assert there.stamp.endswith('-3"')


def test_who_may_not_look_for_broken_uploads_can_publish(lake: Any) -> None:
    one = _move(_landed(lake))

    def refuse(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListMultipartUploads")

    client().meta.events.register("before-call.s3.ListMultipartUploads", refuse)
    move(one)
    assert _body(lake, "trusted/day.csv") == TEXT


def test_an_empty_object_is_moved_too(lake: Any) -> None:
    move(_move(_landed(lake, b"")))
    assert _body(lake, "trusted/day.csv") == b""


def test_in_a_bucket_with_versions_nothing_is_lost_for_good(lake: Any) -> None:
    lake.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})
    move(_move(_landed(lake)))
    assert _keys(lake) == ["trusted/_manifests/b1.json", "trusted/day.csv"]
    kept = lake.list_object_versions(Bucket="lake", Prefix="raw/day.csv")
    assert len(kept["Versions"]) == 1


def test_a_bucket_that_is_not_there_is_said_in_a_line(lake: Any) -> None:
    one = _move(_landed(lake), destination="s3://nowhere/day.csv")
    with pytest.raises(SourceError, match="no such bucket"):
        move(one)
    assert _body(lake, "raw/day.csv") == TEXT
