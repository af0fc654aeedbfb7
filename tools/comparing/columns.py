"""What the counted rows of a column's bins and categories say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tools.comparing import measures
from tools.comparing.bins import OUTSIDE_HIGH, OUTSIDE_LOW
from tools.comparing.edges import BINS
from tools.comparing.figures import shown
from tools.comparing.model import Bin

SHOWN_BINS = 10
"""Bins of the PSI, which its thresholds are customary for, and of plots."""
MOST_NAMED = 20
SHOWN_CATEGORIES = 15


def of_bins(cuts: Sequence[Any], here: Mapping[int, int], there: Mapping[int, int]) -> dict[str, Any]:
    """Numbers, dates and timestamps: a column's part of a comparison, from the rows of both sides by bin."""
    order = [OUTSIDE_LOW, *range(len(cuts)), OUTSIDE_HIGH]
    fine = [[counts.get(i, 0) for i in order] for counts in (here, there)]
    spans = _spans(fine[0])
    coarse = [[sum(counts[low:high]) for low, high in spans] for counts in fine]
    outside = (there.get(OUTSIDE_LOW, 0) + there.get(OUTSIDE_HIGH, 0)) / max(1, sum(there.values()))
    return {
        "measures": [measures.psi(*coarse), measures.ks(*fine)],
        "bins": [Bin(_label(cuts, *span), *each) for span, *each in zip(spans, *coarse, strict=True)],
        "outside": outside,
    }


def of_categories(here: Mapping[str, int], there: Mapping[str, int], present: Sequence[int]) -> dict[str, Any]:
    """Texts and booleans: the same, from the rows of both sides by value and those with any value."""
    names = list(dict.fromkeys([*here, *there]))
    counts = [(name, here.get(name, 0), there.get(name, 0)) for name in names]
    rest = [total - sum(found.values()) for total, found in zip(present, (here, there), strict=True)]
    both = [(before, after) for _, before, after in counts] + [(rest[0], rest[1])]
    used = [[pair[side] for pair in both if any(pair)] for side in (0, 1)]
    return {
        "measures": [measures.jensen_shannon(*used), measures.chi_square(*used)],
        "bins": _shown_categories(counts, rest),
        "new": _only(2, counts),
        "gone": _only(1, counts),
    }


def _spans(counts: Sequence[int]) -> list[tuple[int, int]]:
    """Which bins go together: about tenths of the left side, what is outside of its range with the first and last.

    The first and the last bin are those outside. A left side of one value keeps all three.
    """
    if len(counts) == 3:
        return [(0, 1), (1, 2), (2, 3)]
    found = _merged(counts[1:-1])
    return [(low + (low > 0), high + 1 + (i == len(found) - 1)) for i, (low, high) in enumerate(found)]


def _merged(counts: Sequence[int]) -> list[tuple[int, int]]:
    """Neighbouring bins together, so that each has about a tenth of the left side's rows."""
    wanted, spans, start, held = sum(counts) / SHOWN_BINS, [], 0, 0
    for i, count in enumerate(counts):
        held += count
        if held >= wanted - 0.5 * sum(counts) / BINS and held > 0:
            spans.append((start, i + 1))
            start, held = i + 1, 0
    if start < len(counts):
        spans.append((start, len(counts)))
    return spans


def _label(cuts: Sequence[Any], low: int, high: int) -> str:
    """The range of a span: bin 0 is below all cuts, bin i goes up to cut i - 1, and the last one is above all."""
    first, final = (_short(shown(cuts[min(max(i, 0), len(cuts) - 1)])) for i in (low - 2, high - 2))
    if len(cuts) == 1:
        return (f"< {final}", final, f"> {final}")[low]
    if low == 0:
        return f"≤ {final}"
    if high == len(cuts) + 2:
        return f"> {first}"
    return f"to {final}" if isinstance(cuts[0], datetime) else f"{first} – {final}"


def _short(value: Any) -> str:
    """A number with six digits, a time to the minute."""
    return f"{value:,.6g}" if isinstance(value, int | float) else str(value).replace("T", " ")[:16]


def _only(side: int, counts: Sequence[tuple[str, int, int]]) -> list[str]:
    """The categories that only one side has, most frequent first."""
    found = [(pair[side - 1], name) for name, *pair in counts if pair[side - 1] and not pair[2 - side]]
    return [name for _, name in sorted(found, key=lambda each: -each[0])][:MOST_NAMED]


def _shown_categories(counts: Sequence[tuple[str, int, int]], rest: Sequence[int]) -> list[Bin]:
    ordered = sorted(counts, key=lambda count: (-max(count[1], count[2]), count[0]))
    shown, hidden = ordered[:SHOWN_CATEGORIES], ordered[SHOWN_CATEGORIES:]
    before, after = rest[0] + sum(each[1] for each in hidden), rest[1] + sum(each[2] for each in hidden)
    return [Bin(*count) for count in shown] + ([Bin("all others", before, after)] if before or after else [])
