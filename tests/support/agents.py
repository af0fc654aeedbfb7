"""One agent by itself with a model that makes given calls."""

from __future__ import annotations

import json
from typing import Any

from langchain_core.messages import AIMessage, ToolMessage

from agents.context import AgentContext
from agents.team import Team
from tests.support.scripted import ScriptedModel


def answers(agent: str, context: AgentContext, *calls: tuple[str, dict[str, Any]]) -> list[ToolMessage]:
    """What the tools answered to calls that the agent makes one after the other."""

    def next_call(messages, tools) -> AIMessage:
        made = sum(isinstance(message, ToolMessage) for message in messages)
        if made == len(calls):
            return AIMessage("Done.")
        name, args = calls[made]
        return AIMessage("", tool_calls=[{"name": name, "args": args, "id": f"call-{made}"}])

    transcript = Team(ScriptedModel(answer=next_call)).ask(agent, {"table": "t"}, context)
    return [message for message in transcript if isinstance(message, ToolMessage)]


def content(message: ToolMessage) -> dict[str, Any]:
    """The JSON of an answer."""
    return dict(json.loads(str(message.text)))
