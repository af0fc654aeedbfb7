"""Statistics of a table in one scan on the engine that holds it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tools.profiling.model import ColumnProfile, Profile, Value

if TYPE_CHECKING:
    from tools.sources import Table

__all__ = ["ColumnProfile", "Profile", "Value", "profile"]


def profile(table: Table, *, on_progress: Callable[[float], None] | None = None) -> Profile:
    """The profile of a table. ``on_progress`` hears the share done, from 0.0 to 1.0. Raises SourceError."""
    from tools.profiling.profiler import profile_table

    return profile_table(table, on_progress or (lambda _share: None))
