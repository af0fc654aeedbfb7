"""The tree of a regular expression: what it means, without flags, shorthands and other ways to write it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tools.dqdl.regex.classes import Chars


class RegexError(ValueError):
    """What is wrong with a pattern, in words."""


@dataclass(frozen=True)
class Class:
    """One character of a set."""

    chars: Chars


@dataclass(frozen=True)
class Sequence:
    """One after another."""

    items: tuple[Node, ...]


@dataclass(frozen=True)
class Choice:
    """One of several."""

    branches: tuple[Node, ...]


@dataclass(frozen=True)
class Repeat:
    """The same again; ``most`` None has no bound."""

    item: Node
    least: int
    most: int | None
    mode: Literal["", "?", "+"]


@dataclass(frozen=True)
class Group:
    """A part that a reference may name by its number."""

    item: Node
    number: int


@dataclass(frozen=True)
class Atomic:
    """A part that is not tried in another way once it matched."""

    item: Node


@dataclass(frozen=True)
class Look:
    """What stands ahead or behind, without being part of the match."""

    item: Node
    behind: bool
    negated: bool


@dataclass(frozen=True)
class Reference:
    """The text of a group again."""

    number: int


@dataclass(frozen=True)
class Anchor:
    """A place: the start or end of the text (``Z`` and ``$`` before a last line end too), of a line, of a word."""

    kind: Literal["start", "end", "last", "line start", "line end", "word", "inside"]


Node = Class | Sequence | Choice | Repeat | Group | Atomic | Look | Reference | Anchor
EMPTY = Sequence(())
