"""Whatever a crash or an editor leaves of a conversation, what is sent is one that Converse takes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage

from agents.transcripts import NOT_CARRIED_OUT, calls, problems, repaired

ids = st.sampled_from("abcde")
tool_calls = st.builds(lambda id: {"name": "look", "args": {}, "id": id, "type": "tool_call"}, ids)
unreadable = st.builds(
    lambda id: {"name": "look", "args": "{", "id": id, "error": "cut", "type": "invalid_tool_call"}, ids
)
messages = st.one_of(
    st.builds(HumanMessage, st.sampled_from(["go", "now"])),
    st.builds(
        AIMessage,
        content=st.sampled_from(["", " ", "I look."]),
        tool_calls=st.lists(tool_calls, max_size=3, unique_by=lambda call: call["id"]),
        invalid_tool_calls=st.lists(unreadable, max_size=1),
    ),
    st.builds(lambda id, text: ToolMessage(text, tool_call_id=id, name="look"), ids, st.sampled_from(["1", "2"])),
)
wreckage = st.lists(messages, max_size=12)


def _call(*made: str) -> AIMessage:
    return AIMessage("", tool_calls=[{"name": "look", "args": {}, "id": id, "type": "tool_call"} for id in made])


def _result(id: str, text: str = "found") -> ToolMessage:
    return ToolMessage(text, tool_call_id=id, name="look")


@given(wreckage)
def test_what_is_sent_is_whole_and_stays_so(wreck: list[AnyMessage]) -> None:
    whole = repaired(wreck)
    assert problems(whole) == []
    assert repaired(whole) == whole
    if not problems(wreck):
        assert whole == wreck


@given(wreckage)
def test_nothing_said_is_lost_or_moved_and_no_result_is_invented(wreck: list[AnyMessage]) -> None:
    def said(conversation: list[AnyMessage]) -> list[AnyMessage]:
        return [
            message
            for message in conversation
            if not isinstance(message, ToolMessage)
            and not (isinstance(message, AIMessage) and not message.text.strip() and not calls(message))
        ]

    whole = repaired(wreck)
    assert said(whole) == said(wreck)
    for message in whole:
        if isinstance(message, ToolMessage):
            assert message in wreck or (message.text == NOT_CARRIED_OUT and message.status == "error")


def test_a_call_without_a_result_is_answered_with_an_error_before_the_next_turn() -> None:
    found = repaired([HumanMessage("go"), _call("a", "b"), _result("b"), HumanMessage("go on")])
    assert [message.text for message in found] == ["go", "", NOT_CARRIED_OUT, "found", "go on"]


def test_a_result_that_came_late_is_put_where_it_belongs() -> None:
    late = [HumanMessage("go"), _call("a"), HumanMessage("hello?"), _result("a")]
    assert [message.type for message in repaired(late)] == ["human", "ai", "tool", "human"]
    assert repaired(late)[2].text == "found"


def test_a_result_belongs_to_the_call_before_it_when_an_id_is_used_again() -> None:
    twice = [_call("a"), _result("a", "first"), _call("a"), _result("a", "second")]
    assert repaired(twice) == twice
    assert [message.text for message in repaired([_call("a"), *twice[2:]])] == ["", NOT_CARRIED_OUT, "", "second"]


def test_results_of_no_call_and_second_results_are_left_out() -> None:
    stray = [HumanMessage("go"), _result("x"), _call("a"), _result("a"), _result("a", "again")]
    assert [message.text for message in repaired(stray)] == ["go", "", "found"]


def test_a_call_that_only_a_content_block_holds_counts() -> None:
    block = {"type": "tool_use", "id": "a", "name": "look", "input": "{"}
    found = repaired([HumanMessage("go"), AIMessage(content=[block])])
    assert [(message.type, getattr(message, "tool_call_id", "")) for message in found][2:] == [("tool", "a")]
