"""Counts each call of a model while it is made, and makes none that the run's budget has no room for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError
from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain_core.messages import AIMessage

from agents.context import AgentContext
from agents.model_errors import BudgetSpent
from agents.prices import Price, price
from agents.stop_reasons import stop_reason
from memory.usage import ModelCall, Standing

OFFLINE = "offline"


class Metered(AgentMiddleware[Any, AgentContext]):
    """Records calls with tokens, time and cost. List it last: each answer is paid for, also one that is thrown away.

    Raises:
        BudgetSpent: before a call, when what was recorded so far has reached the run's budget. Tables that are worked
            on side by side can so together exceed it by one call each.
    """

    def __init__(self, agent: str, model: str) -> None:
        super().__init__()
        self.agent = agent
        self.model = model

    def wrap_model_call(
        self, request: ModelRequest[AgentContext], handler: Callable[[ModelRequest[AgentContext]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Calls the model between a look at the budget and a line in the record."""
        if self.model == OFFLINE:
            return handler(request)
        context = request.runtime.context
        usage = context.bench.memory.usage
        _check(usage.standing(context.run_id))
        known = price(self.model)
        began = time.monotonic()
        try:
            response = handler(request)
        except Exception as error:
            usage.record(context.run_id, self._failed(error, began))
            raise
        usage.record(context.run_id, self._answered(response, began, known))
        return response

    def _failed(self, error: Exception, began: float) -> ModelCall:
        code = error.response.get("Error", {}).get("Code") if isinstance(error, ClientError) else None
        name = str(code or type(error).__name__)
        return ModelCall(uuid4().hex, self.agent, self.model, _milliseconds(began), name, failed=True)

    def _answered(self, response: ModelResponse[Any], began: float, known: Price | None) -> ModelCall:
        answer = next(message for message in response.result if isinstance(message, AIMessage))
        made: dict[str, Any] = {
            "call_id": answer.id or uuid4().hex,
            "agent": self.agent,
            "model": self.model,
            "latency_ms": _milliseconds(began),
            "stop_reason": stop_reason(answer) or "unknown",
        }
        tokens = _tokens(answer)
        if tokens is None:
            return ModelCall(**made)
        new, read, written, out = tokens
        cost = known.cost(input=new, output=out, cache_read=read, cache_write=written) if known else None
        return ModelCall(
            **made,
            input_tokens=new,
            output_tokens=out,
            cache_read_tokens=read,
            cache_write_tokens=written,
            cost_usd=cost,
        )


def _tokens(answer: AIMessage) -> tuple[int, int, int, int] | None:
    """Input neither from nor into the cache, input from it, input into it, output. LangChain's input is all three."""
    usage = answer.usage_metadata
    if usage is None:
        return None
    details: Any = usage.get("input_token_details", {})
    read = details.get("cache_read") or 0
    # By how long they are kept, where Bedrock tells; then the sum of both is given as 0.
    written = sum(
        details.get(name) or 0 for name in ("cache_creation", "ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens")
    )
    return max(0, usage["input_tokens"] - read - written), read, written, usage["output_tokens"]


def _check(standing: Standing) -> None:
    budget = standing.budget
    spent = f"{standing.tokens:,} tokens, ${standing.usd:.4f}, in {standing.calls} calls of the model"
    hint = "What was reached is kept: go on with `assay resume RUN` and a larger --budget-usd or --budget-tokens."
    if budget.usd is not None and standing.usd >= budget.usd:
        raise BudgetSpent(f"The budget of ${budget.usd} is spent ({spent}).", hint=hint)
    if budget.tokens is not None and standing.tokens >= budget.tokens:
        raise BudgetSpent(f"The budget of {budget.tokens:,} tokens is spent ({spent}).", hint=hint)


def _milliseconds(began: float) -> int:
    return round(1000 * (time.monotonic() - began))
