"""How a batch differs from those before it, told from profiles and numbers alone: earlier data may have moved on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

from tools.comparing.measures import chi_square, jensen_shannon, ks, rows_degree
from tools.dqdl.history.anomalies import expect
from tools.dqdl.history.points import Point
from tools.profiling.model import ColumnProfile, Histogram, Profile

NULLS_LARGE = 0.1
"""A change of the share of missing values by so much is worth telling, if it is not by chance."""
LATE = 1.25
"""By this factor a gap has to be longer than those before it."""
LEAST_ROWS = 30
"""With fewer rows on a side nothing is told of distributions."""


@dataclass(frozen=True)
class Unlike:
    """Something that is unlike the batches before."""

    kind: Literal["drift", "volume", "freshness"]
    what: str
    """A column, ``rows`` or ``arrival``."""
    said: str
    """In a sentence without values of rows."""


def drift(before: Profile, now: Profile) -> list[Unlike]:
    """Columns that came, went or have another type, and those whose values are distributed otherwise."""
    known = {column.name.lower(): column for column in before.columns}
    here = {column.name.lower(): column for column in now.columns}
    found = [_drift(known[name].name, "is missing") for name in known if name not in here]
    found += [_drift(here[name].name, "is new") for name in here if name not in known]
    for name in known:
        if name in here and (said := _changed(known[name], before.rows, here[name], now.rows)):
            found.append(_drift(here[name].name, said))
    return found


def volume(before: Sequence[float], rows: int) -> Unlike | None:
    """Whether the number of rows is unusual after those of earlier batches, oldest first."""
    expected = expect([Point(value) for value in before])
    if expected is not None:
        if expected.allows(rows):
            return None
        usual = f"{max(0.0, expected.usual.low):,.0f} to {expected.usual.high:,.0f}"
        return Unlike("volume", "rows", f"{rows:,} rows; after {expected.points} batches {usual} were expected.")
    if before and rows_degree(int(before[-1]), rows) == "large":
        return Unlike("volume", "rows", f"{rows:,} rows; the batch before had {before[-1]:,.0f}.")
    return None


def freshness(before: Sequence[datetime], now: datetime) -> Unlike | None:
    """Whether a batch came late after the times of earlier ones, oldest first; three gaps are needed to tell.

    Files that come in bursts have short gaps and long ones: late is what took longer than ever before.
    """
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise([*before, now])]
    if len(gaps) < 2 or gaps[-1] <= LATE * max(gaps[:-1]):
        return None
    longest = max(gaps[:-1])
    expected = expect([Point(gap) for gap in gaps[:-1]])
    if expected is None or expected.allows(gaps[-1]) or gaps[-1] <= LATE * expected.usual.high:
        return None
    said = f"It came {_span(gaps[-1])} after the batch before; until now it took {_span(longest)} at most."
    return Unlike("freshness", "arrival", said)


def _drift(column: str, said: str) -> Unlike:
    return Unlike("drift", column, f"The column {column} {said}.")


def _changed(before: ColumnProfile, rows_before: int, now: ColumnProfile, rows: int) -> str:
    """What is told of a column that is on both sides; empty where nothing is."""
    if before.kind != now.kind:
        return f"was of the kind {before.kind}, and is {now.kind}"
    if min(rows_before, rows) < LEAST_ROWS:
        return ""
    nulls = _nulls(before.nulls, rows_before, now.nulls, rows)
    return nulls or _shifted(before, now)


def _nulls(before: int, rows_before: int, now: int, rows: int) -> str:
    was, is_ = before / rows_before, now / rows
    if abs(was - is_) < NULLS_LARGE or not chi_square([before, rows_before - before], [now, rows - now]).significant:
        return ""
    return f"had {was:.0%} missing values, and has {is_:.0%}"


def _shifted(before: ColumnProfile, now: ColumnProfile) -> str:
    bins = _binned(before, now)
    if bins is None or min(sum(bins[0]), sum(bins[1])) < LEAST_ROWS:
        return ""
    ordered = before.histogram is not None and now.histogram is not None
    measure = (ks if ordered else jensen_shannon)(*bins)
    return f"has other values ({measure.name} {measure.value:.2f})" if measure.degree == "large" else ""


def _binned(before: ColumnProfile, now: ColumnProfile) -> tuple[list[int], list[int]] | None:
    """The rows of both sides in the same bins; None where the profiles do not tell."""
    if before.histogram and now.histogram and before.histogram.counts and now.histogram.counts:
        return _on_common_edges(before.histogram, now.histogram)
    if before.kind in ("text", "boolean") and _all_told(before) and _all_told(now):
        left, right = dict(before.top_values), dict(now.top_values)
        values = sorted(left.keys() | right.keys(), key=str)
        return [left.get(value, 0) for value in values], [right.get(value, 0) for value in values]
    return None


def _all_told(column: ColumnProfile) -> bool:
    """Whether the most frequent values are all that there are."""
    return 0 < column.distinct <= len(column.top_values)


def _on_common_edges(left: Histogram, right: Histogram) -> tuple[list[int], list[int]] | None:
    """Rows within a bin count as spread evenly, as in the picture of a histogram."""
    try:
        edges = [np.array([_number(edge) for edge in one.edges], dtype=float) for one in (left, right)]
    except (TypeError, ValueError):
        return None
    common = np.unique(np.concatenate(edges))
    if len(common) < 2:
        return None
    sides = [_spread(own, one.counts, common) for own, one in zip(edges, (left, right), strict=True)]
    return sides[0], sides[1]


def _spread(edges: npt.NDArray[np.float64], counts: Sequence[int], common: npt.NDArray[np.float64]) -> list[int]:
    below = np.concatenate([[0], np.cumsum(counts)])
    return [round(value) for value in np.diff(np.interp(common, edges, below))]


def _number(edge: object) -> float:
    """Dates and times as seconds."""
    if isinstance(edge, str):
        return datetime.fromisoformat(edge).replace(tzinfo=None).timestamp()
    if isinstance(edge, (int, float)):
        return float(edge)
    raise TypeError(edge)


_UNITS: Mapping[str, float] = {"days": 86_400, "hours": 3_600, "minutes": 60}


def _span(seconds: float) -> str:
    for unit, length in _UNITS.items():
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} seconds"
