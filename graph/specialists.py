"""The nodes of profiler, recommender and validator: one table each, side by side when there are several."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from langgraph.errors import GraphBubbleUp

from agents.context import AgentContext, Emit
from agents.ledger import MOST_TOLD, Ledger
from agents.model_errors import ends_run
from agents.team import artifact
from graph.emit import emitter
from graph.errors import internal, trace
from graph.services import Services
from graph.state import StepNode, StepTask, TableState
from memory.errors import StoreError
from tools.errors import AssayError

NEEDS = {
    "profiler": ("profile_table",),
    # A table without candidates has nothing to propose.
    "recommender": ("propose_rules", "list_candidates"),
    "validator": ("run_validation",),
}
"""The tools one of which an agent has to have called with success: what it says instead does not count."""

log = logging.getLogger(__name__)


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
        except (GraphBubbleUp, StoreError):
            raise
        except Exception as error:
            if ends_run(error):
                raise
            _tell_dropped(context.ledger, emit)
            why = _why(error)
            emit("table_failed", {"error": why})
            return _update(state["name"], {"error": why})
        found = next(filter(None, (artifact(transcript, tool) for tool in NEEDS[agent])))
        _tell_dropped(context.ledger, emit)
        emit("finished", {key: value for key, value in found.items() if key != "summary"})
        kept: TableState = {"done": [agent]}
        if "summary" in found:
            kept["summary"] = found["summary"]
        if "profile_id" in found:
            kept |= {"profile_id": found["profile_id"], "dataset_id": found["dataset_id"]}
        return _update(state["name"], kept)

    return node


def _tell_dropped(ledger: Ledger, emit: Emit) -> None:
    """Tells which proposals no person gets to see, and why."""
    dropped = ledger.dropped()
    if dropped:
        emit("proposals_dropped", {"count": len(dropped), "dropped": dropped[:MOST_TOLD]})


def _why(error: Exception) -> str:
    """For a person. Where what no one foresaw came from goes into the log: one table's bug must not stop the others."""
    if isinstance(error, AssayError):
        return str(error)
    log.error("a table is given up: %s", trace(error))
    return internal(error)


def _task(task: StepTask) -> dict[str, Any]:
    return {"table": task["name"], "goal": task["goal"]}


def _update(name: str, table: TableState) -> dict[str, Any]:
    return {"tables": {name: table}}
