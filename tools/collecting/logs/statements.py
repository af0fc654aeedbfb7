"""Which statements of a log matter, which were there before, and what a session had made for itself."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from hashlib import blake2b

from tools.collecting.logs.entries import Entry

FINGERPRINTS = 200_000
SESSIONS = 2_000
STATEMENTS_OF_SESSION = 50
CHARACTERS_OF_SESSION = 200_000
"""Bounds of what is remembered; what falls out of it is read again, or as if it were no temporary table."""

_FIRST = re.compile(r"(?:\s|\(|--[^\n]*\n|/\*.*?\*/)*([A-Za-z]+)", re.DOTALL)
_MADE = re.compile(r"\b(?:table|view)\b.*\b(?:as|like|clone|select)\b", re.IGNORECASE | re.DOTALL)
_WRITES = re.compile(r"\b(?:insert|update|delete|merge|into)\b", re.IGNORECASE)
_ALWAYS = frozenset({"insert", "update", "delete", "merge", "replace", "from", "unload"})
_IGNORED = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_VALUES = re.compile(r"'(?:[^'\\]|\\.|'')*'|\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b|\$\d+|\?")
_LISTS = re.compile(r"\(\s*\?(?:\s*,\s*\?)*\s*\)(?:\s*,\s*\(\s*\?(?:\s*,\s*\?)*\s*\))*")
_BLANKS = re.compile(r"\s+")
_TEMPORARY = re.compile(
    r"\bcreate\s+(?:or\s+replace\s+)?(?:(?:local|global)\s+)?temp(?:orary)?\s+(?:table|view)\s+(?:if\s+not\s+exists\s+)?"
    r"([\w\"`\[\].]+)|\b(?:create\s+table|into)\s+(#\w+)",
    re.IGNORECASE,
)
_TARGET = re.compile(
    r"\b(?:insert\s+(?:overwrite\s+)?(?:into\s+)?(?:table\s+)?|update\s+|merge\s+into\s+|merge\s+|delete\s+from\s+)([\w\"`\[\].#]+)",
    re.IGNORECASE,
)
_WORD = re.compile(r"#?\w+")


def writes(sql: str) -> bool:
    """Whether a statement may write a table from others. Looked at by its words, since most in a log do not."""
    found = _FIRST.match(sql)
    word = found[1].lower() if found else ""
    if word in _ALWAYS:
        return True
    if word == "create":
        return _MADE.search(sql) is not None
    return word in ("with", "select") and _WRITES.search(sql) is not None


def fingerprint(*parts: str) -> bytes:
    """What is the same for statements that differ in values, blanks, comments and case."""
    text = "\0".join(_BLANKS.sub(" ", _LISTS.sub("(?)", _VALUES.sub("?", _IGNORED.sub(" ", part)))) for part in parts)
    return blake2b(text.strip(" ;").lower().encode("utf-8", "replace"), digest_size=8).digest()


def without_values(sql: str) -> str:
    """A statement with marks for its values, which are data."""
    return _VALUES.sub("?", sql)


def successful(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The entries without those of which the same session says at once that they failed."""
    waiting: OrderedDict[str, Entry] = OrderedDict()
    for entry in entries:
        before = waiting.pop(entry.session, None)
        if before is not None and not (entry.failed and _same(before.sql, entry.sql)):
            yield before
        if not entry.failed:
            waiting[entry.session] = entry
            if len(waiting) > SESSIONS:
                yield waiting.popitem(last=False)[1]
    yield from waiting.values()


def _same(one: str, other: str) -> bool:
    return one.split() == other.split()


class Seen:
    """Fingerprints of late, as many as there is room for."""

    def __init__(self, room: int = FINGERPRINTS) -> None:
        self._room = room
        self._known: OrderedDict[bytes, None] = OrderedDict()

    def before(self, mark: bytes) -> bool:
        """Whether it was there before; from now on it was."""
        if mark in self._known:
            self._known.move_to_end(mark)
            return True
        self._known[mark] = None
        if len(self._known) > self._room:
            self._known.popitem(last=False)
        return False


class Sessions:
    """The statements with which sessions made tables that only they see."""

    def __init__(self) -> None:
        self._made: OrderedDict[str, dict[str, list[str]]] = OrderedDict()

    def before(self, entry: Entry) -> list[str]:
        """What the session did to the temporary tables that a statement names, in order.

        A statement that makes or fills one is remembered. It still has to be read: it may be wrong about it.
        """
        made = self._made.get(entry.session, {})
        named = made.keys() & set(_WORD.findall(entry.sql.lower())) if made else set()
        needed = list(dict.fromkeys(sql for name in made for sql in made[name])) if named else []
        if (name := self._temporary(entry, made)) is not None:
            self._remember(entry, name)
        return needed

    def _temporary(self, entry: Entry, made: dict[str, list[str]]) -> str | None:
        """The temporary table that a statement makes or writes."""
        found = _TEMPORARY.search(entry.sql)
        if found:
            return _last(found[1] or found[2])
        target = _TARGET.search(entry.sql) if made else None
        name = _last(target[1]) if target else None
        return name if name in made else None

    def _remember(self, entry: Entry, name: str) -> None:
        made = self._made.setdefault(entry.session, {})
        self._made.move_to_end(entry.session)
        if len(self._made) > SESSIONS:
            self._made.popitem(last=False)
        kept = [sql for statements in made.values() for sql in statements]
        room = CHARACTERS_OF_SESSION - sum(map(len, kept))
        if len(kept) < STATEMENTS_OF_SESSION and len(entry.sql) <= room:
            made.setdefault(name, []).append(entry.sql)


def _last(name: str) -> str:
    return name.rpartition(".")[2].strip('"`[]').lower()
