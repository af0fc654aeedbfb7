"""The model that is used when no language model is configured: a fixed plan, the same tools, no language.

It says so in every answer, needs no network, and gives the same answer every time: the default on a laptop
and the baseline for evaluations. It is never a fallback for a model that failed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import Field

from agents import offline_lineage

NOTE = "(No language model was used.)"
MOST_PROPOSALS = 25
MOST_OFTEN_A_WORD = 2
"""Names of tables that are no longer are not looked for in sentences: `rules for a person`."""
_INTENTS = {
    "profiler": r"\bprofil|\brecommend|\bpropos|\bsuggest",
    "recommender": r"\brecommend|\bpropos|\bsuggest",
    "validator": r"\bvalidat|\bcheck\b|\bcheck the",
}
_QUESTIONS = (
    ("show_pending", r"\bpending\b|\bundecided\b|\bapprovals?\b|\bwaits?\b|\bwaiting\b|\bto decide\b"),
    ("show_run", r"\brun [a-z0-9]{8}\b"),
    ("list_runs", r"\bruns\b"),
    ("show_scores", r"\b(history|trend)\b|\bscores\b|\bover time\b|\bhow (did|has|does)\b.*\b(score|quality)\b"),
    ("show_results", r"\bwhy\b|\bfail|\bresult|\bscore|\bquality\b"),
    ("show_rules", r"\brules?\b"),
    ("show_profile", r"\bcolumn|\bprofile\b|\bnulls?\b|\bhow many\b|\brows\b|\btell me about\b"),
    ("list_datasets", r"\bdatasets?\b|\btables?\b|\bwhat do you know\b"),
)
_OF_A_TABLE = frozenset({"show_scores", "show_results", "show_rules", "show_profile"})
_RUN = re.compile(r"\brun ([a-z0-9]{8})\b")
_KEYS = r"\bkeys?\b"
_KEY_RULES = ("IsPrimaryKey", "IsUnique", "Uniqueness")
HELP = (
    'I can "profile", "recommend rules for" and "validate" a table (name a file or a dataset), and answer '
    '"show the rules of …", "why did … fail?", "show the profile of …", "the scores of …", "which runs are there?", '
    '"what did run … cost?", "what waits for approval?", "which datasets are there?", "what breaks if I drop …?", '
    '"where does … come from?", "how does … get to …?" and "where does the PII in … go?".'
)


class OfflineModel(BaseChatModel):
    """Follows the graph by :func:`plan`. Deterministic."""

    tools: list[dict[str, Any]] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "offline"

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[Any, AIMessage]:
        """A copy that may call these tools."""
        return self.model_copy(update={"tools": [convert_to_openai_tool(tool)["function"] for tool in tools]})

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=plan(messages, self.tools))])


def plan(messages: Sequence[BaseMessage], tools: Sequence[dict[str, Any]]) -> AIMessage:
    """The next message of the agent whose tools these are.

    ``messages`` hold the task (JSON in the last human message) and what the tools answered since. ``tools`` are
    function descriptions with a ``name``. The agent is recognised by the tool that only it has.
    """
    last_human = max(i for i, message in enumerate(messages) if isinstance(message, HumanMessage))
    first = next(m for m in messages if isinstance(m, HumanMessage))
    # What follows the task is a reminder in the same turn.
    task = json.JSONDecoder().raw_decode(str(first.text))[0]
    done = [message for message in messages[last_human:] if isinstance(message, ToolMessage)]
    names = {tool["name"] for tool in tools}
    if "hand_over" in names:
        return _supervise(task, done)
    if "propose_rules" in names:
        return _recommend(task, done)
    return _call_then_say("profile_table" if "profile_table" in names else "run_validation", task, done)


def _call(name: str, done: Sequence[ToolMessage], **arguments: Any) -> AIMessage:
    call = {"name": name, "args": arguments, "id": f"{name}-{len(done) + 1}", "type": "tool_call"}
    return AIMessage(content="", tool_calls=[call])


def _say(text: str) -> AIMessage:
    return AIMessage(content=f"{text} {NOTE}")


def _call_then_say(tool: str, task: dict[str, Any], done: Sequence[ToolMessage]) -> AIMessage:
    if not done:
        return _call(tool, done, table=task["table"])
    if done[-1].status == "error":
        return _say(str(done[-1].text))
    return _say(json.loads(str(done[-1].text))["summary"])


def _recommend(task: dict[str, Any], done: Sequence[ToolMessage]) -> AIMessage:
    if not done:
        return _call("list_candidates", done, table=task["table"])
    if done[-1].status == "error":
        return _say(str(done[-1].text))
    answer = json.loads(str(done[-1].text))
    if done[-1].name == "list_candidates" and answer["candidates"]:
        chosen = [{"candidate": one["number"]} for one in answer["candidates"] if _asked_for(one, task)][
            :MOST_PROPOSALS
        ]
        return _call("propose_rules", done, table=task["table"], proposals=chosen)
    return _say(answer["summary"])


def _asked_for(candidate: dict[str, Any], task: dict[str, Any]) -> bool:
    """Whether the goal means a candidate: all, unless it speaks of keys only."""
    goal = str(task.get("goal", "")).lower()
    only_keys = re.search(_KEYS, goal) and not re.search(r"\brules?\b", goal)
    return not only_keys or str(candidate["rule"]).startswith(_KEY_RULES)


def _supervise(task: dict[str, Any], done: Sequence[ToolMessage]) -> AIMessage:
    goal = str(task["goal"]).lower()
    wanted = _wanted(goal)
    question = _question(goal)
    tables = _tables(task)
    traced = offline_lineage.question(str(task["goal"]), tables)
    if done and done[-1].name != "plan_work":
        said = str(done[-1].text) if done[-1].status == "error" else _shown(str(done[-1].text))
        worked = [_closing(task, True)] if done[-1].name == "show_lineage" and wanted and _is_order(goal) else []
        return _say(" ".join([*worked, said]))
    if traced and not _is_order(goal):
        return _traced(traced, done)
    # "why did it fail" names no work, "validate and tell me what fails" does.
    if question and not (wanted and tables) and not _is_order(goal):
        return _call(question, done, **_arguments(question, goal, tables))
    steps = task.get("plan") or _plan(task, tables)
    if len(steps) > 1 and not task.get("plan") and not done:
        return _call("plan_work", done, steps=steps)
    for one in steps:
        ready = [table for table in one["tables"] if _still_to_do(task, one["step"], table)]
        if ready:
            reason = f"The goal asks for the {one['step']}."
            return _call("hand_over", done, next=one["step"], tables=ready, reason=reason)
    if traced and offline_lineage.answerable(traced):
        return _traced(traced, done)
    return _say(_closing(task, bool(wanted)))


def _traced(asked: dict[str, str], done: Sequence[ToolMessage]) -> AIMessage:
    """The look-up that answers a question about lineage, or what is missing in it."""
    if not offline_lineage.answerable(asked):
        return _say(offline_lineage.UNCLEAR)
    return _call("show_lineage", done, **asked)


def _wanted(words: str) -> list[str]:
    return [step for step, pattern in _INTENTS.items() if re.search(pattern, words)]


def _plan(task: dict[str, Any], tables: list[str]) -> list[dict[str, Any]]:
    """What is left to do, step by step: each part of the goal is for the tables that it names, else for all."""
    steps: dict[str, list[str]] = {}
    for part in re.split(r"\bthen\b|;|\n", str(task["goal"])):
        meant = [table for table in tables if _names(part, table)] or tables
        for step in _wanted(part.lower()):
            steps.setdefault(step, []).extend(table for table in meant if table not in steps.get(step, []))
    # Whoever is recommended for has to be profiled first, whether it is said or not.
    if "recommender" in steps:
        missing = [table for table in steps["recommender"] if table not in steps.get("profiler", [])]
        steps = {"profiler": steps.get("profiler", []) + missing, **{k: v for k, v in steps.items() if k != "profiler"}}
    left = {step: [table for table in steps[step] if _is_open(task, step, table)] for step in _INTENTS if step in steps}
    return [{"step": step, "tables": names} for step, names in left.items() if names]


def _names(text: str, table: str) -> bool:
    return (
        len(table) > MOST_OFTEN_A_WORD
        and re.search(rf"(?<![\w/.]){re.escape(table)}(?![\w/])", text, re.IGNORECASE) is not None
    )


def _is_open(task: dict[str, Any], step: str, table: str) -> bool:
    """Whether a step is still before a table. One without rules that may be active is not validated."""
    state = task["tables"].get(table, {"done": []})
    if state.get("error") or step in state["done"]:
        return False
    return (
        step != "validator"
        or table in task["permitted"]["validator"]
        or "recommender" in _wanted(str(task["goal"]).lower())
    )


def _question(goal: str) -> str | None:
    return next((tool for tool, pattern in _QUESTIONS if re.search(pattern, goal)), None)


def _arguments(question: str, goal: str, tables: list[str]) -> dict[str, Any]:
    if question == "show_run":
        return {"run": _RUN.findall(goal)[0]}
    named = [table for table in tables if _names(goal, table)] or tables
    return {"table": named[0]} if named and question in _OF_A_TABLE else {}


def _is_order(goal: str) -> bool:
    return bool(re.match(r"\s*(please\s+)?(profil|recommend|propos|suggest|validat|check)", goal))


def _tables(task: dict[str, Any]) -> list[str]:
    """What the goal speaks of: the tables of the run, known datasets that it names, and what looks like a path."""
    if task["tables"]:
        return list(task["tables"])
    goal = str(task["goal"])
    words = [word.strip("\"'`,;?!()") for word in goal.split()]
    named = [name for name in task["known_datasets"] if name.lower() in {word.lower() for word in words}]
    paths = [
        word.rstrip(".") for word in words if "/" in word or re.search(r"\.(csv|tsv|parquet|jsonl?)(\.\w+)?$", word)
    ]
    return list(dict.fromkeys(named + paths))


def _still_to_do(task: dict[str, Any], step: str, table: str) -> bool:
    state = task["tables"].get(table)
    if state is None:
        return step == "profiler" or not task["tables"]
    return step not in state["done"] and not state.get("error") and table in task["permitted"][step]


def _shown(text: str) -> str:
    try:
        return str(json.loads(text)["summary"])
    except (ValueError, KeyError, TypeError):
        return text


def _closing(task: dict[str, Any], had_work: bool) -> str:
    if not had_work:
        return HELP
    if not task["tables"]:
        return "I did not find a table in that: name a file or a known dataset."
    parts = [state["summary"] for state in task["tables"].values() if state.get("summary")]
    return " ".join(parts) or "There was nothing to do."
