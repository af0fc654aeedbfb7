"""What a call costs, to the last digit, and that nothing is guessed."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from agents.model_errors import ModelError
from agents.prices import price
from agents.speech import EVERY_SECONDS, Speech


@pytest.fixture(autouse=True)
def no_own_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASSAY_PRICES", raising=False)


def _own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    path = tmp_path / "prices.json"
    path.write_text(text)
    monkeypatch.setenv("ASSAY_PRICES", str(path))


def test_the_cost_of_a_call_is_exact() -> None:
    known = price("bedrock:global.anthropic.claude-sonnet-4-6")
    assert known is not None
    assert known.cost(input=1, output=1, cache_read=1, cache_write=1) == Decimal("0.00002205")
    assert known.as_of


def test_one_region_or_geography_costs_a_tenth_more_where_the_table_says_so() -> None:
    everywhere, europe, home = (
        price(f"bedrock:{prefix}anthropic.claude-haiku-4-5-20251001-v1:0") for prefix in ("global.", "eu.", "")
    )
    assert everywhere
    assert europe
    assert home
    assert europe.output == home.output == everywhere.output * Decimal("1.1") == Decimal("5.5")
    nova = price("bedrock:us.amazon.nova-pro-v1:0")
    assert nova
    assert nova.input == Decimal("0.8")


@pytest.mark.parametrize(
    "model", ["offline", "openai:gpt-5", "bedrock:anthropic.claude-none", "bedrock:xx.amazon.nova"]
)
def test_what_is_not_in_the_table_has_no_price(model: str) -> None:
    assert price(model) is None


def test_own_prices_come_first_and_the_others_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models = {"openai:gpt-5": {"input": 1, "output": 2}, "bedrock:amazon.nova-pro-v1:0": {"input": 0.5, "output": 3}}
    _own(tmp_path, monkeypatch, json.dumps({"date": "2027-01-01", "models": models}))
    mine, nova, sonnet = (
        price(name)
        for name in ("openai:gpt-5", "bedrock:eu.amazon.nova-pro-v1:0", "bedrock:global.anthropic.claude-sonnet-4-6")
    )
    assert mine
    assert mine.cost(input=1_000_000, output=0, cache_read=1_000_000) == 2  # the cache at the plain price
    assert nova
    assert (nova.input, nova.as_of) == (Decimal("0.5"), "2027-01-01")
    assert sonnet


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[]",
        '{"models": []}',
        '{"models": {"m:x": {"input": 1}}}',
        '{"models": {"m:x": {"input": "much", "output": 1}}}',
        '{"models": {"m:x": {"input": -1, "output": 1}}}',
        '{"models": {"m:x": {"input": NaN, "output": 1}}}',
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    _own(tmp_path, monkeypatch, text)
    with pytest.raises(ModelError, match="ASSAY_PRICES"):
        price("m:x")


def test_a_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_PRICES", "/nowhere/prices.json")
    with pytest.raises(ModelError, match=r"/nowhere/prices\.json"):
        price("m:x")


def test_words_are_passed_on_a_few_times_a_second_and_the_rest_in_the_end() -> None:
    passed: list[tuple[int, str]] = []
    now = 0.0
    speech = Speech("supervisor", lambda kind, data: passed.append((data["answer"], data["text"])), lambda: now)
    for answer in range(2):
        speech.on_chat_model_start()
        for number in range(100):
            now += EVERY_SECONDS / 10
            speech.on_llm_new_token(f"{number} ", run_id=None)  # type: ignore[arg-type]
        speech.on_llm_end()
        words = [text for number, text in passed if number == answer + 1]
        assert "".join(words) == "".join(f"{number} " for number in range(100))
        assert words[0] == "0 "
        assert 10 <= len(words) <= 12
