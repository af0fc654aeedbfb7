"""Arrow tables and pandas DataFrames as tables."""

from __future__ import annotations

import sys
from hashlib import sha256
from uuid import uuid4

import duckdb
import pyarrow as pa
from sqlglot import exp

from tools.sources.duck import DuckTable, engine
from tools.sources.duck_errors import gist
from tools.sources.names import check_names
from tools.sources.table import DatasetName, SourceError


def open_memory(source: object) -> DuckTable:
    """The table over data that is in memory already; it is not copied. Raises SourceError."""
    data = _arrow(source)
    # A DataFrame has no name of its own: the same shape counts as the same dataset, so that its history stays together.
    shape = sha256("\n".join(f"{field.name}\t{field.type}" for field in data.schema).encode()).hexdigest()[:8]
    name = f"table-{shape}"
    check_names(data.column_names, f"the table in memory ({name})")
    relation = engine().new_name()
    # No digest of the values: opening stays free, and data that was opened twice is merely profiled twice.
    version = uuid4().hex
    table = DuckTable(relation, uri=f"memory:{name}", dataset=DatasetName("memory", name), version=version)
    engine().register(relation, data)
    try:
        table.fields = engine().describe(exp.select("*").from_(table.relation()))
    except (duckdb.Error, pa.ArrowException) as error:
        table.close()
        message = f"The table in memory cannot be read: {gist(str(error))}"
        raise SourceError(message, hint="Cast that column.") from error
    table.row_count = data.num_rows
    return table


def _arrow(source: object) -> pa.Table:
    if isinstance(source, pa.Table):
        return source
    if isinstance(source, pa.RecordBatch):
        return pa.Table.from_batches([source])
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(source, pandas.DataFrame):
        raise SourceError(
            f"Cannot open a {type(source).__name__}.", hint="Give a path, a URI, an Arrow table or a pandas DataFrame."
        )
    frame = source.set_axis([str(name) for name in source.columns], axis="columns")
    try:
        return pa.Table.from_pandas(frame, preserve_index=False)
    except (pa.ArrowException, TypeError, ValueError) as error:
        # The first part of Arrow's message holds a value; the last names the column.
        where = gist(str(error.args[-1])) if len(error.args) > 1 else "its columns do not hold one type each."
        message = f"The DataFrame mixes types: {where}"
        raise SourceError(message, hint="Cast that column, for example with astype(str).") from error
