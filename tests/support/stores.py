"""Short ways to fill a store in tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from memory.embedding import Embedder
from memory.model import Dataset, NewProposal, Proposal, Run
from memory.recall import Note
from memory.store import Memory

FIELDS = [
    {"name": "id", "type": "BIGINT", "kind": "number"},
    {"name": "email", "type": "VARCHAR", "kind": "text"},
]


def new_run(store: Memory, **changes: Any) -> Run:
    values: dict[str, Any] = {
        "kind": "run",
        "goal": "check orders",
        "sources": ["orders.csv"],
        "model": "offline",
        "graph_version": "1",
        "requested_by": "ada",
    }
    return store.runs.create(**{**values, **changes})


def new_dataset(store: Memory, name: str = "/data/orders.csv") -> Dataset:
    return store.catalog.upsert_dataset("file", name, name, FIELDS)


def new_proposal(rule: str = 'IsComplete "email"', **changes: Any) -> NewProposal:
    values: dict[str, Any] = {
        "rule": rule,
        "rule_type": rule.split()[0],
        "columns": ("email",),
        "dimension": "completeness",
        "fingerprint": f"fp {rule}",
        "reasoning": "never empty so far",
        "evidence": {"nulls": 0},
        "dry_run": {"outcome": "Passed"},
        "confidence": 0.9,
        "source": "statistics",
    }
    return NewProposal(**{**values, **changes})


def remember_all(store: Memory, embedder: Embedder, meanings: Mapping[int, str] | None = None) -> int:
    """Remembers every decision, with the meaning given by the proposal's number, else its rule; how many were new."""
    fresh = store.recall.fresh(embedder.model)
    notes = [Note(one, (meanings or {}).get(one.number or 0) or f"{one.table} {one.rule}") for one in fresh]
    return store.recall.remember(notes, embedder)


def proposed(store: Memory, *rules: str) -> tuple[Run, Dataset, list[Proposal]]:
    """A run with an open request for approval of these rules."""
    run, dataset = new_run(store), new_dataset(store)
    proposals = store.approvals.propose(run.id, dataset.id, [new_proposal(rule) for rule in rules])
    store.approvals.open(run.id, timedelta(hours=24))
    return run, dataset, proposals
