"""Decisions about batches, and how they are carried out: stored first, moved then, and said to be done at last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from memory import alerts
from memory.publications import Batch, Judged, NewBatch, State, Target, decide, settle, store, why
from memory.runs import WORKER
from tools.publishing.model import Content, MainMoved, Move, Replaced

if TYPE_CHECKING:
    from memory import Memory
    from memory.db import Connection
    from memory.watches import Watch

Guard = Callable[["Connection"], None]
"""Raises where whoever decides may not do so any more."""
MAIN = "main"


def on_branch(watch: Watch) -> bool:
    """Whether data lands on a branch of an Iceberg table, to become main."""
    return bool(watch.branch) and watch.branch != MAIN


def conclude(
    memory: Memory,
    batch_id: str,
    new: NewBatch,
    state: State,
    judged: Judged,
    actor: str = WORKER,
    was: State | None = None,
    guard: Guard | None = None,
) -> Batch:
    """Writes down what became of a batch that stays where it is. Raises StoreError."""
    with memory.db.transaction() as connection:
        if guard:
            guard(connection)
        tell(connection, new, judged)
        return store(connection, batch_id, new, state, judged, actor, was)


def send(
    memory: Memory,
    batch_id: str,
    new: NewBatch,
    target: Target,
    watch: Watch,
    judged: Judged,
    actor: str = WORKER,
    was: State | None = None,
    guard: Guard | None = None,
) -> Batch:
    """Decides where a batch goes, and brings it there. Raises WrongState, PublishError, SourceError, StoreError."""
    destination, move = _way(memory, batch_id, new, target, watch, judged)
    with memory.db.transaction() as connection:
        if guard:
            guard(connection)
        tell(connection, new, judged)
        decided = decide(connection, batch_id, new, target, destination, move, judged, actor, was)
    return carry_out(memory, decided)


def carry_out(memory: Memory, batch: Batch) -> Batch:
    """Does what was decided about a batch, from wherever that was broken off. Raises PublishError, SourceError."""
    assert batch.move is not None
    assert batch.target is not None
    state: State = batch.target
    problem: str | None = None
    place, stamp = batch.place, batch.stamp
    try:
        place, stamp = _done(batch, batch.move)
    except Replaced as error:
        state, problem = "replaced", str(error)
    except MainMoved as error:
        state, problem = "diverged", str(error)
    with memory.db.transaction() as connection:
        said = problem or f"It did not pass: {why(batch.reasons).rstrip('.')}."
        if state in ("quarantined", "diverged"):
            alerts.tell(
                connection,
                "quarantine",
                _key(batch),
                batch.source,
                said,
                dataset_id=batch.dataset_id,
                run_id=batch.run_id,
                detail={"batch": batch.id, "place": place},
            )
        elif state == "trusted":
            alerts.settle(connection, "quarantine", _key(batch), run_id=batch.run_id)
        done = settle(connection, batch, state, place, stamp, WORKER, problem)
    return done or memory.publications.get(batch.id)


def tell(connection: Connection, new: NewBatch, judged: Judged) -> None:
    """Opens alerts for what is unlike the batches before, and ends those that are over."""
    for kind in ("drift", "volume", "freshness"):
        said = [str(one["said"]) for one in judged.findings if one["kind"] == kind]
        key = str(new.dataset_id)
        if said:
            detail = {"source": new.source, "findings": said}
            alerts.tell(
                connection,
                kind,
                key,
                new.source,
                " ".join(said[:5]),
                dataset_id=new.dataset_id,
                run_id=judged.run_id,
                detail=detail,
            )
        elif not judged.forced_by:
            alerts.settle(connection, kind, key, run_id=judged.run_id)


def _way(
    memory: Memory, batch_id: str, new: NewBatch, target: Target, watch: Watch, judged: Judged
) -> tuple[str, Mapping[str, Any]]:
    """Where a batch goes, and what is to be done for it."""
    told = _manifest(batch_id, new, target, watch, judged)
    if on_branch(watch):
        destination = f"{new.source.partition('?')[0]}?branch={MAIN if target == 'trusted' else watch.branch}"
        uuid, _, snapshot = new.stamp.partition(":")
        candidate = {"uri": watch.source.partition("?")[0], "table_uuid": uuid, "branch": watch.branch}
        return destination, {"candidate": {**candidate, "snapshot": int(snapshot)}, "told": told}
    return _file_way(memory, batch_id, new, target, watch, told)


def _file_way(
    memory: Memory, batch_id: str, new: NewBatch, target: Target, watch: Watch, told: Mapping[str, Any]
) -> tuple[str, Mapping[str, Any]]:
    from tools.publishing import moving

    assert watch.trusted if target == "trusted" else watch.quarantine
    below, replaces = moving.watched_folder(watch.source), ""
    if target == "trusted":
        root = str(watch.trusted)
        destination = moving.trusted_path(root, below, new.source)
        manifest = f"{root.rstrip('/')}/{moving.MANIFESTS}/{batch_id}.json"
        there = memory.publications.at(destination)
        replaces = there.stamp if there and there.source == new.source else ""
    else:
        destination = moving.quarantine_path(str(watch.quarantine), batch_id, new.source)
        manifest = f"{destination.rpartition('/')[0]}/{moving.MANIFEST}"
    left = "" if new.place == new.source else f"{new.place.rpartition('/')[0]}/{moving.MANIFEST}"
    content = Content(new.size or 0, new.stamp)
    return destination, asdict(Move(batch_id, new.place, content, destination, manifest, told, replaces, left))


def _done(batch: Batch, move: Mapping[str, Any]) -> tuple[str, str]:
    """Moves; where the batch is then, and what it is told by there."""
    if "candidate" in move:
        from tools.publishing.branches import Candidate, explain, fast_forward

        one = Candidate(**move["candidate"])
        if batch.target == "trusted":
            fast_forward(one)
        else:
            explain(one, move["told"])
        return one.pinned, batch.stamp
    from tools.publishing import moving

    there = moving.move(Move(**{**move, "content": Content(**move["content"])}))
    assert batch.destination is not None
    return batch.destination, there.stamp


def _manifest(batch_id: str, new: NewBatch, target: Target, watch: Watch, judged: Judged) -> dict[str, Any]:
    return {
        "batch": batch_id,
        "verdict": target,
        "dataset": watch.rules_of,
        "source": new.source,
        "landed_at": new.landed_at.isoformat(),
        "decided_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "run": judged.run_id,
        "rows": judged.rows,
        "score": judged.total,
        "failed": list(judged.reasons),
        "unlike_before": [one["said"] for one in judged.findings],
        "forced_by": judged.forced_by,
        "forced_reason": judged.forced_reason,
    }


def _key(batch: Batch) -> str:
    return f"{batch.source.partition('?')[0]} {batch.branch}" if batch.branch else batch.source
