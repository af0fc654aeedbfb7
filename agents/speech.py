"""An answer as it is being written: the model's words on their way to whoever follows the run."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import BaseChatModel

from agents.context import Emit

EVERY_SECONDS = 0.3
"""How often words are passed on: each time is a row in the run's log, so not with each token."""


class Speech(BaseCallbackHandler):
    """Emits ``saying`` with an agent's words as they arrive, the first at once, then several times a second.

    ``answer`` numbers the answers of this invocation: an answer that is thrown away is followed by another number, and
    one that ends in a tool call was only thinking aloud. What was said in the end is told by ``said``.
    """

    raise_error = True
    """A report that ends the task, since the run was cancelled or lost, ends the answer too."""

    def __init__(self, agent: str, emit: Emit, clock: Callable[[], float] = time.monotonic) -> None:
        self._agent = agent
        self._emit = emit
        self._clock = clock
        self._answer = 0
        self._words = ""
        self._passed_on = 0.0

    def on_chat_model_start(self, *args: Any, **kwargs: Any) -> None:
        """A new answer begins."""
        self._answer += 1
        self._words, self._passed_on = "", float("-inf")

    def on_llm_new_token(self, token: str | list[Any], *, chunk: Any = None, run_id: UUID, **kwargs: Any) -> None:
        """Words have arrived."""
        self._words += str(chunk.message.text) if chunk is not None else str(token)
        if self._words and self._clock() - self._passed_on >= EVERY_SECONDS:
            self._pass_on()

    def on_llm_end(self, *args: Any, **kwargs: Any) -> None:
        """The answer is whole."""
        if self._words and self._passed_on > float("-inf"):
            self._pass_on()

    def _pass_on(self) -> None:
        self._emit("saying", {"agent": self._agent, "answer": self._answer, "text": self._words})
        self._words, self._passed_on = "", self._clock()


def streaming(model: BaseChatModel) -> BaseChatModel:
    """The model, told to stream its answers if it knows how; a model that does not answers as a whole, as before."""
    if "streaming" not in type(model).model_fields:
        return model
    return model.model_copy(update={"streaming": True})
