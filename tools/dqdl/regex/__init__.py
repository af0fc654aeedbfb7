"""Regular expressions with one meaning on every engine: read as Java's, checked, and written for the engine at hand."""

from __future__ import annotations

import re
from functools import lru_cache

from tools.dqdl.plans.plan import RuleError
from tools.dqdl.regex.parser import parse
from tools.dqdl.regex.risk import endless, size, unbounded_behind, varying_behind
from tools.dqdl.regex.split import Parts, alternatives
from tools.dqdl.regex.tree import Node, RegexError
from tools.dqdl.regex.writer import Flavour, write

MAX_SIZE = 20_000
"""Characters of the pattern with all repetitions written out; the engines refuse or crawl above."""
MAX_NAME = 300
"""Characters of a column name that a pattern is tried on."""

_FLAVOURS: dict[str, Flavour] = {
    "duckdb": "re2",
    "athena": "re2",
    "trino": "re2",
    "presto": "re2",
    "postgres": "postgres",
    "python": "python",
}
_NAMES = {
    "duckdb": "DuckDB",
    "postgres": "Postgres",
    "mysql": "MySQL",
    "spark": "Spark",
    "athena": "Athena",
    "python": "names of columns and files",
}


Test = tuple[bool, str]
"""Whether a pattern must not be found, and the pattern for the engine."""


def check(pattern: str, dialect: str, said: str | None = None) -> None:
    """Raises RuleError when the pattern is invalid or too large, or asks for what this engine cannot do.

    ``said`` is what a person wrote, where the pattern was made from that: the error shows it.
    """
    _told(pattern, dialect, splits=True, said=said)


def read(pattern: str) -> Node:
    """What the pattern means. Raises RuleError when it is invalid on every engine."""
    try:
        return parse(pattern)
    except RegexError as error:
        raise RuleError(f"The regular expression {_short(pattern)} is not valid: {error}.") from None


def translate(pattern: str, dialect: str) -> str:
    """The pattern for an engine, for a search anywhere in a text. Raises RuleError."""
    return _told(pattern, dialect, splits=False)[0][0][1]


def tests(pattern: str, dialect: str) -> tuple[tuple[Test, ...], ...]:
    """Patterns for an engine: a text contains a match when all tests of one group hold. Raises RuleError.

    It is one test, except where the engine has no look-ahead but can do without.
    """
    return _told(pattern, dialect, splits=True)


def _told(pattern: str, dialect: str, *, splits: bool, said: str | None = None) -> tuple[tuple[Test, ...], ...]:
    try:
        return _written(pattern, dialect, splits=splits)
    except RegexError as error:
        where, shown = _NAMES.get(dialect, dialect.capitalize()), _short(said or pattern)
        raise RuleError(f"The regular expression {shown} cannot be used on {where}: {error}.") from None


@lru_cache(maxsize=2048)
def _written(pattern: str, dialect: str, *, splits: bool) -> tuple[tuple[Test, ...], ...]:
    flavour, tree = _FLAVOURS.get(dialect, "backtracking"), read(pattern)
    groups: list[Parts] = alternatives(tree) if splits and flavour == "re2" else [[(False, tree)]]
    _bounded(tree, flavour, dialect)
    return tuple(tuple((negated, write(part, flavour)) for negated, part in group) for group in groups)


def matches_text(pattern: str, text: str) -> bool:
    """Whether a short text, such as the name of a column, contains a match. Raises RuleError."""
    return bool(_compiled(pattern).search(text[:MAX_NAME]))


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern, "python"))


def _bounded(tree: Node, flavour: Flavour, dialect: str) -> None:
    if size(tree) > MAX_SIZE:
        raise RegexError("with all its repetitions it is too large")
    if flavour not in ("backtracking", "python"):
        return
    if endless(tree):
        raise RegexError(
            "one repetition inside another can divide a text in too many ways, so that the search may never end"
        )
    if unbounded_behind(tree) or (dialect != "spark" and varying_behind(tree)):
        raise RegexError("a look behind must have a fixed length")


def _short(pattern: str) -> str:
    return pattern if len(pattern) <= 60 else f"{pattern[:59]}…"
