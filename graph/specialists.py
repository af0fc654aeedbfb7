"""The nodes of profiler, recommender and validator: one table each, side by side when there are several."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agents.context import AgentContext
from agents.team import artifact
from graph.emit import emitter
from graph.services import Services
from graph.state import StepNode, StepTask, TableState
from tools.sources import SourceError

NEEDS = {
    "profiler": ("profile_table",),
    # A table without candidates has nothing to propose.
    "recommender": ("propose_rules", "list_candidates"),
    "validator": ("run_validation",),
}
"""The tools one of which an agent has to have called with success: what it says instead does not count."""


def steps(services: Callable[[], Services]) -> dict[str, StepNode]:
    """The nodes by name."""
    return {name: _node(name, services) for name in NEEDS}


def _node(agent: str, services: Callable[[], Services]) -> StepNode:
    def node(state: StepTask) -> dict[str, Any]:
        emit = emitter(agent=agent, table=state["name"])
        emit("started", {})
        context = AgentContext(state["run_id"], services().bench, {state["name"]: state["table"]["uri"]}, emit)
        try:
            transcript = services().team.ask(agent, _task(state), context, needs=NEEDS[agent])
        except SourceError as error:
            emit("table_failed", {"error": str(error)})
            return _update(state["name"], {"error": str(error)})
        found = next(filter(None, (artifact(transcript, tool) for tool in NEEDS[agent])))
        emit("finished", {key: value for key, value in found.items() if key != "summary"})
        kept: TableState = {"done": [agent]}
        if "summary" in found:
            kept["summary"] = found["summary"]
        if "profile_id" in found:
            kept["profile_id"] = found["profile_id"]
        return _update(state["name"], kept)

    return node


def _task(task: StepTask) -> dict[str, Any]:
    return {"table": task["name"], "goal": task["goal"]}


def _update(name: str, table: TableState) -> dict[str, Any]:
    return {"tables": {name: table}}
