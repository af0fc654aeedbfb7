"""Characters that nobody sees, or that are none.

What is not seen moves a cursor, turns the direction of reading, or carries a text in secret.
"""

from __future__ import annotations

import unicodedata

_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters, marks and signs by category, and blank."""


def invisible(character: str) -> bool:
    """Whether the character is not seen; line ends and tabs are among them, blanks are not.

    Variation selectors are: 256 of them are enough for a hidden text behind any sign.
    """
    if character.isascii():
        return not character.isprintable()
    code = ord(character)
    return (
        unicodedata.category(character) in _CATEGORIES
        or character in _FILLERS
        or 0xFE00 <= code <= 0xFE0F
        or 0xE0100 <= code <= 0xE01EF
    )


def visible(text: str, keep: str = "\n\t") -> str:
    """The text without what is not seen."""
    return "".join(sign for sign in text if sign in keep or not invisible(sign))


def is_unicode(text: str) -> bool:
    """Whether a text can be written down: it has no halves of surrogate pairs, as names of files may."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
