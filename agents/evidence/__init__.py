"""Whether the numbers in a reasoning stand in the evidence. Checked by code, because a model may make them up."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.dqdl.plans.result import RuleResult
    from tools.profiling.model import Profile

_NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?")
_SAYS_NOTHING = {0.0, 1.0, 100.0}
"""Numbers that need no evidence: none, all, one."""


def unsupported(reasoning: str, rule: str, result: RuleResult, profile: Profile) -> list[str]:
    """The numbers of a reasoning that are neither in the rule, its dry run nor the profile of its columns.

    A share counts also in percent, and each number also as it is rounded to the digits that the reasoning gives.
    """
    known = set(_numbers_of(rule)) | _SAYS_NOTHING
    known |= {float(profile.rows), float(result.failed_rows or 0), *result.metrics.values()}
    for name in result.columns:
        column = next((c for c in profile.columns if c.name.lower() == name.lower()), None)
        if column is not None:
            known |= set(_statistics(column.__dict__.values(), profile.rows))
    known |= {100 * number for number in known}
    return [text for text in _NUMBER.findall(reasoning) if not _is_known(text, known)]


def _numbers_of(text: str) -> list[float]:
    return [float(found.replace(",", "")) for found in _NUMBER.findall(text)]


def _statistics(values: Iterable[object], rows: int) -> Iterable[float]:
    for value in values:
        if isinstance(value, dict):
            yield from _statistics(value.values(), rows)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield float(value)
            if rows:
                yield from (value / rows, 1 - value / rows)


def _is_known(text: str, known: set[float]) -> bool:
    digits = len(text.partition(".")[2])
    return any(round(number, digits) == float(text.replace(",", "")) for number in known)
