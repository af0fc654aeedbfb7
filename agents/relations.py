"""What holds between the datasets of several sources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents.workbench import Workbench
    from tools.profiling.foreign import Inclusion
    from tools.profiling.model import Profile
    from tools.sources import Table


def foreign_keys(bench: Workbench, sources: Sequence[str]) -> dict[str, list[Inclusion]]:
    """For each source the columns that hold keys of another one, surest first.

    Tables are called by their short names, or by their URIs where two have the same. What was profiled before is not
    profiled again. Raises SourceError.
    """
    from tools import profiling

    with ExitStack() as opened:
        found = {}
        for source in dict.fromkeys(sources):
            table, dataset = bench.open(source)
            opened.enter_context(table)
            found[source] = table, dataset
        datasets = {dataset.id: dataset for _, dataset in found.values()}
        times = Counter(dataset.short_name for dataset in datasets.values())
        names = {d.id: d.short_name if times[d.short_name] == 1 else d.uri for d in datasets.values()}
        tables: dict[str, Table] = {}
        known: dict[str, Profile] = {}
        for table, dataset in found.values():
            tables[names[dataset.id]] = table
            stored = bench.memory.catalog.profile(dataset.id, table.version)
            if stored is not None:
                known[names[dataset.id]] = profiling.Profile.from_dict(stored.profile)
        inclusions = profiling.inclusions(tables, known)
    return {
        source: [one for one in inclusions if one.table == names[dataset.id]] for source, (_, dataset) in found.items()
    }
