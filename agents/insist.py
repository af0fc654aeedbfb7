"""A reminder that a model cannot talk its way around: the first call after it is bound to one tool."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain_core.messages import HumanMessage

from agents.context import AgentContext


class Insist(AgentMiddleware[Any, AgentContext]):
    """Forces the tool that the context insists on, where the model's provider lets a tool be forced."""

    def wrap_model_call(
        self, request: ModelRequest[AgentContext], handler: Callable[[ModelRequest[AgentContext]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Calls the model, with the tool forced right after a reminder."""
        tool = request.runtime.context.insist
        if tool and isinstance(request.messages[-1], HumanMessage) and _can_be_forced(request.model):
            request = request.override(tool_choice=tool)
        return handler(request)


def _can_be_forced(model: Any) -> bool:
    """Bedrock tells per model which choices it takes; other providers all take a tool's name."""
    choices = getattr(model, "supports_tool_choice_values", None)
    return choices is None or "tool" in choices
