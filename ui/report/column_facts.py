"""Everything that a profile tells about one column, in words: the same for the terminal and the page."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from ui.report import text

if TYPE_CHECKING:
    from tools.profiling.model import ColumnProfile, Histogram

ESTIMATE = "~"
"""Before a figure that was not counted."""
_PATTERNS = 3


def facts(column: ColumnProfile, rows: int) -> list[tuple[str, str]]:
    """Names and values of the statistics; what does not apply to the column is left out."""
    known = {
        "Type": _type(column),
        "NULL": of(column.nulls, rows),
        "Blank": None if column.blanks is None else of(column.blanks, rows),
        "Distinct": _distinct(column, rows),
        "Constant": "yes: every value is the same" if column.constant else None,
        **_of_numbers(column),
        "Length": _length(column),
        "Reads as a number": None if column.numeric_share is None else text.percent(column.numeric_share),
        "Values are": _semantic(column),
        "Dates": f"{text.clean(column.dates.format)}, {column.dates.order}" if column.dates else None,
        "Personal data": _personal(column),
        "Patterns": _masks(column, column.patterns),
        "Forms": _masks(column, column.shapes),
        "From row to row": f"{column.trend} (first {column.trend_rows:,} rows)" if column.trend else None,
    }
    return [(name, value) for name, value in known.items() if value is not None]


def of(count: int, rows: int) -> str:
    """``12 of 1,000 (1.2 %)``."""
    return f"{count:,} of {rows:,} ({text.percent(count / rows)})" if count else f"0 of {rows:,}"


def distinct(column: ColumnProfile) -> str:
    """The number of different values, with a mark where it is an estimate."""
    return f"{'' if column.distinct_exact else ESTIMATE}{column.distinct:,}"


def sampled(column: ColumnProfile) -> str:
    """`` (sample of 10,000 rows)``; '' where all rows were counted."""
    return "" if column.sample_rows is None else f" (sample of {column.sample_rows:,} rows)"


def counted_rows(column: ColumnProfile, rows: int) -> int:
    """The rows that frequent values and patterns were counted in."""
    return rows if column.sample_rows is None else column.sample_rows


def bound(value: object) -> str:
    """A least or greatest value."""
    return text.value(value, 40)


def edges(histogram: Histogram) -> list[str]:
    """The edges of the bins as they are written at an axis: months and years without the days that they begin with."""
    moments = [edge for edge in histogram.edges if isinstance(edge, str)]
    for short, end in ((4, "-01-01"), (7, "-01")):
        if moments and all(len(edge) == 10 and edge.endswith(end) for edge in moments):
            return [edge[:short] for edge in moments]
    return [edge.replace("T", " ") if isinstance(edge, str) else text.value(edge) for edge in histogram.edges]


def bins(histogram: Histogram) -> list[str]:
    """What each bin holds: a value, or ``10 to 20``, the upper end being that of the next."""
    written = edges(histogram)
    if histogram.by_value:
        return written[:-1]
    return [f"{low} to {high}" for low, high in pairwise(written)]


def _type(column: ColumnProfile) -> str:
    holds = f", all of it readable as {column.inferred_type.lower()}" if column.inferred_type else ""
    return f"{text.clean(column.type.lower(), 60)}{holds}"


def _distinct(column: ColumnProfile, rows: int) -> str:
    present = rows - column.nulls
    share = f" ({text.percent(min(1.0, column.distinct / present))} of the values)" if present else ""
    return f"{distinct(column)}{share}{'' if column.distinct_exact else ', estimated'}"


def _of_numbers(column: ColumnProfile) -> dict[str, str | None]:
    plain = column.kind != "text"
    quantiles = " · ".join(f"{percent} %: {text.number(value)}" for percent, value in column.quantiles.items())
    return {
        "Smallest" if plain else "First in order": None if column.min is None else bound(column.min),
        "Largest" if plain else "Last in order": None if column.max is None else bound(column.max),
        "Mean": None if column.mean is None else text.number(column.mean),
        "Standard deviation": None if column.stddev is None else text.number(column.stddev),
        "Sum": None if column.sum is None else text.number(column.sum),
        "Quantiles": f"{quantiles}{sampled(column)}" if quantiles else None,
        "NaN or infinite": f"{column.nonfinite:,}" if column.nonfinite else None,
    }


def _length(column: ColumnProfile) -> str | None:
    if column.min_length is None:
        return None
    if column.min_length == column.max_length:
        return f"{column.min_length:,} characters"
    mean = "" if column.mean_length is None else f", {text.number(round(column.mean_length, 1))} on average"
    return f"{column.min_length:,} to {column.max_length:,} characters{mean}"


def _semantic(column: ColumnProfile) -> str | None:
    if column.semantic is None:
        return None
    found = column.semantic
    return f"{found.type}: {text.percent(found.share)} of {found.rows:,} rows ({text.percent(found.confidence)} sure)"


def _personal(column: ColumnProfile) -> str | None:
    found = column.personal
    return f"{found.kind}, by its {found.by} ({text.percent(found.confidence)} sure)" if found else None


def _masks(column: ColumnProfile, masks: list[tuple[str, int]]) -> str | None:
    shares = counted_rows(column, sum(rows for _, rows in masks)) or 1
    told = [f"{text.value(mask, 30)} ({text.percent(rows / shares)})" for mask, rows in masks[:_PATTERNS]]
    return f"{', '.join(told)}{sampled(column)}" if told else None
