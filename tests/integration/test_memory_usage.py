"""Model calls and budgets in the store."""

from __future__ import annotations

from decimal import Decimal

import psycopg
import pytest

from memory import Memory
from memory.usage import Budget, ModelCall
from tests.support.stores import new_run
from ui.report import spending

CALL = ModelCall("c1", "supervisor", "m:x", 1500, "end_turn", 100, 20, 300, 0, cost_usd=Decimal("0.0000105"))


def test_a_call_counts_once_however_often_it_is_recorded(store: Memory) -> None:
    run = new_run(store)
    for _ in range(3):
        store.usage.record(run.id, CALL)
    (spent,) = store.usage.of_run(run.id)
    assert (spent.calls, spent.input_tokens, spent.cache_read_tokens, spent.output_tokens) == (1, 100, 300, 20)
    assert spent.cost_usd == pytest.approx(0.0000105)
    standing = store.usage.standing(run.id)
    assert (standing.calls, standing.tokens, standing.usd) == (1, 420, Decimal("0.0000105"))


def test_calls_of_another_run_do_not_count(store: Memory) -> None:
    run, other = new_run(store), new_run(store)
    store.usage.record(other.id, CALL)
    assert store.usage.of_run(run.id) == []
    assert store.usage.standing(run.id).tokens == 0


def test_what_is_not_known_is_told_from_what_is_nothing(store: Memory) -> None:
    run = new_run(store)
    store.usage.record(run.id, CALL)
    store.usage.record(run.id, ModelCall("c2", "supervisor", "m:x", 10, "unknown"))
    store.usage.record(run.id, ModelCall("c3", "supervisor", "m:x", 10, "ThrottlingException", failed=True))
    (spent,) = store.usage.of_run(run.id)
    assert (spent.calls, spent.failed, spent.unpriced) == (3, 1, 1)
    assert spending.in_all([spent]) == (
        "Model: 3 calls (1 failed), 400 tokens in (75% from the cache), 20 out, "
        "under $0.0001 without 1 call of unknown price, 1.5 s."
    )


def test_a_budget_is_kept_and_replaced(store: Memory) -> None:
    run = new_run(store, budget=Budget(Decimal("0.5"), None))
    assert store.usage.standing(run.id).budget == Budget(Decimal("0.5"), None)
    store.usage.set_budget(run.id, Budget(None, 1000))
    assert store.usage.standing(run.id).budget == Budget(None, 1000)
    assert store.usage.standing(new_run(store).id).budget == Budget()


@pytest.mark.parametrize("budget", [Budget(Decimal(0)), Budget(None, -1)])
def test_a_run_with_an_impossible_budget_is_not_begun(store: Memory, budget: Budget) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        new_run(store, budget=budget)
    assert store.runs.recent() == []


def test_a_person_reads_what_each_agent_spent(store: Memory) -> None:
    run = new_run(store)
    store.usage.record(run.id, CALL)
    store.usage.record(run.id, ModelCall("c2", "profiler", "m:x", 500, "end_turn", 1000, 5, 0, 0))
    usage = store.usage.of_run(run.id)
    assert spending.by_agent(usage) == [
        "supervisor   1 call, 400 tokens in (75% from the cache), 20 out, under $0.0001, 1.5 s",
        "profiler     1 call, 1,000 tokens in, 5 out, cost unknown (no price for this model), 0.5 s",
    ]
    plain = spending.as_json(usage)
    assert (plain["calls"], plain["input_tokens"], plain["unpriced"], len(plain["agents"])) == (2, 1100, 1, 2)
    assert spending.in_all([]) == ""
    assert spending.limits(Budget(Decimal("0.5"), None)) == {"usd": 0.5, "tokens": None}
