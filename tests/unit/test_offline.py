"""The planner that stands in when no language model is configured: what it calls, in which order, what it says."""

import json

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage

from agents.offline import HELP, MOST_PROPOSALS, NOTE, OfflineModel, plan
from agents.offline_lineage import UNCLEAR

SUPERVISOR = [{"name": n} for n in ("plan_work", "hand_over", "list_datasets", "show_profile")]
PROFILER = [{"name": "profile_table"}, {"name": "column_details"}]
RECOMMENDER = [{"name": "list_candidates"}, {"name": "dry_run_rule"}, {"name": "propose_rules"}]
VALIDATOR = [{"name": "run_validation"}]
DEFAULT = "Profile the tables, recommend rules for a person to approve, then validate."


def task(goal=DEFAULT, tables=None, permitted=None, known=(), plan=None):
    steps = {"profiler": [], "recommender": [], "validator": []} | (permitted or {})
    body = {"goal": goal, "tables": tables or {}, "permitted": steps, "known_datasets": list(known)}
    body |= {"plan": plan} if plan else {}
    return [SystemMessage("s"), HumanMessage(json.dumps(body))]


def planned(*tables, steps=("profiler", "recommender", "validator")):
    return [{"step": step, "tables": list(tables)} for step in steps]


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
    asked = task(tables={"t": {"done": done}}, permitted=permitted, plan=planned("t"))
    name, args = call(plan(asked, SUPERVISOR))
    assert (name, args["next"], args["tables"]) == ("hand_over", expected, ["t"])


def test_only_tables_that_may_go_on_are_handed_over():
    tables = {"a": {"done": ["profiler"]}, "b": {"done": [], "error": "gone"}, "c": {"done": []}}
    asked = task(tables=tables, permitted={"profiler": ["c"]}, plan=planned("a", "b", "c"))
    _, args = call(plan(asked, SUPERVISOR))
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
        ("please profile orders", ["orders"], ["orders"]),
        ("profile orders.parquet and s3://lake/x.", [], ["orders.parquet", "s3://lake/x"]),
    ],
)
def test_tables_are_found_in_the_words_of_the_goal(goal, known, expected):
    name, args = call(plan(task(goal, known=known), SUPERVISOR))
    assert (name, args["next"], args["tables"]) == ("hand_over", "profiler", expected)


@pytest.mark.parametrize(
    ("goal", "steps"),
    [
        (DEFAULT, planned("orders", "customers")),
        (
            "profile orders and customers, then propose keys",
            planned("orders", "customers", steps=("profiler", "recommender")),
        ),
        (
            "profile orders, then recommend rules for customers",
            [*planned("orders", "customers", steps=["profiler"]), *planned("customers", steps=["recommender"])],
        ),
        ("recommend rules for orders", planned("orders", steps=("profiler", "recommender"))),
    ],
)
def test_a_goal_of_several_steps_is_planned_and_then_followed(goal, steps):
    tables = {name: {"done": []} for name in ("orders", "customers")}
    asked = task(goal, tables=tables, permitted={"profiler": list(tables)})
    assert call(plan(asked, SUPERVISOR)) == ("plan_work", {"steps": steps})
    name, args = call(plan(asked + answered("plan_work", {"summary": "Planned."}), SUPERVISOR))
    assert (name, args["next"], args["tables"]) == ("hand_over", steps[0]["step"], steps[0]["tables"])


def test_one_step_needs_no_plan_and_what_is_done_is_not_planned_again():
    tables = {"orders": {"done": ["profiler"]}, "gone": {"done": [], "error": "no file"}}
    asked = task("profile and recommend", tables=tables, permitted={"recommender": ["orders"]})
    name, args = call(plan(asked, SUPERVISOR))
    assert (name, args["next"], args["tables"]) == ("hand_over", "recommender", ["orders"])


@pytest.mark.parametrize(
    ("goal", "asked"),
    [
        ("what breaks if I drop customers.email?", {"question": "impact", "node": "customers.email"}),
        ("What would break if we renamed the email column of shop?", {"question": "impact", "node": "shop.email"}),
        ("If I remove customers.email, what breaks?", {"question": "impact", "node": "customers.email"}),
        ("what depends on table orders", {"question": "impact", "node": "orders"}),
        ("what is the impact of dropping Customers.Email", {"question": "impact", "node": "Customers.Email"}),
        ("which columns are affected if customers.id changes?", {"question": "impact", "node": "customers.id"}),
        ("is there any PII in mart.newsletter?", {"question": "personal_data", "node": "mart.newsletter"}),
        ("does mart.newsletter contain personal data?", {"question": "personal_data", "node": "mart.newsletter"}),
        ("Which columns feed into mart.revenue.buyers?", {"question": "upstream", "node": "mart.revenue.buyers"}),
        ("what is affected by changing the type of orders.amount?", {"question": "impact", "node": "orders.amount"}),
        ("what breaks if I drop the type of customers?", {"question": "impact", "node": "customers.type"}),
        ("can I safely drop staging.people?", {"question": "impact", "node": "staging.people"}),
        ("where does revenue come from?", {"question": "upstream", "node": "revenue"}),
        ("how is the revenue calculated?", {"question": "upstream", "node": "revenue"}),
        ("where does email of orders come from?", {"question": "upstream", "node": "orders.email"}),
        ("what is the lineage of orders?", {"question": "upstream", "node": "orders"}),
        ("where does the PII in customers go?", {"question": "personal_data", "node": "customers"}),
        ("where does this PII go?", {"question": "personal_data"}),
        ("which columns contain personal data?", {"question": "personal_data"}),
        ("how does a get to b", {"question": "path", "node": "a", "to": "b"}),
        ("how does raw.a get to mart.b?", {"question": "path", "node": "raw.a", "to": "mart.b"}),
        ("does shop.email flow into mart.news?", {"question": "path", "node": "shop.email", "to": "mart.news"}),
        ("where does customers.email go?", {"question": "downstream", "node": "customers.email"}),
        ("what is downstream of customers", {"question": "downstream", "node": "customers"}),
    ],
)  # fmt: skip
def test_lineage_is_asked_for_in_several_ways(goal, asked):
    assert call(plan(task(goal), SUPERVISOR)) == ("show_lineage", asked)


def test_a_question_about_lineage_without_a_name_means_the_table_of_the_run_or_is_asked_back():
    asked = task("what is upstream?", tables={"orders": {"done": []}})
    assert call(plan(asked, SUPERVISOR)) == ("show_lineage", {"question": "upstream", "node": "orders"})
    assert UNCLEAR in plan(task("what is the impact?"), SUPERVISOR).text


def test_the_answer_about_lineage_is_told():
    told = answered("show_lineage", {"summary": "2 columns depend on it.", "found": ["a"]})
    assert plan(task("what breaks if I drop a.b?") + told, SUPERVISOR).text == f"2 columns depend on it. {NOTE}"


def test_work_and_a_question_about_lineage_are_both_answered():
    asked = task(
        "profile orders and tell me its lineage", tables={"orders": {"done": ["profiler"], "summary": "3 rows."}}
    )
    assert call(plan(asked, SUPERVISOR)) == ("show_lineage", {"question": "upstream", "node": "orders"})
    told = answered("show_lineage", {"summary": "Made of raw.", "found": []})
    assert plan(asked + told, SUPERVISOR).text == f"3 rows. Made of raw. {NOTE}"


def test_a_run_is_asked_about_by_its_id():
    assert call(plan(task("what did run a38skus5 cost?"), SUPERVISOR)) == ("show_run", {"run": "a38skus5"})


def test_the_table_that_a_question_names_is_meant():
    asked = task("show the rules of b", tables={"a": {"done": []}, "bee": {"done": []}})
    assert call(plan(asked, SUPERVISOR))[1] == {"table": "a"}
    asked = task("show the rules of bee", tables={"a": {"done": []}, "bee": {"done": []}})
    assert call(plan(asked, SUPERVISOR))[1] == {"table": "bee"}


def test_who_asks_for_keys_gets_keys():
    asked = [HumanMessage('{"table": "t", "goal": "profile t, then propose keys"}')]
    rules = ["RowCount > 3", 'IsPrimaryKey "id"', 'IsComplete "id"']
    found = {"summary": "", "candidates": [{"number": n, "rule": rule} for n, rule in enumerate(rules, start=1)]}
    assert call(plan(asked + answered("list_candidates", found), RECOMMENDER))[1]["proposals"] == [{"candidate": 2}]


@pytest.mark.parametrize(
    ("goal", "tool"),
    [
        ("why did rule 4 fail for orders?", "show_results"),
        ("show the rules of orders", "show_rules"),
        ("how many rows has orders?", "show_profile"),
        ("which datasets are there?", "list_datasets"),
        ("which runs were there?", "list_runs"),
        ("what waits for approval?", "show_pending"),
        ("how did the scores of orders go over time?", "show_scores"),
        ("how did the score of orders go", "show_scores"),
        ("why did the rule on email of orders fail last time", "show_results"),
        ("what waits for me", "show_pending"),
    ],
)
def test_a_question_is_answered_from_the_store(goal, tool):
    name, args = call(plan(task(goal, known=["orders"]), SUPERVISOR))
    assert name == tool
    assert args == ({} if tool in ("list_datasets", "list_runs", "show_pending") else {"table": "orders"})
    said = plan(task(goal, known=["orders"]) + answered(tool, {"summary": "42 things."}), SUPERVISOR)
    assert said.text == f"42 things. {NOTE}"


def test_words_that_ask_for_nothing_get_help():
    assert HELP in plan(task("good morning"), SUPERVISOR).text
    assert HELP in plan(task("good morning", tables={"orders": {"done": []}}), SUPERVISOR).text


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
    many = {"summary": "", "candidates": [{"number": n, "rule": "RowCount > 1"} for n in range(1, 101)]}
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
