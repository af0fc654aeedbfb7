"""The graph: which step may follow which. The model proposes, this disposes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langgraph.graph import END, START, StateGraph
from langgraph.types import RetryPolicy

from agents.model_errors import is_transient
from graph import approval, specialists, supervisor
from graph.services import Services
from graph.state import RunState, StepTask


def build(services: Callable[[], Services]) -> StateGraph[RunState, Any, Any, Any]:
    """The uncompiled graph; ``services`` is called when a node first needs them.

    ::

        begin -> supervisor <-> profiler | validator
                 supervisor  -> recommender -> request_approval -> approval -> record_decisions -> supervisor
                 supervisor  -> END
    """
    retry = RetryPolicy(max_attempts=2, retry_on=is_transient)
    graph: StateGraph[RunState, Any, Any, Any] = StateGraph(RunState)
    graph.add_node("begin", supervisor.begin(services))
    graph.add_node(
        "supervisor",
        supervisor.route(services),
        retry_policy=retry,
        destinations=("profiler", "recommender", "validator", END),
    )
    for name, step in specialists.steps(services).items():
        graph.add_node(name, step, retry_policy=retry, input_schema=StepTask)
    graph.add_node("request_approval", approval.request(services), destinations=("approval", "supervisor"))
    graph.add_node("approval", approval.wait)
    graph.add_node("record_decisions", approval.record(services), destinations=("request_approval", "supervisor"))

    graph.add_edge(START, "begin")
    graph.add_edge("begin", "supervisor")
    graph.add_edge("profiler", "supervisor")
    graph.add_edge("validator", "supervisor")
    graph.add_edge("recommender", "request_approval")
    graph.add_edge("approval", "record_decisions")
    return graph
