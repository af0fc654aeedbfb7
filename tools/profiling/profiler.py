"""Puts a profile together: the head, the scan, the values, the keys."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tools.profiling import frequency, keys
from tools.profiling.head import Head, read_head
from tools.profiling.model import ColumnProfile, Profile, Value
from tools.profiling.scan import Scan, recount, scan
from tools.profiling.sql import CLIP, INFERRED, is_float
from tools.sources import Field, Table

_RECOUNT_MOST = 1_000

Domains = dict[int, dict[str, int]]
"""By position: every value of a column with its rows, values as the engine writes them."""


def profile_table(table: Table, on_progress: Callable[[float], None]) -> Profile:
    """See :func:`tools.profiling.profile`."""
    started = time.perf_counter()
    on_progress(0.0)
    head = read_head(table)
    on_progress(0.1)
    result = scan(table, head)
    on_progress(0.8)
    domains, extra = _domains(table, head, result)
    columns = [_column(place, field, head, result, domains.get(place)) for place, field in enumerate(table.fields)]
    on_progress(0.9)
    found = keys.find(table, head, result, columns)
    on_progress(1.0)
    return Profile(
        rows=result.rows,
        columns=found.columns,
        candidate_keys=found.keys,
        scans=1 + extra + found.scans,
        seconds=time.perf_counter() - started,
    )


def _domains(table: Table, head: Head, result: Scan) -> tuple[Domains, int]:
    """The columns counted value by value, and how many further scans that took."""
    complete: Domains = {}
    again: list[int] = []
    for place, known in head.domains.items():
        bins = dict(result.of(place, "domain") or [])
        counts = {value: bins.get(value, 0) if value else result.of(place, "empty") for value in known}
        if sum(counts.values()) == result.of(place, "present"):
            complete[place] = counts
        elif result.of(place, "distinct") <= _RECOUNT_MOST:
            again.append(place)
    # Values that the head lacks are the rare ones, and rare values are what a rule must know of.
    return {**complete, **(recount(table, again) if again else {})}, int(bool(again))


def _column(place: int, field: Field, head: Head, result: Scan, domain: dict[str, int] | None) -> ColumnProfile:
    present = result.of(place, "present")
    distinct, exact = _distinct(place, field, head, result, domain)
    return ColumnProfile(
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
        mean_length=result.of(place, "mean_length"),
        nonfinite=result.of(place, "nonfinite"),
        inferred_type=_inferred(place, result, present),
        numeric_share=_numeric_share(place, result, present) if field.kind == "text" else None,
        sample_rows=None if head.whole or domain is not None or field.kind == "other" else result.sample.num_rows,
        **_values(place, field, result, domain),
    )


def _distinct(place: int, field: Field, head: Head, result: Scan, domain: dict[str, int] | None) -> tuple[int, bool]:
    """The number of distinct values, and whether that is exact."""
    if domain is not None:
        return sum(map(bool, domain.values())), True
    if head.whole and field.kind != "other" and (result.of(place, "max_length") or 0) <= CLIP:
        return head.distinct(place), True
    return min(result.of(place, "distinct"), result.of(place, "present")), False


def _values(place: int, field: Field, result: Scan, domain: dict[str, int] | None) -> dict[str, Any]:
    if field.kind == "other":
        return {}
    sampled = result.sample[f"c{place}"]
    counts = frequency.counts_of(sampled) if domain is None else frequency.from_texts(domain)
    values: dict[str, Any] = {"top_values": frequency.top(counts, field.kind)}
    if field.kind == "text":
        values |= frequency.masks(counts)
    if field.kind == "number":
        values["quantiles"] = (
            frequency.weighted_quantiles({float(value): rows for value, rows in domain.items()})
            if domain is not None
            else frequency.quantiles(sampled)
        )
    return values


def _bound(value: object, field: Field) -> Value:
    if value is None:
        return None
    if field.kind == "text":
        return str(value)[:CLIP]
    if field.kind == "number":
        # HUGEINT comes through Arrow as a double or a decimal.
        return frequency.plain(value) if is_float(field) or field.type.startswith("DECIMAL") else int(str(value))
    return frequency.iso(str(value))


def _double(value: object) -> float | None:
    number = frequency.plain(value)
    return float(number) if isinstance(number, (int, float)) else None


def _inferred(place: int, result: Scan, present: int) -> str | None:
    filled = present - (result.of(place, "blanks") or 0)
    return next((kind for kind in INFERRED if filled and result.of(place, kind) == filled), None)


def _numeric_share(place: int, result: Scan, present: int) -> float | None:
    return (result.of(place, "number") or 0) / present if present else None
