"""Writes the tree of a regular expression for one family of engines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tools.dqdl.regex.classes import ANY, LAST, Chars, complement
from tools.dqdl.regex.tree import (
    Anchor,
    Atomic,
    Choice,
    Class,
    Group,
    Look,
    Node,
    Reference,
    RegexError,
    Repeat,
    Sequence,
)

Flavour = Literal["re2", "postgres", "backtracking", "python"]
"""``backtracking`` is what Java, PCRE and ICU have in common."""

_WORD = "[0-9A-Za-z_]"
_LAST = "(?:\\r\\n|[\\n\\r{}])?"
_ODD_ENDS = {"re2": r"\x{85}\x{2028}\x{2029}", "backtracking": r"\x{85}\x{2028}\x{2029}"}
_UNICODE_ENDS = r"\u0085\u2028\u2029"
_SPECIAL = frozenset("\\.^$|?*+()[]{}-&~#")
_POSTGRES_MOST = 255


def write(tree: Node, flavour: Flavour) -> str:
    """The pattern in this flavour, for a search anywhere in the text. Raises RegexError for what it does not have."""
    nodes = list(walk(tree))
    references = any(isinstance(node, Reference) for node in nodes)
    # Which way is tried first decides whether there is a match only where a way, once found, is kept.
    ordered = any(isinstance(node, Atomic) or (isinstance(node, Repeat) and node.mode == "+") for node in nodes)
    return _Writer(flavour, references, ordered).text(tree)


def walk(node: Node) -> list[Node]:
    """The node and all below it."""
    found, open_ = [], [node]
    while open_:
        one = open_.pop()
        found.append(one)
        open_ += children(one)
    return found


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below a node."""
    if isinstance(node, Sequence):
        return node.items
    if isinstance(node, Choice):
        return node.branches
    return (node.item,) if isinstance(node, Repeat | Group | Atomic | Look) else ()


@dataclass(frozen=True)
class _Writer:
    flavour: Flavour
    references: bool
    ordered: bool

    def text(self, node: Node) -> str:
        if isinstance(node, Sequence):
            return "".join(
                f"(?:{self.text(item)})" if isinstance(item, Choice) else self.text(item) for item in node.items
            )
        if isinstance(node, Choice):
            return "|".join(map(self.text, node.branches))
        if isinstance(node, Class):
            return self.characters(node.chars)
        if isinstance(node, Repeat):
            return self.repeat(node)
        if isinstance(node, Group):
            return f"({'' if self.references else '?:'}{self.text(node.item)})"
        if isinstance(node, Anchor):
            return self.anchor(node)
        if isinstance(node, Reference):
            self.only("a back-reference", "postgres", "backtracking", "python")
            return f"(?:\\{node.number})"
        if isinstance(node, Look):
            self.only("look-around", "postgres", "backtracking", "python")
            return f"(?{'<' if node.behind else ''}{'!' if node.negated else '='}{self.text(node.item)})"
        self.only("an atomic group", "backtracking", "python")
        return f"(?>{self.text(node.item)})"

    def only(self, what: str, *flavours: Flavour) -> None:
        if self.flavour not in flavours:
            raise RegexError(f"{what} is something that this engine's regular expressions do not have")

    def repeat(self, node: Repeat) -> str:
        if node.mode == "+":
            self.only("a possessive repetition", "backtracking", "python")
        mode = node.mode if self.ordered else ""
        text = self.text(node.item)
        item = text if isinstance(node.item, Class | Group | Atomic | Reference) else f"(?:{text})"
        if self.flavour == "postgres" and max(node.least, node.most or 0) > _POSTGRES_MOST:
            return _in_parts(item, node.least, node.most)
        return item + _bounds(node.least, node.most) + mode

    def anchor(self, node: Anchor) -> str:
        kind, look = node.kind, self.flavour != "re2"
        end = r"\Z" if self.flavour in ("postgres", "python") else r"\z"
        if kind in ("start", "end"):
            return r"\A" if kind == "start" else end
        if kind == "last":
            found = _LAST.format(_ODD_ENDS.get(self.flavour, _UNICODE_ENDS)) + end
            return f"(?={found})" if look else found
        if kind == "line start":
            return r"(?<![^\n])" if look else "(?m:^)"
        if kind == "line end":
            return rf"(?=\r?\n|{end})" if look else r"\r?(?m:$)"
        if not look:
            return r"\b" if kind == "word" else r"\B"
        ahead, after = ("!", "=") if kind == "word" else ("=", "!")
        return f"(?:(?<={_WORD})(?{ahead}{_WORD})|(?<!{_WORD})(?{after}{_WORD}))"

    def characters(self, found: Chars) -> str:
        if found == ANY:
            return "." if self.flavour == "postgres" else "(?s:.)"
        ranges = [part for part in map(self._clamped, found) if part]
        if not ranges:
            return r"\Zx" if self.flavour in ("postgres", "python") else r"\zx"
        if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
            return self.character(ranges[0][0])
        if found[-1][1] == LAST:
            others = [part for part in map(self._clamped, complement(found)) if part]
            return f"[^{''.join(map(self._range, others))}]" if others else self.characters(ANY)
        return f"[{''.join(map(self._range, ranges))}]"

    def _clamped(self, part: tuple[int, int]) -> tuple[int, int] | None:
        """Without halves of surrogate pairs at the ends, which stand in no text; Postgres has no character 0 either."""
        low, high = part
        low = 0xE000 if 0xD800 <= low <= 0xDFFF else low
        high = 0xD7FF if 0xD800 <= high <= 0xDFFF else high
        low = max(low, 1) if self.flavour == "postgres" else low
        return (low, high) if low <= high else None

    def _range(self, part: tuple[int, int]) -> str:
        low, high = part
        if low == high:
            return self.character(low, inside=True)
        between = "" if high == low + 1 else "-"
        return f"{self.character(low, inside=True)}{between}{self.character(high, inside=True)}"

    def character(self, code: int, *, inside: bool = False) -> str:
        sign = chr(code)
        if sign in _SPECIAL and not (inside and self.flavour == "postgres"):
            return f"\\{sign}"
        if sign.isprintable() and sign not in _SPECIAL:
            return sign
        if self.flavour in ("re2", "backtracking"):
            return f"\\x{{{code:X}}}"
        return f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"


def _bounds(least: int, most: int | None) -> str:
    known = {(0, None): "*", (1, None): "+", (0, 1): "?"}
    if (least, most) in known:
        return known[least, most]
    return f"{{{least}}}" if least == most else f"{{{least},{'' if most is None else most}}}"


def _in_parts(item: str, least: int, most: int | None) -> str:
    """Postgres repeats up to 255 times; more is written one after another."""
    parts = [f"{item}{{{min(_POSTGRES_MOST, least - done)}}}" for done in range(0, least, _POSTGRES_MOST)]
    if most is None:
        parts.append(f"{item}*")
    else:
        parts += [f"{item}{{0,{min(_POSTGRES_MOST, most - done)}}}" for done in range(least, most, _POSTGRES_MOST)]
    return f"(?:{''.join(parts)})"
