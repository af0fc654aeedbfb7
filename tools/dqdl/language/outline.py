"""Where the parts of a ruleset's text are, also in a text that is not a ruleset: for who repairs or rewrites it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

TOKEN = re.compile(
    r"""(?P<comment>(?:\#|//)[^\n]*)
    | (?P<text>"(?:[^"\\]|\\[\s\S])*(?:"|\Z))
    | (?P<open>[\[({])
    | (?P<close>[\])}])
    | (?P<comma>,)
    | (?P<equal>=)
    | (?P<word>[A-Za-z0-9_.$]+)
    | (?P<other>\S)""",
    re.VERBOSE,
)
BLOCKS = ("Rules", "Analyzers")


@dataclass(frozen=True)
class Span:
    """A piece of a text, its end excluded."""

    start: int
    end: int


@dataclass(frozen=True)
class Entry(Span):
    """Metadata, a constant, a block of rules: whatever is ``name = …``."""

    name: str
    opened: Span
    """From the name to the bracket that opens the value, where one does."""
    items: tuple[Span, ...]
    """The rules or analyzers of a block."""


@dataclass(frozen=True)
class Outline:
    """The entries and the comments, each in the order of the text."""

    entries: tuple[Entry, ...]
    comments: tuple[Span, ...]


@dataclass(frozen=True)
class _Token(Span):
    kind: str
    value: str


def outline(text: str) -> Outline:
    """Reads only brackets, commas, quotes and comments, so that nothing else in the text can be wrong."""
    tokens = [_Token(found.start(), found.end(), found.lastgroup or "", found[0]) for found in TOKEN.finditer(text)]
    solid = [token for token in tokens if token.kind != "comment"]
    entries = [_entry(solid[start:end]) for start, end in pairwise([*_starts(solid), len(solid)])]
    return Outline(tuple(entries), tuple(Span(t.start, t.end) for t in tokens if t.kind == "comment"))


def _starts(tokens: list[_Token]) -> Iterator[int]:
    depth = 0
    for index, token in enumerate(tokens):
        named = token.kind == "word" and index + 1 < len(tokens) and tokens[index + 1].kind == "equal"
        if named and (depth == 0 or token.value in BLOCKS):
            depth = 0
            yield index
        depth = max(0, depth + {"open": 1, "close": -1}.get(token.kind, 0))


def _entry(tokens: list[_Token]) -> Entry:
    first, last = tokens[0], _closing(tokens)
    opening = next((token for token in tokens if token.kind == "open"), last)
    items = _items(tokens) if first.value in BLOCKS else []
    if first.value == "Analyzers":
        items = _joined(items)
    spans = tuple(Span(item[0].start, item[-1].end) for item in items)
    return Entry(first.start, last.end, first.value, Span(first.start, opening.end), spans)


def _closing(tokens: list[_Token]) -> _Token:
    depth = 0
    for token in tokens:
        depth += {"open": 1, "close": -1}.get(token.kind, 0)
        if token.kind == "close" and depth == 0:
            return token
    return tokens[-1]


def _items(tokens: list[_Token]) -> list[list[_Token]]:
    found: list[list[_Token]] = [[]]
    depth = 0
    for token in tokens:
        depth -= token.kind == "close"
        if token.kind == "close" and depth <= 0:
            break
        if depth == 1 and token.kind == "comma":
            found.append([])
        elif depth >= 1:
            found[-1].append(token)
        depth += token.kind == "open"
    return [item for item in found if item]


def _joined(items: Iterable[list[_Token]]) -> list[list[_Token]]:
    """A setting after a comma belongs to the analyzer before it."""
    found: list[list[_Token]] = []
    for item in items:
        if found and len(item) > 1 and item[1].kind == "equal":
            found[-1] = found[-1] + item
        else:
            found.append(item)
    return found
