"""Runs, what they tell and what they spend."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from memory.model import Status
from ui.api.models.base import Asked, Source, Told, Window, Words

Dollars = Annotated[float, Field(strict=True, gt=0, le=1_000_000, allow_inf_nan=False)]
Tokens = Annotated[int, Field(strict=True, gt=0, le=10**12)]


class StartRun(Asked):
    """What a run is to do."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "sources": ["examples/orders.csv"],
                "goal": "Profile them, recommend rules, validate",
            }
        }
    )

    sources: list[Source] = Field(min_length=1, max_length=100)
    """Files, folders, globs or URIs, as the server sees them; each is a table."""
    goal: Words | None = None
    """In your words; by default: profile, recommend, have approved, validate."""
    model: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """`offline`, `bedrock`, `bedrock:<model id>` or `provider:model`; that of the server if not given."""
    budget_usd: Dollars | None = None
    """What the model may cost in this run."""
    budget_tokens: Tokens | None = None
    """How many tokens the model may read and write."""
    window: Window | None = None
    """How long people may take to decide."""


class ResumeRun(Asked):
    """With which budget a run goes on; it replaces the one that the run had."""

    model_config = ConfigDict(json_schema_extra={"example": {"budget_usd": 2.5}})

    budget_usd: Dollars | None = None
    budget_tokens: Tokens | None = None


class Run(Told):
    """A run, without what it found."""

    id: str = Field(examples=["k4mq7w2p"])
    kind: str
    """`run` for one of agents, `server` for one on a LangGraph server, else work of one step such as `profile`."""
    goal: str
    sources: list[str]
    """Without passwords."""
    model: str
    requested_by: str
    status: Status
    error: str | None
    """Why it failed, or which tables it gave up."""
    cancel_requested: bool
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None


class Table(Told):
    """What a run found out about one table."""

    name: str
    evaluation: dict[str, Any]
    """`rows`, `passed`, and in `rules` the outcome, reason, metrics and examples of failing rows for each rule."""
    total: float | None
    """The score, 0 to 1."""
    dimensions: dict[str, float]
    """The score by dimension, 0 to 1."""


class Spent(Told):
    """What one agent spent on one model."""

    agent: str
    model: str
    calls: int
    failed: int
    """Calls that were not answered to the end."""
    unpriced: int
    """Calls without a known price, which are not in `cost_usd`."""
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    latency_ms: int
    cost_usd: float | None


class Cost(Told):
    """What a run spent on language models."""

    calls: int
    failed: int
    unpriced: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    latency_ms: int
    cost_usd: float | None
    """Null where no price is known."""
    agents: list[Spent]


class Budget(Told):
    """What a run may spend; null means any amount."""

    usd: float | None
    tokens: int | None


class RunReport(Told):
    """What a run did so far."""

    run: Run
    answer: str
    """In the supervisor's words; empty while there is none."""
    passed: bool
    """No rule failed or could not be evaluated, and no table was given up."""
    resumable: bool
    """Whether `resume` would go on with it."""
    proposals: int
    undecided: int
    """How many of the proposals wait for a person."""
    tables: list[Table]
    cost: Cost
    budget: Budget


class Event(Told):
    """Something that a run did."""

    seq: int
    """1, 2, 3… within the run; the `id` of an event of the stream."""
    kind: str = Field(examples=["tool_called"])
    agent: str | None
    data: dict[str, Any]
    at: datetime


class End(Told):
    """The last event of a stream, named `end`: nothing happens until somebody does something."""

    status: Literal["waiting", "done", "failed", "cancelled"]
    error: str | None
