"""Long files of SQL hold the same statement again and again with other values: each is read once."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.collecting.logs.statements import Seen, fingerprint, without_values

LONG = 500_000
"""Characters from which on it is worth to look."""
_BLOCKS = re.compile(
    r"\b(?:begin|declare|procedure|function|trigger|delimiter|temp|temporary|rename|execute)\b|\$\$|#", re.IGNORECASE
)
"""Signs of scripts in which a semicolon need not end a statement, or in which order and repetition matter."""
_COPIED = re.compile(r"^(COPY [^;\n]+ FROM stdin[^;\n]*;)\r?\n.*?^\\\.$", re.MULTILINE | re.DOTALL | re.IGNORECASE)
_COMMANDS = re.compile(r"^\\(?:(g\w*)|[a-z!?])[^\n]*$", re.MULTILINE | re.IGNORECASE)
"""Lines for psql, such as `\\set` and the `\\restrict` of dumps; `\\g` and its relatives end a statement."""
_OTHERS = r"""|"[^"]*"|`[^`]*`|--[^\n]*|/\*.*?\*/|;"""
_PLAIN = re.compile(r"'(?:[^']|'')*'" + _OTHERS, re.DOTALL)
_ESCAPED = re.compile(r"'(?:[^'\\]|''|\\.)*'" + _OTHERS, re.DOTALL)
_NO_ESCAPES = frozenset({"postgres", "redshift", "tsql", "oracle", "athena", "trino", "presto", "duckdb", "teradata"})
"""Dialects in whose texts a backslash is one."""


def condensed(text: str, dialect: str | None) -> tuple[str, int]:
    """A script without what is not SQL in it and, where it is long, without repeated statements; how many those were.

    Not SQL are the rows of dumps, and commands of psql.
    """
    if "stdin" in text or "STDIN" in text:
        text = _COPIED.sub("", text)
    text = _COMMANDS.sub(lambda found: ";" if found[1] else "", text)
    if len(text) < LONG or _BLOCKS.search(without_values(text)):
        return text, 0
    kept: list[str] = []
    seen, repeated = Seen(), 0
    for statement in _statements(text, _PLAIN if dialect in _NO_ESCAPES else _ESCAPED):
        if seen.before(fingerprint(statement)):
            repeated += 1
        else:
            kept.append(statement)
    return ";\n".join(kept), repeated


def _statements(text: str, pieces: re.Pattern[str]) -> Iterator[str]:
    """The texts between semicolons that stand in no quotes and no comment."""
    start = 0
    for found in pieces.finditer(text):
        if found[0] == ";":
            yield text[start : found.start()]
            start = found.end()
    if text[start:].strip():
        yield text[start:]
