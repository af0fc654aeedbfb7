"""What the lineage store should say, worked out the slow and plain way: from all that was told, anew for each time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import datetime
from itertools import product

from memory.lineage.kinds import DIRECT
from tools.lineage.model import DATASET
from tools.lineage.observed import ColumnId, DatasetId, Mode, Observed, ObservedEdge

EdgeSet = set[tuple[ColumnId, ColumnId, str, bool]]


class Model:
    """All that was told, in the order of event times."""

    def __init__(self, told: Iterable[Observed]) -> None:
        self.told = sorted({one.key: one for one in told}.values(), key=lambda one: (one.at, one.key))
        self.together = {}
        for one in self.told:
            for seen in one.datasets:
                for other in seen.symlinks:
                    mine, theirs = (self.meaning(name, one.at) for name in (seen.id, other))
                    one_set = self.together.get(mine, {mine}) | self.together.get(theirs, {theirs})
                    for member in one_set:
                        self.together[member] = one_set

    def meaning(self, name: DatasetId, at: datetime) -> tuple[DatasetId, datetime | None]:
        """Which dataset a name meant: the name that it was born with, and when."""
        means = {}
        for one in self.told:
            if one.at > at:
                break
            for seen in sorted(one.datasets, key=lambda seen: seen.id):
                if seen.change == "RENAME":
                    means[seen.id] = means.get(seen.previous, (seen.previous, None))
                    means[seen.previous] = (seen.previous, one.at)
        return means.get(name, (name, None))

    def identity(self, name: DatasetId, at: datetime) -> tuple[DatasetId, datetime | None]:
        """As `meaning`, with symlinks."""
        found = self.meaning(name, at)
        return min(self.together.get(found, {found}), key=str)

    def edges(self, at: datetime) -> EdgeSet:
        """The edges that hold at a time, their datasets by identity."""
        jobs = sorted({one.job for one in self.told if one.job})
        return {edge for job in jobs for edge in self._of_job(job, at)}

    def _of_job(self, job, at) -> EdgeSet:
        said = [one for one in self.told if one.job == job and one.at <= at]
        fine = [one for one in said if one.edges or (one.mode is Mode.REPLACE and not one.coarse)]
        coarse = [one for one in said if one.coarse and one.datasets] if not fine else []
        edges = {
            self._placed(edge, one.at)
            for together in self._active(said, fine)
            for one in together
            for edge in one.edges
            if not self._dropped(edge, one.at, at)
        }
        for together in self._active(said, coarse):
            edges |= self._crossed(together, at)
        return edges

    def _active(self, said, wanted) -> list[list[Observed]]:
        """What was said by each run that counts."""
        found, active = {}, set()
        for one in said:
            run = one.run if one.mode is Mode.ACCUMULATE else one.key
            ends = one.completes or one.mode is Mode.REPLACE
            if one in wanted:
                found.setdefault(run, []).append(one)
            elif not ends:
                continue
            if run in found:
                active = {run} if ends else active | {run}
        return [found[run] for run in active]

    def _crossed(self, together, at) -> EdgeSet:
        """Each dataset that a run writes, made of each that it reads, by when they were first named."""
        reads, writes = {}, {}
        for one in together:
            for known, told in ((reads, one.inputs), (writes, one.outputs)):
                for seen in told:
                    if seen.change != "DROP":
                        known.setdefault(seen.id, one.at)
        edges = set()
        for (read, first), (written, second) in product(reads.items(), writes.items()):
            source, target = self.identity(read, first), self.identity(written, second)
            edge = ObservedEdge(ColumnId(read), ColumnId(written), "DIRECT", "")
            if source != target and not self._dropped(edge, max(first, second), at):
                edges.add((ColumnId(source), ColumnId(target), "", False))
        return edges

    def _placed(self, edge: ObservedEdge, said: datetime):
        source, target = (ColumnId(self.identity(end.dataset, said), end.column) for end in (edge.source, edge.target))
        return source, target, edge.subtype, edge.masking

    def _dropped(self, edge: ObservedEdge, said: datetime, at: datetime) -> bool:
        ends = {self.identity(end.dataset, said) for end in (edge.source, edge.target)}
        return any(
            seen.change == "DROP" and self.identity(seen.id, one.at) in ends
            for one in self.told
            if said <= one.at <= at
            for seen in one.datasets
        )


def below(edges: EdgeSet, start: ColumnId, *, indirect: bool) -> dict[ColumnId, int]:
    """Distances from a column by breadth-first search; edges must be between columns or into whole datasets."""
    columns = {end for source, target, *_ in edges for end in (source, target)} | {start}
    after: dict[ColumnId, set[ColumnId]] = {}
    for source, target, subtype, _ in edges:
        if indirect or subtype in DIRECT:
            after.setdefault(source, set()).add(target)
    for whole in [column for column in columns if column.column == DATASET]:
        after.setdefault(whole, set()).update(c for c in columns if c.dataset == whole.dataset and c != whole)
    found, queue = {start: 0}, deque([start])
    while queue:
        here = queue.popleft()
        for there in after.get(here, ()):
            if there not in found:
                found[there] = found[here] + 1
                queue.append(there)
    return found
