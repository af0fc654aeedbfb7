"""What happens to an arrival: pinned, judged, decided about, brought where it belongs."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from graph.landing.carrying import Guard, carry_out, conclude, on_branch, send
from graph.landing.judging import Verdict, bench_of, judge
from graph.landing.pinning import FILES, Pin, pin, unreadable
from graph.one_step import one_step
from graph.permissions import Actor
from memory.arrivals import Hold, Outcome, keep
from memory.errors import StoreUnusable, WrongState
from memory.publications import VERDICTS, Batch, Judged, NewBatch, State, Target, new_id, why
from memory.runs import WORKER
from tools.errors import AssayError
from tools.publishing.model import PublishError
from tools.sources.table import SourceError

if TYPE_CHECKING:
    from datetime import datetime

    from memory import Memory
    from memory.db import Connection
    from memory.watches import Watch

GONE = "It was gone before it could be looked at."
log = logging.getLogger(__name__)


class Landing:
    """One arrival, under its lease."""

    def __init__(self, memory: Memory, held: Hold) -> None:
        self._memory, self._held = memory, held
        self._watch, self._arrival = held.watch, held.arrival
        self._actor = Actor(held.watch.created_by, "author")
        self._at = self._arrival.landed_at or self._arrival.taken_in_at

    def run(self) -> Outcome:
        """From the beginning, or from where it was broken off."""
        batch = self._memory.publications.of_arrival(self._arrival.id)
        if batch is None:
            pinned = pin(self._watch, self._arrival.source)
            if pinned is None:
                return Outcome("none", GONE)
            with one_step(self._memory, self._actor, "validate", "validate", [self._watch.rules_of]) as run_id:
                batch = self._settled(run_id, pinned)
        elif batch.state == "moving":
            batch = carry_out(self._memory, batch)
        if batch.state == "waiting" and self._watch.recommend:
            self._recommend(batch)
        return outcome(batch)

    def _settled(self, run_id: str, pinned: Pin) -> Batch:
        found = judged(self._memory, run_id, self._watch, self._arrival.source, pinned, self._at)
        new = NewBatch(
            dataset_id=found.dataset.id,
            source=self._arrival.source,
            place=self._arrival.source,
            stamp=pinned.stamp,
            size=pinned.size,
            branch=self._watch.branch if on_branch(self._watch) else None,
            arrival_id=self._arrival.id,
            watch_id=self._watch.id,
            landed_at=self._at,
        )
        return settled(self._memory, new_id(), new, self._watch, found, self._mine)

    def _mine(self, connection: Connection) -> None:
        keep(connection, self._held)

    def _recommend(self, batch: Batch) -> None:
        """Starts a recommendation, once for each dataset; what stands in its way is no fault of the batch."""
        from graph.runs import Runs
        from memory.start_keys import StartKey

        key = StartKey.of(f"recommend {batch.dataset_id}", {"dataset": str(batch.dataset_id)})
        try:
            Runs(self._memory).start([self._watch.rules_of], requested_by=self._actor, start_key=key)
        except StoreUnusable:
            raise
        except AssayError as error:
            log.warning("no recommendation for %s: %s", self._watch.rules_of, error)


def judged(memory: Memory, run_id: str, watch: Watch, source: str, pinned: Pin, at: datetime) -> Verdict:
    """What is found out about what was pinned, and nothing else. Raises SourceError where it changed in between."""
    try:
        found = judge(memory, run_id, bench_of(memory, watch), source, at)
    except SourceError as error:
        if not unreadable(source, pinned, error):
            raise
        return broken(memory, run_id, watch, error)
    if pinned.version and found.judged.version != pinned.version:
        raise SourceError(f"{source} changed while it was judged.", hint="It is judged again.")
    return found


def broken(memory: Memory, run_id: str, watch: Watch, error: SourceError) -> Verdict:
    """The verdict on what is there, and is no table."""
    from tools.sources.registry import dataset_name

    name = dataset_name(watch.rules_of)
    dataset = memory.catalog.named(name.namespace, name.name) or memory.catalog.upsert_dataset(
        name.namespace, name.name, watch.rules_of, []
    )
    reasons = [{"rule": "can be read", "outcome": "Error", "reason": str(error)}]
    return Verdict(dataset, False, Judged(run_id=run_id, reasons=reasons))


def settled(
    memory: Memory,
    batch_id: str,
    new: NewBatch,
    watch: Watch,
    found: Verdict,
    guard: Guard | None = None,
    actor: str = WORKER,
    was: State | None = None,
) -> Batch:
    """Decides by what was found out, and does it. Raises PublishError where another batch is in the way."""
    if found.passed is None:
        return conclude(memory, batch_id, new, "waiting", found.judged, actor, was, guard)
    place = watch.trusted if found.passed else watch.quarantine
    if not (on_branch(watch) or (watch.kind in FILES and place)):
        state: State = "passed" if found.passed else "failed"
        return conclude(memory, batch_id, new, state, found.judged, actor, was, guard)
    target: Target = "trusted" if found.passed else "quarantined"
    try:
        return send(memory, batch_id, new, target, watch, found.judged, actor, was, guard)
    except WrongState as error:
        raise PublishError(str(error)) from error


def outcome(batch: Batch) -> Outcome:
    """What became of an arrival, as its queue writes it down."""
    reason = None
    if batch.state == "waiting":
        reason = "There are no active rules; it waits for some where it landed."
    elif batch.reasons and batch.state not in ("trusted", "superseded", "passed"):
        reason = why(batch.reasons)
    return Outcome(VERDICTS[batch.state], reason, batch.run_id)
