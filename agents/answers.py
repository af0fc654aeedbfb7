"""What a model answered, in the form in which the audit log keeps it for ever: short, and without personal data."""

from __future__ import annotations

import json
from typing import Any

from langchain_core.messages import AIMessage

from agents.prompts import prompt
from memory.audit import digest
from tools.privacy import masked

LONGEST_TEXT = 2_000
LONGEST_ARGUMENTS = 300
"""Characters. What is longer is cut; the hash of a call's arguments is of the whole."""


def answered(agent: str, message: AIMessage) -> dict[str, Any]:
    """The data of an ``answered`` event: the prompt, the text, each called tool and the hash of its arguments."""
    calls = [
        {
            "name": call["name"],
            "arguments": _cut(masked(json.dumps(call["args"], ensure_ascii=False, default=str)), LONGEST_ARGUMENTS),
            "hash": digest(call["args"]),
        }
        for call in message.tool_calls
    ]
    return {
        "agent": agent,
        "prompt": prompt(agent).stamp,
        "text": _cut(masked(str(message.text)), LONGEST_TEXT),
        "tools": calls,
    }


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
