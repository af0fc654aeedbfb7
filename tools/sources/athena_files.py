"""The files of an Athena table, as S3 lists them: how large they are, and whether they have changed."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from tools.sources import aws
from tools.sources.table import SourceError

MOST_OBJECTS = 20_000
"""How many files of a table are looked at."""


@dataclass(frozen=True)
class Listing:
    """What is at a table's place."""

    size: int
    """Bytes."""
    digest: str
    """Of all names, sizes and contents; as good as these where the listing is complete."""
    complete: bool


def listed(location: str | None, region: str, what: str) -> Listing | None:
    """The objects at ``s3://bucket/prefix``; None where there is no such place, or it may not be listed."""
    bucket, _, key = (location or "").removeprefix("s3://").partition("/")
    if not bucket:
        return None
    client = aws.client("s3", region, what=what)
    try:
        with aws.errors(what):
            return _summed(
                client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key.rstrip("/") + "/")
            )
    except SourceError:
        return None
    finally:
        client.close()


def _summed(pages: Any) -> Listing:
    size = count = 0
    digest = sha256()
    for page in pages:
        for one in page.get("Contents", []):
            size, count = size + one["Size"], count + 1
            digest.update(repr((one["Key"], one["Size"], one["ETag"], one["LastModified"])).encode())
        if count >= MOST_OBJECTS and page.get("IsTruncated"):
            return Listing(size, digest.hexdigest(), complete=False)
    return Listing(size, digest.hexdigest(), complete=True)


def version(told: dict[str, Any], region: str, what: str) -> str | None:
    """What changes with the content of a table of the catalog; None where that cannot be known.

    Iceberg tables have a metadata file for each state. Of others, the files at the table's place are looked at, unless
    partitions or links may lie elsewhere.
    """
    known = told.get("Parameters", {})
    columns = repr(told.get("Columns", []))
    if known.get("metadata_location"):
        return sha256(f"{known['metadata_location']} {columns}".encode()).hexdigest()
    elsewhere = told.get("PartitionKeys") or "symlink" in known.get("inputformat", "").lower()
    if elsewhere or told.get("TableType") != "EXTERNAL_TABLE":
        return None
    found = listed(known.get("location"), region, what)
    if found is None or not found.complete:
        return None
    return sha256(f"{found.digest} {columns}".encode()).hexdigest()
