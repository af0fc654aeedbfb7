"""Kills the process at the n-th moment in which it is about to write to the store, or has written but not committed."""

from __future__ import annotations

import inspect
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from langgraph.config import get_config

from agents.team import Team
from memory.db import Database

MEMORY = Path(inspect.getfile(Database)).parent
NODES = ("begin", "supervisor", "profiler", "recommender", "validator", "request_approval", "record_decisions")


class Points:
    """The moments so far, each with the node that it is in and the function that writes."""

    def __init__(self, fatal: int | None) -> None:
        self.passed: list[str] = []
        self.agent = ""
        """The agent at work: its own graph has nodes of other names."""
        self._fatal = fatal

    def hit(self, when: str, what: str) -> None:
        """Comes to a moment, and dies of it if it is the fatal one."""
        node = _node()
        self.passed.append(f"{node if node in (*NODES, 'worker') else self.agent}: {when} {what}")
        if len(self.passed) == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)


def install(fatal: int | None = None) -> Points:
    """Counts from now on, for good: this is for a process that ends soon. None counts and kills nobody."""
    points = Points(fatal)
    transaction, rows, ask = Database.transaction, Database.rows, Team.ask

    def noted_ask(self: Team, agent: str, *arguments: Any, **named: Any) -> Any:
        points.agent = agent
        return ask(self, agent, *arguments, **named)

    @contextmanager
    def counted_transaction(self: Database) -> Iterator[Any]:
        what = _writer()
        points.hit("before", what)
        with transaction(self) as connection:
            yield connection
            points.hit("before the commit of", what)

    def counted_rows(self: Database, query: Any, parameters: Any = ()) -> Any:
        if not query.lstrip().lower().startswith("select"):
            points.hit("before", _writer())
        return rows(self, query, parameters)

    Team.ask = noted_ask  # type: ignore[method-assign]
    Database.transaction = counted_transaction  # type: ignore[method-assign]
    Database.rows = counted_rows  # type: ignore[method-assign]
    return points


def _node() -> str:
    """The node of the graph in which this is, or what the worker itself does."""
    try:
        return str(get_config()["metadata"]["langgraph_node"])
    except (RuntimeError, KeyError):
        return "worker"


def _writer() -> str:
    """The method of the store, or of the checkpointer, that writes."""
    frame = inspect.currentframe()
    while frame is not None:
        path, function, owner = Path(frame.f_code.co_filename), frame.f_code.co_name, frame.f_locals.get("self")
        if path.name == "checkpoints.py" and function.startswith("put"):
            return f"checkpoint {function}"
        if (
            path.parent == MEMORY
            and path.name not in ("db.py", "fence.py")
            and owner is not None
            and function[0] != "_"
        ):
            return f"{type(owner).__name__}.{function}"
        frame = frame.f_back
    return "the store"
