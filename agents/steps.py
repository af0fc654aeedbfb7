"""Shows each step of an agent to whoever follows the run, and turns errors of tools into answers for the model."""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile
from typing import Any

from langchain.agents.middleware import AgentMiddleware, AgentState, hook_config
from langchain.tools.tool_node import ToolCallRequest
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langgraph.runtime import Runtime
from langgraph.types import Command

from agents.answers import answered
from agents.context import AgentContext
from agents.model_errors import ModelError
from agents.untrusted import answer_told
from memory.errors import Ambiguous, NotFound
from tools.errors import AssayError

MOST_SHOWN = 2_000
"""Characters of a tool's answer in an event."""
MOST_TOLD = 300
ENDING = ("plan_work", "hand_over")
"""Tools whose success ends the supervisor's turn."""
MOST_MISTAKES = 5
"""Calls in a row that could not be carried out, after which a model is not asked again."""

Handler = Callable[[ToolCallRequest], ToolMessage | Command[Any]]


class Steps(AgentMiddleware[AgentState[Any], AgentContext]):
    """Emits ``answered`` (for the audit log), ``tool_called``, ``tool_returned``, ``said`` and ``usage``.

    It stops the supervisor once it has planned or handed over.
    ``fatal`` errors are not the model's to mend (an unreadable source, a store that is gone): they end the agent. That
    the store does not have what a model names is.
    """

    def __init__(self, agent: str, fatal: tuple[type[AssayError], ...]) -> None:
        super().__init__()
        self.agent = agent
        self.fatal = fatal

    def wrap_tool_call(self, request: ToolCallRequest, handler: Handler) -> ToolMessage | Command[Any]:
        """Runs the tool between two events."""
        context = request.runtime.context
        assert isinstance(context, AgentContext)
        call = request.tool_call
        context.emit("tool_called", {"agent": self.agent, "tool": call["name"], "args": call["args"], "id": call["id"]})
        try:
            answer = handler(request)
        except AssayError as error:
            if isinstance(error, self.fatal) and not isinstance(error, NotFound | Ambiguous):
                raise
            answer = ToolMessage(str(error), name=call["name"], tool_call_id=call["id"], status="error")
        if isinstance(answer, ToolMessage):
            answer = answer_told(answer)
            shown = {"status": answer.status, "text": str(answer.text)[:MOST_SHOWN]}
            context.emit("tool_returned", {"agent": self.agent, "tool": call["name"], "id": call["id"], **shown})
        return answer

    def after_model(self, state: AgentState[Any], runtime: Runtime[AgentContext]) -> dict[str, Any] | None:
        """Tells what the model said and used."""
        message = state["messages"][-1]
        if isinstance(message, AIMessage):
            runtime.context.emit("answered", answered(self.agent, message))
            if message.usage_metadata:
                usage = {key: message.usage_metadata[key] for key in ("input_tokens", "output_tokens")}
                runtime.context.emit("usage", {"agent": self.agent, **usage})
            if str(message.text).strip() and not message.tool_calls:
                runtime.context.emit("said", {"agent": self.agent, "text": str(message.text)})
        return None

    @hook_config(can_jump_to=["end"])
    def before_model(self, state: AgentState[Any], runtime: Runtime[AgentContext]) -> dict[str, Any] | None:
        """Ends the turn after a plan or a hand over that was accepted: what follows is the graph's.

        Raises ModelError when the model does not mend its calls.
        """
        returned = list(takewhile(lambda one: isinstance(one, ToolMessage), reversed(state["messages"])))
        handed = any(isinstance(one, ToolMessage) and one.name in ENDING for one in returned)
        if handed and not any(_failed(one) for one in returned):
            return {"jump_to": "end"}
        results = (one for one in reversed(state["messages"]) if not isinstance(one, AIMessage))
        mistakes = list(takewhile(_failed, results))
        if len(mistakes) >= MOST_MISTAKES:
            told = " ".join(str(mistakes[0].text).split())[:MOST_TOLD]
            raise ModelError(
                f"The model made {len(mistakes)} calls in a row as {self.agent} that could not be carried out, "
                f"the last: {told}",
                hint="Try the run again, or choose another model with ASSAY_MODEL.",
            )
        return None


def _failed(message: BaseMessage) -> bool:
    return isinstance(message, ToolMessage) and message.status == "error"
