"""What a scripted Bedrock endpoint can answer, and each answer in its two wire forms."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Block = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """A model's answer. A `toolUse` input given as `str` is raw JSON text, possibly cut short or malformed.

    `delay` is in seconds, before the first byte. With `cut_after` a stream ends after so many events, without
    `messageStop`; with `reset` it then breaks off in the middle of the transfer.
    """

    content: list[Block]
    stop: str = "end_turn"
    usage: dict[str, int] = field(default_factory=lambda: {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15})
    delay: float = 0.0
    cut_after: int | None = None
    reset: bool = False


@dataclass(frozen=True)
class Failure:
    """An AWS error such as `ThrottlingException`; `in_stream` sends it as a frame after the stream has begun."""

    code: str
    message: str = "scripted"
    in_stream: bool = False


def say(text: str, stop: str = "end_turn") -> Reply:
    """An answer in words only."""
    return Reply([{"text": text}], stop)


def call(name: str, arguments: dict[str, Any] | str, *, id: str = "tooluse_1", stop: str = "tool_use") -> Reply:
    """An answer that calls one tool."""
    return Reply([tool_use(name, arguments, id)], stop)


def tool_use(name: str, arguments: dict[str, Any] | str, id: str) -> Block:
    """One tool call, for an answer with several blocks."""
    return {"toolUse": {"toolUseId": id, "name": name, "input": arguments}}


def whole(reply: Reply) -> dict[str, Any]:
    """The body that Converse sends. A tool input that is no JSON arrives as `{}`, like from the service."""
    message = {"role": "assistant", "content": [_parsed(block) for block in reply.content]}
    metrics = {"latencyMs": 1}
    return {"output": {"message": message}, "stopReason": reply.stop, "usage": reply.usage, "metrics": metrics}


def events(reply: Reply) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events that ConverseStream sends, texts and tool inputs in several pieces."""
    yield "messageStart", {"role": "assistant"}
    for index, block in enumerate(reply.content):
        if "toolUse" in block:
            yield from _tool_events(index, block["toolUse"])
        else:
            yield from (_delta(index, {"text": piece}) for piece in _pieces(block["text"]))
        yield "contentBlockStop", {"contentBlockIndex": index}
    yield "messageStop", {"stopReason": reply.stop}
    yield "metadata", {"usage": reply.usage, "metrics": {"latencyMs": 1}}


def _tool_events(index: int, use: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    start = {"toolUse": {"toolUseId": use["toolUseId"], "name": use["name"]}}
    yield "contentBlockStart", {"contentBlockIndex": index, "start": start}
    raw = use["input"] if isinstance(use["input"], str) else json.dumps(use["input"])
    yield from (_delta(index, {"toolUse": {"input": piece}}) for piece in _pieces(raw))


def _delta(index: int, delta: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "contentBlockDelta", {"contentBlockIndex": index, "delta": delta}


def _pieces(text: str, size: int = 20) -> Iterator[str]:
    return (text[start : start + size] for start in range(0, len(text), size))


def _parsed(block: Block) -> Block:
    if "toolUse" not in block or not isinstance(block["toolUse"]["input"], str):
        return block
    use = block["toolUse"]
    try:
        return tool_use(use["name"], json.loads(use["input"]), use["toolUseId"])
    except json.JSONDecodeError:
        return tool_use(use["name"], {}, use["toolUseId"])
