"""The words of a column's name."""

from __future__ import annotations

import re


def words(name: str) -> tuple[str, ...]:
    """The words of a name in lower case, split at case changes and signs: ``orderID`` gives order and id."""
    spaced = re.sub(r"([a-z0-9])([A-Z])|([A-Z])(?=[A-Z][a-z])", r"\1\3 \2", name)
    return tuple(re.findall(r"[^\W_]+", spaced.lower()))


def family(text: str) -> frozenset[str]:
    """A set of words."""
    return frozenset(text.split())
