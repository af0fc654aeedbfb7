"""One agent by itself with a model that makes given calls."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

from agents.context import AgentContext
from agents.team import Team
from tests.support.scripted import ScriptedModel


def answers(agent: str, context: AgentContext, *calls: tuple[str, dict[str, Any]]) -> list[ToolMessage]:
    """What the tools answered to calls that the agent makes one after the other."""
    transcript = _team().ask(agent, {"table": "t", "calls": calls}, context)
    return [message for message in transcript if isinstance(message, ToolMessage)]


def content(message: ToolMessage) -> dict[str, Any]:
    """The JSON of an answer."""
    return dict(json.loads(str(message.text)))


@cache
def _team() -> Team:
    return Team(ScriptedModel(answer=_next_call))


def _next_call(messages: list[BaseMessage], tools: Any) -> AIMessage:
    calls = json.loads(str(messages[1].text))["calls"]
    made = sum(isinstance(message, ToolMessage) for message in messages)
    if made == len(calls):
        return AIMessage("Done.")
    name, args = calls[made]
    return AIMessage("", tool_calls=[{"name": name, "args": args, "id": f"call-{made}"}])
