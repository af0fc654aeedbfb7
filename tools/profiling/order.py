"""How the values of a column go from row to row."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from tools.profiling.model import Trend

_FEWEST = 3


def trend(values: pa.ChunkedArray) -> Trend | None:
    """Whether the values only rise or only fall in the order of the rows, NULLs left out; None for fewer than three
    values, for values that never change, and for those that go up and down."""
    present = pc.drop_null(values)
    if len(present) < _FEWEST:
        return None
    before, after = present.slice(0, len(present) - 1), present.slice(1)
    for found, below, above in (("increasing", before, after), ("decreasing", after, before)):
        if pc.all(pc.less(below, above)).as_py():
            return f"strictly {found}"  # type: ignore[return-value]
        if pc.all(pc.less_equal(below, above)).as_py():
            return None if pc.all(pc.equal(below, above)).as_py() else found  # type: ignore[return-value]
    return None
