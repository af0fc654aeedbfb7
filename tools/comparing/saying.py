"""What a comparison says to people: short names of the two tables, and a sentence or two about each column."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tools.comparing.model import Degree, Measure, Side

FEW_NAMED = 3
MOST_DISTINCT = 100
"""Up to this number of distinct values, new and lost categories are worth naming."""

_MEMORY = "memory:"
Names = tuple[str, str]


def names(left: str, right: str) -> Names:
    """The last parts of two URIs, as many as it takes to tell them apart; A and B for tables in memory."""
    if left.startswith(_MEMORY) and right.startswith(_MEMORY):
        return "A", "B"
    if left == right:
        return f"{_parts(left)[-1]} (A)", f"{_parts(left)[-1]} (B)"
    one, other = _parts(left), _parts(right)
    for size in range(1, max(len(one), len(other)) + 1):
        found = "/".join(one[-size:]), "/".join(other[-size:])
        if found[0] != found[1]:
            return found
    return left, right


def _parts(uri: str) -> list[str]:
    # What stands behind the question mark says how to get there; in the name of a file it is a part of that.
    place = uri.split("?", 1)[0] if "://" in uri else uri
    return [part for part in re.split(r"[/\\]+", place) if part] or [uri]


def sentence(
    sides: tuple[Side, Side], rows: tuple[int, int], nulls: Degree, found: Mapping[str, Any], called: Names
) -> str:
    """What changed about a column; '' where nothing did."""
    left, right = called
    parts = []
    if nulls != "none":
        before, after = (percent(side.nulls / count) for side, count in zip(sides, rows, strict=True))
        parts.append(f"NULL: {before} of {left}, {after} of {right}.")
    parts += _distribution(found.get("measures", []))
    if found.get("outside"):
        parts.append(f"{percent(found['outside'])} of the values in {right} lie outside of the range of {left}.")
    if max(side.distinct for side in sides) <= MOST_DISTINCT:
        for kind, table in (("new", right), ("gone", left)):
            if values := found.get(kind):
                parts.append(f"Only in {table}: {_listed(values)}.")
    return " ".join(parts)


def _distribution(measures: Sequence[Measure]) -> list[str]:
    degrees = {measure.degree for measure in measures}
    if "large" in degrees:
        return ["The distribution changed much."]
    if "small" in degrees:
        return ["The distribution changed somewhat."]
    if any(
        measure.degree == "none" and measure.small is not None and measure.value >= measure.small
        for measure in measures
    ):
        return ["The distributions differ, but not significantly: chance alone can do that with so few rows."]
    return []


def _listed(values: Sequence[str]) -> str:
    shown = ", ".join(value if value == value.strip() and value else f'"{value}"' for value in values[:FEW_NAMED])
    return f"{shown} and {len(values) - FEW_NAMED} more" if len(values) > FEW_NAMED else shown


def percent(share: float) -> str:
    """A share of 1 in percent with one decimal."""
    return "under 0.1 %" if 0 < share < 0.001 else f"{100 * share:.1f}".rstrip("0").rstrip(".") + " %"
