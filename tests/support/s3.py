"""An S3 of the tests' own."""

from __future__ import annotations

import atexit
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import boto3
import pytest


@cache
def _url() -> str:
    """moto's server of this process, started once."""
    server = pytest.importorskip("moto.server", reason="moto is not installed")
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    atexit.register(running.stop)
    host, port = running.get_host_and_port()
    return f"http://{host}:{port}"


@contextmanager
def bucket(monkeypatch: pytest.MonkeyPatch, name: str = "lake") -> Iterator[Any]:
    """A client of moto's server with one bucket; the environment leads there."""
    url = _url()
    for variable, value in {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(variable, value)
    try:
        client = boto3.client("s3")
        client.create_bucket(Bucket=name)
        yield client
    finally:
        urllib.request.urlopen(urllib.request.Request(f"{url}/moto-api/reset", method="POST")).close()
