"""Hundreds of small cases in one test: as tests of their own they would take longer to list than to run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import pytest

Case = TypeVar("Case")


def each(cases: Iterable[Case], check: Callable[[Case], None]) -> None:
    """Checks all cases, and fails with every one that failed."""
    failed = []
    for case in cases:
        try:
            check(case)
        except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 any error is told, beside its case
            failed.append(f"{repr(case)[:300]}\n    {type(error).__name__}: {str(error)[:500]}")
    if failed:
        pytest.fail("\n".join([f"{len(failed)} cases fail:", *failed]), pytrace=False)
