"""The scripted Bedrock endpoint behind boto3's real client: every answer and every failure it can give."""

import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError, ReadTimeoutError
from urllib3.exceptions import ProtocolError

from tests.support.bedrock import Bedrock, run_script
from tests.support.bedrock_replies import Failure, Reply, call, say, tool_use

TOOLS = {"tools": [{"toolSpec": {"name": "look", "inputSchema": {"json": {"type": "object"}}}}]}
HELLO = [{"role": "user", "content": [{"text": "Hello."}]}]


@pytest.fixture
def answers() -> list[Reply | Failure]:
    return []


@pytest.fixture
def bedrock(answers: list[Reply | Failure]) -> Iterator[Bedrock]:
    with run_script(lambda request: answers.pop(0)) as running:
        yield running


def _client(**config: Any) -> Any:
    return boto3.Session().client("bedrock-runtime", config=Config(retries={"total_max_attempts": 1}, **config))


def _converse(messages: list[dict[str, Any]] = HELLO, **more: Any) -> dict[str, Any]:
    return _client().converse(modelId="amazon.nova-pro-v1:0", messages=messages, **more)


def _stream(messages: list[dict[str, Any]] = HELLO, **more: Any) -> list[dict[str, Any]]:
    answer = _client().converse_stream(modelId="amazon.nova-pro-v1:0", messages=messages, **more)
    with closing(answer["stream"]) as stream:
        return list(stream)


def test_converse_returns_text_stop_reason_and_usage(bedrock: Bedrock, answers: list[Reply | Failure]) -> None:
    usage = {"inputTokens": 7, "outputTokens": 3, "totalTokens": 10}
    answers.append(Reply([{"text": "Grüß dich ✓"}], "end_turn", usage))
    answer = _converse()
    assert answer["output"]["message"]["content"] == [{"text": "Grüß dich ✓"}]
    assert answer["stopReason"] == "end_turn"
    assert answer["usage"] == usage


def test_stream_carries_the_same_answer_in_pieces(bedrock: Bedrock, answers: list[Reply | Failure]) -> None:
    text = "The table has 5 rows and one candidate key. ✓"
    answers.append(Reply([{"text": text}, tool_use("look", {"table": "orders", "deep": [1, 2]}, "t1")], "tool_use"))
    events = _stream(toolConfig=TOOLS)
    deltas = [event["contentBlockDelta"] for event in events if "contentBlockDelta" in event]
    assert "".join(d["delta"]["text"] for d in deltas if d["contentBlockIndex"] == 0) == text
    raw = "".join(d["delta"]["toolUse"]["input"] for d in deltas if d["contentBlockIndex"] == 1)
    assert raw == '{"table": "orders", "deep": [1, 2]}'
    assert len(deltas) > 3
    assert events[-2] == {"messageStop": {"stopReason": "tool_use"}}
    assert events[-1]["metadata"]["usage"]["totalTokens"] == 15


def test_two_turns_with_a_tool(bedrock: Bedrock, answers: list[Reply | Failure]) -> None:
    answers += [call("look", {"table": "orders"}), say("It has 5 rows.")]
    asked = _converse(toolConfig=TOOLS)["output"]["message"]
    result = {
        "toolResult": {"toolUseId": asked["content"][0]["toolUse"]["toolUseId"], "content": [{"json": {"rows": 5}}]}
    }
    _converse([*HELLO, asked, {"role": "user", "content": [result]}], toolConfig=TOOLS)
    assert bedrock.violations == []
    assert bedrock.requests[1]["modelId"] == "amazon.nova-pro-v1:0"
    assert bedrock.requests[1]["messages"][2]["content"] == [result]


def test_an_inference_profile_arn_survives_the_path(bedrock: Bedrock, answers: list[Reply | Failure]) -> None:
    arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-6"
    answers.append(say("Hi."))
    _client().converse(modelId=arn, messages=HELLO)
    assert bedrock.requests[0]["modelId"] == arn


def test_an_unanswered_tool_call_is_refused_and_recorded(bedrock: Bedrock) -> None:
    asked = {"role": "assistant", "content": [tool_use("look", {}, "t1")]}
    with pytest.raises(ClientError, match="expected toolResult blocks") as refusal:
        _converse([*HELLO, asked, *HELLO], toolConfig=TOOLS)
    assert refusal.value.response["Error"]["Code"] == "ValidationException"
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert len(bedrock.violations) == 1


def test_an_impossible_script_is_a_violation(bedrock: Bedrock, answers: list[Reply | Failure]) -> None:
    answers.append(say("Hi.", "no such reason"))
    with pytest.raises(ClientError, match="impossible answer"):
        _converse()
    assert bedrock.violations


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ThrottlingException", 429),
        ("AccessDeniedException", 403),
        ("UnrecognizedClientException", 403),
        ("ExpiredTokenException", 403),
        ("ResourceNotFoundException", 404),
        ("ModelTimeoutException", 408),
        ("InternalServerException", 500),
        ("ServiceUnavailableException", 503),
        ("ModelErrorException", 424),
    ],
)
@pytest.mark.parametrize("ask", [_converse, _stream])
def test_errors_have_their_status(
    bedrock: Bedrock, answers: list[Reply | Failure], ask: Any, code: str, status: int
) -> None:
    answers.append(Failure(code, "scripted message"))
    with pytest.raises(ClientError, match="scripted message") as error:
        ask()
    assert error.value.response["Error"]["Code"] == code
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


@pytest.mark.parametrize("code", ["ThrottlingException", "ModelStreamErrorException", "InternalServerException"])
def test_a_stream_can_fail_after_it_has_begun(bedrock: Bedrock, answers: list[Reply | Failure], code: str) -> None:
    answers.append(Failure(code, "in the middle", in_stream=True))
    with pytest.raises(EventStreamError, match="in the middle") as error:
        _stream()
    assert error.value.response["Error"]["Code"].lower() == code.lower()


def test_a_stream_can_end_early(bedrock: Bedrock, answers: list[Reply | Failure]) -> None:
    answers.append(Reply([{"text": "x" * 100}], cut_after=3))
    assert [next(iter(event)) for event in _stream()] == ["messageStart", "contentBlockDelta", "contentBlockDelta"]


def test_a_stream_can_break_off(bedrock: Bedrock, answers: list[Reply | Failure]) -> None:
    answers.append(Reply([{"text": "x" * 100}], cut_after=3, reset=True))
    with pytest.raises(ProtocolError):
        _stream()


def test_a_tool_call_can_be_cut_in_the_middle(bedrock: Bedrock, answers: list[Reply | Failure]) -> None:
    answers += [call("look", '{"table": "ord', stop="max_tokens")] * 2
    assert _converse(toolConfig=TOOLS)["output"]["message"]["content"][0]["toolUse"]["input"] == {}
    deltas = [
        event["contentBlockDelta"]["delta"] for event in _stream(toolConfig=TOOLS) if "contentBlockDelta" in event
    ]
    assert "".join(delta["toolUse"]["input"] for delta in deltas) == '{"table": "ord'


def test_a_slow_answer_times_out_and_does_not_hold_up_the_end(answers: list[Reply | Failure]) -> None:
    answers.append(Reply([{"text": "at last"}], delay=60))
    started = time.monotonic()
    with run_script(lambda request: answers.pop(0)), pytest.raises(ReadTimeoutError):
        _client(read_timeout=0.2).converse(modelId="m", messages=HELLO)
    assert time.monotonic() - started < 10


def test_other_paths_are_not_found(bedrock: Bedrock) -> None:
    request = urllib.request.Request(f"{bedrock.url}/model/m/invoke", data=b"{}", method="POST")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(request)
    assert bedrock.requests == []
