"""What OpenLineage says of how a column is made, in all its versions, as edges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tools.lineage.model import DATASET
from tools.lineage.observed import ColumnId, DatasetId, ObservedEdge
from tools.openlineage.reading.looking import Object, Path, entries, words

DIRECT, INDIRECT = "DIRECT", "INDIRECT"
SUBTYPES = frozenset({"JOIN", "GROUP_BY", "FILTER", "SORT", "WINDOW", "CONDITIONAL"})
"""Those that are indirect, where nobody says so."""
OF_ALL_ROWS = frozenset({"JOIN", "GROUP_BY", "FILTER", "SORT"})


class How(NamedTuple):
    """A transformation."""

    type: str = DIRECT
    subtype: str = ""
    masking: bool = False


def transformations(of: Object, path: Path, otherwise: How, *, masked: bool = False) -> Iterator[How]:
    """The transformations of an input; `otherwise` if none is named. Raises EventError."""
    found = False
    for one, _ in entries(of, "transformations", path):
        found = True
        subtype = words(one, "subtype").strip().upper()
        kind = words(one, "type").strip().upper()
        if kind not in (DIRECT, INDIRECT):
            kind = INDIRECT if subtype in SUBTYPES else DIRECT
        yield How(kind, subtype, one.get("masking") is True or masked)
    if not found:
        yield otherwise


def of_old_kind(field: Object) -> How:
    """What `transformationType` says of all inputs of a column, before each input had its own transformations."""
    said = words(field, "transformationType").strip().upper()
    if said == "MASKED":
        return How(DIRECT, "TRANSFORMATION", True)
    return How(DIRECT, "IDENTITY" if said == "IDENTITY" else "")


def edge(source: ColumnId, target: ColumnId, how: How) -> ObservedEdge:
    """The edge of a transformation."""
    return ObservedEdge(source, target, *how)


def compact(target: DatasetId, columns: int, edges: Iterable[ObservedEdge]) -> tuple[ObservedEdge, ...]:
    """Each edge once; what filters, joins, groups or sorts all rows and is told for every column becomes one edge.

    Spark tells it so by default, which is almost the product of all columns.
    """
    found = dict.fromkeys(edges)
    wide = Counter((e.source, *How(e.type, e.subtype, e.masking)) for e in found if _of_all_rows(e))
    everywhere = {key for key, count in wide.items() if count == columns > 1}
    if not everywhere:
        return tuple(found)
    whole = ColumnId(target, DATASET)
    kept = [e for e in found if not (_of_all_rows(e) and (e.source, e.type, e.subtype, e.masking) in everywhere)]
    return tuple(dict.fromkeys([*kept, *(ObservedEdge(key[0], whole, *key[1:]) for key in everywhere)]))


def _of_all_rows(one: ObservedEdge) -> bool:
    return one.type == INDIRECT and one.subtype in OF_ALL_ROWS and one.target.column != DATASET
