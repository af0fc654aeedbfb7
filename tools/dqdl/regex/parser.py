"""Reads a regular expression of Java into a tree, with one meaning for each sign.

The meaning is that of Java's ``Pattern``, with ASCII ``\\b`` (as in Java 19 and later).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal, NoReturn

from tools.dqdl.regex.classes import ANY, LINE_ENDS, SHORTHANDS, Chars, chars, complement, folded, intersection, named
from tools.dqdl.regex.classes import union as join
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

MAX_LENGTH = 1_000
MAX_NESTING = 30
MAX_TIMES = 1_000
"""RE2 repeats no more than this; the others have no use for more."""


_SIMPLE = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "a": "\a", "e": "\x1b"}
_ANCHORS: dict[str, Anchor] = {
    "A": Anchor("start"),
    "z": Anchor("end"),
    "Z": Anchor("last"),
    "b": Anchor("word"),
    "B": Anchor("inside"),
}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_COUNT = re.compile(r"\{(\d+)(,(\d*))?\}")
_FLAGS = re.compile(r"([imsxud]*)(?:-([imsxud]+))?([:)])")


def parse(pattern: str) -> Node:
    """The tree of a pattern. Raises RegexError, which names the place."""
    if len(pattern) > MAX_LENGTH:
        raise RegexError(f"it is longer than {MAX_LENGTH:,} characters")
    return _Parser(pattern).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.at, self.depth = text, 0, 0
        self.flags: frozenset[str] = frozenset()
        self.groups = 0
        self.names: dict[str, int] = {}
        self.references: list[int] = []

    def whole(self) -> Node:
        found = self.choice()
        if self.at < len(self.text):
            self.fail("a closing parenthesis without an opening one")
        for number in self.references:
            if number > self.groups:
                self.fail(f"there is no group {number}")
        return found

    def fail(self, problem: str) -> NoReturn:
        raise RegexError(f"{problem} (at character {min(self.at, len(self.text)) + 1})")

    def peek(self, size: int = 1) -> str:
        return self.text[self.at : self.at + size]

    def take(self, expected: str) -> bool:
        if expected and self.text.startswith(expected, self.at):
            self.at += len(expected)
            return True
        return False

    def next(self) -> str:
        if self.at >= len(self.text):
            self.fail("it ends too early")
        self.at += 1
        return self.text[self.at - 1]

    def choice(self) -> Node:
        self.depth += 1
        if self.depth > MAX_NESTING:
            self.fail(f"it is nested more than {MAX_NESTING} deep")
        branches, before = [self.sequence()], self.flags
        while self.take("|"):
            branches.append(self.sequence())
        self.flags, self.depth = before, self.depth - 1
        return branches[0] if len(branches) == 1 else Choice(tuple(branches))

    def sequence(self) -> Node:
        items: list[Node] = []
        while self.at < len(self.text) and self.peek() not in "|)":
            if "x" in self.flags and self._comment():
                continue
            item = self.atom()
            if item is not None:
                items.append(self.repeated(item))
        return items[0] if len(items) == 1 else Sequence(tuple(items))

    def _comment(self) -> bool:
        if self.peek() in " \t\n\x0b\f\r":
            self.at += 1
            return True
        if self.take("#"):
            end = self.text.find("\n", self.at)
            self.at = len(self.text) if end < 0 else end + 1
            return True
        return False

    def atom(self) -> Node | None:
        start = self.next()
        if start == "(":
            return self.group()
        if start == "[":
            return Class(self.bracket())
        if start == "\\":
            return self.escape()
        if start == ".":
            return Class(ANY if "s" in self.flags else complement(self._line_ends()))
        if start == "^":
            return Anchor("line start" if "m" in self.flags else "start")
        if start == "$":
            return Anchor("line end" if "m" in self.flags else "last")
        if start in "*+?":
            self.at -= 1
            self.fail(f"nothing stands before {start}")
        if start == "{":
            self.at -= 1
            self.fail("{ without a count of repetitions; write \\{ for the sign")
        return self.literal(start)

    def literal(self, character: str) -> Class:
        return Class(self._cased(chars(character)))

    def _cased(self, found: Chars) -> Chars:
        return folded(found, unicode="u" in self.flags) if "i" in self.flags else found

    def _line_ends(self) -> Chars:
        return chars("\n") if "d" in self.flags else LINE_ENDS

    def repeated(self, item: Node) -> Node:
        bounds = self._bounds()
        if bounds is None:
            return item
        if isinstance(item, Anchor | Look):
            self.fail("an anchor or a look cannot be repeated")
        mode: Literal["", "?", "+"] = "?" if self.take("?") else "+" if self.take("+") else ""
        if self._bounds() is not None:
            self.fail("two repetitions in a row")
        return Repeat(item, bounds[0], bounds[1], mode)

    def _bounds(self) -> tuple[int, int | None] | None:
        for sign, least, most in (("*", 0, None), ("+", 1, None), ("?", 0, 1)):
            if self.take(sign):
                return least, most
        if self.peek() != "{":
            return None
        count = _COUNT.match(self.text, self.at)
        if not count:
            self.fail("{ without a count of repetitions; write \\{ for the sign")
        least = int(count[1][:6])
        top = least if count[2] is None else int(count[3][:6]) if count[3] else None
        if max(least, top or 0) > MAX_TIMES:
            self.fail(f"more than {MAX_TIMES:,} repetitions")
        if top is not None and top < least:
            self.fail("the repetitions end before they begin")
        self.at = count.end()
        return least, top

    def group(self) -> Node | None:
        before = self.flags
        if not self.take("?"):
            self.groups += 1
            return self._closed(self.groups, before)
        for sign, behind, negated in (("=", False, False), ("!", False, True), ("<=", True, False), ("<!", True, True)):
            if self.take(sign):
                return Look(self._inside(before), behind, negated)
        if self.take(">"):
            return Atomic(self._inside(before))
        if self.take("<"):
            name = self._name(">")
            if name in self.names:
                self.fail(f"two groups are named {name}")
            self.groups += 1
            self.names[name] = self.groups
            return self._closed(self.groups, before)
        flags = _FLAGS.match(self.text, self.at)
        if not flags:
            self.fail("this kind of group is not known")
        self.at = flags.end()
        self.flags = (self.flags | set(flags[1])) - set(flags[2] or "")
        return self._inside(before) if flags[3] == ":" else None

    def _closed(self, number: int, before: frozenset[str]) -> Node:
        return Group(self._inside(before), number)

    def _inside(self, before: frozenset[str]) -> Node:
        found = self.choice()
        if not self.take(")"):
            self.fail("a group is not closed")
        self.flags = before
        return found

    def _name(self, end: str) -> str:
        found = _NAME.match(self.text, self.at)
        if not found or self.text[found.end() : found.end() + 1] != end:
            self.fail("a group's name has letters and digits only")
        self.at = found.end() + 1
        return found[0]

    def escape(self) -> Node | None:
        sign = self.next()
        if sign in _ANCHORS:
            return _ANCHORS[sign]
        if sign == "Q":
            return self._quoted()
        if sign == "R":
            return Choice((Sequence((self.literal("\r"), self.literal("\n"))), Class(SHORTHANDS["v"])))
        if sign == "k":
            if not self.take("<"):
                self.fail("\\k names a group like \\k<name>")
            name = self._name(">")
            if name not in self.names:
                self.fail(f"there is no group {name}")
            return Reference(self.names[name])
        if sign in "123456789":
            return self._reference(sign)
        if sign in "GX":
            self.fail(f"\\{sign} is not supported")
        self.at -= 1
        return Class(self._cased(self._escaped()))

    def _quoted(self) -> Node | None:
        end = self.text.find("\\E", self.at)
        words = self.text[self.at :] if end < 0 else self.text[self.at : end]
        self.at = len(self.text) if end < 0 else end + 2
        items = tuple(self.literal(character) for character in words)
        if not items:
            return None
        # A repetition after \E is about the last character alone.
        bounds = self._bounds_of_last(items)
        return bounds if len(items) > 1 else items[0]

    def _bounds_of_last(self, items: tuple[Node, ...]) -> Node:
        return Sequence((*items[:-1], self.repeated(items[-1])))

    def _reference(self, digit: str) -> Node:
        number = int(digit)
        while self.peek().isdigit() and self.peek().isascii() and number * 10 + int(self.peek()) <= self.groups:
            number = number * 10 + int(self.next())
        self.references.append(number)
        return Reference(number)

    def _escaped(self) -> Chars:
        """After a backslash, in a class or out of it."""
        sign = self.next()
        if sign.lower() in SHORTHANDS:
            found = SHORTHANDS[sign.lower()]
            return found if sign.islower() else complement(found)
        if sign in "pP":
            return self._property(negated=sign == "P")
        if sign in _SIMPLE:
            return chars(_SIMPLE[sign])
        if sign in "xu0cN":
            return chars(self._code(sign))
        if sign.isascii() and sign.isalnum():
            self.fail(f"\\{sign} has no meaning")
        return chars(sign)

    def _property(self, *, negated: bool) -> Chars:
        name = self.next()
        if name == "{":
            end = self.text.find("}", self.at)
            if end < 0:
                self.fail("\\p{ is not closed")
            name, self.at = self.text[self.at : end], end + 1
        if name.startswith("^"):
            self.fail("\\p{^ is not known")
        found = named(name)
        if found is None:
            self.fail(f"\\p{{{name}}} is not known")
        return complement(found) if negated else found

    def _code(self, sign: str) -> str:
        forms = {
            "x": r"\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{2})",
            "u": r"([0-9A-Fa-f]{4})",
            "0": r"([0-3][0-7]{2}|[0-7]{1,2})",
            "c": r"([@-_])",
            "N": r"\{([A-Z0-9 -]+)\}",
        }
        found = re.compile(forms[sign]).match(self.text, self.at)
        if not found:
            self.fail(f"\\{sign} needs a code after it")
        self.at = found.end()
        code = next(part for part in found.groups() if part)
        try:
            if sign == "N":
                return unicodedata.lookup(code)
            value = ord(code) ^ 64 if sign == "c" else int(code, 8 if sign == "0" else 16)
            if 0xD800 <= value <= 0xDFFF:
                self.fail("half of a surrogate pair is no character")
            return chr(value)
        except (KeyError, ValueError) as error:
            if isinstance(error, RegexError):
                raise
            self.fail(f"there is no character {code}")

    def bracket(self) -> Chars:
        """A class, after its opening bracket: members, ranges, classes inside, and intersections with ``&&``."""
        self.depth += 1
        if self.depth > MAX_NESTING:
            self.fail(f"it is nested more than {MAX_NESTING} deep")
        negated = self.take("^")
        found, empty = self._members()
        while self.take("&&"):
            others, none = self._members()
            found, empty = (others, none) if empty else (found, empty) if none else (intersection(found, others), False)
        if not self.take("]"):
            self.fail("a class is not closed")
        self.depth -= 1
        if "i" in self.flags:
            found = self._cased(found)
        return complement(found) if negated else found

    def _members(self) -> tuple[Chars, bool]:
        found: list[Chars] = []
        while self.at < len(self.text) and (self.peek() != "]" or not found) and self.peek(2) != "&&":
            if "x" in self.flags and self._comment():
                continue
            found.append(self._member())
        return join(*found), not found

    def _member(self) -> Chars:
        if self.take("["):
            return self.bracket()
        first = self._one()
        single = len(first) == 1 and first[0][0] == first[0][1]
        if not (single and self.peek() == "-" and self.peek(2)[1:] not in ("]", "[", "")):
            return first
        self.at += 1
        last = self._one()
        if not (len(last) == 1 and last[0][0] == last[0][1]):
            self.fail("a range ends with a single character")
        if last[0][0] < first[0][0]:
            self.fail("a range ends before it begins")
        return ((first[0][0], last[0][0]),)

    def _one(self) -> Chars:
        if self.take("\\"):
            if self.take("Q"):
                self.fail("\\Q in a class is not supported")
            return self._escaped()
        return chars(self.next())
