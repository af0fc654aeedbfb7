"""Kinds of edges as one small number, so that a query tells direct from indirect by a bound."""

from __future__ import annotations

DIRECT = ("", "IDENTITY", "TRANSFORMATION", "AGGREGATION")
INDIRECT = ("", "JOIN", "FILTER", "GROUP_BY", "SORT", "WINDOW", "CONDITIONAL")
DIRECT_MASK, INDIRECT_MASK = 4, 8
MEMBER = 8
"""Between a column and its whole dataset: nobody said it, it is so."""
FLOW = 9
"""From a dataset that a job reads to one that it writes, where nobody said how."""
FIRST_INDIRECT = 16


def code(type_: str, subtype: str, masking: bool) -> int:
    """The number of a kind; a subtype that OpenLineage does not know counts as none."""
    known = DIRECT if type_ == "DIRECT" else INDIRECT
    number = known.index(subtype) if subtype in known else 0
    if type_ == "DIRECT":
        return number + DIRECT_MASK * masking
    return FIRST_INDIRECT + number + INDIRECT_MASK * masking


def decode(number: int) -> tuple[str, str, bool]:
    """Type, subtype and masking of a number."""
    if number == MEMBER:
        return "DIRECT", "MEMBER", False
    if number == FLOW:
        return "DIRECT", "", False
    if number < FIRST_INDIRECT:
        return "DIRECT", DIRECT[number % DIRECT_MASK], number >= DIRECT_MASK
    rest = number - FIRST_INDIRECT
    return "INDIRECT", INDIRECT[rest % INDIRECT_MASK], rest >= INDIRECT_MASK


def takes_columns(number: int) -> bool:
    """Whether an edge of this kind from a whole dataset takes its columns, not just its rows."""
    return number in {0, 1, 2, 4, 5, 6, FLOW}
