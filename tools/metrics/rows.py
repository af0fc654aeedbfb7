"""Rows of the facts as they are stored, made of what the store and its profiles hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from tools.metrics.files import date_key
from tools.metrics.keys import hashed, named
from tools.metrics.schema import FIELDS

Row = dict[str, Any]


class Shaping:
    """Gives rows their keys, and remembers which fields they are about."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[str, str]] = {}

    def fields(self) -> list[Row]:
        """A row of ``dim_field`` for each field that was seen, as if it were of the past."""
        empty: Row = {column.name: None for column in FIELDS.columns}
        found = {key: {"dataset_key": dataset, "field_name": name} for key, (dataset, name) in self._seen.items()}
        return [{**empty, "field_key": key, **named_so, "is_current": False} for key, named_so in found.items()]

    def shaped(self, batches: Iterable[Sequence[Row]], day: date) -> Iterator[list[Row]]:
        """Rows of a fact of a day."""
        for batch in batches:
            yield [self._shape(row, date_key(day)) for row in batch]

    def profile(
        self, key: str, dataset: str, version: str, at: datetime, profile: Mapping[str, Any], day: date
    ) -> list[Row]:
        """Rows of ``fact_profile`` of one profile, as plain values."""
        common = {"profile_key": key, "dataset_key": dataset, "date_key": date_key(day), "data_version": version}
        common |= {"measured_at": at, "row_count": profile["rows"]}
        return [
            {**common, "field_key": self._field(dataset, column["name"]), **_headline(column, profile["rows"])}
            for column in profile["columns"]
        ]

    def _shape(self, row: Row, day: int) -> Row:
        row["date_key"] = day
        dataset = row.get("dataset_key", "")
        if "rule" in row:
            row["rule_key"] = hashed(dataset, row["rule"])
        if "metric_key" in row:
            row["field"], row["metric"] = named(row["metric_key"])
        if row.get("field") is not None:
            row["field_key"] = self._field(dataset, row["field"])
        return row

    def _field(self, dataset: str, name: str) -> str:
        key = hashed(dataset, name)
        self._seen[key] = dataset, name
        return key


def keyed_rules(rows: Iterable[Row]) -> list[Row]:
    """Rows of ``dim_rule``."""
    return [{**row, "rule_key": hashed(row["dataset_key"], row["rule"])} for row in rows]


def keyed_fields(rows: Iterable[Row]) -> list[Row]:
    """Rows of ``dim_field``, of fields that are there; of two that a dataset calls the same, the last."""
    found = {hashed(row["dataset_key"], row["field_name"]): row for row in rows}
    return [{**row, "field_key": key} for key, row in found.items()]


def _headline(column: Mapping[str, Any], rows: int) -> Row:
    nulls, distinct = column["nulls"], column["distinct"]
    present = rows - nulls
    return {
        "null_count": nulls,
        "completeness": present / rows if rows else None,
        "distinct_count": distinct,
        "distinct_exact": column["distinct_exact"],
        # An estimate may be above what is possible.
        "uniqueness": min(1.0, distinct / present) if present else None,
        "blank_count": column.get("blanks"),
        "mean_value": column.get("mean"),
        "stddev_value": column.get("stddev"),
    }
