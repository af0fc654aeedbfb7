"""Objects on S3, which shows an object only when its upload is complete."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from botocore.exceptions import ClientError

from tools.objects.model import Objects, ObjectsError, Stored
from tools.sources import aws

ABSENT = frozenset({"NoSuchKey", "404", "NotFound"})


class S3Objects(Objects):
    """Objects below a prefix of a bucket."""

    def __init__(self, place: str) -> None:
        self._bucket, _, prefix = place.strip("/").partition("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self.uri = f"s3://{self._bucket}/{prefix}".rstrip("/")
        self._opened: Any = None

    @property
    def _client(self) -> Any:
        if self._opened is None:
            self._opened = aws.client("s3", what=self.uri)
        return self._opened

    def write(self, key: str, source: IO[bytes]) -> None:
        """Uploads, large ones in parts."""
        from boto3.exceptions import S3UploadFailedError

        with aws.errors(self.uri):
            try:
                self._client.upload_fileobj(source, self._bucket, self._prefix + key)
            except S3UploadFailedError as error:
                raise ObjectsError(f"{self.uri} cannot be written: {error}.", hint="Check the bucket.") from error

    def read(self, key: str) -> bytes:
        """The object's content."""
        with aws.errors(self.uri):
            try:
                found = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)
            except ClientError as error:
                if aws.code_of(error) in ABSENT:
                    raise self.missing(key) from None
                raise
            content: bytes = found["Body"].read()
            return content

    def delete(self, key: str) -> None:
        """S3 deletes what is not there without a word."""
        with aws.errors(self.uri):
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + key)

    def listed(self, prefix: str) -> Iterator[Stored]:
        """Page by page."""
        with aws.errors(self.uri):
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix + prefix):
                for found in page.get("Contents", []):
                    yield Stored(found["Key"][len(self._prefix) :], found["LastModified"])
