"""The steps of a run that a supervisor may hand over, and a plan of several of them."""

from __future__ import annotations

from typing import Literal, TypedDict

Step = Literal["profiler", "recommender", "validator"]
STEPS: tuple[Step, ...] = ("profiler", "recommender", "validator")


class Planned(TypedDict):
    """A step of a plan with its tables."""

    step: Step
    tables: list[str]
