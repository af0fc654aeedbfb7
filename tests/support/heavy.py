"""Parts that not every machine has: their tests skip with a reason, except where all of them have to run."""

from __future__ import annotations

import os

import pytest


def need(missing: str | None) -> None:
    """Skips what needs a missing part; fails it under ASSAY_REQUIRE_HEAVY=1, as in `.ci/run`."""
    if missing is None:
        return
    if os.environ.get("ASSAY_REQUIRE_HEAVY") == "1":
        pytest.fail(missing)
    pytest.skip(missing)
