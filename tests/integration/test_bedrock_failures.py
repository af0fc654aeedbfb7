"""Each way in which Bedrock fails, over HTTP in whole runs: it is tried again or told, and nothing happens twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import botocore.endpoint
import pytest
from botocore.retries.standard import ExponentialBackoff

from agents import models
from agents.models import chat_model
from graph import build
from graph.runs import Runs
from graph.worker import Worker
from memory import Memory
from memory.migrate import migrate
from tests.support.bedrock import Request, run_script
from tests.support.bedrock_planner import planner
from tests.support.bedrock_replies import Failure, Reply, call, say, tool_use
from tests.support.bedrock_runs import whole_run
from tests.support.runs import approve_all, write_orders

Answer = Reply | Failure
STORED = ("datasets", "profiles", "proposals", "decisions", "dq_rules", "quality_scores", "rule_memory")
CUT = '{"next": "validator", "tabl'


@pytest.fixture
def orders(tmp_path: Path) -> str:
    return write_orders(tmp_path)


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda self, context: 0)
    monkeypatch.setattr(build, "FIRST_WAIT", 0.001)
    monkeypatch.setattr(models, "READ_TIMEOUT", 0.5)


def _stored(memory: Memory) -> dict[str, int]:
    counts = {}
    for table in STORED:
        row = memory.db.row(f"select count(*) as n from {table}")
        assert row
        counts[table] = row["n"]
    return counts


def _cut_in_half(answer: Reply) -> Reply:
    """The same answer when its tokens run out in the middle of the tool's arguments."""
    use = answer.content[-1]["toolUse"]
    raw = json.dumps(use["input"])
    return Reply(
        [*answer.content[:-1], tool_use(use["name"], raw[: len(raw) // 2 + 1], use["toolUseId"])], "max_tokens"
    )


PASSING: dict[str, Callable[[Reply], Answer]] = {
    "throttled": lambda answer: Failure("ThrottlingException"),
    "throttled-in-stream": lambda answer: Failure("ThrottlingException", in_stream=True),
    "error-in-stream": lambda answer: Failure("ModelStreamErrorException", in_stream=True),
    "internal": lambda answer: Failure("InternalServerException"),
    "unavailable": lambda answer: Failure("ServiceUnavailableException"),
    "not-ready": lambda answer: Failure("ModelNotReadyException"),
    "silent": lambda answer: replace(answer, delay=1.0),
    "stream-without-end": lambda answer: replace(answer, cut_after=3),
    "stream-reset": lambda answer: replace(answer, cut_after=3, reset=True),
    "cut-tool-call": lambda answer: _cut_in_half(answer) if answer.stop == "tool_use" else answer,
    "malformed-tool-call": lambda answer: replace(answer, stop="malformed_tool_use"),
}


@pytest.fixture(scope="module")
def undisturbed(store_server: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """What a run stores when nothing goes wrong."""
    from tests.conftest import TEMPLATE, _database

    source = write_orders(tmp_path_factory.mktemp("undisturbed"))
    for url in _database(store_server, TEMPLATE):
        migrate(url)
        with Memory.open(url) as memory, run_script(planner):
            assert whole_run(memory, source, "bedrock").run.status == "done"
            return _stored(memory)
    raise AssertionError


@pytest.mark.parametrize("kind", PASSING)
def test_a_run_in_which_every_other_call_fails_ends_like_one_without_failures(
    store: Memory, orders: str, undisturbed: dict[str, int], kind: str
) -> None:
    asked = 0

    def every_other(request: Request) -> Answer:
        nonlocal asked
        asked += 1
        answer = planner(request)
        return PASSING[kind](answer) if asked % 2 else answer

    with run_script(every_other) as bedrock:
        report = whole_run(store, orders, "bedrock")
    assert bedrock.violations == []
    assert asked > 11
    assert report.run.status == "done"
    assert report.run.error is None
    assert _stored(store) == undisturbed


LASTING: dict[str, tuple[Answer, int, str]] = {
    "throttled": (Failure("ThrottlingException"), 6, "wait and run again"),
    "throttled-in-stream": (Failure("ThrottlingException", in_stream=True), 3, "wait and run again"),
    "internal": (Failure("InternalServerException"), 6, "run again later"),
    "unavailable": (Failure("ServiceUnavailableException"), 6, "run again later"),
    "not-ready": (Failure("ModelNotReadyException"), 6, "in a few minutes"),
    "model-timeout": (Failure("ModelTimeoutException"), 3, "choose a faster one"),
    "silent": (replace(say("late"), delay=1.0), 6, "Check the network"),
    "stream-without-end": (Reply([{"text": "x" * 99}], cut_after=3), 3, "then run again"),
    "stream-reset": (Reply([{"text": "x" * 99}], cut_after=3, reset=True), 3, "then run again"),
    "cut-tool-call": (call("hand_over", CUT, stop="max_tokens"), 3, "Choose a model that answers longer"),
    "malformed-tool-call": (call("hand_over", {}, stop="malformed_tool_use"), 3, "Choose a model"),
    "guardrail": (say("Not about this.", "guardrail_intervened"), 1, "'Not about this.'. Change the goal"),
    "filtered": (Reply([], "content_filtered"), 1, "Rephrase the goal"),
    "overflow-while-answering": (Reply([], "model_context_window_exceeded"), 1, "longer context"),
    "overflow": (Failure("ValidationException", "Input is too long for requested model."), 1, "longer context"),
    "invalid": (Failure("ValidationException", "no tools"), 1, "check that it can call tools"),
    "denied": (Failure("AccessDeniedException", "no"), 1, "Allow bedrock:InvokeModel"),
    "expired": (Failure("ExpiredTokenException", "old"), 1, "sign in again"),
    "unknown-model": (Failure("ResourceNotFoundException", "what?"), 1, "Check the model id"),
    "model-error": (Failure("ModelErrorException", "no"), 1, "choose another one"),
}


@pytest.mark.parametrize("kind", LASTING)
def test_what_lasts_ends_the_run_with_a_remedy_and_it_goes_on_when_that_is_done(
    store: Memory, orders: str, undisturbed: dict[str, int], kind: str
) -> None:
    answer, requests, remedy = LASTING[kind]
    broken = True
    runs, worker = Runs(store), Worker(store)
    with run_script(lambda request: answer if broken else planner(request)) as bedrock:
        run = runs.start([orders], requested_by="Ann", model="bedrock")
        assert worker.run(run.id)
        failed = store.runs.get(run.id)
        assert (failed.status, len(bedrock.requests)) == ("failed", requests)
        assert remedy in (failed.error or "")
        assert "\n" not in (failed.error or "")
        assert not store.catalog.latest_profile(store.catalog.datasets()[0].id)
        broken = False
        runs.resume(run.id)
        assert worker.run(run.id)
        approve_all(runs, run.id)
        assert worker.run(run.id)
    assert runs.report(run.id).run.status == "done"
    assert _stored(store) == undisturbed


@pytest.mark.parametrize("agent", ["profile_table", "propose_rules", "run_validation"])
def test_a_specialist_without_access_ends_the_run_and_its_table_is_not_given_up(
    store: Memory, orders: str, undisturbed: dict[str, int], agent: str
) -> None:
    denied = True

    def deny(request: Request) -> Answer:
        tools = json.dumps(request["toolConfig"])
        return Failure("ExpiredTokenException", "old") if denied and agent in tools else planner(request)

    runs, worker = Runs(store), Worker(store)
    with run_script(deny):
        run = runs.start([orders], requested_by="Ann", model="bedrock")
        worker.run(run.id)
        if agent == "run_validation":
            approve_all(runs, run.id)
            worker.run(run.id)
        assert "sign in again" in (store.runs.get(run.id).error or "")
        denied = False
        runs.resume(run.id)
        worker.run(run.id)
        if agent != "run_validation":
            approve_all(runs, run.id)
            worker.run(run.id)
    assert store.runs.get(run.id).status == "done"
    assert _stored(store) == undisturbed


def test_waits_grow_and_are_random(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    waits: list[float] = []
    monkeypatch.setattr(botocore.endpoint.time, "sleep", waits.append)
    with run_script(lambda request: Failure("ThrottlingException")):
        model = chat_model("bedrock")
        for _ in range(3):
            with pytest.raises(Exception, match="ThrottlingException"):
                model.invoke("Hello.")
    trials = [waits[start : start + 5] for start in (0, 5, 10)]
    assert len(waits) == 15
    assert len({tuple(trial) for trial in trials}) == 3
    for trial in trials:
        assert all(0 <= wait <= min(2**tried, 20) for tried, wait in enumerate(trial))
    policy = build.build(lambda: None).nodes["supervisor"].retry_policy
    assert (policy.jitter, policy.backoff_factor, policy.max_attempts) == (True, 2.0, 3)
