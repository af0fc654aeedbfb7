"""The scripted endpoint refuses what AWS refuses. Each case is a valid request with one thing broken."""

from copy import deepcopy
from typing import Any

import pytest

from tests.support.bedrock import reply_problems, request_problems
from tests.support.bedrock_replies import Reply, call, say, tool_use

TOOL = {"toolSpec": {"name": "profile_table", "description": "Profile.", "inputSchema": {"json": {"type": "object"}}}}


def _user(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": list(blocks)}


def _assistant(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


def _result(id: str) -> dict[str, Any]:
    return {"toolResult": {"toolUseId": id, "content": [{"text": "5 rows"}], "status": "success"}}


def _request() -> dict[str, Any]:
    return deepcopy(
        {
            "modelId": "global.anthropic.claude-sonnet-4-6",
            "system": [{"text": "You profile."}],
            "messages": [
                _user({"text": "Profile orders and items."}),
                _assistant(tool_use("profile_table", {"table": "orders"}, "a"), tool_use("profile_table", {}, "b")),
                _user(_result("a"), _result("b")),
            ],
            "inferenceConfig": {"maxTokens": 4096, "temperature": 0.0},
            "toolConfig": {"tools": [TOOL], "toolChoice": {"auto": {}}},
        }
    )


def test_the_whole_request_is_valid() -> None:
    assert request_problems(_request()) == []
    assert request_problems(_request(), "ConverseStream") == []


def _set(path: str, value: Any) -> dict[str, Any]:
    request = _request()
    *parents, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    target: Any = request
    for step in parents:
        target = target[step]
    target[last] = value
    return request


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        ("modelId", "has a space", "does not match"),
        ("modelId", "", "length"),
        ("modelId", "m" * 2049, "is more than 2048"),
        ("messages/0/role", "robot", "is not one of user, assistant"),
        ("messages/0/content/0", {"text": "a", "image": {}}, "tagged union"),
        ("messages/0/content/0", {"words": "a"}, "Unknown parameter"),
        ("messages/0/content/0", {"text": 5}, "Invalid type"),
        ("messages/1/content/0/toolUse", {"name": "x", "input": {}}, "Missing required parameter"),
        ("messages/1/content/0/toolUse/name", "profile table", "does not match"),
        ("messages/1/content/0/toolUse/name", "n" * 65, "is more than 64"),
        ("messages/1/content/0/toolUse/toolUseId", "a/b", "does not match"),
        ("messages/2/content/0/toolResult/status", "fine", "is not one of success, error"),
        ("inferenceConfig/maxTokens", 0, "valid min value"),
        ("inferenceConfig/temperature", 1.5, "is more than 1"),
        ("inferenceConfig/temperature", "0", "Invalid type"),
        ("toolConfig/tools", [], "valid min length"),
        ("toolConfig/tools/0/toolSpec/description", "", "valid min length"),
        ("requestMetadata", {"run|id": "1"}, "does not match"),
        ("requestMetadata", {str(number): "x" for number in range(17)}, "is more than 16"),
        ("unheard_of", 1, "Unknown parameter"),
    ],
)
def test_a_wrong_shape_is_refused(path: str, value: Any, complaint: str) -> None:
    assert any(complaint in problem for problem in request_problems(_set(path, value)))


@pytest.mark.parametrize(
    ("messages", "complaint"),
    [
        ([_assistant({"text": "Hello."}), _user({"text": "Hi."})], "start with a user message"),
        ([_user({"text": "Hi."}), _assistant({"text": "Hello."})], "end with a user message"),
        ([_user({"text": "Hi."}), _user({"text": "Hi?"})], "must alternate"),
        ([_user({"text": " \n"})], "is blank"),
        ([_user()], "is empty"),
        ([_user({"text": "Hi."}), _assistant(tool_use("f", {}, "a")), _user({"text": "Go on."})], "ids a."),
        (
            [
                _user({"text": "Hi."}),
                _assistant(tool_use("f", {}, "a"), tool_use("f", {}, "b")),
                _user(_result("b")),
            ],
            "ids a.",
        ),
        (
            [_user({"text": "Hi."}), _assistant(tool_use("f", {}, "a")), _user(_result("a"), _result("z"))],
            "z answer no toolUse",
        ),
        ([_user(_result("z"))], "z answer no toolUse"),
        (
            [
                _user({"text": "Hi."}),
                _assistant(tool_use("f", {}, "a")),
                _user(_result("a"), _result("a")),
            ],
            "duplicate toolResult ids",
        ),
    ],
)
def test_a_broken_conversation_is_refused(messages: list[dict[str, Any]], complaint: str) -> None:
    assert any(complaint in problem for problem in request_problems(_set("messages", messages)))


def test_tool_blocks_need_a_tool_config() -> None:
    request = _request()
    del request["toolConfig"]
    assert any("toolConfig field must be defined" in problem for problem in request_problems(request))


@pytest.mark.parametrize("stop", ["end_turn", "tool_use", "max_tokens", "guardrail_intervened", "malformed_tool_use"])
def test_answers_with_known_stop_reasons_are_possible(stop: str) -> None:
    assert reply_problems(say("words " * 20, stop)) == []
    assert reply_problems(call("profile_table", '{"table": "ord', stop=stop)) == []


@pytest.mark.parametrize(
    "reply",
    [
        say("x", "because"),
        call("no such name", {}),
        call("f", {}, id="x" * 65),
        Reply([{"text": "x"}], usage={"inputTokens": 1}),
        Reply([{"text": "x"}], usage={"inputTokens": -1, "outputTokens": 0, "totalTokens": 0}),
    ],
)
def test_an_impossible_answer_is_noticed(reply: Reply) -> None:
    assert reply_problems(reply)
