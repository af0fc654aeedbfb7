"""Character masks of a profile: how far they agree with a shape, and the regular expression of a code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tools.profiling.model import ColumnProfile

Masks = Sequence[tuple[str, int]]

COMMON, RESIDUAL, COVERAGE = 0.015, 0.01, 0.95
"""A mask is the column's own from COMMON of the rows on, suspected up to RESIDUAL, and between the two unclear."""
ALONE = 0.97
"""A mask of this share is the only one that counts."""
MOST_MASKS = 3
CLASSES = {"A": "[A-Z]", "a": "[a-z]", "9": "[0-9]"}


@dataclass(frozen=True)
class Code:
    """The common shape of the values of a column."""

    regex: str
    """Without a backslash, so that it reads the same in DQDL; an alternation is in parentheses."""
    masks: list[str]
    share: float
    """Of the rows."""


def share_like(masks: Masks, shape: re.Pattern[str]) -> float:
    """The share of the rows behind the masks whose mask is of a shape; 0 without masks."""
    total = sum(rows for _, rows in masks)
    return sum(rows for mask, rows in masks if shape.fullmatch(mask)) / total if total else 0.0


def looked_at(column: ColumnProfile, rows: int) -> int:
    """How many values the masks were counted in: those of the sample, where the profile took one."""
    present = rows - column.nulls
    return present if column.sample_rows is None else round(present * column.sample_rows / rows)


def code_of(column: ColumnProfile, rows: int, *, exact: bool) -> Code | None:
    """The shape that (nearly) all values share, if it is one of a code: with digits, or all capitals. ``rows`` is how
    many values were looked at; ``exact`` keeps the lengths of runs.
    """
    # Folded masks hide letters like "é", which the regular expression of a code would refuse.
    if not all(shape.isascii() for shape, _ in column.shapes):
        return None
    found = _dominant(column.shapes if exact else column.patterns, rows)
    return Code(_alternatives([_regex(mask, runs=not exact) for mask in found[0]]), *found) if found else None


def _dominant(masks: Masks, rows: int) -> tuple[list[str], float] | None:
    alone = [(mask, count) for mask, count in masks if count >= ALONE * rows]
    own = alone or [(mask, count) for mask, count in masks if count >= max(COMMON * rows, 3)]
    others = [count for mask, count in masks if (mask, count) not in own]
    if not own or len(own) > MOST_MASKS or not all(_is_code(mask) for mask, _ in own):
        return None
    rarest = min(count for _, count in own)
    covered = min(1.0, sum(count for _, count in own) / rows)
    clear = all(count <= max(RESIDUAL * rows, 1) and 3 * count <= rarest for count in others)
    return ([mask for mask, _ in own], covered) if alone or (clear and covered >= COVERAGE) else None


def _is_code(mask: str) -> bool:
    """Has a digit, or is one run of capitals: text in words has neither, and its shapes are false alarms."""
    return mask.count(" ") <= 2 and len(mask) <= 40 and mask.isascii() and ("9" in mask or set(mask) == {"A"})


def _regex(mask: str, *, runs: bool) -> str:
    parts = []
    for run in re.finditer(r"A+|a+|9+|.", mask, re.DOTALL):
        sign, length = run[0][0], len(run[0])
        if sign in CLASSES:
            parts.append(CLASSES[sign] + ("+" if runs else f"{{{length}}}" if length > 1 else ""))
        else:
            parts.append(sign + "+" * (runs and sign == " ") if re.match(r"[\w /:,;@#%&=_<>~-]", sign) else f"[{sign}]")
    return "".join(parts)


def _alternatives(regexes: list[str]) -> str:
    # An anchored "a|b" would mean "begins with a, or ends with b".
    return regexes[0] if len(regexes) == 1 else f"({'|'.join(regexes)})"
