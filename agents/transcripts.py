"""Conversations that a provider accepts: each tool call is answered in the turn after it, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain_core.messages import AIMessage, AnyMessage, ToolMessage

NOT_CARRIED_OUT = "This call was not carried out, since the work was cut off. Call again if it is still needed."


class PairedTools(AgentMiddleware[Any, Any, Any]):
    """Sends only conversations that are whole, whatever a crash, a cut-off answer or an editing of history left."""

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Calls the model with a whole conversation."""
        if problems(request.messages):
            request = request.override(messages=repaired(request.messages))
        return handler(request)


def problems(messages: Sequence[AnyMessage]) -> list[str]:
    """Why a provider would refuse the conversation: calls without a result, results without a call, empty turns."""
    return list(_problems(messages))


def repaired(messages: Sequence[AnyMessage]) -> list[AnyMessage]:
    """The conversation with each tool call answered right after it, and without what has no place.

    The first result of a call counts, wherever it stands later on; a call without one is answered with an error that
    says so. Results of no call and empty answers are left out. All else stays as it is, and where nothing is wrong
    everything does.
    """
    whole: list[AnyMessage] = []
    for position, message in enumerate(messages):
        if isinstance(message, ToolMessage) or _says_nothing(message):
            continue
        whole.append(message)
        if isinstance(message, AIMessage):
            later = _results(messages[position + 1 :])
            whole += [later.get(id) or _missing(id, name) for id, name in calls(message).items()]
    return whole


def calls(message: AIMessage) -> dict[str, str]:
    """The names of the tools that an answer calls, well-formed or not, by the ids of the calls."""
    made = [*message.tool_calls, *message.invalid_tool_calls]
    blocks = message.content if isinstance(message.content, list) else []
    made += [block for block in blocks if isinstance(block, dict) and block.get("type") == "tool_use"]  # type: ignore[misc]
    return {str(call["id"]): str(call.get("name") or "unknown") for call in made if call.get("id")}


def _results(messages: Sequence[AnyMessage]) -> dict[str, AnyMessage]:
    """The first result of each call, up to where an id is used for another call."""
    found: dict[str, AnyMessage] = {}
    reused: set[str] = set()
    for message in messages:
        if isinstance(message, AIMessage):
            reused |= calls(message).keys()
        elif isinstance(message, ToolMessage) and message.tool_call_id not in reused:
            found.setdefault(message.tool_call_id, message)
    return found


def _missing(id: str, name: str) -> ToolMessage:
    return ToolMessage(NOT_CARRIED_OUT, tool_call_id=id, name=name, status="error")


def _says_nothing(message: AnyMessage) -> bool:
    return isinstance(message, AIMessage) and not calls(message) and not message.text.strip()


def _problems(messages: Sequence[AnyMessage]) -> Iterator[str]:
    open_calls: dict[str, str] = {}
    for message in messages:
        if isinstance(message, ToolMessage):
            if open_calls.pop(message.tool_call_id, None) is None:
                yield f"the result {message.tool_call_id} answers no call of the turn before"
            continue
        yield from _unanswered(open_calls)
        open_calls = calls(message) if isinstance(message, AIMessage) else {}
        if _says_nothing(message):
            yield "an answer says nothing"
    yield from _unanswered(open_calls)


def _unanswered(open_calls: dict[str, str]) -> Iterator[str]:
    return (f"the call {id} of {name} has no result" for id, name in open_calls.items())
