"""Statistics of a table in one scan on the engine that holds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tools.profiling.model import ColumnProfile, Dependency, Profile, Value

if TYPE_CHECKING:
    from tools.profiling.foreign import Inclusion
    from tools.sources import Table

__all__ = ["ColumnProfile", "Dependency", "Profile", "Value", "inclusions", "profile"]


def profile(table: Table, *, on_progress: Callable[[float], None] | None = None) -> Profile:
    """The profile of a table. ``on_progress`` hears the share done, from 0.0 to 1.0. Raises SourceError."""
    from tools.profiling.profiler import profile_table

    return profile_table(table, on_progress or (lambda _share: None))


def inclusions(tables: Mapping[str, Table], profiles: Mapping[str, Profile] | None = None) -> list[Inclusion]:
    """The columns whose values are keys of another of the tables, surest first, each counted by the engine.

    ``profiles`` saves profiling again what was profiled. Raises SourceError.
    """
    from tools.profiling.foreign import find

    return find(tables, profiles)
