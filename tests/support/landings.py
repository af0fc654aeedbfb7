"""Batches that land in tests: a watch, an arrival, and what a worker does with it."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

from graph.landing import land
from memory import Memory
from memory.arrivals import Hold, NewArrival, Outcome
from memory.watches import NewWatch, Watch

_numbers = count(1)
WORKER = "a worker of a test"


def watched(memory: Memory, source: str, **more: Any) -> Watch:
    """A watch of a folder, a prefix or a table."""
    kind = "s3" if source.startswith("s3://") else "iceberg" if source.startswith("iceberg://") else "folder"
    return memory.watches.add(NewWatch(**{"kind": kind, "source": source, "rules_of": source, **more}), "Ann")


def arrived(memory: Memory, watch: Watch, source: str, at: datetime | None = None) -> Hold:
    """Something that landed, in the hands of this process."""
    location = source.partition("?")[0]
    new = NewArrival(watch.id, f"arrival {next(_numbers)}", location, source, landed_at=at or datetime.now(UTC))
    assert memory.arrivals.take_in([new]) == 1
    held = memory.arrivals.claim(f"{WORKER} {os.getpid()}", seconds=600)
    assert held
    return held


def landed(memory: Memory, watch: Watch, source: str, at: datetime | None = None) -> Outcome:
    """What became of something that landed."""
    held = arrived(memory, watch, source, at)
    outcome = land(memory, held)
    assert memory.arrivals.finish(held, outcome)
    return outcome


def taken_over(memory: Memory, held: Hold) -> Hold:
    """The same arrival in the hands of another worker, after the first one was lost."""
    memory.db.rows("update arrivals set lease_until = now() where id = %s returning id", [held.arrival.id])
    again = memory.arrivals.claim(f"{WORKER}, another one", seconds=600)
    assert again
    assert again.arrival.id == held.arrival.id
    return again


def with_rules(memory: Memory, source: str, *rules: str) -> None:
    """Makes rules active for a dataset that need not have data yet."""
    from tools.sources.registry import dataset_name

    name = dataset_name(source)
    known = memory.catalog.named(name.namespace, name.name)
    dataset = known or memory.catalog.upsert_dataset(name.namespace, name.name, source, [])
    memory.rules.import_rules(dataset.id, list(rules), "Ann", None)


def as_table(watch: Watch) -> Watch:
    """The same watch, of a table that only events tell of."""
    return replace(watch, kind="table")
