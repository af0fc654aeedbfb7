"""What Converse demands of a conversation beyond the shape of its JSON."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

Turn = dict[str, Any]
MOST_CACHE_POINTS = 4
# A list of its own, so that Assay's is checked against something: the models that the user guide names.
CACHING = re.compile(r"claude-(opus|sonnet|haiku|fable)-[4-9]|claude-3-7-sonnet|claude-3-5-haiku|nova-(2-)?[lmp]")


def conversation_problems(request: dict[str, Any]) -> list[str]:
    """Broken turn order, unpaired tool calls and results, blank texts, tool blocks without a toolConfig."""
    turns: list[Turn] = request.get("messages", [])
    found = [*_order(turns), *_pairs(turns), *_blanks(turns), *_cache_points(request)]
    used = any(_ids(turn, "toolUse") or _ids(turn, "toolResult") for turn in turns)
    if used and not request.get("toolConfig"):
        found.append("The toolConfig field must be defined when using toolUse and toolResult content blocks.")
    return found


def _cache_points(request: dict[str, Any]) -> Iterator[str]:
    tools = request.get("toolConfig", {}).get("tools", [])
    turns = [turn["content"] for turn in request.get("messages", [])]
    groups = [tools, request.get("system", []), *turns]
    points = sum("cachePoint" in block for group in groups for block in group)
    model = request.get("modelId", "")
    if points > MOST_CACHE_POINTS:
        yield f"A maximum of {MOST_CACHE_POINTS} blocks with cachePoint may be provided, found {points}."
    if points and not CACHING.search(model):
        yield f"You invoked an unsupported model or your request did not allow prompt caching: {model}."
    with_tools = [
        tools,
        *(content for content in turns if any({"toolUse", "toolResult"} & block.keys() for block in content)),
    ]
    if "nova" in model and any("cachePoint" in block for group in with_tools for block in group):
        yield "This model takes no cachePoint among tools."


def _order(turns: list[Turn]) -> Iterator[str]:
    if turns and turns[0]["role"] != "user":
        yield "A conversation must start with a user message."
    if turns and turns[-1]["role"] != "user":
        yield "A conversation must end with a user message."
    for before, after in pairwise(turns):
        if before["role"] == after["role"]:
            yield f"Roles must alternate between user and assistant, two {after['role']} messages follow each other."


def _pairs(turns: list[Turn]) -> Iterator[str]:
    asked: list[str] = []
    for number, turn in enumerate(turns):
        answered = _ids(turn, "toolResult")
        if missing := sorted(set(asked) - set(answered)):
            yield f"messages.{number}: expected toolResult blocks for the toolUse ids {', '.join(missing)}."
        if extra := sorted(set(answered) - set(asked)):
            yield f"messages.{number}: toolResult blocks {', '.join(extra)} answer no toolUse of the turn before."
        asked = _ids(turn, "toolUse")
        for kind, ids in (("toolUse", asked), ("toolResult", answered)):
            if len(set(ids)) < len(ids):
                yield f"messages.{number}: duplicate {kind} ids {', '.join(ids)}."


def _blanks(turns: list[Turn]) -> Iterator[str]:
    for number, turn in enumerate(turns):
        if not turn["content"]:
            yield f"messages.{number}: the content field is empty."
        if any("text" in block and not block["text"].strip() for block in turn["content"]):
            yield f"messages.{number}: the text field in the ContentBlock object is blank."


def _ids(turn: Turn, kind: str) -> list[str]:
    return [block[kind]["toolUseId"] for block in turn["content"] if kind in block]
