"""Text to syntax tree."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.dqdl.errors import DqdlError, excerpt
from tools.dqdl.model import Ruleset, TopRule
from tools.dqdl.signatures import SIGNATURES
from tools.dqdl.words import RESERVED, human, nearest

if TYPE_CHECKING:
    from lark import Lark, Token
    from lark.exceptions import UnexpectedInput

MAX_NESTING = 160
"""Brackets inside each other in a text: more than twice what the deepest tree needs when it is printed."""

SLIPS = {
    "'": "Texts stand in double quotes.",
    "<>": 'Write "!=".',
    "==": 'Write "=".',
    "=>": 'Write ">=".',
    "=<": 'Write "<=".',
    "%": "Write a share as a number from 0 to 1.",
    "\r": "Lines end with a line feed, or a carriage return and a line feed.",
    "AND": 'Put each rule in parentheses, or write "and".',
}


def parse(text: str) -> Ruleset:
    """A whole document: header, ``Rules = [...]`` and ``Analyzers = [...]``. Raises DqdlError."""
    ruleset = draft(text)
    if not ruleset.rules and not ruleset.analyzers:
        line, column = place(text, text.rindex("]"))
        message = "There are no rules and no analyzers."
        shown = excerpt(text, line, column)
        raise DqdlError(message, line=line, column=column, expected=("a rule",), excerpt=shown)
    return ruleset


def draft(text: str) -> Ruleset:
    """A document that may have no rules yet. Raises DqdlError."""
    ruleset: Ruleset = _parse(text, "document")
    return ruleset


def parse_rule(text: str) -> TopRule:
    """One rule, or one composite, without ``Rules = [...]`` around it. Raises DqdlError."""
    rule: TopRule = _parse(text, "single")
    return rule


def place(text: str, at: int) -> tuple[int, int]:
    """Line and column, from 1, of a position in a text."""
    return text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1


def _parse(text: str, start: str) -> Any:
    try:
        return _read(text, start)
    except DqdlError as error:
        error.excerpt = error.excerpt or excerpt(text, error.line, error.column)
        raise


def _read(text: str, start: str) -> Any:
    from lark.exceptions import UnexpectedInput, UnexpectedToken

    try:
        return _lark().parse(text, start=start)
    except UnexpectedInput as error:
        wrong = error
    at = _position(wrong, text)
    try:
        accepts = wrong.accepts if isinstance(wrong, UnexpectedToken) else _accepts(text[:at], start)
    except UnexpectedToken as earlier:  # an "and", held back to see what follows it
        at = _position(earlier, text)
        accepts = _accepts(text[:at], start)
    raise _explained(text, at, human(accepts))


@cache
def _lark() -> Lark:
    from lark import Lark

    from tools.dqdl.build import builder

    return Lark(
        Path(__file__).with_name("dqdl.lark").read_text(),
        parser="lalr",
        lexer="basic",
        start=["document", "single"],
        postlex=_Words(),
        transformer=builder(),
        maybe_placeholders=False,
    )


_DEEPER = {"LPAR": 1, "RPAR": -1}


class _Words:
    """Tells reserved words from names, and an ``and`` that opens a group from one that joins parameters."""

    always_accept = ()

    def process(self, tokens: Iterator[Token]) -> Iterator[Token]:
        depth = 0
        held: Token | None = None
        for token in tokens:
            if token.type == "IDENT":
                token.type = RESERVED.get(token.value, "IDENT")
            depth += _DEEPER.get(token.type, 0)
            if depth > MAX_NESTING:
                raise _too_deep(token)
            if held:
                held.type = "AND_OPEN" if token.type == "LPAR" else "AND"
                yield held
            held = token if token.type == "AND" else None
            if not held:
                yield token
        if held:
            yield held


def _too_deep(token: Token) -> DqdlError:
    line, column = token.line or 1, token.column or 1
    return DqdlError(f"More than {MAX_NESTING} parentheses inside each other.", line=line, column=column)


def _explained(text: str, at: int, expected: tuple[str, ...]) -> DqdlError:
    line, column = place(text, at)
    found = "the end of the text" if at >= len(text) else _shown(_word_at(text, at))
    message = f"{found} cannot stand here."
    if expected and len(expected) <= 12:
        message = f"{found} cannot stand here; expected {_either(expected)}."
    hint = _hint(text, at, expected)
    return DqdlError(
        message, line=line, column=column, expected=expected, hint=hint, excerpt=excerpt(text, line, column)
    )


def _accepts(prefix: str, start: str) -> set[str]:
    parser = _lark().parse_interactive(prefix, start=start)
    parser.exhaust_lexer()
    return {str(terminal) for terminal in parser.accepts()}  # type: ignore[no-untyped-call]


def _position(error: UnexpectedInput, text: str) -> int:
    ended = getattr(getattr(error, "token", None), "type", "") == "$END"
    at: Any = error.pos_in_stream
    return len(text) if ended else int(at)


def _word_at(text: str, at: int) -> str:
    end = at + 1
    while end < len(text) and end - at < 40 and text[at].isalnum() and (text[end].isalnum() or text[end] in "_."):
        end += 1
    return text[at:end]


def _shown(word: str) -> str:
    return f'"{word}"' if word.isprintable() else f"the character U+{ord(word[0]):04X}"


def _either(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _hint(text: str, at: int, expected: tuple[str, ...]) -> str:
    for slip, advice in SLIPS.items():
        if text.startswith(slip, at) or text.startswith(slip, max(0, at - 1)):
            return advice
    if text[at : at + 1] == '"' and '"' not in text[at + 1 :]:
        return "The text that starts here has no closing quote."
    if text[at : at + 1] == '"' and text[at + 1 : at + 2].isdigit():
        return "A text shaped like a date or a time is a date here, never a name or a word."
    keywords = [word for word in RESERVED if not word.isupper()]
    before = text[:at].replace("[", " ").replace("=", " ").split()[-2:]
    if before and (before[-1][0].isdigit() or before[-1][0] == ".") and not before[-1].isdigit():
        return "A number is written like 0.5 or 12."
    for word in [_word_at(text, at), *reversed(before)]:
        guess = nearest(word, keywords) if word.isalpha() and word not in RESERVED and word not in SIGNATURES else None
        if guess:
            return f"Did you mean {guess}?"
    return ""
