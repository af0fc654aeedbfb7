"""Text to syntax tree."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.dqdl.language.errors import DqdlError, excerpt, place
from tools.dqdl.language.hints import explained
from tools.dqdl.language.model import Ruleset, TopRule
from tools.dqdl.language.words import RESERVED, human

if TYPE_CHECKING:
    from lark import Lark, Token
    from lark.exceptions import UnexpectedInput

MAX_NESTING = 160
"""Brackets inside each other in a text: more than twice what the deepest tree needs when it is printed."""


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
    raise explained(text, at, human(accepts))


@cache
def _lark() -> Lark:
    from lark import Lark

    from tools.dqdl.language.build import builder

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


def _accepts(prefix: str, start: str) -> set[str]:
    parser = _lark().parse_interactive(prefix, start=start)
    parser.exhaust_lexer()
    return {str(terminal) for terminal in parser.accepts()}  # type: ignore[no-untyped-call]


def _position(error: UnexpectedInput, text: str) -> int:
    ended = getattr(getattr(error, "token", None), "type", "") == "$END"
    at: Any = error.pos_in_stream
    return len(text) if ended else int(at)
