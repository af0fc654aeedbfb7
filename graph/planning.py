"""The plan of a run: steps with their tables. It is made by the model, vetted by code, and told with how far it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agents.context import Planned, Step
from graph.state import TableState


def has(plan: Sequence[Planned], step: Step, table: str) -> bool:
    """Whether a step on a table is planned."""
    return any(one["step"] == step and table in one["tables"] for one in plan)


def progress(plan: Sequence[Planned], tables: Mapping[str, TableState]) -> list[dict[str, Any]]:
    """The plan for the model: of each step the tables, and those that are left."""
    return [{**one, "left": _left(one, tables)} for one in plan]


def position(plan: Sequence[Planned], step: Step, tables: Sequence[str]) -> dict[str, int]:
    """Which step of how many is handed over; nothing without a plan."""
    for number, one in enumerate(plan, start=1):
        if one["step"] == step and set(tables) <= {*one["tables"]}:
            return {"step": number, "steps": len(plan)}
    return {}


def left(
    plan: Sequence[Planned], tables: Mapping[str, TableState], why: Callable[[Step, str], str | None]
) -> list[str]:
    """A sentence for each step that was planned and not done on tables that were not given up."""
    told = []
    for one in plan:
        for name in _left(one, tables):
            reason = why(one["step"], name)
            told.append(f"Planned and not done: {one['step']} on {name}{f', since {reason}' if reason else ''}.")
    return told


def _left(one: Planned, tables: Mapping[str, TableState]) -> list[str]:
    states = {name: tables.get(name, TableState()) for name in one["tables"]}
    return [n for n, table in states.items() if one["step"] not in table.get("done", []) and not table.get("error")]
