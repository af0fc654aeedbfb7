"""The supervisor's tools that move a run: the plan of a turn, and the hand over of one step of it."""

from __future__ import annotations

from typing import Annotated

from langchain.tools import tool
from pydantic import BaseModel, Field

from agents.context import Planned, Step
from agents.toolbox.answer import MOST_TABLES, Answer, Runtime, answer, listed
from agents.work import WorkError

MOST_STEPS = 12
MOST_ECHOED = 4
"""Tables of a step that are told back: the model has named them all itself."""

Tables = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=1_000)]],
    Field(min_length=1, max_length=MOST_TABLES, description="names, paths, URIs or datasets"),
]


class PlannedStep(BaseModel):
    """A step and all the tables that it runs on."""

    step: Step
    tables: Tables


@tool(response_format="content_and_artifact")
def plan_work(
    steps: Annotated[list[PlannedStep], Field(min_length=1, max_length=MOST_STEPS)], runtime: Runtime
) -> Answer:
    """Plan a goal that needs several steps: each with its tables, in order. It is shown to the person and held to."""
    made = runtime.context.plan([Planned(step=one.step, tables=list(dict.fromkeys(one.tables))) for one in steps])
    said = [f"{n}. {one['step']}: {listed(one['tables'], MOST_ECHOED)}" for n, one in enumerate(made, start=1)]
    return answer({"summary": f"Planned: {'; '.join(said)}. Hand over its first step."}, {"steps": made})


@tool(response_format="content_and_artifact")
def hand_over(next: Step, tables: Tables, reason: Annotated[str, Field(max_length=1_000)], runtime: Runtime) -> Answer:
    """Have a step run on tables: profiler, recommender or validator. Name a new table by path, URI or dataset."""
    context = runtime.context
    for name in tables:
        why = context.refuse(next, name)
        if why:
            raise WorkError(f"{next} cannot run on {name}: {why}")
    told = f"{next} takes over {listed(tables, MOST_ECHOED)}."
    return answer({"summary": told}, {"next": next, "tables": tables, "reason": reason[:300]})
