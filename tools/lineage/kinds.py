"""How one column depends on another, as OpenLineage names it, and what two dependencies in a row make.

A kind is a small number, with MASKED added where the value is hidden on the way; several kinds between the same two
columns
are the bits of one number. That keeps the lineage of a thousand columns small and makes joining two paths a table
lookup.
"""

from collections.abc import Callable
from functools import lru_cache

IDENTITY, TRANSFORMATION, AGGREGATION, CONDITIONAL, WINDOW, JOIN, FILTER, GROUP_BY, SORT = range(9)
MASKED = 16

NAMES = ("IDENTITY", "TRANSFORMATION", "AGGREGATION", "CONDITIONAL", "WINDOW", "JOIN", "FILTER", "GROUP_BY", "SORT")
_FIRST_INDIRECT = CONDITIONAL


def chained(first: int, second: int) -> int:
    """The kind of a -> c when a -> b is `first` and b -> c is `second` (OpenLineage, `TransformationInfo.merge`).

    An indirect step makes the whole indirect, the first one giving its name; of two direct ones the stronger change
    wins;
    what is masked once stays masked.
    """
    masked, one, two = (first | second) & MASKED, first & 15, second & 15
    if one >= _FIRST_INDIRECT:
        return one | masked
    return (two if two >= _FIRST_INDIRECT else max(one, two)) | masked


@lru_cache(maxsize=4096)
def after(bits: int, step: int) -> int:
    """Each of these kinds, followed by one more step."""
    return _each(bits, lambda kind: chained(kind, step))


@lru_cache(maxsize=4096)
def in_role(bits: int, role: int) -> int:
    """Each of these kinds where only the role counts that the column plays at the end, such as filtering a dataset."""
    return _each(bits, lambda kind: role | (kind & MASKED))


def _each(bits: int, change: Callable[[int], int]) -> int:
    made = 0
    for kind in kinds_of(bits):
        made |= 1 << change(kind)
    return made


@lru_cache(maxsize=4096)
def kinds_of(bits: int) -> tuple[int, ...]:
    """The single kinds in a set of bits."""
    return tuple(kind for kind in range(bits.bit_length()) if bits >> kind & 1)


def is_direct(kind: int) -> bool:
    """Whether the value itself flows, and not only a decision about it."""
    return kind & 15 < _FIRST_INDIRECT
