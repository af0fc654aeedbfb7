"""Bedrock's prompt cache, as documented: a prefix up to a cache point is read again if it was sent before.

Tokens are counted as a fourth of the characters, so figures are ratios and no prediction of a bill.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.support.bedrock import Request, Script
from tests.support.bedrock_replies import Failure, Reply

MINIMUM = 1024
"""Tokens that a prefix must have to be kept; that of most Claude models."""
LOOKED_BACK = 20
"""Blocks before a cache point at whose ends Claude also looks for what was kept."""


class PromptCache:
    """What one account's model remembers; nothing expires."""

    def __init__(self, minimum: int = MINIMUM) -> None:
        self._minimum = minimum
        self._kept: set[str] = set()
        self.tokens = {"inputTokens": 0, "cacheReadInputTokens": 0, "cacheWriteInputTokens": 0}
        """The sum over all requests."""

    def in_front_of(self, script: Script) -> Script:
        """The script, its answers with the usage that this cache gives."""

        def answer(request: Request) -> Reply | Failure:
            reply = script(request)
            return replace(reply, usage=self.usage(request, reply)) if isinstance(reply, Reply) else reply

        return answer

    def usage(self, request: Request, reply: Reply) -> dict[str, int]:
        """The tokens of one request, which is then remembered."""
        ends, points = _ends(request)
        kept = [ends[point] for point in points if _tokens(ends[point]) >= self._minimum]
        back = LOOKED_BACK if "anthropic" in request["modelId"] else 0
        looked = {ends[end] for point in points for end in range(max(0, point - back), point + 1)}
        read = max((_tokens(prefix) for prefix in looked & self._kept), default=0)
        longest = max((_tokens(prefix) for prefix in kept), default=0)
        self._kept.update(kept)
        counted = {
            "inputTokens": _tokens(ends[-1]) - max(read, longest),
            "cacheReadInputTokens": read,
            "cacheWriteInputTokens": max(0, longest - read),
        }
        for name, tokens in counted.items():
            self.tokens[name] += tokens
        out = _tokens(json.dumps(reply.content))
        return {**counted, "outputTokens": out, "totalTokens": sum(counted.values()) + out}


def _ends(request: Request) -> tuple[list[str], list[int]]:
    """The text up to the end of each block (tools, then system, then messages), and which ends are cache points."""
    ends, points = [""], []
    for block in _blocks(request):
        if "cachePoint" in block:
            points.append(len(ends) - 1)
        else:
            ends.append(ends[-1] + json.dumps(block, sort_keys=True))
    return ends, points


def _blocks(request: Request) -> Iterator[dict[str, Any]]:
    yield from request.get("toolConfig", {}).get("tools", [])
    yield from request.get("system", [])
    for turn in request["messages"]:
        yield {"role": turn["role"]}
        yield from turn["content"]


def _tokens(text: str) -> int:
    return len(text) // 4
