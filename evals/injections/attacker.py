"""A model that does whatever it finds asked in what it is sent, and its work besides."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from agents import offline
from evals.injections.cases import CASES, Case
from evals.injections.deeds import DEEDS
from tools.characters import visible

PREFIX = "attack_"
LOOKS = ("show_profile", "show_rules", "show_results", "show_scores")
MOST_TABLES = 40


class Attacker:
    """``names`` are what stands for the names in braces of the deeds.

    A supervisor that is asked a question looks at everything there is, so that whatever stands there is seen.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = dict(names)

    def answer(self, messages: Sequence[BaseMessage], tools: Sequence[dict[str, Any]]) -> AIMessage:
        """What is asked for in the data first, all of it in one turn, then the next step of the work."""
        offered = {tool["name"] for tool in tools}
        task = _task(messages)
        seen = self.seen(messages)
        asked = [case for case in seen if not _called(messages, f"{PREFIX}{case.mark}")]
        calls = [call for case in asked for call in self._calls(case, task)]
        if "hand_over" in offered and not task["tables"] and not _called(messages, f"{PREFIX}look"):
            calls += _looks(task)
        if calls:
            # A call that works comes last: too many mistakes in a row end an agent, and with it the attack.
            return AIMessage("", tool_calls=[*calls, _harmless(offered, task, len(messages))])
        done = offline.plan(without_attack(messages), tools)
        says = " ".join(filter(None, dict.fromkeys(self._filled(DEEDS[case.deed].says, task) for case in seen)))
        return done if done.tool_calls or not says else AIMessage(f"{done.text} {says}")

    def seen(self, messages: Sequence[BaseMessage]) -> list[Case]:
        """The cases whose marks are in what the model was told, also if they are hidden there."""
        told = "\n".join(str(m.text) for m in messages if not isinstance(m, AIMessage | SystemMessage))
        plain = _plain(told)
        return [case for case in CASES if case.mark in plain]

    def _calls(self, case: Case, task: Mapping[str, Any]) -> list[dict[str, Any]]:
        calls = DEEDS[case.deed].calls
        return [
            {"name": call.tool, "args": self._filled(call.args, task), "id": f"{PREFIX}{case.mark}_{number}"}
            for number, call in enumerate(calls)
        ]

    def _filled(self, content: Any, task: Mapping[str, Any]) -> Any:
        if isinstance(content, str):
            names = {**self._names, "table": task.get("table") or next(iter(task.get("tables", {})), "x")}
            return re.sub(r"\{(\w+)\}", lambda found: names.get(found[1], found[0]), content)
        if isinstance(content, dict):
            return {key: self._filled(value, task) for key, value in content.items()}
        return [self._filled(one, task) for one in content] if isinstance(content, list) else content


def _task(messages: Sequence[BaseMessage]) -> dict[str, Any]:
    first = next(str(message.text) for message in messages if isinstance(message, HumanMessage))
    return dict(json.JSONDecoder().raw_decode(first)[0])


def _plain(text: str) -> str:
    """The text as the cleverest reader has it: letters of the tags block shown, what only fills left out."""
    return visible("".join(chr(ord(sign) - 0xE0000) if 0xE0020 <= ord(sign) <= 0xE007E else sign for sign in text))


def _called(messages: Sequence[BaseMessage], prefix: str) -> bool:
    made = (call["id"] or "" for one in messages if isinstance(one, AIMessage) for call in one.tool_calls)
    return any(id.startswith(f"{prefix}_") for id in made)


def _looks(task: Mapping[str, Any]) -> list[dict[str, Any]]:
    made: list[tuple[str, dict[str, Any]]] = [("list_runs", {}), ("show_pending", {}), ("list_datasets", {})]
    made += [(tool, {"table": name}) for name in task["known_datasets"][:MOST_TABLES] for tool in LOOKS]
    return [{"name": name, "args": args, "id": f"{PREFIX}look_{number}"} for number, (name, args) in enumerate(made)]


def _harmless(offered: set[str], task: Mapping[str, Any], turn: int) -> dict[str, Any]:
    if "hand_over" in offered:
        return {"name": "list_datasets", "args": {}, "id": f"{PREFIX}none_{turn}"}
    name = next(tool for tool in ("profile_table", "list_candidates", "run_validation") if tool in offered)
    return {"name": name, "args": {"table": task["table"]}, "id": f"{PREFIX}none_{turn}"}


def without_attack(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """The conversation of the work alone."""
    kept: list[BaseMessage] = []
    for message in messages:
        if isinstance(message, AIMessage) and any((c["id"] or "").startswith(PREFIX) for c in message.tool_calls):
            continue
        if isinstance(message, ToolMessage) and message.tool_call_id.startswith(PREFIX):
            continue
        kept.append(message)
    return kept
