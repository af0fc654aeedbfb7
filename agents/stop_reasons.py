"""What an agent may do with an answer, judged by why the model stopped. A broken tool call is never executed."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain_core.messages import AIMessage, HumanMessage

from agents.model_errors import ModelError, model_call

_CUT_OFF = {"max_tokens", "length"}
_MALFORMED = {"malformed_tool_use", "malformed_model_output"}
_FATAL = {
    "guardrail_intervened": (
        "A Bedrock guardrail blocked the answer.",
        "Change the goal, or have the guardrail of ASSAY_BEDROCK_GUARDRAIL allow it.",
    ),
    "content_filtered": ("The model's content filter blocked the answer.", "Rephrase the goal, or use another model."),
    "model_context_window_exceeded": (
        "The conversation is too long for the model.",
        "Choose a model with a longer context.",
    ),
}
_ASK_AGAIN = (
    "Your last answer was cut off or malformed and has been discarded; none of its tool calls was executed. "
    "Answer again, complete and shorter: fewer tool calls at a time, shorter arguments."
)


class StopReasonMiddleware(AgentMiddleware[Any, Any, Any]):
    """Asks the model again when a tool call arrives incomplete, at most `repeats` times; refuses blocked answers.

    Failures of the call itself leave it as ModelError too, so a graph sees one kind of error from a model.

    List it after all that changes the request, next to the model. It wraps the call instead of following it, because
    a structured response is parsed out of a truncated call before any `after_model` hook sees the message.
    A discarded answer never enters the agent's messages, so no tool call is left without a result.

    Raises:
        ModelError: the call failed, a guardrail or filter blocked the answer, the context overflowed, or the
            answer was still broken after the last repeat.
    """

    def __init__(self, repeats: int = 2) -> None:
        super().__init__()
        self.repeats = repeats

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Call the model until its answer is whole."""
        for _ in range(self.repeats + 1):
            with model_call():
                response = handler(request)
            if not _broken(response):
                return response
            request = _ask_again(request)
        raise _gave_up(self.repeats)

    async def awrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]
    ) -> ModelResponse[Any]:
        """Call the model until its answer is whole."""
        for _ in range(self.repeats + 1):
            with model_call():
                response = await handler(request)
            if not _broken(response):
                return response
            request = _ask_again(request)
        raise _gave_up(self.repeats)


def stop_reason(message: AIMessage) -> str:
    """Why the model stopped, in its provider's words; empty when it does not say.

    Bedrock puts it in `response_metadata["stopReason"]`, streamed or not; others in `stop_reason` or `finish_reason`.
    """
    found = (message.response_metadata.get(key) for key in ("stopReason", "stop_reason", "finish_reason"))
    return next((str(reason) for reason in found if reason), "")


def _broken(response: ModelResponse[Any]) -> bool:
    return any(_must_ask_again(message) for message in response.result if isinstance(message, AIMessage))


def _must_ask_again(message: AIMessage) -> bool:
    reason = stop_reason(message)
    if reason in _FATAL:
        text, hint = _FATAL[reason]
        # A guardrail gives the words that its owner wrote for this case.
        told = " ".join(message.text.split())
        raise ModelError(f"{text} It says: {told!r}." if told else text, hint=hint)
    if reason in _MALFORMED or message.invalid_tool_calls or _repaired(message):
        return True
    # Words that were cut off are still words: only a call can do harm by being incomplete.
    return reason in _CUT_OFF and bool(message.tool_calls)


def _repaired(message: AIMessage) -> bool:
    """Whether LangChain completed the JSON of a streamed tool input that the model left unfinished.

    It keeps the raw text in the content block, so the repair shows there and nowhere else.
    """
    blocks = [block for block in message.content if isinstance(block, dict) and block.get("type") == "tool_use"]
    return any(isinstance(block.get("input"), str) and not _is_json(block["input"]) for block in blocks)


def _is_json(text: str) -> bool:
    try:
        json.loads(text or "{}")
    except json.JSONDecodeError:
        return False
    return True


def _ask_again(request: ModelRequest[Any]) -> ModelRequest[Any]:
    return request.override(messages=[*request.messages, HumanMessage(_ASK_AGAIN)])


def _gave_up(repeats: int) -> ModelError:
    return ModelError(
        f"The model's answer was cut off or malformed {repeats + 1} times.",
        hint="Choose a model that answers longer, or profile fewer tables at once.",
    )
