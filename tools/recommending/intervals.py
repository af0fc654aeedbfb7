"""Bounds that follow from counts."""

from __future__ import annotations

import math

Z99 = 2.576
"""Two-sided 99 % quantile of the normal distribution."""


def wilson_lower(good: int, total: int, z: float = Z99) -> float:
    """The lower end of Wilson's score interval for a share (E. B. Wilson, JASA 22, 1927).

    Unlike the normal approximation it never leaves 0..1 and is honest about few rows: 4 of 4 give 0.38, not 1.
    """
    if total == 0:
        return 0.0
    share = good / total
    centre = share + z * z / (2 * total)
    margin = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return max(0.0, (centre - margin) / (1 + z * z / total))


def floored(share: float) -> float:
    """A share as a rule shows it: two decimals, never above the share itself."""
    return math.floor(share * 100 + 1e-9) / 100


def trust(rows: int) -> float:
    """How far what held in all of so many rows can be expected to hold: the Wilson bound of all good, 0.93 for 100."""
    return wilson_lower(rows, rows)
