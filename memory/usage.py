"""What runs spend on language models: each call with its tokens and cost, and how much a run may spend."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import LiteralString

from memory.db import Connection, Database

STANDING: LiteralString = """
    select (select usd from run_budgets where run_id = %(run)s) as budget_usd,
        (select tokens from run_budgets where run_id = %(run)s) as budget_tokens,
        count(*) as calls, coalesce(sum(cost_usd), 0) as usd,
        coalesce(sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)
            + coalesce(cache_read_tokens, 0) + coalesce(cache_write_tokens, 0)), 0)::bigint as tokens
    from model_calls where run_id = %(run)s
"""


@dataclass(frozen=True)
class ModelCall:
    """One call of a model, answered or not."""

    call_id: str
    """Unique in its run: a call that is recorded twice counts once."""
    agent: str
    model: str
    """As ``agents.models.model_name`` gives it."""
    latency_ms: int
    """As the run waited for it, tries of the transport included."""
    stop_reason: str
    """Why the model stopped, in its provider's words; the error of a call that failed."""
    input_tokens: int | None = None
    """Read anew, neither from the cache nor into it. None where the provider did not tell, as for the others."""
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    failed: bool = False
    cost_usd: Decimal | None = None
    """None where no price is known."""


@dataclass(frozen=True)
class Budget:
    """What a run may spend; None means any amount. Tokens are all that went in, cached or not, and came out."""

    usd: Decimal | None = None
    tokens: int | None = None


@dataclass(frozen=True)
class Spending:
    """What one agent of a run, or the whole run, spent on one model."""

    agent: str
    model: str
    calls: int
    failed: int
    """Calls that were not answered to the end; what the provider charges for these is not known."""
    unpriced: int
    """Answered calls without a known price: their cost is not in ``cost_usd``."""
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    latency_ms: int
    cost_usd: float | None
    """None where no call has a known price."""


@dataclass(frozen=True)
class Standing:
    """How far a run is within its budget."""

    budget: Budget
    calls: int
    tokens: int
    usd: Decimal


class Usage:
    """The record of model calls."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def record(self, run_id: str, call: ModelCall) -> None:
        """Writes a call down, once. Whoever holds the run: a call that was made is paid for. Raises StoreError."""
        self._db.rows(
            """insert into model_calls (run_id, call_id, agent, model, latency_ms, stop_reason, input_tokens,
                output_tokens, cache_read_tokens, cache_write_tokens, failed, cost_usd)
            values (%(run_id)s, %(call_id)s, %(agent)s, %(model)s, %(latency_ms)s, %(stop_reason)s, %(input_tokens)s,
                %(output_tokens)s, %(cache_read_tokens)s, %(cache_write_tokens)s, %(failed)s, %(cost_usd)s)
            on conflict (run_id, call_id) do nothing returning call_id""",
            {"run_id": run_id, **vars(call)},
        )

    def of_run(self, run_id: str) -> list[Spending]:
        """What each agent spent on each model, in the order of their first calls."""
        rows = self._db.rows(
            """select agent, model, count(*) as calls, count(*) filter (where failed) as failed,
                count(*) filter (where cost_usd is null and not failed) as unpriced,
                coalesce(sum(input_tokens), 0)::bigint as input_tokens,
                coalesce(sum(output_tokens), 0)::bigint as output_tokens,
                coalesce(sum(cache_read_tokens), 0)::bigint as cache_read_tokens,
                coalesce(sum(cache_write_tokens), 0)::bigint as cache_write_tokens,
                sum(latency_ms)::bigint as latency_ms, sum(cost_usd)::float8 as cost_usd
            from model_calls where run_id = %s group by agent, model order by min(at), agent""",
            [run_id],
        )
        return [Spending(**row) for row in rows]

    def standing(self, run_id: str) -> Standing:
        """The budget of a run and what is spent of it; one short query."""
        row = self._db.row(STANDING, {"run": run_id})
        assert row
        return Standing(Budget(row["budget_usd"], row["budget_tokens"]), row["calls"], row["tokens"], row["usd"])

    def set_budget(self, run_id: str, budget: Budget) -> None:
        """Gives a run a new budget, which counts from its first call on."""
        with self._db.transaction() as connection:
            write_budget(connection, run_id, budget)


def write_budget(connection: Connection, run_id: str, budget: Budget) -> None:
    """Stores the budget of a run, within the caller's transaction."""
    connection.execute(
        """insert into run_budgets (run_id, usd, tokens) values (%s, %s, %s)
        on conflict (run_id) do update set usd = excluded.usd, tokens = excluded.tokens""",
        [run_id, budget.usd, budget.tokens],
    )
