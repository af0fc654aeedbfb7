"""Calls that cannot be carried out, in whole runs: they are mended in a bounded number of tries, or reported."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from agents.offline import plan
from agents.steps import MOST_MISTAKES
from agents.team import MODEL_CALLS
from graph.runs import Runs
from tests.support.runs import scripted_worker, write_orders
from tests.support.scripted import ScriptedModel, calling

AGENTS = {
    "hand_over": "supervisor",
    "profile_table": "profiler",
    "list_candidates": "recommender",
    "run_validation": "validator",
}
FINE = {"rule": "RowCount > 3", "reasoning": "There are 5 rows."}
MISTAKES: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "no-arguments": ("profiler", "profile_table", {}, "table: Field required. It takes: table, offset (optional)."),
    "wrong-type": ("profiler", "column_details", {"table": "orders", "columns": "id"}, "columns: Input should be"),
    "too-many": ("profiler", "column_details", {"table": "orders", "columns": ["id"] * 99}, "at most 10 items"),
    "not-a-step": ("supervisor", "hand_over", {"next": "all", "tables": ["orders"], "reason": ""}, "'profiler'"),
    "empty-plan": ("supervisor", "plan_work", {"steps": []}, "at least 1 item"),
    "unknown-tool": ("profiler", "drop_table", {"table": "orders"}, "drop_table is not a valid tool"),
    "another-agents-tool": ("profiler", "propose_rules", {"table": "orders", "proposals": []}, "is not a valid tool"),
    "no-such-table": ("profiler", "profile_table", {"table": "ordres"}, "Tables: orders."),
    "no-such-dataset": (
        "supervisor",
        "hand_over",
        {"next": "profiler", "tables": ["ordres"], "reason": ""},
        "Known: orders",
    ),
    "no-such-column": ("profiler", "column_details", {"table": "orders", "columns": ["emial"]}, "mean 'email'?"),
    "column-of-no-rule": ("recommender", "dry_run_rule", {"table": "orders", "rule": 'IsUnique "emial"'}, "'email'?"),
    "unparsable": ("recommender", "dry_run_rule", {"table": "orders", "rule": "RowCount >"}, "Line 1, column 11"),
    "no-such-run": ("supervisor", "show_run", {"run": "nowhere"}, "nowhere"),
    "no-result-yet": ("supervisor", "show_results", {"table": "orders", "rule": 99}, "orders has not been validated"),
    "proposals-of-no-form": ("recommender", "propose_rules", {"table": "orders", "proposals": "all"}, "valid list"),
}


@pytest.fixture
def runs(store) -> Runs:
    return Runs(store)


def start(runs: Runs, tmp_path, answer) -> str:
    run = runs.start([write_orders(tmp_path)], requested_by="Ann", model="offline")
    assert scripted_worker(runs.memory, ScriptedModel(answer=answer)).run(run.id)
    return str(run.id)


def agent_of(tools) -> str:
    return next(AGENTS[tool["name"]] for tool in tools if tool["name"] in AGENTS)


def told(runs: Runs, run_id: str, agent: str) -> list[str]:
    returned = [one for one in runs.follow(run_id) if one.kind == "tool_returned" and one.agent == agent]
    return [one.data["text"] for one in returned if one.data["status"] == "error"]


@pytest.mark.parametrize("kind", MISTAKES)
def test_a_mistake_is_told_with_its_remedy_and_the_mended_run_is_as_good_as_any(runs, tmp_path, kind: str) -> None:
    agent, tool, args, remedy = MISTAKES[kind]

    def once(messages, tools):
        """The mistake first; the planner does not see it then."""
        if agent_of(tools) != agent:
            return plan(messages, tools)
        if isinstance(messages[-1], HumanMessage):
            return calling(tool, **args)
        first = next(at for at, message in enumerate(messages) if isinstance(message, ToolMessage))
        return plan([*messages[: first - 1], *messages[first + 1 :]], tools)

    run_id = start(runs, tmp_path, once)
    assert runs.memory.runs.get(run_id).status == "waiting"
    assert remedy in told(runs, run_id, agent)[0]
    assert {proposal.source for proposal in runs.proposals(run_id)} == {"statistics"}


@pytest.mark.parametrize("kind", MISTAKES)
def test_a_mistake_that_is_never_mended_is_reported_after_a_bound(runs, tmp_path, kind: str) -> None:
    agent, tool, args, remedy = MISTAKES[kind]
    asked = []

    def always(messages, tools):
        if agent_of(tools) != agent:
            return plan(messages, tools)
        asked.append(tool)
        return calling(tool, **args)

    run_id = start(runs, tmp_path, always)
    assert len(asked) == MOST_MISTAKES
    report = runs.report(run_id)
    assert (report.run.status, runs.proposals(run_id)) == ("failed", [])
    assert f"{MOST_MISTAKES} calls in a row as {agent}" in (report.run.error or "")
    assert remedy[:12] in (report.run.error or "")


IMPOSSIBLE = [
    ("RowCount >", "It is needed.", "Line 1, column 11"),
    ("DropTable orders", "It is needed.", "DropTable"),
    ('IsComplete "emial"', "It is needed.", "Did you mean 'email'?"),
    ('ColumnValues "amount" matches "("', "It is needed.", "amount"),
    ('IsComplete "status"', "All 42 rows have one.", "no evidence shows: 42"),
    ('IsComplete "status"', "", "a reasoning"),
]


@pytest.mark.parametrize(("rule", "reasoning", "why"), IMPOSSIBLE, ids=[rule for rule, _, _ in IMPOSSIBLE])
def test_what_cannot_be_proposed_reaches_nobody_and_is_told(runs, tmp_path, rule, reasoning, why) -> None:
    def proposing(messages, tools):
        if agent_of(tools) != "recommender":
            return plan(messages, tools)
        if sum(isinstance(message, ToolMessage) for message in messages) < 2:
            return calling("propose_rules", table="orders", proposals=[{"rule": rule, "reasoning": reasoning}, FINE])
        return AIMessage("Proposed.")

    run_id = start(runs, tmp_path, proposing)
    assert [one.rule for one in runs.proposals(run_id)] == [FINE["rule"]]
    (dropped,) = [one.data for one in runs.follow(run_id) if one.kind == "proposals_dropped"]
    assert (dropped["count"], dropped["dropped"][0]["rule"]) == (1, rule)
    assert why in dropped["dropped"][0]["why"]


def test_a_model_that_proposes_the_impossible_for_ever_is_stopped(runs, tmp_path) -> None:
    asked = []

    def proposing(messages, tools):
        if agent_of(tools) != "recommender":
            return plan(messages, tools)
        asked.append(1)
        return calling("propose_rules", table="orders", proposals=[{"rule": "RowCount >", "reasoning": "It is."}])

    run_id = start(runs, tmp_path, proposing)
    assert len(asked) == MODEL_CALLS
    assert f"called {MODEL_CALLS} times as recommender" in (runs.report(run_id).run.error or "")
    assert runs.proposals(run_id) == []
    assert [one.data["count"] for one in runs.follow(run_id) if one.kind == "proposals_dropped"] == [1]
