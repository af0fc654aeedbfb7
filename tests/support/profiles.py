"""Column profiles for tests: from values, or from figures alone."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tools.profiling.model import ColumnProfile, Profile
from tools.profiling.personal import personal
from tools.profiling.semantic import semantic

TYPES = {"number": "DOUBLE", "text": "VARCHAR", "date": "DATE", "timestamp": "TIMESTAMP", "boolean": "BOOLEAN"}


def mask(text: str) -> str:
    return re.sub("[A-Z]", "A", re.sub("[a-z]", "a", re.sub("[0-9]", "9", text)))


def fold(text: str) -> str:
    letters = re.sub(r"[^\W\d_]", lambda m: "A" if m[0].isupper() else "a", re.sub(r"\d", "9", text))
    return re.sub(r"([Aa9])\1+", r"\1", letters)


def figures(name: str = "c", kind: str = "number", **more: Any) -> ColumnProfile:
    """A column with the given statistics and harmless others."""
    usual = {"type": TYPES.get(kind, kind), "nulls": 0, "distinct": 500, "distinct_exact": True}
    column = ColumnProfile(name=name, kind=kind, **{**usual, **more})
    return column if column.personal else replace(column, personal=personal(column))


def of_texts(name: str, values: Sequence[str | None], **more: Any) -> ColumnProfile:
    """A text column as the profiler would describe it, all values counted."""
    present = [value for value in values if value is not None]
    lengths = [len(value) for value in present]
    counts = Counter(present)
    return figures(
        name,
        "text",
        **{
            "nulls": len(values) - len(present),
            "distinct": len(counts),
            "blanks": sum(not value.strip() for value in present),
            "min": min(present, default=None),
            "max": max(present, default=None),
            "min_length": min(lengths, default=None),
            "max_length": max(lengths, default=None),
            "mean_length": statistics.fmean(lengths) if lengths else None,
            "top_values": counts.most_common(100 if len(counts) <= 100 else 10),
            "shapes": Counter(map(mask, present)).most_common(10),
            "patterns": Counter(fold(mask(value)) for value in present).most_common(10),
            "semantic": semantic(name, counts.most_common()),
            "numeric_share": sum(bool(re.fullmatch(r"-?\d+(\.\d+)?", v)) for v in present) / max(1, len(present)),
            **more,
        },
    )


def of_numbers(name: str, values: Sequence[float | None], **more: Any) -> ColumnProfile:
    """A number column as the profiler would describe it."""
    present = sorted(value for value in values if value is not None)
    whole = all(isinstance(value, int) for value in present)
    return figures(
        name,
        "number",
        **{
            "type": "BIGINT" if whole else "DOUBLE",
            "nulls": len(values) - len(present),
            "distinct": len(set(present)),
            "min": present[0],
            "max": present[-1],
            "mean": statistics.fmean(present),
            "stddev": statistics.pstdev(present),
            "sum": float(sum(present)),
            "quantiles": {str(p): float(present[(len(present) - 1) * p // 100]) for p in (5, 25, 50, 75, 95)},
            **more,
        },
    )


def of_dates(name: str, first: str, last: str, *, kind: str = "date", **more: Any) -> ColumnProfile:
    return figures(name, kind, min=first, max=last, **more)


def table(*columns: ColumnProfile, rows: int = 1000, keys: list[list[str]] | None = None) -> Profile:
    return Profile(rows, list(columns), keys or [])
