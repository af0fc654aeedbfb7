"""Untrusted text for places that Streamlit reads as Markdown: data values, names, and what a model said.

A link in it could lead a steward astray and an image would carry data out by its address. Neither may come to be.
"""

from __future__ import annotations

import re

from tools.characters import visible

JOINER = "\u2060"
"""A word joiner: it is not seen, and parts what would otherwise be read as syntax."""

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_ADDRESS = re.compile(r"(?i)(@|:(?=[a-z/\\])|www(?=\.|\\\.))")
_SYNTAX = re.compile(r"(<|\](?=[(\[:])|&(?=[#a-zA-Z])|\\)")
_HEADING = re.compile(r"(?m)^ {0,3}#{1,6}\s+(.*?)\s*#*$")


def inline(text: object, most: int = 200) -> str:
    """The text as it is, in one line of at most ``most`` characters, for a label or a sentence of ours."""
    shown = " ".join(visible(str(text)).split())
    shown = shown if len(shown) <= most else shown[: most - 1] + "…"
    return _ADDRESS.sub(rf"\1{JOINER}", _PUNCTUATION.sub(r"\\\1", shown))


def prose(text: str) -> str:
    """What a model said, with its lists, tables and emphasis, and without links, images, HTML, colours or formulas."""
    shown = _HEADING.sub(r"**\1**", visible(text))
    shown = _ADDRESS.sub(rf"\1{JOINER}", _SYNTAX.sub(rf"\1{JOINER}", shown))
    # Dollars would open a formula; an entity is text to the parser.
    return shown.replace("$", "&#36;")
