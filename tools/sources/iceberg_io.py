"""The files of Iceberg tables for PyIceberg: on S3 by the client of all else, elsewhere as PyIceberg reads them."""

from __future__ import annotations

import io
from functools import cached_property
from typing import Any

from pyiceberg.io import InputFile, InputStream, OutputFile, OutputStream
from pyiceberg.io.pyarrow import PyArrowFileIO

from tools.sources import s3
from tools.sources.iceberg_layout import local_path
from tools.sources.table import SourceError

SETTING = {"py-io-impl": "tools.sources.iceberg_io.LakeIO"}
"""Tells a catalog to read files through this module."""


class LakeIO(PyArrowFileIO):
    """A catalog may hand out keys, region and endpoint for a table; else they are the environment's.

    What is written is a table's metadata alone, when a state of it is published.
    """

    def new_input(self, location: str) -> Any:
        """A file to read."""
        path = local_path(location)
        return S3Input(path, self.client) if path.startswith(s3.S3) else super().new_input(location)

    def new_output(self, location: str) -> Any:
        """A file to write."""
        path = local_path(location)
        return S3Output(path, self.client) if path.startswith(s3.S3) else super().new_output(location)

    @cached_property
    def client(self) -> Any:
        """Who may read the table's objects; None for the environment's client. Raises SourceError."""
        said = {name: self._said(*keys) for name, keys in _SETTINGS.items()}
        if "s3.signer" in self.properties:
            raise SourceError("The catalog wants to sign each request itself.", hint="Have it hand out keys instead.")
        if not any(said.values()):
            return None
        return _client(said, self.properties.get("s3.path-style-access", "").lower() == "true")

    def _said(self, *keys: str) -> str | None:
        return next((self.properties[key] for key in keys if self.properties.get(key)), None)


_SETTINGS = {
    "endpoint_url": ("s3.endpoint",),
    "region_name": ("s3.region", "client.region"),
    "aws_access_key_id": ("s3.access-key-id", "client.access-key-id"),
    "aws_secret_access_key": ("s3.secret-access-key", "client.secret-access-key"),
    "aws_session_token": ("s3.session-token", "client.session-token"),
}


def _client(said: dict[str, str | None], path_style: bool) -> Any:
    import boto3
    from botocore.config import Config

    from tools.sources import aws

    style = {"addressing_style": "path"} if path_style else None
    with aws.errors("S3"):
        config = Config(retries={"mode": "standard", "total_max_attempts": aws.TRIES}, s3=style)
        return boto3.Session().client("s3", config=config, **{key: value for key, value in said.items() if value})


class S3Input(InputFile):
    """An object of a table's metadata: small, and never written twice."""

    def __init__(self, location: str, client: Any) -> None:
        super().__init__(location)
        self._asked = client or s3.client()

    def __len__(self) -> int:
        with s3.errors(self.location):
            return int(self._asked.head_object(**self._place)["ContentLength"])

    def exists(self) -> bool:
        """Whether it is there. Raises SourceError where nobody may know."""
        from botocore.exceptions import ClientError

        try:
            self._asked.head_object(**self._place)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in ("404", "NoSuchKey"):
                return False
            with s3.errors(self.location):
                raise
        return True

    def open(self, seekable: bool = True) -> InputStream:
        """Its content, read as a whole. Raises SourceError."""
        with s3.errors(self.location):
            return io.BytesIO(self._asked.get_object(**self._place)["Body"].read())

    @property
    def _place(self) -> dict[str, str]:
        bucket, key = s3.divided(self.location)
        return {"Bucket": bucket, "Key": key}


class S3Output(OutputFile):
    """An object of a table's metadata that is written, whole, when it is closed."""

    def __init__(self, location: str, client: Any) -> None:
        super().__init__(location)
        self._client = client

    def __len__(self) -> int:
        return len(self.to_input_file())

    def exists(self) -> bool:
        """Whether it is there already. Raises SourceError."""
        return self.to_input_file().exists()

    def to_input_file(self) -> S3Input:
        """The same to read."""
        return S3Input(self.location, self._client)

    def create(self, overwrite: bool = False) -> OutputStream:
        """A stream to write to; unless told otherwise nothing is written over."""
        return _Upload(self.location, self._client or s3.client(), {} if overwrite else {"IfNoneMatch": "*"})


class _Upload(io.BytesIO):
    def __init__(self, location: str, client: Any, condition: dict[str, str]) -> None:
        super().__init__()
        self._location, self._client, self._condition = location, client, condition

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            super().close()  # half of it is not written when this is forgotten
        self.close()

    def close(self) -> None:
        if self.closed:
            return
        body = self.getvalue()
        super().close()
        bucket, key = s3.divided(self._location)
        with s3.errors(self._location):
            self._client.put_object(Bucket=bucket, Key=key, Body=body, **self._condition)
