"""The words of a column's name."""

from __future__ import annotations

import re


def words(name: str) -> tuple[str, ...]:
    """The words of a name in lower case, split at case changes and signs: ``orderID`` gives order and id."""
    spaced = re.sub(r"([a-z0-9])([A-Z])|([A-Z])(?=[A-Z][a-z])", r"\1\3 \2", name)
    return tuple(re.findall(r"[^\W_]+", spaced.lower()))


def names_person(name: str) -> bool:
    """Whether a column's name says that it holds the names of people: ``surname``, ``customer_name``."""
    have = set(words(name))
    return bool(have & PERSON_NAMES) or ("name" in have and bool(have & NAME_OF))


def family(text: str) -> frozenset[str]:
    """A set of words."""
    return frozenset(text.split())


PERSON_NAMES = family("firstname lastname surname fullname forename username")
NAME_OF = family(
    "first last full family given middle maiden customer person employee patient contact client author user owner "
    "manager driver passenger student teacher doctor"
)
"""Whose the name is, or which part of it."""
