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
        prefixes, whole = _prefixes(request)
        kept = [prefix for prefix in prefixes if _tokens(prefix) >= self._minimum]
        read = max((_tokens(prefix) for prefix in kept if prefix in self._kept), default=0)
        longest = max((_tokens(prefix) for prefix in kept), default=0)
        self._kept.update(kept)
        counted = {
            "inputTokens": _tokens(whole) - max(read, longest),
            "cacheReadInputTokens": read,
            "cacheWriteInputTokens": max(0, longest - read),
        }
        for name, tokens in counted.items():
            self.tokens[name] += tokens
        out = _tokens(json.dumps(reply.content))
        return {**counted, "outputTokens": out, "totalTokens": sum(counted.values()) + out}


def _prefixes(request: Request) -> tuple[list[str], str]:
    """The texts up to each cache point, and the whole: tools, then system, then messages."""
    found, text = [], ""
    for block in _blocks(request):
        if "cachePoint" in block:
            found.append(text)
        else:
            text += json.dumps(block, sort_keys=True)
    return found, text


def _blocks(request: Request) -> Iterator[dict[str, Any]]:
    yield from request.get("toolConfig", {}).get("tools", [])
    yield from request.get("system", [])
    for turn in request["messages"]:
        yield {"role": turn["role"]}
        yield from turn["content"]


def _tokens(text: str) -> int:
    return len(text) // 4
