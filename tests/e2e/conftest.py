"""What the tests of the installed command, and those in a browser, share."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import browser, heavy
from tests.support.terminals import command


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A store that all tests of a file share: it starts once."""
    with tempfile.TemporaryDirectory(prefix="assay-e2e-") as folder:
        path = Path(folder) / "home"
        yield path
        assert command(path, Path(folder), "store", "stop").returncode == 0


@pytest.fixture(scope="module")
def chromium() -> Iterator:
    """Debian's browser."""
    heavy.need(browser.missing())
    with browser.chromium() as started:
        yield started
