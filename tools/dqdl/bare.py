"""Data without any column: its rows and columns can be counted, and nothing else."""

from __future__ import annotations

import sys

import pyarrow as pa

from tools.sources.memory import open_memory
from tools.sources.table import Table


def without_columns(source: object) -> Table | None:
    """A table of as many rows as data in memory that has no column; None for all other data."""
    pandas = sys.modules.get("pandas")
    if isinstance(source, pa.Table | pa.RecordBatch):
        columns, rows = source.num_columns, source.num_rows
    elif pandas is not None and isinstance(source, pandas.DataFrame):
        columns, rows = len(source.columns), len(source)
    else:
        return None
    if columns:
        return None
    # An engine cannot hold rows of nothing: it gets a column that no rule sees.
    table = open_memory(pa.table({"assay_nothing": pa.nulls(rows, pa.int8())}))
    table.fields = ()
    return table
