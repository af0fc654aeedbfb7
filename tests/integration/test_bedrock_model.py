"""`ASSAY_MODEL=bedrock` over real HTTP: what is sent, what is tried again, and what an agent does with a bad answer."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.retries.standard import ExponentialBackoff
from langchain.agents import create_agent
from langchain.agents.structured_output import ToolStrategy
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from pydantic import BaseModel

from agents.model_errors import ModelError, is_transient
from agents.models import DEFAULT_BEDROCK_MODEL, chat_model
from agents.stop_reasons import StopReasonMiddleware, stop_reason
from tests.support.bedrock import Bedrock, run_script
from tests.support.bedrock_replies import Failure, Reply, call, say, tool_use

Answer = Reply | Failure
LIMIT = {"recursion_limit": 12}  # an agent without its guard would go round for ever
CUT = '{"sql": "delete from orders where id = 1'


@pytest.fixture
def answers() -> list[Answer]:
    return []


@pytest.fixture
def bedrock(answers: list[Answer], monkeypatch: pytest.MonkeyPatch) -> Iterator[Bedrock]:
    """Gives `answers` in order, the last one again and again; retries do not wait."""
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda self, context: 0)
    with run_script(lambda request: answers.pop(0) if len(answers) > 1 else answers[0]) as running:
        yield running
    assert running.violations == []


@pytest.fixture
def model(bedrock: Bedrock) -> BaseChatModel:
    return chat_model("bedrock")


def _invoke(model: BaseChatModel) -> AIMessage:
    return model.invoke("Hello.")


def _stream(model: BaseChatModel) -> AIMessage:
    chunks = list(model.stream("Hello."))
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    return whole


BOTH = pytest.mark.parametrize("ask", [_invoke, _stream])


@BOTH
def test_the_request_carries_our_limits(
    model: BaseChatModel, bedrock: Bedrock, answers: list[Answer], ask: Callable[[BaseChatModel], AIMessage]
) -> None:
    answers.append(say("Good day."))
    answer = ask(model)
    (request,) = bedrock.requests
    assert answer.text == "Good day."
    assert stop_reason(answer) == "end_turn"
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["total_tokens"] == 15
    assert request["modelId"] == DEFAULT_BEDROCK_MODEL
    assert request["inferenceConfig"] == {"maxTokens": 4096, "temperature": 0}


@BOTH
@pytest.mark.parametrize("code", ["ThrottlingException", "ServiceUnavailableException", "InternalServerException"])
def test_a_passing_fault_is_tried_again_without_anyone_noticing(
    model: BaseChatModel, bedrock: Bedrock, answers: list[Answer], ask: Callable[[BaseChatModel], AIMessage], code: str
) -> None:
    answers += [Failure(code), Failure(code), say("Here I am.")]
    assert ask(model).text == "Here I am."
    assert len(bedrock.requests) == 3


@BOTH
@pytest.mark.parametrize(
    ("code", "tries"),
    [("ThrottlingException", 6), ("AccessDeniedException", 1), ("ResourceNotFoundException", 1)],
)
def test_tries_are_counted_once(
    model: BaseChatModel,
    bedrock: Bedrock,
    answers: list[Answer],
    ask: Callable[[BaseChatModel], AIMessage],
    code: str,
    tries: int,
) -> None:
    answers.append(Failure(code))
    with pytest.raises(ClientError, match=code):
        ask(model)
    assert len(bedrock.requests) == tries


@tool
def run_sql(sql: str) -> str:
    """Run a statement."""
    _executed.append(sql)
    return "done"


_executed: list[str] = []


@pytest.fixture(autouse=True)
def executed() -> list[str]:
    _executed.clear()
    return _executed


def _run(model: BaseChatModel, *, streamed: bool = False) -> list[Any]:
    agent = create_agent(model, [run_sql], middleware=[StopReasonMiddleware(repeats=2)])
    task = {"messages": [HumanMessage("Clean up.")]}
    if not streamed:
        return list(agent.invoke(task, LIMIT)["messages"])
    # Only someone listening for tokens makes LangChain use ConverseStream.
    parts = list(agent.stream(task, LIMIT, stream_mode=["messages", "values"]))
    return list([data for mode, data in parts if mode == "values"][-1]["messages"])


STREAMED = pytest.mark.parametrize("streamed", [False, True], ids=["converse", "stream"])


@STREAMED
def test_a_whole_tool_call_is_executed(
    model: BaseChatModel, bedrock: Bedrock, answers: list[Answer], executed: list[str], streamed: bool
) -> None:
    answers += [call("run_sql", {"sql": "select 1"}), say("Cleaned.")]
    messages = _run(model, streamed=streamed)
    assert executed == ["select 1"]
    assert [type(message) for message in messages] == [HumanMessage, AIMessage, ToolMessage, AIMessage]
    assert set(bedrock.operations) == {"ConverseStream" if streamed else "Converse"}


@STREAMED
@pytest.mark.parametrize(
    "broken",
    [
        call("run_sql", CUT, stop="max_tokens"),
        call("run_sql", {"sql": "delete from orders"}, stop="malformed_tool_use"),
        Reply([{"text": "Well,"}], "malformed_model_output"),
        Reply([tool_use("run_sql", {"sql": "select 1"}, "a"), tool_use("run_sql", CUT, "b")], "max_tokens"),
    ],
    ids=["cut", "malformed", "garbage", "second-cut"],
)
def test_a_broken_answer_is_asked_for_again_and_never_executed(
    model: BaseChatModel, bedrock: Bedrock, answers: list[Answer], executed: list[str], broken: Reply, streamed: bool
) -> None:
    answers += [broken, call("run_sql", {"sql": "select 2"}), say("Cleaned.")]
    messages = _run(model, streamed=streamed)
    assert executed == ["select 2"]
    assert "discarded" in bedrock.requests[1]["messages"][-1]["content"][-1]["text"]
    assert [type(message) for message in messages] == [HumanMessage, AIMessage, ToolMessage, AIMessage]


@pytest.mark.parametrize("raw", [CUT, '{"sql": ]]'], ids=["repairable", "hopeless"])
def test_json_that_is_broken_without_a_reason_is_not_executed_either(
    model: BaseChatModel, bedrock: Bedrock, answers: list[Answer], executed: list[str], raw: str
) -> None:
    answers += [call("run_sql", raw), say("Nothing to clean.")]
    messages = _run(model, streamed=True)
    assert executed == []
    assert messages[-1].text == "Nothing to clean."


def test_words_that_were_cut_off_are_kept(model: BaseChatModel, bedrock: Bedrock, answers: list[Answer]) -> None:
    answers.append(say("The table has many", "max_tokens"))
    assert _run(model)[-1].text == "The table has many"
    assert len(bedrock.requests) == 1


@STREAMED
def test_it_gives_up_after_the_last_repeat(
    model: BaseChatModel, bedrock: Bedrock, answers: list[Answer], executed: list[str], streamed: bool
) -> None:
    answers.append(call("run_sql", CUT, stop="max_tokens"))
    with pytest.raises(ModelError, match="cut off or malformed 3 times") as error:
        _run(model, streamed=streamed)
    assert executed == []
    assert len(bedrock.requests) == 3
    assert not is_transient(error.value)


def test_an_async_agent_is_guarded_too(
    model: BaseChatModel, bedrock: Bedrock, answers: list[Answer], executed: list[str]
) -> None:
    answers += [call("run_sql", CUT, stop="max_tokens"), say("Cleaned.")]
    agent = create_agent(model, [run_sql], middleware=[StopReasonMiddleware()])
    asyncio.run(agent.ainvoke({"messages": [HumanMessage("Clean up.")]}, LIMIT))
    assert executed == []
    assert len(bedrock.requests) == 2


@STREAMED
@pytest.mark.parametrize(
    ("stop", "says"),
    [
        ("guardrail_intervened", "guardrail blocked"),
        ("content_filtered", "content filter blocked"),
        ("model_context_window_exceeded", "too long"),
    ],
)
def test_a_blocked_answer_ends_the_run_with_a_reason(
    model: BaseChatModel, bedrock: Bedrock, answers: list[Answer], stop: str, says: str, streamed: bool
) -> None:
    answers.append(Reply([], stop))
    with pytest.raises(ModelError, match=says):
        _run(model, streamed=streamed)
    assert len(bedrock.requests) == 1


@STREAMED
@pytest.mark.parametrize(
    ("failure", "says", "transient"),
    [
        (Failure("ThrottlingException"), "ThrottlingException", True),
        (Failure("AccessDeniedException", "no access"), "no access. Allow bedrock:InvokeModel", False),
        (Failure("ValidationException", "Input is too long for requested model."), "too long for the model", False),
    ],
)
def test_a_failed_call_leaves_the_agent_as_a_model_error(
    model: BaseChatModel,
    bedrock: Bedrock,
    answers: list[Answer],
    failure: Failure,
    says: str,
    transient: bool,
    streamed: bool,
) -> None:
    answers.append(failure)
    with pytest.raises(ModelError, match=says) as error:
        _run(model, streamed=streamed)
    assert is_transient(error.value) is transient


@pytest.mark.parametrize(
    "broken",
    [
        Failure("ThrottlingException", in_stream=True),
        Failure("ModelStreamErrorException", in_stream=True),
        Reply([{"text": "x" * 100}], cut_after=3),
        Reply([{"text": "x" * 100}], cut_after=3, reset=True),
    ],
    ids=["throttled", "stream-error", "no-end", "reset"],
)
def test_a_stream_that_breaks_is_left_to_the_node(
    model: BaseChatModel, bedrock: Bedrock, answers: list[Answer], broken: Answer
) -> None:
    answers.append(broken)
    with pytest.raises(ModelError) as error:
        _run(model, streamed=True)
    assert is_transient(error.value)
    assert len(bedrock.requests) == 1


class Decision(BaseModel):
    """Where to go next."""

    next: str
    tables: list[str]


def test_a_structured_answer_is_not_taken_from_a_truncated_call(
    model: BaseChatModel, bedrock: Bedrock, answers: list[Answer]
) -> None:
    whole = {"next": "validator", "tables": ["orders", "items"]}
    answers += [
        call("Decision", '{"next": "validator", "tables": ["orders"', stop="max_tokens"),
        call("Decision", whole),
    ]
    agent = create_agent(
        model, [], middleware=[StopReasonMiddleware()], response_format=ToolStrategy(Decision, handle_errors=False)
    )
    result = None
    for mode, data in agent.stream({"messages": [HumanMessage("Go.")]}, LIMIT, stream_mode=["messages", "values"]):
        result = data if mode == "values" else result
    assert result is not None
    assert result["structured_response"] == Decision(**whole)
    assert bedrock.requests[0]["toolConfig"]["toolChoice"] == {"any": {}}


def test_an_unreachable_endpoint_is_a_model_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda self, context: 0)
    with run_script(lambda request: say("x")) as bedrock:
        model = chat_model("bedrock")
    with pytest.raises(ModelError, match="could not be reached") as error:
        _run(model)
    assert bedrock.requests == []
    assert is_transient(error.value)
