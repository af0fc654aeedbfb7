"""Two tables, or two versions of one, side by side: what changed, and whether that is much."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.comparing.model import Comparison
    from tools.sources import Table

__all__ = ["compare"]


def compare(
    left: Table,
    right: Table,
    *,
    ignore: Collection[str] = (),
    on_progress: Callable[[float], None] | None = None,
) -> Comparison:
    """What changed from left to right: schema, rows, missing values, ranges, distributions.

    ``ignore`` names columns that may change. Raises SourceError, also for one that neither side has.
    Both sides are counted by their own engines, in bins chosen on the left; no rows leave them.
    """
    from tools.comparing.comparer import compare_tables

    return compare_tables(left, right, ignore, on_progress or (lambda _share: None))
