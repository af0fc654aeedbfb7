"""Quarantine on S3, against moto's server."""

import hashlib
import urllib.request

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.integration.test_validation_quarantine import TABLE, divided
from tools.sources import SourceError
from tools.validation import outlets, quarantine
from tools.validation.outlets import OutletError

moto_server = pytest.importorskip("moto.server", reason="moto is not installed")


@pytest.fixture
def s3(monkeypatch):
    server = moto_server.ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket="lake")
    yield client
    urllib.request.urlopen(urllib.request.Request(f"http://{host}:{port}/moto-api/reset", method="POST")).close()
    server.stop()


def keys(client):
    return [found["Key"] for found in client.list_objects_v2(Bucket="lake").get("Contents", [])]


def test_both_halves_are_uploaded_in_parts(s3, tmp_path, monkeypatch):
    monkeypatch.setattr(outlets, "PART_BYTES", 5 << 20)
    monkeypatch.setattr(quarantine, "GROUP_ROWS", 20_000)
    path = tmp_path / "orders.parquet"
    rows = 200_000
    pq.write_table(
        pa.table({"a": range(rows), "b": [hashlib.sha256(str(i).encode()).hexdigest() for i in range(rows)]}), path
    )
    found = divided(path, "s3://lake/quarantine/", 'Rules = [ColumnValues "a" < 199000]')
    assert keys(s3) == ["quarantine/orders/bad.parquet", "quarantine/orders/good.parquet"]
    assert (found.good, found.bad_rows) == ("s3://lake/quarantine/orders/good.parquet", 1000)
    for uri, expected in ((found.good, 199_000), (found.bad, 1000)):
        body = s3.get_object(Bucket="lake", Key=uri.removeprefix("s3://lake/"))["Body"].read()
        assert pq.read_table(pa.BufferReader(body)).num_rows == expected
    tag = s3.head_object(Bucket="lake", Key="quarantine/orders/good.parquet")["ETag"]
    assert int(tag.strip('"').split("-")[1]) > 1


def test_a_split_never_writes_over_another(s3):
    divided(TABLE, "s3://lake/q")
    with pytest.raises(OutletError, match="is there already"):
        divided(TABLE, "s3://lake/q")


def test_nothing_is_left_after_an_error(s3, monkeypatch):
    monkeypatch.setattr(quarantine._File, "_flush", lambda self: (_ for _ in ()).throw(SourceError("gone")))
    with pytest.raises(SourceError):
        divided(TABLE, "s3://lake/q")
    assert keys(s3) == []
    assert s3.list_multipart_uploads(Bucket="lake").get("Uploads", []) == []


def test_one_half_is_taken_back_when_the_other_cannot_be_published(s3, monkeypatch):
    original, calls = outlets._Upload.complete, []

    def complete(self):
        calls.append(self)
        if len(calls) == 2:
            self._where["Bucket"] = "gone"
        original(self)

    monkeypatch.setattr(outlets._Upload, "complete", complete)
    with pytest.raises(OutletError, match=r"Cannot write to s3://lake/q/.*NoSuch"):
        divided(TABLE, "s3://lake/q")
    assert keys(s3) == []


@pytest.mark.parametrize(("target", "says"), [("s3://missing/q", "NoSuchBucket"), ("s3:///q", "names no bucket")])
def test_places_that_are_not_there(s3, target, says):
    with pytest.raises(OutletError, match=says):
        divided(TABLE, target)
