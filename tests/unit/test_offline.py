"""The planner that stands in when no language model is configured: what it calls, in which order, what it says."""

import json

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage

from agents.offline import HELP, MOST_PROPOSALS, NOTE, OfflineModel, plan

SUPERVISOR = [{"name": n} for n in ("hand_over", "list_datasets", "show_profile", "show_rules", "show_results")]
PROFILER = [{"name": "profile_table"}, {"name": "column_details"}]
RECOMMENDER = [{"name": "list_candidates"}, {"name": "dry_run_rule"}, {"name": "propose_rules"}]
VALIDATOR = [{"name": "run_validation"}]
DEFAULT = "Profile the tables, recommend rules for a person to approve, then validate."


def task(goal=DEFAULT, tables=None, permitted=None, known=()):
    steps = {"profiler": [], "recommender": [], "validator": []} | (permitted or {})
    body = {"goal": goal, "tables": tables or {}, "permitted": steps, "known_datasets": list(known)}
    return [SystemMessage("s"), HumanMessage(json.dumps(body))]


def call(message: AIMessage):
    assert len(message.tool_calls) == 1, message
    return message.tool_calls[0]["name"], message.tool_calls[0]["args"]


def answered(name, content, status="success"):
    return [
        AIMessage("", tool_calls=[{"name": name, "args": {}, "id": "1"}]),
        ToolMessage(json.dumps(content), name=name, tool_call_id="1", status=status),
    ]


@pytest.mark.parametrize(
    ("done", "permitted", "expected"),
    [
        ([], {"profiler": ["t"]}, "profiler"),
        (["profiler"], {"recommender": ["t"]}, "recommender"),
        (["profiler", "recommender"], {"validator": ["t"]}, "validator"),
    ],
)
def test_the_default_goal_goes_through_the_steps_in_order(done, permitted, expected):
    name, args = call(plan(task(tables={"t": {"done": done}}, permitted=permitted), SUPERVISOR))
    assert (name, args["next"], args["tables"]) == ("hand_over", expected, ["t"])


def test_only_tables_that_may_go_on_are_handed_over():
    tables = {"a": {"done": ["profiler"]}, "b": {"done": [], "error": "gone"}, "c": {"done": []}}
    _, args = call(plan(task(tables=tables, permitted={"profiler": ["c"]}), SUPERVISOR))
    assert args["tables"] == ["c"]


def test_when_nothing_is_permitted_any_more_it_sums_up():
    said = plan(task(tables={"t": {"done": ["profiler", "recommender"], "summary": "t has 3 rows."}}), SUPERVISOR)
    assert not said.tool_calls
    assert "t has 3 rows." in said.text
    assert NOTE in said.text


@pytest.mark.parametrize(
    ("goal", "known", "expected"),
    [
        ("profile data/orders.csv", [], ["data/orders.csv"]),
        ("please recommend rules for orders", ["orders"], ["orders"]),
        ("profile orders.parquet and s3://lake/x.", [], ["orders.parquet", "s3://lake/x"]),
    ],
)
def test_tables_are_found_in_the_words_of_the_goal(goal, known, expected):
    name, args = call(plan(task(goal, known=known), SUPERVISOR))
    assert (name, args["next"], args["tables"]) == ("hand_over", "profiler", expected)


@pytest.mark.parametrize(
    ("goal", "tool"),
    [
        ("why did rule 4 fail for orders?", "show_results"),
        ("show the rules of orders", "show_rules"),
        ("how many rows has orders?", "show_profile"),
        ("which datasets are there?", "list_datasets"),
    ],
)
def test_a_question_is_answered_from_the_store(goal, tool):
    name, args = call(plan(task(goal, known=["orders"]), SUPERVISOR))
    assert name == tool
    assert args == ({} if tool == "list_datasets" else {"table": "orders"})
    said = plan(task(goal, known=["orders"]) + answered(tool, {"summary": "42 things."}), SUPERVISOR)
    assert said.text == f"42 things. {NOTE}"


def test_words_that_ask_for_nothing_get_help():
    assert HELP in plan(task("good morning"), SUPERVISOR).text


def test_the_profiler_measures_then_says_what_it_saw():
    asked = [HumanMessage('{"table": "t"}')]
    assert call(plan(asked, PROFILER)) == ("profile_table", {"table": "t"})
    said = plan(asked + answered("profile_table", {"summary": "t has 3 rows."}), PROFILER)
    assert said.text == f"t has 3 rows. {NOTE}"


def test_an_error_of_a_tool_is_reported_in_its_own_words():
    messages = [HumanMessage('{"table": "t"}'), *answered("run_validation", {}, status="error")]
    messages[-1].content = "t has no active rules."
    assert plan(messages, VALIDATOR).text == f"t has no active rules. {NOTE}"


def test_the_recommender_proposes_the_best_candidates_and_no_more_than_a_person_can_read():
    asked = [HumanMessage('{"table": "t"}')]
    assert call(plan(asked, RECOMMENDER)) == ("list_candidates", {"table": "t"})
    many = {"summary": "", "candidates": [{"number": n} for n in range(1, 101)]}
    name, args = call(plan(asked + answered("list_candidates", many), RECOMMENDER))
    assert name == "propose_rules"
    assert args["proposals"] == [{"candidate": n} for n in range(1, MOST_PROPOSALS + 1)]


def test_without_candidates_nothing_is_proposed():
    asked = [
        HumanMessage('{"table": "t"}'),
        *answered("list_candidates", {"summary": "Nothing new.", "candidates": []}),
    ]
    assert plan(asked, RECOMMENDER).text == f"Nothing new. {NOTE}"


def test_the_chat_model_binds_tools_without_changing_the_one_it_was_made_from():
    plain = OfflineModel()
    bound = plain.bind_tools([{"type": "function", "function": {"name": "run_validation", "parameters": {}}}])
    assert call(bound.invoke([HumanMessage('{"table": "t"}')])) == ("run_validation", {"table": "t"})
    assert plain.tools == []
