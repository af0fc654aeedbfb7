"""Whether what landed is still there as it was when it was noticed."""

from __future__ import annotations

import os
from typing import Literal

from tools.sources import s3
from tools.sources.file_listing import FileEntry, is_s3

State = Literal["there", "replaced", "gone"]


def stamp(entry: FileEntry) -> str:
    """What tells a content of a file from the next, without reading it."""
    if entry.etag:
        return entry.etag.strip('"')
    return f"{entry.size} {entry.modified.isoformat()}"


def state(location: str, version: str) -> State:
    """How a file or object is, whose content was called ``version``. Raises SourceError where nobody can say."""
    return _on_s3(location, version) if is_s3(location) else _on_disk(location, version)


def _on_disk(path: str, version: str) -> State:
    from tools.sources.file_listing import entries

    if not os.path.lexists(path):
        return "gone"
    found = entries([path])
    if not found:
        return "gone"
    return "there" if version == stamp(found[0]) else "replaced"


def _on_s3(uri: str, version: str) -> State:
    from botocore.exceptions import ClientError

    bucket, key = s3.divided(uri)
    with s3.errors(uri):
        try:
            found = s3.client().head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in ("404", "NoSuchKey", "NoSuchBucket"):
                return "gone"
            raise
    names = (found["ETag"].strip('"'), found.get("VersionId", ""))
    return "there" if version in names else "replaced"
