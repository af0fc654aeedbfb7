"""What a run over Bedrock's wire sends, streams, spends and stops at: caching, tokens, cost, budget, guardrail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agents.model_errors import ModelError
from agents.models import chat_model, preflight
from graph.runs import Runs
from graph.worker import Worker
from memory import Memory
from tests.support.bedrock import Bedrock, Request, run_script
from tests.support.bedrock_planner import planner
from tests.support.bedrock_replies import Reply, say
from tests.support.bedrock_runs import whole_run
from tests.support.prompt_cache import PromptCache
from tests.support.runs import approve_all, write_orders

SONNET = "bedrock:global.anthropic.claude-sonnet-4-6"
USAGE = {
    "inputTokens": 1000,
    "outputTokens": 100,
    "cacheReadInputTokens": 2000,
    "cacheWriteInputTokens": 400,
    "totalTokens": 3500,
}


def metered(request: Request) -> Reply:
    return replace(planner(request), usage=USAGE)


@pytest.fixture
def orders(tmp_path: Path) -> str:
    return write_orders(tmp_path)


@pytest.fixture
def bedrock() -> Iterator[Bedrock]:
    with run_script(metered) as running:
        yield running
    assert running.violations == []


def test_tokens_and_cost_are_recorded_by_agent(bedrock: Bedrock, store: Memory, orders: str) -> None:
    report = whole_run(store, orders, SONNET)
    by_agent = {spent.agent: spent for spent in report.usage}
    assert set(by_agent) == {"supervisor", "profiler", "recommender", "validator"}
    assert sum(spent.calls for spent in report.usage) == len(bedrock.requests)
    for spent in report.usage:
        assert (spent.input_tokens, spent.output_tokens) == (1000 * spent.calls, 100 * spent.calls)
        assert (spent.cache_read_tokens, spent.cache_write_tokens) == (2000 * spent.calls, 400 * spent.calls)
        # 3, 15, 0.30 and 3.75 dollars per million.
        assert spent.cost_usd == pytest.approx(spent.calls * 0.0066)
        assert (spent.failed, spent.unpriced, spent.model) == (0, 0, SONNET)


def test_only_the_supervisor_is_streamed_and_its_words_arrive_before_it_has_ended(
    bedrock: Bedrock, store: Memory, orders: str
) -> None:
    report = whole_run(store, orders, SONNET)
    events = [event for event in store.runs.events(report.run.id) if event.kind in ("saying", "said", "answer")]
    streamed = [request for name, request in zip(bedrock.operations, bedrock.requests, strict=True) if "Stream" in name]
    assert all("hand_over" in json.dumps(request["toolConfig"]) for request in streamed)
    assert "Converse" in bedrock.operations
    spoken = [event for event in events if event.kind == "saying"]
    assert {event.agent for event in spoken} == {"supervisor"}
    last = [event for event in events if event.agent == "supervisor" and event.kind in ("saying", "said")]
    assert last[-1].kind == "said"
    assert last[-2].kind == "saying"
    assert "".join(event.data["text"] for event in spoken[-2:]).endswith(report.answer[-20:])


def test_words_come_in_few_batches_and_each_answer_is_told_from_the_one_before(store: Memory, orders: str) -> None:
    long = " ".join(f"word{number}" for number in range(400))
    answers = [Reply([{"text": "Well,"}], "malformed_model_output"), say(long)]
    with run_script(lambda request: answers.pop(0)):
        run = Runs(store).start([orders], requested_by="Ann", model=SONNET)
        Worker(store).run(run.id)
    spoken = [event.data for event in store.runs.events(run.id) if event.kind == "saying"]
    assert "".join(words["text"] for words in spoken if words["answer"] == 2) == long
    assert "".join(words["text"] for words in spoken if words["answer"] == 1) == "Well,"
    assert len(spoken) < 10


@pytest.mark.parametrize(
    ("model", "cached"),
    [
        ("global.anthropic.claude-sonnet-4-6", True),
        ("eu.anthropic.claude-haiku-4-5-20251001-v1:0", True),
        ("amazon.nova-pro-v1:0", True),
        ("anthropic.claude-3-haiku-20240307-v1:0", False),
        ("meta.llama3-3-70b-instruct-v1:0", False),
        ("mistral.mistral-large-2407-v1:0", False),
    ],
)
def test_prompts_are_cached_where_the_model_can(
    bedrock: Bedrock, store: Memory, orders: str, model: str, cached: bool
) -> None:
    # The endpoint refuses more than four points, and any on a model that does not cache.
    run = Runs(store).start([orders], requested_by="Ann", model=f"bedrock:{model}")
    Worker(store).run(run.id)
    assert store.runs.get(run.id).status == "waiting"
    for request in bedrock.requests:
        assert ("cachePoint" in json.dumps([request["system"], request["messages"]])) is cached
        assert ("cachePoint" in json.dumps(request["toolConfig"])) is (cached and "nova" not in model)


def test_most_of_what_is_read_comes_from_the_cache(store: Memory, orders: str) -> None:
    cache = PromptCache(minimum=0)
    with run_script(cache.in_front_of(planner)):
        report = whole_run(store, orders, SONNET)
    read, new = cache.tokens["cacheReadInputTokens"], sum(cache.tokens.values())
    assert read > 0.4 * new
    assert sum(spent.cache_read_tokens for spent in report.usage) == read


def test_a_model_without_a_price_has_tokens_and_no_cost(bedrock: Bedrock, store: Memory, orders: str) -> None:
    report = whole_run(store, orders, "bedrock:mistral.mistral-large-2407-v1:0")
    assert all(spent.cost_usd is None and spent.unpriced == spent.calls for spent in report.usage)
    assert all(spent.input_tokens for spent in report.usage)
    with pytest.raises(ModelError, match="No price is known for bedrock:mistral"):
        Runs(store).start([orders], requested_by="Ann", model="bedrock:mistral.mistral-large-2407-v1:0", budget_usd=1)


def test_the_offline_plan_costs_nothing_and_is_not_counted(store: Memory, orders: str) -> None:
    report = whole_run(store, orders, "offline")
    assert report.usage == []


@pytest.mark.parametrize("budget", [{"budget_tokens": 10_000}, {"budget_usd": 0.02}])
def test_a_spent_budget_stops_the_run_and_a_larger_one_lets_it_go_on(
    bedrock: Bedrock, store: Memory, orders: str, budget: dict[str, float]
) -> None:
    runs, worker = Runs(store), Worker(store)
    run = runs.start([orders], requested_by="Ann", model=SONNET, **budget)
    assert worker.run(run.id)
    ended = store.runs.get(run.id)
    # 3,500 tokens and 0.66 cents a call: the budget is used up by the third, or the fourth.
    calls = len(bedrock.requests)
    assert (ended.status, calls) == ("failed", 3 if "budget_tokens" in budget else 4)
    assert "is spent" in (ended.error or "")
    assert "assay resume" in (ended.error or "")
    assert store.catalog.latest_profile(store.catalog.datasets()[0].id) is not None  # what was reached is kept
    runs.resume(run.id, **{name: amount * 100 for name, amount in budget.items()})
    assert worker.run(run.id)
    approve_all(runs, run.id)
    assert worker.run(run.id)
    assert runs.report(run.id).run.status == "done"


def test_a_budget_from_the_environment_counts(
    bedrock: Bedrock, store: Memory, orders: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_BUDGET_TOKENS", "1")
    run = Runs(store).start([orders], requested_by="Ann", model=SONNET)
    Worker(store).run(run.id)
    assert len(bedrock.requests) == 1
    assert "The budget of 1 tokens is spent" in (store.runs.get(run.id).error or "")


@pytest.mark.parametrize("amount", ["0", "-1", "nan", "much"])
def test_a_budget_that_is_no_amount_is_refused(
    store: Memory, orders: str, monkeypatch: pytest.MonkeyPatch, amount: str
) -> None:
    monkeypatch.setenv("ASSAY_BUDGET_USD", amount)
    with pytest.raises(ModelError, match="is no amount"):
        Runs(store).start([orders], requested_by="Ann")


def test_the_guardrail_is_sent_with_each_call_streamed_or_not(
    bedrock: Bedrock, store: Memory, orders: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = "arn:aws:bedrock:eu-central-1:123456789012:guardrail/abc123"
    monkeypatch.setenv("ASSAY_BEDROCK_GUARDRAIL", f"{arn}:7")
    assert whole_run(store, orders, SONNET).run.status == "done"
    wanted = {"guardrailIdentifier": arn, "guardrailVersion": "7"}
    assert {"Converse", "ConverseStream"} == set(bedrock.operations)
    assert all(request["guardrailConfig"] == wanted for request in bedrock.requests)


@pytest.mark.parametrize("setting", ["abc123", "abc123:", ":1", "abc123:latest"])
def test_a_malformed_guardrail_stops_a_run_before_it_starts(monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    monkeypatch.setenv("ASSAY_BEDROCK_GUARDRAIL", setting)
    with pytest.raises(ModelError, match="id:version"):
        preflight("bedrock")


def test_no_guardrail_is_sent_when_none_is_set() -> None:
    with run_script(lambda request: say("Hello.")) as bedrock:
        chat_model("bedrock").invoke("Hello.")
    assert "guardrailConfig" not in bedrock.requests[0]
