"""What is only known to be read and written: edges between whole datasets, until a job says something finer."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from memory.db import Row
from memory.lineage.recompute import Placed, Recompute
from memory.lineage.statements import Statement, flows
from memory.lineage.sweep import FOREVER, Saying, Spell, spells
from tools.lineage.observed import DatasetId

MOST_FLOWS = 10_000
"""Of a run: beyond that, that something is read and something else written says nothing any more."""


class CoarseRecompute(Recompute):
    """Of runs that say no more than what they read and write: each dataset written comes from each that is read.

    The first thing that a job ever says of columns, or expressly of how its datasets are made, ends that.
    """

    coarse = True

    def _concerns(self, job: Row) -> bool:
        id_, until = job["id"], job["fine_from"] or FOREVER
        self._until[id_] = until
        if self._from[id_] <= until < FOREVER:  # what counted may be no more, of which no saying tells
            self._forced.add(id_)
        return bool(job["coarse"]) and self._from[id_] <= until

    def _spells(self, job: int, said: list[Saying]) -> list[Spell]:
        until = self._until[job]
        return [one._replace(end=min(one.end, until)) for one in spells(said) if one.start < until]

    def _place(self, found: list[Spell], statements: dict[int, Statement]) -> list[Placed]:
        runs: dict[tuple[int, datetime], list[Spell]] = defaultdict(list)
        for spell in found:
            runs[spell.run, spell.end].append(spell)
        return [placed for together in runs.values() for placed in self._crossed(together, statements)]

    def _crossed(self, together: list[Spell], statements: dict[int, Statement]) -> list[Placed]:
        """What one run reads and writes, each from when it was first said."""
        reads: dict[DatasetId, Spell] = {}
        writes: dict[DatasetId, Spell] = {}
        for spell in sorted(together, key=lambda spell: spell.said):
            for name in statements[spell.statement].reads:
                reads.setdefault(name, spell)
            for name in statements[spell.statement].writes:
                writes.setdefault(name, spell)
        if len(reads) * len(writes) > MOST_FLOWS:
            return []
        confidence = min((statements[spell.statement].confidence for spell in together), default=1.0)
        result = []
        for read, one in reads.items():
            for written, other in writes.items():
                source, target = self._names.resolve(read, one.said), self._names.resolve(written, other.said)
                if source != target:
                    later = max(one, other, key=lambda spell: spell.said)
                    result.append(Placed(flows(read, written), source, target, later, confidence))
        return result
