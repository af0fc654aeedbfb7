"""Reports of a node: into the log of its run, and over LangGraph's custom stream for whoever follows that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from langgraph.config import get_stream_writer
from langgraph.runtime import get_runtime

MILESTONES = frozenset(
    {
        "planned",
        "routed",
        "proposals_dropped",
        "finished",
        "table_failed",
        "approval_requested",
        "decisions_recorded",
    }
)
"""What a task reports once, also when a worker dies in it and another one does it again."""


@dataclass(frozen=True)
class RunContext:
    """What the worker gives the nodes beside the state (a LangGraph server gives nothing)."""

    record: Callable[[str, dict[str, Any], str | None], None]
    """Writes a kind and data into the run's log, once if there is a key. Raises what ends the task at once."""


def emitter(**always: Any) -> Callable[[str, dict[str, Any]], None]:
    """A function that reports a kind and data, with ``always`` added to the data. Call it inside a node."""
    writer, runtime = get_stream_writer(), get_runtime(RunContext)
    context: RunContext | None = runtime.context

    def emit(kind: str, data: dict[str, Any]) -> None:
        told = {**always, **data}
        if context is not None and runtime.execution_info is not None:
            of = f"{kind}:{runtime.execution_info.task_id}:{told.get('table', '')}"
            context.record(kind, told, of if kind in MILESTONES else None)
        writer({"kind": kind, **told})

    return emit
