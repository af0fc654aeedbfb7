"""Character masks of a profile: how far they agree with a shape, and the regular expression of a code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tools.profiling.model import ColumnProfile

Masks = Sequence[tuple[str, int]]

COMMON, RESIDUAL, COVERAGE = 0.015, 0.01, 0.95
"""A mask is the column's own from COMMON of the rows on, suspected up to RESIDUAL, and between the two unclear."""
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


def fold(mask: str) -> str:
    """One sign for each run of letters, digits or blanks: ``AA-9999`` becomes ``A-9``."""
    return re.sub(r"([Aa9 ])\1+", r"\1", mask)


def share_like(masks: Masks, shape: re.Pattern[str]) -> float:
    """The share of the rows behind the masks whose folded mask is of a shape; 0 without masks."""
    total = sum(rows for _, rows in masks)
    return sum(rows for mask, rows in masks if shape.fullmatch(fold(mask))) / total if total else 0.0


def code_of(column: ColumnProfile, rows: int) -> Code | None:
    """The shape that (nearly) all of so many values share, if it is one of a code: with digits, or all capitals."""
    exact = _exact(column)
    if exact:
        found = _dominant(column.patterns, rows)
        if found:
            return Code(_alternatives([_regex(mask, runs=False) for mask in found[0]]), *found)
    folded: dict[str, int] = {}
    for mask, count in column.patterns:
        folded[fold(mask)] = folded.get(fold(mask), 0) + count
    found = _dominant(sorted(folded.items(), key=lambda item: -item[1]), rows)
    return Code(_alternatives([_regex(mask, runs=True) for mask in found[0]]), *found) if found else None


def _exact(column: ColumnProfile) -> bool:
    """Whether masks keep the length of the values."""
    return all((column.min_length or 0) <= len(mask) <= (column.max_length or 0) for mask, _ in column.patterns)


def _dominant(masks: Masks, rows: int) -> tuple[list[str], float] | None:
    own = [(mask, count) for mask, count in masks if count >= max(COMMON * rows, 3)]
    others = [count for mask, count in masks if (mask, count) not in own]
    if not own or len(own) > MOST_MASKS or not all(_is_code(mask) for mask, _ in own):
        return None
    rarest = min(count for _, count in own)
    covered = sum(count for _, count in own) / rows
    clear = all(count <= max(RESIDUAL * rows, 1) and 3 * count <= rarest for count in others)
    return ([mask for mask, _ in own], covered) if clear and covered >= COVERAGE else None


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
