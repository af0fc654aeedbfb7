"""Sets of characters, as a regular expression names them: sorted ranges of code points without overlap."""

from __future__ import annotations

import sys
import unicodedata
from functools import cache, lru_cache

Chars = tuple[tuple[int, int], ...]
"""Ranges with both ends, in order, apart from each other."""

LAST = sys.maxunicode


def chars(*parts: str | tuple[str, str] | tuple[int, int]) -> Chars:
    """A set from single characters, words of characters and ranges."""
    ranges: list[tuple[int, int]] = []
    for part in parts:
        if isinstance(part, str):
            ranges += [(ord(c), ord(c)) for c in part]
        else:
            low, high = (ord(end) if isinstance(end, str) else end for end in part)
            ranges.append((low, high))
    return _tidy(ranges)


def union(*sets: Chars) -> Chars:
    """Characters of any of the sets."""
    return _tidy([part for one in sets for part in one])


def complement(one: Chars) -> Chars:
    """All other characters."""
    found, start = [], 0
    for low, high in one:
        if low > start:
            found.append((start, low - 1))
        start = high + 1
    if start <= LAST:
        found.append((start, LAST))
    return tuple(found)


def intersection(one: Chars, other: Chars) -> Chars:
    """Characters of both sets."""
    return complement(union(complement(one), complement(other)))


def folded(one: Chars, *, unicode: bool) -> Chars:
    """The set with both cases of its letters: ASCII letters, or all that have one other case."""
    found = list(one)
    for low, high in one:
        for first, last, shift in (("a", "z", -32), ("A", "Z", 32)):
            start, end = max(low, ord(first)), min(high, ord(last))
            if start <= end:
                found.append((start + shift, end + shift))
        if unicode and high > 127 and high - low < MAX_FOLDED:
            found += [
                (ord(c), ord(c)) for code in range(max(low, 128), high + 1) for c in _cases(chr(code)) if len(c) == 1
            ]
    return _tidy(found)


MAX_FOLDED = 2000
"""A larger range holds both cases of its letters, or is not about letters."""


def _cases(letter: str) -> tuple[str, str]:
    return letter.lower(), letter.upper()


def _tidy(ranges: list[tuple[int, int]]) -> Chars:
    found: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return tuple(found)


DIGITS = chars(("0", "9"))
UPPER, LOWER = chars(("A", "Z")), chars(("a", "z"))
ALPHA = union(UPPER, LOWER)
WORD = union(ALPHA, DIGITS, chars("_"))
SPACE = chars(" \t\n\x0b\f\r")
LINE_ENDS = chars("\n\r\x85\u2028\u2029")
ANY = ((0, LAST),)
SHORTHANDS = {
    "d": DIGITS,
    "w": WORD,
    "s": SPACE,
    "h": chars(" \t\xa0\u1680\u180e\u202f\u205f\u3000", ("\u2000", "\u200a")),
    "v": chars("\n\x0b\f\r\x85\u2028\u2029"),
}
_POSIX = {
    "Lower": LOWER,
    "Upper": UPPER,
    "ASCII": ((0, 127),),
    "Alpha": ALPHA,
    "Digit": DIGITS,
    "Alnum": union(ALPHA, DIGITS),
    "Punct": chars(("!", "/"), (":", "@"), ("[", "`"), ("{", "~")),
    "Graph": ((33, 126),),
    "Print": ((32, 126),),
    "Blank": chars(" \t"),
    "Cntrl": ((0, 31), (127, 127)),
    "XDigit": chars(("0", "9"), ("a", "f"), ("A", "F")),
    "Space": SPACE,
}
_GROUPS = {
    "Alphabetic": ("L", "Nl"),
    "Letter": ("L",),
    "Uppercase": ("Lu",),
    "Lowercase": ("Ll",),
    "Digit": ("Nd",),
    "Punctuation": ("P",),
    "White_Space": ("Z",),
    "javaLowerCase": ("Ll",),
    "javaUpperCase": ("Lu",),
    "javaLetter": ("L",),
    "javaDigit": ("Nd",),
    "javaLetterOrDigit": ("L", "Nd"),
}
_BLOCKS = {
    "BasicLatin": ((0, 0x7F),),
    "Latin-1Supplement": ((0x80, 0xFF),),
    "Greek": ((0x370, 0x3FF),),
    "Cyrillic": ((0x400, 0x4FF),),
    "Hebrew": ((0x590, 0x5FF),),
    "Arabic": ((0x600, 0x6FF),),
    "Hiragana": ((0x3040, 0x309F),),
    "Katakana": ((0x30A0, 0x30FF),),
    "HangulSyllables": ((0xAC00, 0xD7AF),),
}
_SCRIPTS = {
    **{name: f"{name.upper()} " for name in ("Latin", "Greek", "Cyrillic", "Hebrew", "Arabic", "Armenian", "Thai")},
    **{name: f"{name.upper()} " for name in ("Devanagari", "Hiragana", "Katakana", "Hangul", "Georgian")},
    "Han": "CJK UNIFIED",
}


@lru_cache(maxsize=64)
def named(name: str) -> Chars | None:
    """The set that ``\\p{name}`` stands for in Java, None for a name that is not known here."""
    if name in _POSIX:
        return _POSIX[name]
    bare = name[2:] if name.startswith("Is") else name
    groups = _GROUPS.get(bare) if name.startswith(("Is", "java")) else None
    if name.startswith("In"):
        return _BLOCKS.get(name[2:])
    if name.startswith("Is") and bare in _SCRIPTS:
        return _script(bare)
    if groups is None and bare in {key[:size] for key in _categories() for size in (1, 2)}:
        groups = (bare,)
    if groups is None:
        return None
    return union(*(found for key, found in _categories().items() if key.startswith(groups)))


@cache
def _categories() -> dict[str, Chars]:
    """Every general category of Unicode; surrogates stand in no text."""
    found: dict[str, list[tuple[int, int]]] = {}
    for code in range(LAST + 1):
        found.setdefault(unicodedata.category(chr(code)), []).append((code, code))
    return {key: _tidy(ranges) for key, ranges in found.items() if key != "Cs"}


def _script(name: str) -> Chars:
    """By the names of the letters, which begin with their script."""
    letters = union(*(found for key, found in _categories().items() if key.startswith("L")))
    return _tidy(
        [
            (code, code)
            for low, high in letters
            for code in range(low, high + 1)
            if unicodedata.name(chr(code), "").startswith(_SCRIPTS[name])
        ]
    )
