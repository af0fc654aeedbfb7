"""Plain numbers and texts as Arrow arrays, built from their bytes.

``pa.array`` and ``pa.scalar`` import pandas, to tell its objects, and so does Arrow's
module for grouping and sorting of tables. That takes longer than the profile of a small table.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_MISSING = -1


def doubles(numbers: Sequence[float]) -> pa.Array:
    """Floating point numbers."""
    return pa.Array.from_buffers(pa.float64(), len(numbers), [None, pa.py_buffer(array("d", numbers))])


def wholes(numbers: Sequence[int]) -> pa.Array:
    """Whole numbers of 64 bits."""
    return pa.Array.from_buffers(pa.int64(), len(numbers), [None, pa.py_buffer(array("q", numbers))])


def texts(values: Sequence[str]) -> pa.Array:
    """Texts."""
    encoded = [value.encode() for value in values]
    ends = array("q", accumulate(map(len, encoded), initial=0))
    return pa.Array.from_buffers(
        pa.large_string(), len(encoded), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    )


def double(number: float) -> pa.Scalar:
    """One floating point number."""
    return doubles([number])[0]


def coded(values: pa.ChunkedArray) -> NDArray[np.int64]:
    """Small numbers for values, the same for the same; -1 for NULL."""
    indices = pc.dictionary_encode(values.combine_chunks()).indices
    filled = pc.fill_null(indices, wholes([_MISSING])[0].cast(indices.type))
    return np.from_dlpack(filled).astype(np.int64)


def ordered(table: pa.Table, *keys: tuple[str, str]) -> pa.Table:
    """The rows in the order of columns, each ``ascending`` or ``descending``."""
    return table.take(pc.sort_indices(table, sort_keys=list(keys)))
