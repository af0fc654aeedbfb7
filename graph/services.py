"""What the nodes work with: the store, the engines and the agents. Built once per process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents.team import Team
    from agents.workbench import Workbench
    from memory import Memory


@dataclass(frozen=True)
class Services:
    """The workbench (store and engines) and the team of agents on one model."""

    bench: Workbench
    team: Team


def services(memory: Memory, model: str | None = None) -> Services:
    """Services on a store with a model by its specification (None: ASSAY_MODEL). Raises ModelError."""
    from agents.models import chat_model, model_name
    from agents.team import Team
    from agents.workbench import Workbench

    return Services(Workbench(memory), Team(chat_model(model), model_name(model)))


@cache
def default_services() -> Services:
    """Services from the environment, for a LangGraph server that only imports the graph."""
    from memory import Memory

    return services(Memory.open())
