"""The four agents: one model, and for each a prompt, tools and limits of its own."""

from __future__ import annotations

import json
from contextvars import Context
from dataclasses import replace
from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import ModelCallLimitMiddleware
from langchain.agents.middleware.model_call_limit import ModelCallLimitExceededError
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage

from agents.caching import CachedPrompts
from agents.context import AgentContext
from agents.insist import Insist
from agents.metering import OFFLINE, Metered
from agents.model_errors import ModelError
from agents.prompts import prompt
from agents.speech import Speech, streaming
from agents.steps import Steps
from agents.stop_reasons import StopReasonMiddleware
from agents.toolbox import TOOLS
from agents.transcripts import PairedTools
from agents.untrusted import task_told
from memory.errors import StoreError
from tools.sources import SourceError

MODEL_CALLS = 12
"""Calls of the model in one invocation of an agent."""
STEPS_PER_CALL = 6
"""The model, its tools, and four hooks around it: the limit of calls has to be reached before that of steps."""
REMINDERS = 2
TALKER = "supervisor"
"""Whose words are shown while they are written: the others' are for the supervisor."""


class Team:
    """The agents on one model. Build it once: compiling a graph takes tens of milliseconds."""

    def __init__(self, model: BaseChatModel, name: str = OFFLINE) -> None:
        """``name`` is what the record of model calls shows, as ``agents.models.model_name`` gives it."""
        self._agents = {agent: _build(agent, model, name) for agent in TOOLS}

    def ask(
        self, agent: str, task: dict[str, Any], context: AgentContext, *, needs: tuple[str, ...] = ()
    ) -> list[AnyMessage]:
        """Gives an agent its task and returns its transcript.

        ``needs`` names the tools one of which the agent has to have called: if it stops before, it is reminded
        twice, then ModelError is raised. The transcript is not checkpointed: an agent that was cut off starts its
        task again, which is safe because what its tools store is stored once.
        """
        messages: list[AnyMessage] = [HumanMessage(json.dumps(task_told(task), ensure_ascii=False))]
        for _ in range(1 + REMINDERS):
            messages = self._invoke(agent, messages, context)
            if not needs or any(artifact(messages, tool) is not None for tool in needs):
                return messages
            # Without the words it ended with: a small model takes its own mistake for an example.
            messages = [*messages[:-1], HumanMessage(f"The task is not done: call {needs[0]}.")]
            context = replace(context, insist=needs[0])
        raise ModelError(
            f"The model ended as {agent} without a successful call of {needs[0]}.",
            hint="Try the run again, or choose another model with ASSAY_MODEL.",
        )

    def _invoke(self, agent: str, messages: list[AnyMessage], context: AgentContext) -> list[AnyMessage]:
        try:
            # A context of its own: inside of a run's, LangGraph 1.2 waits for a checkpoint that an agent never writes.
            state = Context().run(
                self._agents[agent].invoke, {"messages": messages}, _config(agent, context), context=context
            )
        except ModelCallLimitExceededError:
            raise ModelError(
                f"The model was called {MODEL_CALLS} times as {agent} without finishing its task.",
                hint="Try the run again, or choose another model with ASSAY_MODEL.",
            ) from None
        return list(state["messages"])


def _config(agent: str, context: AgentContext) -> dict[str, Any]:
    listening = [Speech(agent, context.emit)] if agent == TALKER else []
    return {"recursion_limit": STEPS_PER_CALL * (MODEL_CALLS + 1), "callbacks": listening}


def _build(name: str, model: BaseChatModel, model_name: str) -> Any:
    limit: Any = ModelCallLimitMiddleware(run_limit=MODEL_CALLS, exit_behavior="error")
    return create_agent(
        streaming(model) if name == TALKER else model,
        TOOLS[name],
        system_prompt=prompt(name).text,
        middleware=[
            Steps(name, fatal=(SourceError, StoreError, ModelError)),
            limit,
            Insist(),
            CachedPrompts(),
            PairedTools(),
            StopReasonMiddleware(),
            Metered(name, model_name),
        ],
        context_schema=AgentContext,
        checkpointer=False,
        name=name,
    )


def artifact(messages: list[AnyMessage], tool: str) -> dict[str, Any] | None:
    """The references that the last successful call of a tool returned, or None if it returned none."""
    for message in reversed(messages):
        if isinstance(message, ToolMessage) and message.name == tool and message.artifact:
            return dict(message.artifact)
    return None


def last_words(messages: list[AnyMessage]) -> str:
    """What the agent said in the end."""
    said = [str(message.text) for message in messages if isinstance(message, AIMessage) and not message.tool_calls]
    return said[-1].strip() if said else ""
