"""A server of these tests' own, for the sources behind an HTTP API."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.web import Web, web
from tools.sources import rest_client, rest_network


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """This machine may be asked, nobody waits long, and whatever is left behind is seen."""
    monkeypatch.setenv(rest_network.ALLOWED, "127.0.0.1")
    monkeypatch.setattr(rest_client, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture
def api() -> Iterator[Web]:
    with web() as server:
        yield server
