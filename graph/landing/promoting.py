"""Publishing by hand: a batch that was mended is validated again, or a person answers for it as it is."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

from graph.landing.carrying import carry_out, on_branch
from graph.landing.judging import Verdict
from graph.landing.pinning import FILES, Pin, pin
from graph.landing.pipeline import judged, settled
from graph.one_step import one_step
from graph.permissions import require
from memory.errors import NotFound, WrongState
from memory.publications import OPEN, Batch, Judged, NewBatch, store
from memory.runs import WORKER

if TYPE_CHECKING:
    from memory import Memory
    from memory.watches import Watch

NO_MORE = "It was gone or replaced before there were rules; what replaced it is an arrival of its own."


class Promotions:
    """Batches, as the faces see them, in the name of a person."""

    def __init__(self, memory: Memory, actor: str | None) -> None:
        self._memory, self._actor = memory, actor

    def open(self, limit: int = 100) -> list[Batch]:
        """The newest batches that are not published, newest first. Raises PermissionDenied."""
        require(self._actor, "view")
        return self._memory.publications.recent(limit, states=(*OPEN, "moving"))

    def find(self, text: str) -> list[Batch]:
        """The unpublished batches of an id, a place or a dataset; oldest first. Raises NotFound, WrongState."""
        require(self._actor, "view")
        found = self._memory.publications.find(text) or self._memory.publications.find(_absolute(text))
        if not found:
            for dataset in self._memory.catalog.find(text) or self._memory.catalog.find(_absolute(text)):
                found += self._memory.publications.recent(1000, dataset_id=dataset.id)[::-1]
        if not found:
            raise NotFound(f"There is no batch of {text}.", hint="List them with: assay promote --list")
        left = [batch for batch in found if batch.state in (*OPEN, "moving")]
        if not left:
            raise WrongState(f"{text} is {found[-1].state} already.", hint=f"It is at {found[-1].place}.")
        return left

    def promote(self, batch: Batch, force: str | None = None) -> Batch:
        """Validates a batch again as it is now, and publishes it if it passes; ``force`` publishes it for that reason.

        Raises PermissionDenied, WrongState, SourceError, PublishError.
        """
        person = require(self._actor, "promote")
        if force is not None and not force.strip():
            raise WrongState("To publish what did not pass needs a reason.", hint="--force 'why'")
        if batch.state == "moving":
            return carry_out(self._memory, batch)
        return _again(self._memory, batch, person, force)


def judge_again(memory: Memory, batch: Batch) -> Batch:
    """Judges a batch that waited for rules, as a worker. Raises SourceError, PublishError, StoreError."""
    return _again(memory, batch, WORKER, None)


def _again(memory: Memory, batch: Batch, actor: str, force: str | None) -> Batch:
    if batch.state not in OPEN or batch.watch_id is None:
        raise WrongState(f"Batch {batch.id} is {batch.state}.", hint=f"It is at {batch.place}.")
    watch = memory.watches.get(batch.watch_id)
    place = batch.source.partition("?")[0] if batch.branch else batch.place
    pinned = pin(watch, place)
    if batch.state == "waiting" and _passed_over(batch, watch, pinned, actor):
        return _let_go(memory, batch, actor)
    if pinned is None:
        raise NotFound(f"{place} is not there any more.", hint="Deliver it again; it is judged as it arrives.")
    _not_older(memory, batch, watch)
    with one_step(memory, actor, "validate", "validate", [watch.rules_of]) as run_id:
        if force:
            found = _answered_for(memory, batch, run_id, actor, force)
        else:
            found = judged(memory, run_id, watch, _opened(batch, place, pinned), pinned, batch.landed_at)
        return _settled(memory, batch, watch, pinned, found, actor)


def _passed_over(batch: Batch, watch: Watch, pinned: Pin | None, actor: str) -> bool:
    """Whether there is nothing to judge; a person may mean what lies there now, a worker means what landed."""
    return watch.kind in FILES and (pinned is None or (actor == WORKER and pinned.stamp != batch.stamp))


def _let_go(memory: Memory, batch: Batch, actor: str) -> Batch:
    new = NewBatch(**{one.name: getattr(batch, one.name) for one in fields(NewBatch)})
    judged = Judged(batch.run_id, batch.version, batch.rows, batch.total, [{"reason": NO_MORE}], batch.findings)
    with memory.db.transaction() as connection:
        return store(connection, batch.id, new, "replaced", judged, actor, batch.state)


def _settled(memory: Memory, batch: Batch, watch: Watch, pinned: Pin, found: Verdict, actor: str) -> Batch:
    from graph.landing.carrying import conclude

    new = NewBatch(
        dataset_id=batch.dataset_id,
        source=batch.source,
        place=batch.place,
        stamp=pinned.stamp,
        size=pinned.size,
        branch=batch.branch,
        arrival_id=batch.arrival_id,
        watch_id=batch.watch_id,
        landed_at=batch.landed_at,
    )
    if batch.branch:
        at = _opened(batch, batch.source.partition("?")[0], pinned)
        new = replace(new, source=at, place=at)
    stays = batch.state == "quarantined" and not on_branch(watch) and not found.passed
    if stays:
        return _kept(memory, conclude(memory, batch.id, new, "quarantined", found.judged, actor, batch.state))
    return settled(memory, batch.id, new, watch, found, None, actor, batch.state)


def _kept(memory: Memory, batch: Batch) -> Batch:
    """Says beside the batch why it still does not pass."""
    import json

    from tools.publishing import moving

    path = f"{batch.place.rpartition('/')[0]}/{moving.MANIFEST}"
    told = {
        "batch": batch.id,
        "verdict": "quarantined",
        "source": batch.source,
        "run": batch.run_id,
        "rows": batch.rows,
        "score": batch.total,
        "failed": batch.reasons,
        "file": batch.place,
        "stamp": batch.stamp,
        "size": batch.size,
    }
    moving.place_of(path).write(path, json.dumps(told, indent=2, ensure_ascii=False, default=str) + "\n")
    return batch


def _answered_for(memory: Memory, batch: Batch, run_id: str, person: str, reason: str) -> Verdict:
    """What a person says counts as passed; what the rules said before stays with it."""
    judged = Judged(
        run_id=run_id,
        version=batch.version,
        rows=batch.rows,
        total=batch.total,
        reasons=batch.reasons,
        findings=batch.findings,
        forced_by=person,
        forced_reason=reason.strip(),
    )
    return Verdict(memory.catalog.dataset(batch.dataset_id), True, judged)


def _opened(batch: Batch, place: str, pinned: Pin) -> str:
    """What is read: of a branch exactly the snapshot that was pinned."""
    return f"{place}?snapshot={pinned.stamp.partition(':')[2]}" if batch.branch else place


def _not_older(memory: Memory, batch: Batch, watch: Watch) -> None:
    """A batch does not take the place of one of the same name that came later."""
    from tools.publishing import moving

    if batch.branch or not watch.trusted:
        return
    there = memory.publications.at(
        moving.trusted_path(watch.trusted, moving.watched_folder(watch.source), batch.source)
    )
    if there and there.arrived_at and batch.arrived_at and there.arrived_at > batch.arrived_at:
        raise WrongState(
            f"A later batch of the same name is published: {there.id}.",
            hint=f"It is at {there.place}; this one is old.",
        )


def _absolute(text: str) -> str:
    import os

    return text if "://" in text else os.path.abspath(os.path.expanduser(text))
