"""Conversations with Bedrock from tape: the requests are still the same, byte for byte, and the answers still read.

The tapes were recorded from the scripted endpoint; docs/models.md says how to record them from AWS.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.eventstream import EventStreamBuffer
from botocore.exceptions import HTTPClientError
from botocore.retries.standard import ExponentialBackoff
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool

from agents.models import chat_model
from memory import Memory
from tests.support.aws_shapes import problems, service_model
from tests.support.bedrock import DUMMY_KEYS, OPERATIONS, Request, request_problems
from tests.support.bedrock_planner import planner
from tests.support.bedrock_replies import Reply, call, say
from tests.support.bedrock_runs import whole_run
from tests.support.cassettes import FOLDER, cassette
from tests.support.runs import write_orders

TAPES = sorted(FOLDER.glob("*.yaml"))
SYSTEM = "You profile tables with the tool."
SECRETS = [
    r"(?:AKIA|ASIA)[A-Z0-9]{16}",
    r"AWS4-HMAC",
    r"(?i)signature=",
    r"(?i)authorization",
    r"(?i)x-amz-security-token",
    r"(?i)bearer",
    r"(?i)user-agent",
    r"127\.0\.0\.1|localhost|amazonaws\.com",
    *map(re.escape, DUMMY_KEYS.values()),
]
replay_only = pytest.mark.skipif(bool(os.environ.get("ASSAY_RECORD")), reason="only when the tapes are replayed")


def _script(request: Request) -> Reply:
    if len(request["messages"]) == 1:
        return call("profile_table", {"table": "orders"})
    return say("The table orders has 1,000 rows; 12 of them have no email.")


@tool
def profile_table(table: str) -> str:
    """Profile a table: rows, missing values, distinct values."""
    return json.dumps({"table": table, "rows": 1000, "columns": {"email": {"nulls": 12}}})


def _converse(model: BaseChatModel, messages: list[BaseMessage]) -> AIMessage:
    return model.bind_tools([profile_table]).invoke(messages)


def _stream(model: BaseChatModel, messages: list[BaseMessage]) -> AIMessage:
    first, *rest = model.bind_tools([profile_table]).stream(messages)
    for chunk in rest:
        first += chunk
    return first


def _two_turns(ask: Any, goal: str = "Profile orders.") -> tuple[AIMessage, AIMessage]:
    model = chat_model("bedrock")
    messages: list[BaseMessage] = [SystemMessage(SYSTEM), HumanMessage(goal)]
    asked = ask(model, messages)
    # Rebuilt without the model's words and ids, which a recording from AWS would make part of the next request.
    made = {**asked.tool_calls[0], "id": "tooluse_1"}
    result = ToolMessage(profile_table.invoke(made["args"]), tool_call_id="tooluse_1", name="profile_table")
    return asked, ask(model, [*messages, AIMessage("", tool_calls=[made]), result])


@pytest.mark.parametrize(("name", "ask"), [("converse-two-turns", _converse), ("stream-two-turns", _stream)])
def test_two_turns_with_a_tool(name: str, ask: Any) -> None:
    with cassette(name, _script):
        asked, told = _two_turns(ask)
    assert [(made["name"], made["args"]) for made in asked.tool_calls] == [("profile_table", {"table": "orders"})]
    assert "12" in told.text
    assert (asked.response_metadata["stopReason"], told.response_metadata["stopReason"]) == ("tool_use", "end_turn")
    assert told.usage_metadata is not None


def test_a_whole_run(store: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_orders(tmp_path)
    monkeypatch.chdir(tmp_path)
    with cassette("whole-run", planner):
        report = whole_run(store, "orders.csv", "bedrock")
    assert report.run.status == "done"
    assert report.passed


@replay_only
def test_another_request_is_not_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda self, context: 0)
    with pytest.raises(HTTPClientError, match="Profile customers"), cassette("converse-two-turns", _script):
        _two_turns(_converse, goal="Profile customers.")


@replay_only
def test_a_tape_that_is_only_half_played_fails() -> None:
    with pytest.raises(AssertionError, match="1 of the 2"), cassette("converse-two-turns", _script):
        _converse(chat_model("bedrock"), [SystemMessage(SYSTEM), HumanMessage("Profile orders.")])


@replay_only
def test_there_are_tapes() -> None:
    assert {tape.stem for tape in TAPES} >= {"converse-two-turns", "stream-two-turns", "whole-run"}


@pytest.mark.parametrize("tape", TAPES, ids=lambda tape: tape.stem)
def test_no_tape_holds_a_credential_or_an_address(tape: Path) -> None:
    text = tape.read_text()
    for secret in SECRETS:
        assert not re.search(secret, text), f"{tape.name} contains {secret}"


@pytest.mark.parametrize("tape", TAPES, ids=lambda tape: tape.stem)
def test_everything_on_tape_is_valid_by_the_service_model(tape: Path) -> None:
    for interaction in yaml.safe_load(tape.read_text())["interactions"]:
        model_id, action = interaction["request"]["uri"].split("/model/")[1].split("/")
        operation = OPERATIONS[action]
        request = {"modelId": model_id, **json.loads(interaction["request"]["body"])}
        assert request_problems(request, operation) == []
        assert _answer_problems(operation, interaction["response"]["body"]["string"]) == []


def _answer_problems(operation: str, body: str | bytes) -> list[str]:
    shapes = service_model("bedrock-runtime").operation_model(operation)
    if operation == "Converse":
        return problems(json.loads(body), shapes.output_shape)
    buffer = EventStreamBuffer()
    buffer.add_data(body)
    members = shapes.get_event_stream_output().members
    found = []
    for event in buffer:
        found += problems(json.loads(event.payload), members[event.headers[":event-type"]])
    return found
