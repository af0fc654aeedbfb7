"""Where the two halves of a table go: a local folder, or S3. Nothing can be seen there before all of it is written."""

from __future__ import annotations

import io
import os
import shutil
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import IO, Any, cast
from urllib.parse import urlsplit

from tools.errors import AssayError

NAMELESS = "table"
"""The folder of a table that has no name."""
PART_BYTES = 16 << 20
"""Of an upload; S3 takes parts of 5 MB and more, and 10,000 of them (here: 160 GB)."""


class OutletError(AssayError):
    """A place that cannot be written to."""


class Outlet(ABC):
    """A place for files that appear together, or not at all."""

    uri: str
    problems: tuple[type[Exception], ...] = (OSError,)
    """What writing may raise; :meth:`refused` says it in one line."""

    @abstractmethod
    def file(self, name: str) -> IO[bytes]:
        """A new file to write. Raises OutletError."""

    @abstractmethod
    def publish(self) -> None:
        """Makes all files visible under their names; they must be closed. Raises OutletError."""

    @abstractmethod
    def discard(self) -> None:
        """Removes what was written."""

    @abstractmethod
    def refused(self, error: Exception) -> OutletError:
        """One of :attr:`problems` for a person."""


def outlet(target: str, folder: str) -> Outlet:
    """The place ``folder`` below a local folder or an ``s3://`` URI. Raises OutletError if a file is there already."""
    scheme = target.partition("://")[0].lower() if "://" in target else "file"
    if scheme == "s3":
        return S3Outlet(f"{target.rstrip('/')}/{folder or NAMELESS}")
    if scheme != "file":
        raise OutletError(f"Cannot write to {scheme}://.", hint="Give a folder, or s3://bucket/prefix.")
    return LocalOutlet(target.removeprefix("file://"), folder or NAMELESS)


def check(target: str, folder: str) -> None:
    """Whether a table can be written there: asked before the work, not after. Raises OutletError."""
    outlet(target, folder).discard()


class LocalOutlet(Outlet):
    """A folder that gets its name when it is complete; until then it is hidden beside it."""

    def __init__(self, parent: str, folder: str) -> None:
        parent = os.path.abspath(os.path.expanduser(parent))
        self.uri = os.path.join(parent, folder)
        _free(self.uri, os.path.lexists(self.uri))
        self._hidden, self._made = "", _missing(parent)
        try:
            os.makedirs(parent, exist_ok=True)
            self._hidden = mkdtemp(prefix=f".{folder}-", dir=parent)
        except OSError as error:
            self.discard()
            raise self.refused(error) from error

    def file(self, name: str) -> IO[bytes]:
        """A file in the hidden folder."""
        return open(os.path.join(self._hidden, name), "wb")

    def publish(self) -> None:
        """One rename, so that nobody sees one file without the other."""
        os.chmod(self._hidden, 0o777 & ~_umask())
        os.rename(self._hidden, self.uri)

    def discard(self) -> None:
        """Removes the hidden folder, and the folders above that were made for it and are empty."""
        if self._hidden:
            shutil.rmtree(self._hidden, ignore_errors=True)
        for made in self._made:
            with suppress(OSError):
                os.rmdir(made)

    def refused(self, error: Exception) -> OutletError:
        """What the operating system says."""
        said = getattr(error, "strerror", None) or str(error)
        return OutletError(f"Cannot write to {self.uri}: {said}.", hint="Choose another folder.")


def _missing(folder: str) -> list[str]:
    """The folder and those above it that are not there, innermost first."""
    above = [folder, *map(str, Path(folder).parents)]
    return [path for path in above if not os.path.lexists(path)]


def _umask() -> int:
    """mkdtemp makes folders for one user only; what is published has the permissions of any other folder."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _free(uri: str, taken: bool) -> None:
    if taken:
        raise OutletError(f"{uri} is there already.", hint="Name another place, or remove it.")


class S3Outlet(Outlet):
    """Objects uploaded in parts: S3 shows an object only when its upload is completed."""

    def __init__(self, uri: str) -> None:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError

        self.uri, self.problems = uri, (BotoCoreError, ClientError)
        parts = urlsplit(uri)
        self._bucket, self._prefix = parts.netloc, parts.path.strip("/")
        self._uploads: list[_Upload] = []
        if not self._bucket:
            raise OutletError(f"{uri} names no bucket.", hint="Write s3://bucket/prefix.")
        try:
            self._client = boto3.client("s3")
            found = self._client.list_objects_v2(Bucket=self._bucket, Prefix=f"{self._prefix}/", MaxKeys=1)
        except self.problems as error:
            raise self.refused(error) from error
        _free(uri, bool(found.get("KeyCount")))

    def file(self, name: str) -> IO[bytes]:
        """An upload in parts."""
        upload = _Upload(self._client, self._bucket, f"{self._prefix}/{name}")
        self._uploads.append(upload)
        return cast(IO[bytes], upload)

    def publish(self) -> None:
        """Completes the uploads."""
        for upload in self._uploads:
            upload.complete()

    def discard(self) -> None:
        """Takes back all uploads, completed ones too."""
        for upload in self._uploads:
            with suppress(*self.problems):
                upload.take_back()

    def refused(self, error: Exception) -> OutletError:
        """What AWS says."""
        found = getattr(error, "response", {}).get("Error", {})
        said = f"{found.get('Code')}: {found.get('Message')}" if found else str(error)
        return OutletError(f"Cannot write to {self.uri}: {said}", hint="Check the bucket and the AWS credentials.")


class _Upload(io.RawIOBase):
    """A file that is written to S3 in parts. Closing it publishes nothing."""

    def __init__(self, client: Any, bucket: str, key: str) -> None:
        self._client, self._where = client, {"Bucket": bucket, "Key": key}
        self._id = client.create_multipart_upload(**self._where)["UploadId"]
        self._parts: list[dict[str, Any]] = []
        self._rest = bytearray()
        self._written = 0
        self._completed = False

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._written

    def write(self, data: Any) -> int:
        self._rest += data
        self._written += len(data)
        if len(self._rest) >= PART_BYTES:
            self._send()
        return len(data)

    def _send(self) -> None:
        number = len(self._parts) + 1
        sent = self._client.upload_part(**self._where, UploadId=self._id, PartNumber=number, Body=bytes(self._rest))
        self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})
        self._rest.clear()

    def complete(self) -> None:
        """Makes the object visible."""
        if self._rest or not self._parts:
            self._send()
        self._client.complete_multipart_upload(**self._where, UploadId=self._id, MultipartUpload={"Parts": self._parts})
        self._completed = True

    def take_back(self) -> None:
        """Removes the parts, or the object if it was completed."""
        if self._completed:
            self._client.delete_object(**self._where)
        else:
            self._client.abort_multipart_upload(**self._where, UploadId=self._id)
