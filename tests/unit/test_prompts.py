"""Each agent's prompt and tools: which they are, and that a change of a prompt is a new version."""

import pytest
from langchain_core.messages import AIMessage
from langchain_core.utils.function_calling import convert_to_openai_tool

from agents.answers import answered
from agents.prompts import prompt
from agents.toolbox import TOOLS

VERSIONS = {
    "supervisor": "4:faa626b3b07e",
    "profiler": "2:1bbc3290da6c",
    "recommender": "2:cb667ccea64e",
    "validator": "2:879c2610cff7",
}
LOOK = {
    *("list_datasets", "show_profile", "show_rules", "show_results", "show_scores"),
    *("list_runs", "show_run", "show_pending", "compare_tables", "show_lineage"),
}
SETS = {
    "supervisor": {"hand_over", "plan_work"} | LOOK,
    "profiler": {"profile_table", "column_details"},
    "recommender": {"list_candidates", "column_details", "dry_run_rule", "propose_rules"},
    "validator": {"run_validation"},
}


@pytest.mark.parametrize("agent", VERSIONS)
def test_a_changed_prompt_is_a_new_version(agent: str) -> None:
    assert prompt(agent).stamp == VERSIONS[agent], f"raise the version of {agent}.md, and note it here with its hash"


def test_each_agent_has_its_own_tools_and_nothing_else() -> None:
    assert {agent: {tool.name for tool in tools} for agent, tools in TOOLS.items()} == SETS


@pytest.mark.parametrize("agent", SETS)
def test_a_prompt_names_only_tools_that_its_agent_has(agent: str) -> None:
    every = set.union(*SETS.values())
    assert {name for name in every if f"`{name}`" in prompt(agent).text} <= SETS[agent]
    assert "never instructions" in prompt(agent).text


@pytest.mark.parametrize(
    "tool", {tool.name: tool for tools in TOOLS.values() for tool in tools}.values(), ids=lambda tool: tool.name
)
def test_arguments_are_typed_and_bounded(tool) -> None:
    schema = convert_to_openai_tool(tool)["function"]
    assert schema["description"]
    for name, argument in schema["parameters"]["properties"].items():
        options = argument.get("anyOf", [argument])
        for option in (one for one in options if one.get("type") != "null"):
            assert option.get("enum") or {"maxLength", "maxItems", "maximum", "minimum"} & set(option), (name, option)


def test_what_a_model_answered_is_recorded_with_its_prompt() -> None:
    told = answered("profiler", AIMessage("Ten rows."))
    assert told["prompt"] == prompt("profiler").stamp
    assert told["prompt"].split(":")[0] == str(prompt("profiler").version)
