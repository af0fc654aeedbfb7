"""Where the evidence of a proposal stands in what is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ui.report import text

MOST_PLACES = 6
ID_SHOWN = 8
"""Digits of a profile's id, enough to find it by."""


def grounds(references: Sequence[Mapping[str, Any]]) -> str:
    """``profile 0198c2aa: $.columns[1].nulls, $.rows · dry run: $.outcome · memory: 12``."""
    found: dict[str, list[str]] = {}
    for one in references:
        id = str(one["id"] or "")
        document = f"profile {id[:ID_SHOWN]}" if one["of"] == "profile" else str(one["of"]).replace("_", " ")
        found.setdefault(document, []).append(id if one["of"] == "memory" else str(one["path"]))
    return " · ".join(f"{document}: {_few(places)}" for document, places in found.items())


def _few(places: Sequence[str]) -> str:
    once = list(dict.fromkeys(text.clean(place) for place in places))
    more = f" and {len(once) - MOST_PLACES} more" if len(once) > MOST_PLACES else ""
    return ", ".join(once[:MOST_PLACES]) + more
