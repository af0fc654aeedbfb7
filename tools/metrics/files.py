"""Files of the star schema: where they are, how they are written and added to."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tools.metrics.schema import DATES, FIELDS, Table
from tools.objects.model import ObjectMissing, Objects, ObjectsError

Rows = Sequence[Mapping[str, Any]]
COMPRESSION = "zstd"


def key(table: Table, day: date | None = None) -> str:
    """Where the file of a table is, of a day for one that is by day.

    A day has one file of one name, so that a day written twice is there once.
    """
    folder = f"{table.name}/day={day.isoformat()}" if day else table.name
    return f"{folder}/data.parquet"


def write(path: Path, table: Table, batches: Iterable[Rows]) -> int:
    """Writes a Parquet file, a row group for each batch; how many rows."""
    rows, arrow = 0, table.arrow()
    with pq.ParquetWriter(path, arrow, compression=COMPRESSION) as writer:
        for batch in batches:
            writer.write_table(pa.Table.from_pylist(list(batch), schema=arrow))
            rows += len(batch)
    return rows


def publish(place: Objects, where: str, path: Path) -> None:
    """Puts a file in its place, in one step."""
    with path.open("rb") as file:
        place.write(where, file)


def read(place: Objects, table: Table) -> pa.Table:
    """A whole dimension; empty where there is none yet. Raises ObjectsError for a file of other columns."""
    try:
        found = pq.read_table(io.BytesIO(place.read(key(table))))
    except ObjectMissing:
        return table.arrow().empty_table()
    except pa.ArrowInvalid as error:
        raise ObjectsError(f"{key(table)} at {place.uri} is no Parquet file.", hint="Export to a new place.") from error
    if found.schema.names != table.arrow().names:
        raise ObjectsError(f"{key(table)} at {place.uri} has other columns.", hint="Export to a new place.")
    return found.cast(table.arrow())


def add(place: Objects, table: Table, fresh: Rows, unless_known: Rows = ()) -> int:
    """Puts rows into a dimension, in place of those of the same key; how many rows it has then.

    Those of ``unless_known`` are added where nothing of their key is there.
    """
    stored, new = read(place, table), pa.Table.from_pylist(list(fresh), schema=table.arrow())
    before = _past(stored, new) if table is FIELDS else stored
    merged = pa.concat_tables([_without(before, table.key, new), new])
    further = pa.Table.from_pylist(list(unless_known), schema=table.arrow())
    merged = pa.concat_tables([merged, _without(further, table.key, merged)]).sort_by(table.key)
    if merged.num_rows == 0 or not merged.equals(stored):
        replace(place, table, merged)
    return int(merged.num_rows)


def replace(place: Objects, table: Table, rows: pa.Table) -> None:
    """Writes a dimension whole."""
    buffer = io.BytesIO()
    pq.write_table(rows, buffer, compression=COMPRESSION)
    buffer.seek(0)
    place.write(key(table), buffer)


def _without(rows: pa.Table, by: str, others: pa.Table) -> pa.Table:
    return rows.filter(pc.invert(pc.is_in(rows[by], others[by])))


def _past(before: pa.Table, new: pa.Table) -> pa.Table:
    """Fields of datasets that are told anew are of the past, unless they are told too."""
    told = pc.is_in(before["dataset_key"], new.filter(new["is_current"])["dataset_key"])
    place = FIELDS.arrow().get_field_index("is_current")
    return before.set_column(place, FIELDS.arrow().field(place), pc.and_(before["is_current"], pc.invert(told)))


def calendar(first: date, last: date) -> list[dict[str, Any]]:
    """A row of ``dim_date`` for each day."""
    return [_day(first + timedelta(days=number)) for number in range((last - first).days + 1)]


def date_key(day: date) -> int:
    """20261101."""
    return day.year * 10_000 + day.month * 100 + day.day


def _day(day: date) -> dict[str, Any]:
    year, week, weekday = day.isocalendar()
    values = (
        *(date_key(day), day, day.year, (day.month + 2) // 3, day.month, day.day),
        *(year, week, weekday, weekday > 5),
    )
    return dict(zip((column.name for column in DATES.columns), values, strict=True))
