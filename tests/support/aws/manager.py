"""A Secrets Manager of the tests' own."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest

from tests.support.bedrock import DUMMY_KEYS, quiet_aws_env


@contextmanager
def secrets_manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of moto's server; the environment leads there."""
    server = pytest.importorskip("moto.server", reason="moto is not installed")
    running = server.ThreadedMotoServer(port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    url = f"http://{host}:{port}"
    for variable, value in {**DUMMY_KEYS, **quiet_aws_env(), "AWS_ENDPOINT_URL": url}.items():
        monkeypatch.setenv(variable, value)
    client = boto3.client("secretsmanager")
    try:
        yield client
    finally:
        client.close()
        urllib.request.urlopen(urllib.request.Request(f"{url}/moto-api/reset", method="POST")).close()
        running.stop()
