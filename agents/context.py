"""What an agent's tools may reach during one invocation. It is never shown to the model and never stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agents.ledger import Ledger
from agents.plans import STEPS, Planned, Step
from agents.work import WorkError
from agents.workbench import Workbench

__all__ = ["STEPS", "AgentContext", "Emit", "Planned", "Step", "silent"]

Emit = Callable[[str, dict[str, Any]], None]
"""Reports what happens to whoever follows the run: a kind and JSON-able data."""


def silent(kind: str, data: dict[str, Any]) -> None:
    """Reports to nobody."""


def _no_plans(steps: list[Planned]) -> list[Planned]:
    raise WorkError("Nothing can be planned here.")


@dataclass(frozen=True)
class AgentContext:
    """The run, the engines, and the tables that the agent was given (name to URI)."""

    run_id: str
    bench: Workbench
    tables: Mapping[str, str]
    emit: Emit = silent
    insist: str = ""
    """The tool that the agent has been reminded to call."""
    refuse: Callable[[Step, str], str | None] = field(default=lambda step, table: None)
    """Why a step may not run on a table now, or None. The graph decides; the supervisor's tool asks."""
    plan: Callable[[list[Planned]], list[Planned]] = _no_plans
    """Takes a plan over, with the run's names of its tables. Raises AssayError when it cannot be followed."""
    ledger: Ledger = field(default_factory=Ledger)
    """What became of the proposals of this task."""
