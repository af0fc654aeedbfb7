"""What to say of a text that the grammar refuses: where, what could stand there, and what was probably meant."""

from __future__ import annotations

import re

from tools.dqdl.language.errors import DqdlError, excerpt, place
from tools.dqdl.language.signatures import SIGNATURES
from tools.dqdl.language.words import RESERVED, did_you_mean, nearest

SLIPS = {
    "'": "Texts stand in double quotes.",
    "“": 'Quotes are straight: ".',
    "”": 'Quotes are straight: ".',
    "<>": 'Write "!=".',
    "≠": 'Write "!=".',
    "≥": 'Write ">=".',
    "≤": 'Write "<=".',
    "==": 'Write "=".',
    "=>": 'Write ">=".',
    "=<": 'Write "<=".',
    "&&": 'Write "and".',
    "||": 'Write "or".',
    "%": "Write a share as a number from 0 to 1.",
    ";": "Rules are separated by commas.",
    "\r": "Lines end with a line feed, or a carriage return and a line feed.",
    "AND": 'Put each rule in parentheses, or write "and".',
}
UNITS = [word for word, terminal in RESERVED.items() if terminal in ("TIME_UNIT", "SIZE_UNIT")]
WITH_UNIT = re.compile(r"(\d+)([A-Za-z]+)")


def explained(text: str, at: int, expected: tuple[str, ...]) -> DqdlError:
    """The error of a text that cannot go on at a position."""
    line, column = place(text, at)
    word = _word_at(text, at)
    hint = _slip(text, at, expected) or _near(text, at, expected)
    message = f"{_shown(word)} cannot stand here."
    if expected and len(expected) <= 12 and not hint:
        message = f"{_shown(word)} cannot stand here; expected {_either(expected)}."
    shown = excerpt(text, line, column)
    return DqdlError(message, line=line, column=column, expected=expected, hint=hint, excerpt=shown)


def _word_at(text: str, at: int) -> str:
    end = at + 1
    while end < len(text) and end - at < 40 and text[at].isalnum() and (text[end].isalnum() or text[end] in "_."):
        end += 1
    return text[at:end]


def _shown(word: str) -> str:
    if not word:
        return "the end of the text"
    if not word.isprintable():
        return f"the character U+{ord(word[0]):04X}"
    return "a quote" if word == '"' else f'"{word}"'


def _either(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _slip(text: str, at: int, expected: tuple[str, ...]) -> str:
    """Advice that the characters at the place give."""
    for slip, advice in SLIPS.items():
        if text.startswith(slip, at) or text.startswith(slip, max(0, at - 1)):
            return advice
    if text[at : at + 1] == '"' and '"' not in text[at + 1 :]:
        return "The text that starts here has no closing quote."
    if text[at : at + 1] == '"' and text[at + 1 : at + 2].isdigit() and "a text in double quotes" in expected:
        return "A text shaped like a date or a time is a date here, never a name or a word."
    if text[at : at + 1] == '"' and '","' in expected:
        return "A comma is missing before it."
    if text[at : at + 1] == "," and "a number" in expected:
        return "A value is missing before it."
    if text[at : at + 1] == ",":
        return "Commas stand between rules and between the items of a list, not between parameters."
    return ""


def _near(text: str, at: int, expected: tuple[str, ...]) -> str:
    """Advice that the word at the place gives, or the two words before it."""
    word, before = _word_at(text, at), re.findall(r"[\w.]+", text[max(0, at - 80) : at])[-2:]
    if word in SIGNATURES and '","' in expected:
        return "A comma is missing before it."
    if expected == ('"="',) and before and before[-1] in SIGNATURES:
        return "A document is Rules = [ … ]."
    for other in (word, *reversed(before)):
        joined = WITH_UNIT.fullmatch(other)
        unit = nearest(joined[2], UNITS) if joined else None
        if joined and unit:
            return f"Write {joined[1]} {unit}."
        if did_you_mean(other) and other not in SIGNATURES:
            return did_you_mean(other)
    if before and (before[-1][0].isdigit() or before[-1][0] == ".") and not before[-1].isdigit():
        return "A number is written like 0.5 or 12."
    return f'A text stands in double quotes: "{before[-1]}".' if expected == ('"("',) and before else ""
