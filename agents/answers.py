"""What a model answered, in the form in which the audit log keeps it for ever: short, and without personal data."""

from __future__ import annotations

import json
import re
from typing import Any

from langchain_core.messages import AIMessage

from memory.audit import digest

LONGEST_TEXT = 2_000
LONGEST_ARGUMENTS = 300
"""Characters. What is longer is cut; the hash of a call's arguments is of the whole."""
_PERSONAL = (
    ("e-mail", re.compile(r"[^\s@\"'<>,;:()\[\]{}]+@[^\s@\"'<>,;:()\[\]{}]+\.\w{2,}")),
    ("IBAN", re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")),
    ("address", re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")),
    # Payment cards, phone and national numbers: nine digits and more, however they are set apart.
    ("number", re.compile(r"(?<![\w.])\+?\d(?:[ ()/-]{0,2}\d){8,}(?![\w.]\d)")),
)


def answered(agent: str, message: AIMessage) -> dict[str, Any]:
    """The data of an ``answered`` event: the text, and each tool that was called with the hash of its arguments."""
    calls = [
        {
            "name": call["name"],
            "arguments": _cut(masked(json.dumps(call["args"], ensure_ascii=False, default=str)), LONGEST_ARGUMENTS),
            "hash": digest(call["args"]),
        }
        for call in message.tool_calls
    ]
    return {"agent": agent, "text": _cut(masked(str(message.text)), LONGEST_TEXT), "tools": calls}


def masked(text: str) -> str:
    """The text with marks in place of what looks like somebody's address or number."""
    for kind, pattern in _PERSONAL:
        text = pattern.sub(f"<{kind}>", text)
    return text


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
