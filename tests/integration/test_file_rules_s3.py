"""File rules over S3, against moto's server."""

from __future__ import annotations

import hashlib

import pyarrow as pa
import pytest

from tests.support.s3 import bucket
from tools import dqdl
from tools.sources import SourceError, file_listing

TABLE = pa.table({"n": [1]})


@pytest.fixture
def s3(monkeypatch):
    with bucket(monkeypatch) as client:
        for key, content in {
            "raw/a.csv": b"n\n1\n",
            "raw/b.csv": b"n\n1\n",
            "raw/sub/c.csv": b"n\n" + b"7\n" * 2000,
            "raw/_SUCCESS": b"",
            "raw/empty/": b"",
            "rawer/d.csv": b"n\n",
        }.items():
            client.put_object(Bucket="lake", Key=key, Body=content)
        yield client


def check(rule: str, **options):
    return dqdl.evaluate(f"Rules = [ {rule} ]", {"primary": TABLE}, **options).rules[0]


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("s3://lake/raw/", ["a.csv", "b.csv", "sub/c.csv"]),
        ("s3://lake/raw", ["a.csv", "b.csv", "sub/c.csv"]),
        ("s3://lake/raw/a.csv", ["a.csv"]),
        ("s3://lake/raw/*.csv", ["a.csv", "b.csv", "sub/c.csv"]),
        ("s3://lake/raw/s*/c.csv", ["sub/c.csv"]),
        ("s3://lake/", ["raw/a.csv", "raw/b.csv", "raw/sub/c.csv", "rawer/d.csv"]),
        ("s3://lake", ["raw/a.csv", "raw/b.csv", "raw/sub/c.csv", "rawer/d.csv"]),
        ("s3://lake/ra", []),
    ],
)
def test_objects_of_a_key_a_prefix_or_a_pattern(s3, where, names):
    assert [entry.name for entry in file_listing.listed(where)] == names


def test_the_rules_run_on_objects(s3):
    assert check('FileFreshness "s3://lake/raw/" > (now() - 1 hours)').outcome == "Passed"
    assert check('FileFreshness "s3://lake/raw/" > "2999-01-01"').outcome == "Failed"
    size = check('FileSize "s3://lake/raw/" < 1 KB with threshold > 0.6')
    assert (size.outcome, size.metrics["Dataset.*.MaximumFileSize"]) == ("Passed", 4002)
    assert check('FileUniqueness "s3://lake/raw/" > 0.5').metrics["Dataset.*.FileUniquenessRatio"] == 1 / 3
    known = hashlib.sha256(b"n\n1\n").hexdigest()
    assert check(f'FileMatch "s3://lake/raw/a.csv" in ["{known}"]').outcome == "Passed"
    assert check('FileMatch "s3://lake/raw/a.csv" "s3://lake/raw/b.csv"').outcome == "Passed"
    assert check('FileMatch "s3://lake/raw/" "s3://lake/rawer/"').outcome == "Failed"
    assert check('FileSize "s3://lake/none.csv" > 0').outcome == "Failed"


def test_an_object_and_a_file_on_disk_match(s3, tmp_path):
    (tmp_path / "a.csv").write_bytes(b"n\n1\n")
    assert check(f'FileMatch "{tmp_path}/a.csv" "s3://lake/raw/b.csv"').outcome == "Passed"


def test_a_large_object_is_read_in_parts(s3, monkeypatch):
    monkeypatch.setattr(file_listing, "CHUNK", 1000)
    content = bytes(range(256)) * 40
    s3.put_object(Bucket="lake", Key="big.bin", Body=content)
    assert file_listing.digest("s3://lake/big.bin", "SHA-256") == hashlib.sha256(content).hexdigest()


def test_more_objects_than_one_answer_holds(s3):
    for number in range(1005):
        s3.put_object(Bucket="lake", Key=f"many/{number:04}.csv", Body=b"")
    assert len(file_listing.listed("s3://lake/many/")) == 1005


def test_only_prefixes_that_are_allowed(s3):
    assert check('FileSize "s3://lake/raw/a.csv" > 0', file_roots=["s3://lake/raw"]).outcome == "Passed"
    for path in ("s3://lake/rawer/", "s3://lake/", "s3://lake/r*/a.csv", "s3://other/raw/a.csv"):
        result = check(f'FileSize "{path}" > 0', file_roots=["s3://lake/raw"])
        assert (result.outcome, "may not look at" in result.reason) == ("Error", True), path


def test_a_bucket_that_is_not_there_is_an_error_of_the_rule(s3):
    found = dqdl.evaluate(
        'Rules = [ FileSize "s3://nowhere/x" > 0, FileSize "s3:///x" > 0, RowCount = 1 ]', {"primary": TABLE}
    ).rules
    assert [rule.outcome for rule in found] == ["Error", "Error", "Passed"]
    assert "there is no such bucket" in found[0].reason
    assert "names no bucket" in found[1].reason
    with pytest.raises(SourceError, match="is not there"):
        file_listing.digest("s3://lake/none", "MD5")
