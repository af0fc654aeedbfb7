"""Converse requests become the messages that LangChain made them from, and the planner's answers become Converse."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from langchain_aws.chat_models.bedrock_converse import _messages_to_bedrock
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from agents.transcripts import repaired
from tests.support.bedrock import reply_problems, request_problems
from tests.support.bedrock_planner import planner, to_messages, to_reply, to_tools

TOOLS = [
    {"toolSpec": {"name": name, "description": f"Does {name}.", "inputSchema": {"json": {"type": "object"}}}}
    for name in ("look", "profile_table")
]
words = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=20)
scalars = st.none() | st.booleans() | st.integers(-9, 9) | words
arguments = st.dictionaries(words, scalars | st.lists(scalars, max_size=3), max_size=3)


@st.composite
def transcripts(draw: st.DrawFn) -> list[BaseMessage]:
    """A task, then rounds of tool calls with their results."""
    messages: list[BaseMessage] = [SystemMessage(draw(words)), HumanMessage(draw(words))]
    for number in range(draw(st.integers(0, 3))):
        made = draw(st.lists(arguments, min_size=1, max_size=3))
        calls = [
            {"name": "look", "args": args, "id": f"t{number}.{index}", "type": "tool_call"}
            for index, args in enumerate(made)
        ]
        messages.append(AIMessage(draw(st.just("") | words), tool_calls=calls))
        for made_call in calls:
            status = draw(st.sampled_from(["success", "error"]))
            result = ToolMessage(draw(words), tool_call_id=made_call["id"], name="look", status=status)
            messages.append(result)
    return messages


def _request(messages: list[BaseMessage], **tool_choice: Any) -> dict[str, Any]:
    turns, system = _messages_to_bedrock(messages)
    config = {"tools": TOOLS, **({"toolChoice": tool_choice} if tool_choice else {})}
    return {"modelId": "m", "messages": turns, "system": system, "toolConfig": config}


def _plain(message: BaseMessage) -> tuple[Any, ...]:
    calls = [(call["name"], call["args"], call["id"]) for call in getattr(message, "tool_calls", [])]
    answered = (
        getattr(message, "name", None),
        getattr(message, "status", None),
        getattr(message, "tool_call_id", None),
    )
    return message.type, message.text, calls, answered


@given(transcripts())
def test_a_conversation_survives_the_wire(messages: list[BaseMessage]) -> None:
    request = _request(messages)
    assert request_problems(request) == []
    assert [_plain(message) for message in to_messages(request)] == [_plain(message) for message in messages]


@given(transcripts(), st.data())
def test_a_conversation_that_lost_parts_is_taken_once_it_is_repaired(
    messages: list[BaseMessage], data: st.DataObject
) -> None:
    lost = data.draw(st.sets(st.integers(2, max(2, len(messages) - 1))))
    wreck = [message for position, message in enumerate(messages) if position not in lost]
    moved = [message for message in wreck[2:] if isinstance(message, ToolMessage)][:1]
    whole = repaired([*wreck, *moved, HumanMessage("Go on.")])
    assert request_problems(_request(whole)) == []


@given(st.just("") | words, st.lists(arguments, min_size=1, max_size=3), st.integers(1, 40))
def test_an_answer_becomes_possible_converse_content(text: str, made: list[dict[str, Any]], turn: int) -> None:
    calls = [{"name": "look", "args": args, "id": "any id / at all", "type": "tool_call"} for args in made]
    reply = to_reply(AIMessage(text, tool_calls=calls), turn)
    assert reply_problems(reply) == []
    assert reply.stop == "tool_use"
    uses = [block["toolUse"] for block in reply.content if "toolUse" in block]
    assert [use["input"] for use in uses] == made
    assert len({use["toolUseId"] for use in uses}) == len(made)


def test_words_alone_end_the_turn() -> None:
    reply = to_reply(AIMessage("All 5 rows are complete."), 1)
    assert (reply.content, reply.stop) == ([{"text": "All 5 rows are complete."}], "end_turn")


def test_a_forced_tool_is_the_only_one_offered() -> None:
    task = [HumanMessage("go")]
    assert [entry["name"] for entry in to_tools(_request(task))] == ["look", "profile_table"]
    (forced,) = to_tools(_request(task, tool={"name": "look"}))
    assert forced == {"name": "look", "description": "Does look.", "parameters": {"type": "object"}}


def test_the_planner_calls_the_profiler_and_then_reports() -> None:
    task = json.dumps({"table": "orders"})
    asked = planner(_request([HumanMessage(task)]))
    assert asked.content == [
        {"toolUse": {"toolUseId": "tooluse_1_0", "name": "profile_table", "input": {"table": "orders"}}}
    ]
    call = {"name": "profile_table", "args": {"table": "orders"}, "id": "tooluse_1_0", "type": "tool_call"}
    result = ToolMessage(json.dumps({"summary": "5 rows."}), tool_call_id="tooluse_1_0", name="profile_table")
    told = planner(_request([HumanMessage(task), AIMessage("", tool_calls=[call]), result]))
    assert told.stop == "end_turn"
    assert told.content == [{"text": "5 rows."}]
    assert planner(_request([HumanMessage(task)])) == asked
