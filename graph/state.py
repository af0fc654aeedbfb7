"""The state of a run: references and short summaries, never data, profiles or rules."""

from __future__ import annotations

from typing import Annotated, Any, Protocol, TypedDict

from agents.plans import Planned

GRAPH_VERSION = "1"
"""Raised when a node is renamed, removed or interrupts for something else: a run resumes on its own version only."""

DEFAULT_GOAL = "Profile the tables, recommend rules for a person to approve, then validate."


class TableState(TypedDict, total=False):
    """How far a table is."""

    uri: str
    dataset_id: str
    profile_id: str
    done: list[str]
    """The steps that ran, in order."""
    summary: str
    error: str
    """Why the table was given up, for a person."""


class HandOver(TypedDict):
    """What the supervisor decided last."""

    next: str
    tables: list[str]
    reason: str


def merge_tables(left: dict[str, TableState], right: dict[str, TableState]) -> dict[str, TableState]:
    """Adds what parallel steps report about their tables: keys are replaced, finished steps are appended."""
    merged = dict(left)
    for name, update in right.items():
        old = merged.get(name, TableState())
        done = [*old.get("done", []), *(step for step in update.get("done", []) if step not in old.get("done", []))]
        merged[name] = {**old, **update, "done": done}
    return merged


class RunState(TypedDict, total=False):
    """The channels of the graph."""

    run_id: str
    goal: str
    sources: list[str]
    tables: Annotated[dict[str, TableState], merge_tables]
    hand_over: HandOver
    plan: list[Planned]
    """What the supervisor means to have done, if that is more than one step."""
    turns: int
    answer: str
    """What the supervisor says in the end."""


class StepTask(TypedDict):
    """What one step on one table is given."""

    run_id: str
    goal: str
    name: str
    table: TableState


class RunNode(Protocol):
    """A node that works on the run: an update of the state, or a command."""

    def __call__(self, state: RunState) -> Any:
        """Works on the state."""


class StepNode(Protocol):
    """A node that works on one table."""

    def __call__(self, state: StepTask) -> Any:
        """Works on the task."""
