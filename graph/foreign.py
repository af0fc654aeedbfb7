"""Runs that a LangGraph server executes: no worker of ours has their lease, so their nodes keep the run's row true."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar

from langgraph.errors import GraphBubbleUp
from langgraph.runtime import get_runtime

from graph.services import Services
from memory import Memory

KIND = "server"

Node = TypeVar("Node", bound=Callable[[Any], Any])


def register(memory: Memory, goal: str, sources: list[str]) -> str:
    """The id of a new run for a thread that a server started."""
    from tools.sources.uris import shown, without_passwords

    made = memory.runs.create(
        kind=KIND,
        goal=without_passwords(goal),
        sources=[shown(source) for source in sources],
        model="",
        graph_version="",
        requested_by="langgraph server",
    )
    memory.runs.observe(made.id, "running")
    return made.id


def mark(memory: Memory, run_id: str, status: Literal["waiting", "done"]) -> None:
    """Writes down how far the run is, if a server executes it."""
    memory.runs.observe(run_id, status)


def watched(services: Callable[[], Services], node: Node) -> Any:
    """The node, which tells the run's row that a server works on it, and if it fails, why."""

    def watching(state: Any) -> Any:
        if get_runtime().context is not None or "run_id" not in state:
            return node(state)
        run_id, runs = state["run_id"], services().bench.memory.runs
        runs.observe(run_id, "running")
        try:
            return node(state)
        except GraphBubbleUp:
            raise
        except Exception as error:
            runs.observe(run_id, "failed", str(error) or type(error).__name__)
            raise

    return watching
