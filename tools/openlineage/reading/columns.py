"""The columnLineage facet of a dataset."""

from __future__ import annotations

from collections.abc import Iterator

from tools.lineage.model import DATASET
from tools.lineage.naming import canonical
from tools.lineage.observed import ColumnId, DatasetId, ObservedEdge
from tools.openlineage.reading.looking import Object, Path, column, entries, members, named
from tools.openlineage.reading.transformations import INDIRECT, How, compact, edge, of_old_kind, transformations


def column_lineage(target: DatasetId, facet: Object, path: Path) -> tuple[ObservedEdge, ...]:
    """Its edges, of any version of the facet. Raises EventError."""
    columns = sum(1 for _ in members(facet, "fields", path))
    return compact(target, columns, _edges(target, facet, path))


def _edges(target: DatasetId, facet: Object, path: Path) -> Iterator[ObservedEdge]:
    for name, field, here in members(facet, "fields", path):
        old = of_old_kind(field)
        for one, there in entries(field, "inputFields", here):
            for how in transformations(one, there, old, masked=old.masking):
                yield edge(_source(one, there), ColumnId(target, name), how)
    for one, there in entries(facet, "dataset", path):
        for how in transformations(one, there, How(INDIRECT)):
            yield edge(_source(one, there), ColumnId(target, DATASET), how)


def _source(one: Object, path: Path) -> ColumnId:
    return ColumnId(canonical(DatasetId(*named(one, path))), column(one, "field", path))
