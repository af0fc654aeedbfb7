"""Prompt caching on Bedrock: what an agent sent before, tools and prompt first, is read again for a tenth."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse

# Claude 3.5 Haiku, the second 3.5 Sonnet, 3.7, and all that are named by family first (from 4 on); Nova's text models.
# https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
_CACHES = re.compile(
    r"anthropic\.claude-(?:3-5-haiku|3-5-sonnet-20241022|3-7-|[a-z]+-[4-9])|amazon\.nova-(?:2-)?(?:micro|lite|pro|premier)"
)
# LangChain places at most four points: after the tools, the prompt, and the last two turns.
_SETTING = {"type": "default"}


class CachedPrompts(AgentMiddleware[Any, Any, Any]):
    """Marks what to cache where the model can; leaves the request alone where it cannot, since it would be refused."""

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Calls the model with cache points."""
        if caches_prompts(getattr(request.model, "model_id", "")):
            request = request.override(model_settings={**request.model_settings, "cache_control": _SETTING})
        return handler(request)


def caches_prompts(model_id: str) -> bool:
    """Whether Bedrock caches prompts of this model or inference profile."""
    return bool(_CACHES.search(model_id))
