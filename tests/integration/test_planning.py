"""A goal of several steps: planned, shown, held to; and which prompts a run was led by."""

from __future__ import annotations

from decimal import Decimal

import pytest
from langchain_core.messages import AIMessage, HumanMessage

from agents.offline import plan
from agents.prompts import prompt
from graph.runs import Runs
from graph.worker import Worker
from memory.model import Decision
from memory.usage import ModelCall
from tests.support.runs import scripted_worker, write_orders
from tests.support.scripted import ScriptedModel, calling
from ui.report.steps import line

GOAL = "profile orders and customers, then propose keys"
KEYS = {"IsPrimaryKey", "IsUnique", "Uniqueness"}


@pytest.fixture
def runs(store) -> Runs:
    return Runs(store)


def two_tables(tmp_path) -> list[str]:
    return [write_orders(tmp_path, "orders.csv", rows=30), write_orders(tmp_path, "customers.csv", rows=40)]


def events(runs: Runs, run_id, kind: str) -> list[dict]:
    return [one.data for one in runs.follow(run_id) if one.kind == kind]


def test_several_steps_are_planned_shown_and_done_in_order(runs, tmp_path) -> None:
    run = runs.start(two_tables(tmp_path), goal=GOAL, requested_by="Ann", model="offline")
    Worker(runs.memory).run(run.id)
    both = ["orders", "customers"]
    (planned,) = events(runs, run.id, "planned")
    assert planned["steps"] == [{"step": "profiler", "tables": both}, {"step": "recommender", "tables": both}]
    routed = [(one["next"], one["tables"], one["step"], one["steps"]) for one in events(runs, run.id, "routed")]
    assert routed == [("profiler", both, 1, 2), ("recommender", both, 2, 2)]
    assert {proposal.rule_type for proposal in runs.proposals(run.id)} <= KEYS
    assert len({proposal.dataset_id for proposal in runs.proposals(run.id)}) == 2
    said = [told.said for event in runs.follow(run.id) if (told := line(event)) and told.who == "supervisor"]
    assert said[0] == "plan: 1. profiler: orders, customers; 2. recommender: orders, customers."
    assert said[1].endswith("(step 1 of 2)")


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ([{"step": "validator", "tables": ["orders"]}], "no active rules; a person has to approve some first"),
        ([{"step": "recommender", "tables": ["orders"]}], "profiled in this run first"),
        ([{"step": "profiler", "tables": ["nowhere"]}], "neither known nor named in the request"),
        ([{"step": "profiler", "tables": ["orders"]}] * 2, "done in this run"),
        ([{"step": "publisher", "tables": ["orders"]}], "'profiler', 'recommender' or 'validator'"),
        ([{"step": "profiler", "tables": []}], "at least 1 item"),
    ],
)
def test_a_plan_that_cannot_be_followed_is_refused_with_what_to_do(runs, tmp_path, steps, why) -> None:
    def planning(messages, tools):
        if isinstance(messages[-1], HumanMessage):
            return calling("plan_work", steps=steps)
        return AIMessage(f"refused: {messages[-1].text}")

    run = runs.start([write_orders(tmp_path)], goal=GOAL, requested_by="Ann", model="offline")
    scripted_worker(runs.memory, ScriptedModel(answer=planning)).run(run.id)
    assert why in runs.report(run.id).answer
    assert events(runs, run.id, "planned") == []


def test_a_run_is_held_to_its_plan(runs, tmp_path) -> None:
    two = [{"step": "profiler", "tables": ["orders"]}, {"step": "recommender", "tables": ["orders"]}]

    def straying(messages, tools):
        if tools[0]["name"] != "hand_over":
            return plan(messages, tools)
        said = str(messages[-1].text)
        if isinstance(messages[-1], HumanMessage):
            if '"plan"' not in said:
                return calling("plan_work", steps=two)
            if '"done": ["profiler"]' in said:
                return AIMessage("Enough.")
            return calling("hand_over", next="profiler", tables=["customers"], reason="")
        return calling("hand_over", next="profiler", tables=["orders"], reason="")

    run = runs.start(two_tables(tmp_path), goal=GOAL, requested_by="Ann", model="offline")
    scripted_worker(runs.memory, ScriptedModel(answer=straying)).run(run.id)
    refused = [one["text"] for one in events(runs, run.id, "tool_returned") if one["status"] == "error"]
    assert len(refused) == 1
    assert "customers: that is not in the plan; plan the whole of what is left with plan_work" in refused[0]
    assert [one["tables"] for one in events(runs, run.id, "routed")] == [["orders"]]
    assert runs.report(run.id).answer.endswith("Planned and not done: recommender on orders.")


def test_a_run_records_which_prompt_each_agent_had(runs, tmp_path) -> None:
    run = runs.start([write_orders(tmp_path)], requested_by="Ann", model="offline")
    Worker(runs.memory).run(run.id)
    told = {(one.agent, one.data["prompt"]) for one in runs.follow(run.id) if one.kind == "answered"}
    assert told == {(agent, prompt(agent).stamp) for agent in ("supervisor", "profiler", "recommender")}


def test_the_supervisor_tells_what_a_run_cost(runs, tmp_path) -> None:
    run = runs.start([write_orders(tmp_path)], requested_by="Ann", model="offline")
    Worker(runs.memory).run(run.id)
    runs.decide(run.id, [Decision(1, "reject", reason="says nothing")], "Ann")
    call = ModelCall("1", "profiler", "m", 10, "end_turn", 1200, 40, 100, 0, cost_usd=Decimal("0.0123"))
    runs.memory.usage.record(run.id, call)
    asked = runs.start(
        [write_orders(tmp_path)], goal=f"what did run {run.id} cost?", requested_by="Bob", model="offline"
    )
    Worker(runs.memory).run(asked.id)
    answer = runs.report(asked.id).answer
    assert "Its model: 1 calls, 1,300 tokens in, 40 out, $0.0123." in answer
    assert "Proposals: 1 rejected, " in answer
