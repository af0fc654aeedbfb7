"""What the manifests of an Iceberg table know about a column, as far as it is exact.

They count rows and NULLs. Bounds are taken for whole numbers and dates only: those of texts are cut short, and NaN is
in none of them. https://iceberg.apache.org/spec/#manifests
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyiceberg.manifest import DataFile
from pyiceberg.types import DateType, IntegerType, LongType, NestedField, PrimitiveType

from tools.sources.table import Known

_ORDERED = (IntegerType, LongType, DateType)


def known_of(files: Sequence[DataFile], field: NestedField) -> Known | None:
    """None where a file does not count the NULLs of the column."""
    if not isinstance(field.field_type, PrimitiveType):
        return None
    counted = [(file, (file.null_value_counts or {}).get(field.field_id)) for file in files if file.record_count]
    if any(nulls is None for _, nulls in counted):
        return None
    rows, nulls = sum(file.record_count for file in files), sum(found or 0 for _, found in counted)
    filled = [file for file, found in counted if file.record_count > (found or 0)]
    low, high = _bounds(filled, field) if isinstance(field.field_type, _ORDERED) else (None, None)
    return Known(rows, nulls, low, high)


def _bounds(files: Sequence[DataFile], field: NestedField) -> tuple[Any, Any]:
    lows = [(file.lower_bounds or {}).get(field.field_id) for file in files]
    highs = [(file.upper_bounds or {}).get(field.field_id) for file in files]
    if not files or None in lows or None in highs:
        return None, None
    values = [[_value(bound, field) for bound in bounds] for bounds in (lows, highs)]
    if any(value is None for bounds in values for value in bounds):
        return None, None
    return min(values[0]), max(values[1])


def _value(bound: bytes | None, field: NestedField) -> Any:
    from datetime import date, timedelta

    number = int.from_bytes(bound or b"", "little", signed=True)  # before a column was widened it had fewer bytes
    if not isinstance(field.field_type, DateType):
        return number
    try:
        return date(1970, 1, 1) + timedelta(days=number)
    except OverflowError:
        return None
