"""Runs that a LangGraph server executes: no worker of ours has their lease, so their nodes keep the run's row true."""

from __future__ import annotations

from typing import Literal

from memory import Memory
from memory.owner import this_process

KIND = "server"


def register(memory: Memory, goal: str, sources: list[str]) -> str:
    """The id of a new run for a thread that a server started."""
    made = memory.runs.create(
        kind=KIND, goal=goal, sources=sources, model="", graph_version="", requested_by="langgraph server"
    )
    return made.id


def mark(memory: Memory, run_id: str, status: Literal["waiting", "done"]) -> None:
    """Writes down how far the run is, if a server executes it."""
    if memory.runs.get(run_id).kind == KIND:
        lease = memory.runs.claim(this_process(), seconds=60, run_id=run_id)
        if lease is not None:
            memory.runs.release(lease, status)
