"""What text might be, judged by a few values in memory: a cheap no spares the scan a costly count."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from tools.profiling.sql import CODE, DATE, INFERRED, INTEGER

# Each lets through all that the engine would cast; what it lets through is counted by the engine itself.
_NUMBER = re.compile(r"\s*([+-]?[.\d]|[+-]?(inf|nan))", re.IGNORECASE)
_MAY_BE: dict[str, Callable[[str], object]] = {
    "INTEGER": re.compile(INTEGER, re.ASCII).fullmatch,
    "DOUBLE": lambda text: _NUMBER.match(text) and not re.fullmatch(CODE, text),
    "BOOLEAN": re.compile(r"\s*[tfyno01]\w{0,4}\s*", re.IGNORECASE).fullmatch,
    "DATE": re.compile(DATE, re.ASCII).fullmatch,
    "TIMESTAMP": re.compile(r"\s*-?\d+[-/ \\]").match,
}


def possible_types(texts: Iterable[str]) -> list[str]:
    """The types, narrowest first, that every non-blank text may be cast to; all of them where there is no text."""
    left = list(INFERRED)
    for text in texts:
        if text.strip():
            left = [kind for kind in left if _MAY_BE[kind](text)]
        if not left:
            break
    return left


def may_hold_numbers(texts: Iterable[str]) -> bool:
    """Whether some text may be a number, or there is none to judge by."""
    filled = [text for text in texts if text.strip()]
    return not filled or any(_NUMBER.match(text) for text in filled)
