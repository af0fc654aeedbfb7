"""The supervisor's look at one run: what became of it, and what it spent on its model."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

from langchain.tools import tool
from pydantic import Field

from agents.toolbox.answer import Answer, Runtime, answer

if TYPE_CHECKING:
    from memory.usage import Spending

RunId = Annotated[str, Field(min_length=1, max_length=64, description="the id of a run, such as list_runs tells it")]

_DECIDED = {"approve": "approved", "edit": "edited", "reject": "rejected"}


@tool(response_format="content_and_artifact")
def show_run(run: RunId, runtime: Runtime) -> Answer:
    """One run: how it ended, what was decided on its proposals, and the calls, tokens and dollars of its model."""
    memory = runtime.context.bench.memory
    found = memory.runs.get(run)
    decided = Counter(
        _DECIDED[one.decision.action] if one.decision else "undecided" for one in memory.approvals.proposals(found.id)
    )
    proposals = ", ".join(f"{count} {action}" for action, count in sorted(decided.items())) or "none"
    asked = f"{found.goal[:300]!r} by {found.requested_by}, {found.created_at:%Y-%m-%d %H:%M} UTC"
    failed = f" It ended with: {found.error[:500]}." if found.error else ""
    spent = _spent(memory.usage.of_run(found.id))
    return answer({"summary": f"Run {found.id} is {found.status}: {asked}.{failed} Proposals: {proposals}. {spent}"})


def _spent(usage: list[Spending]) -> str:
    if not usage:
        return "No language model was called, so it cost nothing."
    calls = sum(one.calls for one in usage)
    read = sum(one.input_tokens + one.cache_read_tokens + one.cache_write_tokens for one in usage)
    known = [one.cost_usd for one in usage if one.cost_usd is not None]
    cost = f"${sum(known):.4f}" if known else "no known price"
    more = " and calls without a known price" if known and any(one.unpriced for one in usage) else ""
    return (
        f"Its model: {calls} calls, {read:,} tokens in, {sum(one.output_tokens for one in usage):,} out, {cost}{more}."
    )
