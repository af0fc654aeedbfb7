"""The graph: which step may follow which. The model proposes, this disposes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langgraph.graph import END, START, StateGraph
from langgraph.types import RetryPolicy

from agents.model_errors import broke_off
from graph import approval, foreign, specialists, supervisor
from graph.services import Services
from graph.state import RunState, StepTask

FIRST_WAIT = 1.0
"""Seconds before the second try, and up to a second more by chance; twice that before the third."""
TRIES = 3
"""So often a step is begun when the model's answer breaks off in the middle."""


def build(services: Callable[[], Services]) -> StateGraph[RunState, Any, Any, Any]:
    """The uncompiled graph; ``services`` is called when a node first needs them.

    ::

        begin -> supervisor <-> profiler | validator
                 supervisor  -> recommender -> request_approval -> approval -> record_decisions -> supervisor
                 supervisor  -> END
    """
    # Only for an answer that broke off: whatever fails before it, the call itself has tried again.
    retry = RetryPolicy(
        max_attempts=TRIES, retry_on=broke_off, initial_interval=FIRST_WAIT, backoff_factor=2.0, jitter=True
    )
    graph: StateGraph[RunState, Any, Any, Any] = StateGraph(RunState)
    graph.add_node("begin", supervisor.begin(services))
    graph.add_node(
        "supervisor",
        foreign.watched(services, supervisor.route(services)),
        retry_policy=retry,
        destinations=("supervisor", "profiler", "recommender", "validator", END),
    )
    for name, step in specialists.steps(services).items():
        graph.add_node(name, foreign.watched(services, step), retry_policy=retry, input_schema=StepTask)
    request, record = (foreign.watched(services, node(services)) for node in (approval.request, approval.record))
    graph.add_node("request_approval", request, destinations=("approval", "supervisor"))
    graph.add_node("approval", approval.wait)
    graph.add_node("record_decisions", record, destinations=("request_approval", "supervisor"))

    graph.add_edge(START, "begin")
    graph.add_edge("begin", "supervisor")
    graph.add_edge("profiler", "supervisor")
    graph.add_edge("validator", "supervisor")
    graph.add_edge("recommender", "request_approval")
    graph.add_edge("approval", "record_decisions")
    return graph
