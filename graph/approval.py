"""The approval: asked for in one node, waited for in the next, acted on in the third.

The waiting node holds nothing but its interrupt, because LangGraph runs a node anew from its first line when it
resumes. What is acted on are the decisions in the store: the resume only says that they are there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langgraph.types import Command, interrupt
from pydantic import BaseModel, Field

from agents.recollection import remember
from graph import foreign
from graph.emit import emitter
from graph.services import Services
from graph.state import RunNode, RunState
from graph.window import read_window


class Resume(BaseModel):
    """What wakes a run: nothing but its id, since the decisions are in the store."""

    run_id: str = Field(description="the run whose proposals were decided on, with `assay decide` or on the page")


def request(services: Callable[[], Services]) -> RunNode:
    """The node that opens the approval, or goes on if there is nothing to decide."""

    def node(state: RunState) -> Command[str]:
        memory = services().bench.memory
        approvals = memory.approvals
        undecided = [p for p in approvals.proposals(state["run_id"]) if p.decision is None]
        if not undecided:
            return Command(goto="supervisor")
        opened = approvals.open(state["run_id"], read_window())
        emitter()("approval_requested", {"rules": len(undecided), "expires_at": opened.expires_at.isoformat()})
        foreign.mark(memory, state["run_id"], "waiting")
        return Command(goto="approval")

    return node


def wait(state: RunState) -> dict[str, Any]:
    """The node that pauses the run until a person has decided."""
    interrupt({"run_id": state["run_id"]}, response_schema=Resume)
    return {}


def record(services: Callable[[], Services]) -> RunNode:
    """The node that activates what was approved and remembers all that was decided. Run twice, it does it once."""

    def node(state: RunState) -> Command[str]:
        memory = services().bench.memory
        proposals = memory.approvals.proposals(state["run_id"])
        if any(proposal.decision is None for proposal in proposals):
            return Command(goto="request_approval")
        activated = memory.rules.activate(state["run_id"])
        remember(memory, state["run_id"])
        emitter()("decisions_recorded", {"activated": len(activated), "decided": len(proposals)})
        return Command(goto="supervisor")

    return node
