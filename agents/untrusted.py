"""What of a tool's answer or a task a model may read: the last look before any prompt, whichever tool wrote it.

Names and values of data are whatever somebody put there. Here they lose what nobody sees (control characters, changes
of direction, tags), what looks personal (:mod:`tools.privacy`), sentences in the place of values, and great lengths.
It is a second line: that no text can do harm is held by what the tools and the graph permit.
"""

from __future__ import annotations

import json
import re
from typing import Any

from langchain_core.messages import ToolMessage

from tools.characters import visible
from tools.privacy import masked, personal_text, request_masked

LONGEST, LONGEST_ITEM, LONGEST_WORD = 20_000, 2_000, 200
"""Characters of a text, of a text in a list, and of one without a blank in it."""
MOST_WORDS, LONGEST_VALUE = 3, 40
"""A value of a list in a rule is told if it is no longer, and looks like a code: a sentence could be an instruction."""

_LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)(?:"|$)', re.DOTALL)
_LIST = re.compile(r'\[(?:[^\]"]|"(?:[^"\\]|\\.)*(?:"|$))*(?:\]|$)', re.DOTALL)
_CODE = re.compile(r"[\w .,&/+()%#'-]*")
_OWN_SQL = re.compile(r'(SQL ".*?" is )[^;]{1,40}(?=; the rule wants)', re.DOTALL)
_OWN_METRIC = re.compile(r"(Dataset\.\*\.CustomSQL) [^,\s]+")
"""What a CustomSql came to: a statement of one row's value would tell it."""
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?=[^\"]*')[^\"]*\"")
"""How Python writes a text: with double quotes where it holds a single one."""
_LONG_WORD = re.compile(rf"\S{{{LONGEST_WORD + 1},}}")


def told(text: str, most: int = LONGEST) -> str:
    """A text for a model."""
    seen = _LIST.sub(_list, visible(text[: 2 * LONGEST]))
    seen = _OWN_METRIC.sub(r"\1 …", _OWN_SQL.sub(r"\1a number", seen))
    seen = _LONG_WORD.sub(lambda word: word[0][: LONGEST_WORD - 1] + "…", masked(seen))
    return seen if len(seen) <= most else seen[: most - 1] + "…"


def told_all(content: Any) -> Any:
    """The same for every text in a JSON-able value, those in lists shorter; keys are only made visible."""
    if isinstance(content, str):
        return told(content)
    if isinstance(content, dict):
        return {visible(str(key)): told_all(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [told(one, LONGEST_ITEM) if isinstance(one, str) else told_all(one) for one in content]
    return content


def answer_told(message: ToolMessage) -> ToolMessage:
    """A tool's answer for a model, and its summary for the state of the run."""
    text = str(message.text)
    try:
        content = json.dumps(told_all(json.loads(text)), ensure_ascii=False)
    except ValueError:
        content = told(text)
    artifact = message.artifact
    if isinstance(artifact, dict) and "summary" in artifact:
        artifact = {**artifact, "summary": told(artifact["summary"])}
    return message.model_copy(update={"content": content, "artifact": artifact})


def task_told(task: dict[str, Any]) -> dict[str, Any]:
    """A task for a model. How tables are called stays, but for what cannot be seen; the goal loses what is personal."""
    tables, goal = task.get("tables"), task.get("goal")
    seen: dict[str, Any] = _seen(task)
    if isinstance(goal, str):
        seen["goal"] = request_masked(visible(goal))
    if isinstance(tables, dict):
        seen["tables"] = told_all(tables)
    return seen


def unquoted(text: str) -> str:
    """A reasoning without the values that it quotes for the person who decides."""
    return _QUOTED.sub("a value", text)


def pattern(mask: str, most: int = 40) -> str:
    """A mask of characters without signs that could be read as letters: circled ones, flags, tags."""
    seen = "".join(sign if sign.isascii() and sign.isprintable() else "·" for sign in mask)
    return seen if len(seen) <= most else seen[: most - 1] + "…"


def _seen(content: Any) -> Any:
    if isinstance(content, str):
        return visible(content)
    if isinstance(content, dict):
        return {visible(str(key)): _seen(value) for key, value in content.items()}
    return [_seen(one) for one in content] if isinstance(content, list | tuple) else content


def _list(found: re.Match[str]) -> str:
    return _LITERAL.sub(_value, found[0])


def _value(found: re.Match[str]) -> str:
    value = found[1]
    short = len(value) <= LONGEST_VALUE and len(value.split()) <= MOST_WORDS
    if short and _CODE.fullmatch(value) and not personal_text(value):
        return found[0]
    return f'"a text of {len(value)} characters"'
