"""What a run spent on its model, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ui.report.text import clean, count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from memory.usage import Budget, Spending

LEAST_SHOWN = 0.0001


def in_all(usage: Sequence[Spending]) -> str:
    """One line about all calls of a run; empty when no language model was called."""
    return f"Model: {_line(_totals(usage))}." if usage else ""


def by_agent(usage: Sequence[Spending]) -> list[str]:
    """A line for each agent and model."""
    several = len({spent.model for spent in usage}) > 1
    return [f"{spent.agent:<12} {_line(vars(spent))}{_on(spent) if several else ''}" for spent in usage]


def as_json(usage: Sequence[Spending]) -> dict[str, Any]:
    """The same as plain values: the totals, and ``agents``."""
    return {**_totals(usage), "agents": [vars(spent) for spent in usage]}


def limits(budget: Budget | None) -> dict[str, float | int | None]:
    """A budget as plain values; None means any amount."""
    usd = float(budget.usd) if budget and budget.usd is not None else None
    return {"usd": usd, "tokens": budget.tokens if budget else None}


def _totals(usage: Sequence[Spending]) -> dict[str, Any]:
    sums = ("calls", "failed", "unpriced", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
    totals: dict[str, Any] = {name: sum(getattr(spent, name) for spent in usage) for name in (*sums, "latency_ms")}
    known = [spent.cost_usd for spent in usage if spent.cost_usd is not None]
    return {**totals, "cost_usd": sum(known) if known else None}


def _line(spent: dict[str, Any]) -> str:
    read = spent["input_tokens"] + spent["cache_read_tokens"] + spent["cache_write_tokens"]
    cached = f" ({spent['cache_read_tokens'] / read:.0%} from the cache)" if spent["cache_read_tokens"] else ""
    failed = f" ({spent['failed']} failed)" if spent["failed"] else ""
    parts = [
        f"{count(spent['calls'], 'call')}{failed}",
        f"{read:,} tokens in{cached}",
        f"{spent['output_tokens']:,} out",
        _cost(spent),
        f"{spent['latency_ms'] / 1000:.1f} s",
    ]
    return ", ".join(parts)


def _cost(spent: dict[str, Any]) -> str:
    if spent["cost_usd"] is None:
        return "cost unknown (no price for this model)" if spent["unpriced"] else "no cost known"
    missing = f" without {count(spent['unpriced'], 'call')} of unknown price" if spent["unpriced"] else ""
    dollars = f"${spent['cost_usd']:.4f}" if spent["cost_usd"] >= LEAST_SHOWN else f"under ${LEAST_SHOWN}"
    return f"{dollars}{missing}"


def _on(spent: Spending) -> str:
    return f", {clean(spent.model)}"
