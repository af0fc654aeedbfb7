"""Objects on S3. Every deed names the content that it expects, so that S3 itself refuses what would be wrong.

A copy is an upload in parts that S3 makes from the source: it appears when it is completed, and only where nothing else
lies by then. See https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from tools.publishing.disk import replaced
from tools.publishing.model import Content, Move, PublishError, Taken
from tools.publishing.place import Place
from tools.sources.s3 import client, divided, errors
from tools.sources.table import SourceError

PART_BYTES = 1 << 29
"""Of a copy; S3 takes 10,000 parts of at most 5 GiB."""
BATCH = "assay-batch"
"""The entry of an object's metadata that says which batch it is."""
_ABSENT = frozenset({"NoSuchKey", "NotFound", "404"})
_OTHER = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict", "409"})
_KEPT = ("ContentType", "ContentEncoding", "ContentDisposition", "ContentLanguage", "CacheControl")


class Bucket(Place):
    """All buckets that the credentials reach."""

    def look(self, path: str) -> Content | None:
        """Size and ETag."""
        return _content(_head(path))

    def recover(self, move: Move) -> None:
        """Parts of a copy that was broken off cost money as long as they are there.

        Who may not look for them leaves them to a rule of the bucket's life cycle.
        """
        where = _where(move.destination)
        try:
            with errors(move.destination):
                found = client().list_multipart_uploads(Bucket=where["Bucket"], Prefix=where["Key"])
        except SourceError as error:
            if _code(error) == "AccessDenied":
                return
            raise
        with errors(move.destination):
            for upload in found.get("Uploads", ()):
                if upload["Key"] == where["Key"]:
                    _aborted(where, upload["UploadId"])

    def arrived(self, move: Move) -> Content | None:
        """The destination, where it says that it is the batch."""
        there = _head(move.destination)
        return _content(there) if _is_batch(there, move) else None

    def copy(self, move: Move) -> Content:
        """By S3 itself; no byte comes here."""
        source = _head(move.source)
        if source is None or _content(source) != move.content:
            raise replaced(move)
        there = _head(move.destination)
        if there and not _is_batch(there, move) and there["ETag"] != move.replaces:
            raise _taken(move)
        where = _where(move.destination)
        about = {"Metadata": {**source["Metadata"], BATCH: move.batch}}
        about |= {name: source[name] for name in _KEPT if source.get(name)}
        with errors(move.destination):
            upload = client().create_multipart_upload(**where, **about)["UploadId"]
        try:
            self._completed(move, where, upload, _condition(there))
        except BaseException:
            with errors(move.destination):
                _aborted(where, upload)
            raise
        found = self.arrived(move)
        if found is None or found.size != move.content.size:
            raise PublishError(f"{move.destination} is not what was copied to it.", hint="Run it again.")
        return found

    def _completed(self, move: Move, where: dict[str, str], upload: str, condition: dict[str, str]) -> None:
        parts = [_part(move, where, upload, number, start) for number, start in enumerate(_starts(move), start=1)]
        with _refusing(move.destination, _taken(move)):
            client().complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": parts}, **condition)

    def remove(self, path: str, move: Move) -> None:
        """Only if the ETag is that of the batch; an object that took its place stays."""
        if _content(_head(path)) != move.content:
            return
        try:
            with errors(path):
                client().delete_object(**_where(path), IfMatch=move.content.stamp)
        except Exception as error:
            if _code(error) not in _ABSENT | _OTHER:
                raise

    def write(self, path: str, text: str) -> None:
        """One object."""
        with errors(path):
            client().put_object(**_where(path), Body=text.encode(), ContentType="application/json")

    def clear(self, path: str) -> None:
        """There are no folders."""
        with errors(path):
            client().delete_object(**_where(path))


def _head(path: str) -> dict[str, Any] | None:
    try:
        with errors(path):
            found: dict[str, Any] = client().head_object(**_where(path))
            return found
    except Exception as error:
        if _code(error) in _ABSENT:
            return None
        raise


def _content(head: dict[str, Any] | None) -> Content | None:
    return Content(head["ContentLength"], head["ETag"]) if head else None


def _is_batch(head: dict[str, Any] | None, move: Move) -> bool:
    return head is not None and head["Metadata"].get(BATCH) == move.batch


def _condition(there: dict[str, Any] | None) -> dict[str, str]:
    return {"IfMatch": there["ETag"]} if there else {"IfNoneMatch": "*"}


def _starts(move: Move) -> range:
    return range(0, move.content.size, PART_BYTES) if move.content.size else range(1)


def _part(move: Move, where: dict[str, str], upload: str, number: int, start: int) -> dict[str, Any]:
    """One part, copied only while the source has its ETag."""
    size, stamp = move.content.size, move.content.stamp
    spot: dict[str, Any] = {**where, "UploadId": upload, "PartNumber": number}
    if not size:
        with errors(move.destination):
            return {"PartNumber": number, "ETag": client().upload_part(**spot, Body=b"")["ETag"]}
    alone = size <= PART_BYTES
    reach = {} if alone else {"CopySourceRange": f"bytes={start}-{min(start + PART_BYTES, size) - 1}"}
    with _refusing(move.source, replaced(move)):
        made = client().upload_part_copy(**spot, **reach, CopySource=_where(move.source), CopySourceIfMatch=stamp)
    return {"PartNumber": number, "ETag": made["CopyPartResult"]["ETag"]}


def _aborted(where: dict[str, str], upload: str) -> None:
    try:
        client().abort_multipart_upload(**where, UploadId=upload)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchUpload":
            raise


@contextmanager
def _refusing(path: str, refusal: PublishError) -> Iterator[None]:
    """Raises the refusal where S3 says that a condition does not hold, or that there is nothing."""
    try:
        with errors(path):
            yield
    except Exception as error:
        if _code(error) in _ABSENT | _OTHER:
            raise refusal from error
        raise


def _code(error: BaseException) -> str:
    """What S3 called the error that this one was made of."""
    at: BaseException | None = error
    while at is not None and not isinstance(at, ClientError):
        at = at.__cause__
    return str(at.response["Error"]["Code"]) if at else ""


def _where(path: str) -> dict[str, str]:
    bucket, key = divided(path)
    return {"Bucket": bucket, "Key": key}


def _taken(move: Move) -> Taken:
    return Taken(f"{move.destination} is there already.", hint="Move it away; the batch is published then.")
