"""The words of the language: which are reserved, what tokens are called in messages, and the nearest valid name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

RESERVED: dict[str, str] = {
    "Metadata": "METADATA",
    "DataSources": "DATASOURCES",
    "DefaultLabels": "DEFAULTLABELS",
    "Rules": "RULES",
    "Analyzers": "ANALYZERS",
    "not": "NOT",
    "between": "BETWEEN",
    "in": "IN",
    "matches": "MATCHES",
    "where": "WHERE",
    "labels": "LABELS",
    "with": "WITH",
    **dict.fromkeys(("and", "AND"), "AND"),
    **dict.fromkeys(("or", "OR"), "OR"),
    **dict.fromkeys(("of", "OF"), "OF"),
    **dict.fromkeys(("NULL", "null"), "NULL"),
    **dict.fromkeys(("EMPTY", "empty"), "EMPTY"),
    **dict.fromkeys(("WHITESPACES_ONLY", "whitespaces_only"), "WHITESPACES_ONLY"),
    **dict.fromkeys(("days", "hours", "minutes"), "TIME_UNIT"),
    **dict.fromkeys(("B", "KB", "MB", "GB", "TB"), "SIZE_UNIT"),
}
"""Reserved word to the grammar's terminal. Case matters: ``And`` is a name."""

HUMAN: dict[str, str] = {
    "IDENT": "a name",
    "STRING": "a text in double quotes",
    "DATE": 'a date like "2024-01-31"',
    "TIME": 'a time like "21:30"',
    "INT": "a number",
    "DECIMAL": "a number",
    "MINUS": '"-"',
    "ARITHMETIC": '"+", "*" or "/"',
    "COMPARE": "a comparison (> >= < <= !=)",
    "BANG": "a comparison (> >= < <= !=)",
    "EQUAL": '"="',
    "COMMA": '","',
    "COLON": '":"',
    "LPAR": '"("',
    "RPAR": '")"',
    "LSQB": '"["',
    "RSQB": '"]"',
    "LBRACE": '"{"',
    "RBRACE": '"}"',
    "NOW": "now()",
    "VARIABLE": "a constant like $name",
    "TIME_UNIT": "days, hours or minutes",
    "SIZE_UNIT": "B, KB, MB, GB or TB",
    "$END": "the end of the text",
    "METADATA": "Metadata",
    "DATASOURCES": "DataSources",
    "DEFAULTLABELS": "DefaultLabels",
    "RULES": "Rules",
    "ANALYZERS": "Analyzers",
    "AND_OPEN": "and",
    "NULL": "NULL",
    "EMPTY": "EMPTY",
    "WHITESPACES_ONLY": "WHITESPACES_ONLY",
}


def human(terminals: Iterable[str]) -> tuple[str, ...]:
    """Names of terminals for a message, without repeats, in a stable order."""
    return tuple(sorted({HUMAN.get(terminal, terminal.lower()) for terminal in terminals}))


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate most like a word, compared without case; None when none is near."""
    by_lower = {candidate.lower(): candidate for candidate in candidates}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.7)
    return by_lower[found[0]] if found else None


def did_you_mean(word: str) -> str:
    """Advice for a word that is almost a reserved one, else an empty text."""
    if not word.isalpha() or len(word) < 2 or word in RESERVED:
        return ""
    # Of two spellings of a word, the later one is proposed.
    guess = nearest(word, [*filter(str.isupper, RESERVED), *(name for name in RESERVED if not name.isupper())])
    return f"Did you mean {guess}?" if guess else ""
