"""Puts a profile together: the head, the scan, the values, the keys, the dependencies."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pyarrow as pa

from tools.profiling import dependencies, frequency, keys, moments, order
from tools.profiling.bins import MOST_BINS, Bins, by_value, number_bins
from tools.profiling.counts import Counts, count
from tools.profiling.dates import dates
from tools.profiling.dialects import engine_of
from tools.profiling.head import Head, read_head
from tools.profiling.model import ColumnProfile, Histogram, Profile, Value
from tools.profiling.personal import personal
from tools.profiling.scan import Scan, scan
from tools.profiling.semantic import semantic
from tools.profiling.sql import CLIP, INFERRED, is_float
from tools.sources import Field, Table


def profile_table(table: Table, on_progress: Callable[[float], None]) -> Profile:
    """See :func:`tools.profiling.profile`."""
    started = time.perf_counter()
    on_progress(0.0)
    head = read_head(table)
    on_progress(0.1)
    result = scan(table, head)
    on_progress(0.6)
    bins = {place: edges for place, field in enumerate(table.fields) if (edges := _bins(place, field, result))}
    counts = count(table, head, result, bins)
    on_progress(0.7)
    made = _Columns(table, head, result, counts, bins)
    columns = [made.column(place, field) for place, field in enumerate(table.fields)]
    on_progress(0.8)
    found = keys.find(table, head, result, columns)
    on_progress(0.9)
    decided, more = dependencies.find(table, head, result, found.columns)
    on_progress(1.0)
    return Profile(
        rows=result.rows,
        columns=found.columns,
        candidate_keys=found.keys,
        scans=result.scans + counts.scans + found.scans + more,
        seconds=time.perf_counter() - started,
        dependencies=decided,
        ordered=engine_of(table).ordered,
        sample_rows=None if head.whole else result.sample.num_rows,
    )


class _Columns:
    """Makes the profile of each column from what was found."""

    def __init__(self, table: Table, head: Head, result: Scan, counts: Counts, bins: dict[int, Bins]) -> None:
        self._ordered = engine_of(table).ordered
        self._exact = not engine_of(table).approximate
        self._head, self._result, self._counts, self._bins = head, result, counts, bins

    def column(self, place: int, field: Field) -> ColumnProfile:
        """The column without what needs a look at the others."""
        result = self._result
        present = result.present(place)
        distinct, exact = self._distinct(place, field)
        counted = self._counts.values.get(place)
        complete = self._head.whole or counted is not None or field.kind == "other" or not present
        made = ColumnProfile(
            name=field.name,
            type=field.type,
            kind=field.kind,
            nulls=result.rows - present,
            distinct=distinct,
            distinct_exact=exact,
            blanks=result.of(place, "blanks"),
            min=_bound(result.of(place, "min"), field),
            max=_bound(result.of(place, "max"), field),
            mean=_double(result.of(place, "mean")),
            stddev=_double(result.of(place, "stddev")),
            sum=_double(result.of(place, "sum")),
            min_length=result.of(place, "min_length"),
            max_length=result.of(place, "max_length"),
            mean_length=_double(result.of(place, "mean_length")),
            nonfinite=result.of(place, "nonfinite"),
            inferred_type=_inferred(place, result, present),
            numeric_share=_numeric_share(place, result, present) if field.kind == "text" else None,
            sample_rows=None if complete else result.sample.num_rows,
            constant=present > 0 and distinct == 1 and (exact or _same_ends(place, result)),
            **(self._values(place, field, counted) if field.kind != "other" else {}),
        )
        return replace(made, personal=personal(made))

    def _distinct(self, place: int, field: Field) -> tuple[int, bool]:
        """The number of distinct values, and whether that is exact."""
        result = self._result
        counted = self._counts.values.get(place)
        estimate = min(result.of(place, "distinct"), result.present(place))
        if counted is not None and not result.of(place, "nonfinite"):
            return int(counted.num_rows), True
        if self._head.whole and field.kind != "other" and (result.of(place, "max_length") or 0) <= CLIP:
            return self._head.distinct(place), True
        # A bit for each number, all of them within the range: as many bits as values.
        spanned = result.of(place, "span")
        if spanned is not None and spanned == result.present(place):
            return int(spanned), True
        return int(estimate), self._exact or not estimate

    def _values(self, place: int, field: Field, counted: pa.Table | None) -> dict[str, Any]:
        sampled = self._result.sample[f"c{place}"]
        counts = frequency.counts_of(sampled) if counted is None else counted
        values: dict[str, Any] = {"top_values": frequency.top(counts, field.kind)}
        if field.kind == "text":
            values |= frequency.masks(counts)
            pairs = frequency.pairs(counts, frequency.JUDGED)
            values |= {"semantic": semantic(field.name, pairs), "dates": dates(pairs)}
        if field.kind == "number":
            values["quantiles"] = (
                frequency.quantiles(sampled) if counted is None else frequency.weighted_quantiles(counted)
            )
        if field.kind in ("number", "date", "timestamp"):
            values["histogram"] = self._histogram(place, field, counts, exact=self._head.whole or counted is not None)
        if self._ordered and field.kind in ("number", "text", "date", "timestamp", "time"):
            first = self._head.rows[f"c{place}"]
            values |= {"trend": order.trend(first), "trend_rows": len(first)}
        return values

    def _histogram(self, place: int, field: Field, counts: pa.Table, *, exact: bool) -> Histogram | None:
        sampled = None if exact else self._result.sample.num_rows
        if field.kind != "number":
            low, high = (frequency.iso(str(self._result.of(place, end))) for end in ("min", "max"))
            pairs = [(frequency.iso(text), rows) for text, rows in frequency.pairs(counts)]
            return moments.histogram(low, high, pairs, days=field.kind == "date", sample_rows=sampled)
        if place not in self._bins:
            return None
        if place in self._counts.bins:
            return self._bins[place].histogram(self._counts.bins[place], sample_rows=None)
        if exact and (found := by_value(frequency.few(counts, MOST_BINS, field.kind))):
            return found
        return self._bins[place].histogram(
            self._bins[place].count(counts["value"], counts["count"]), sample_rows=sampled
        )


def _bins(place: int, field: Field, result: Scan) -> Bins | None:
    low, high = result.of(place, "min"), result.of(place, "max")
    if field.kind != "number" or low is None or high is None:
        return None
    return number_bins(float(low), float(high), whole="INT" in field.type.upper())


def _same_ends(place: int, result: Scan) -> bool:
    """An estimate of one value is right where the least value is the greatest."""
    return bool(result.of(place, "min") is not None and result.of(place, "min") == result.of(place, "max"))


def _bound(value: object, field: Field) -> Value:
    if value is None:
        return None
    if field.kind == "text":
        return _unicode(value)[:CLIP]
    if field.kind == "number":
        # HUGEINT comes through Arrow as a double or a decimal.
        whole = "INT" in field.type.upper() and not is_float(field)
        return int(str(value).removesuffix(".0")) if whole else frequency.plain(value)
    return frequency.iso(str(value))


def _unicode(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _double(value: object) -> float | None:
    number = frequency.plain(value)
    return float(number) if isinstance(number, (int, float)) else None


def _inferred(place: int, result: Scan, present: int) -> str | None:
    filled = present - (result.of(place, "blanks") or 0)
    return next((kind for kind in INFERRED if filled and result.of(place, kind) == filled), None)


def _numeric_share(place: int, result: Scan, present: int) -> float | None:
    return (result.of(place, "number") or 0) / present if present else None
