"""What a run said at one time, as it is kept: names and kinds of edges, the same thing once."""

from __future__ import annotations

import hashlib
import json
from typing import NamedTuple

from memory.db import storable_text
from memory.lineage.kinds import code, takes_columns
from memory.lineage.nodes import ALL_COLUMNS, COLUMN, WHOLE
from tools.lineage.model import DATASET
from tools.lineage.observed import ColumnId, DatasetId, Observed


class Said(NamedTuple):
    """An edge by names, as a statement holds it."""

    source: DatasetId
    source_role: int
    source_column: str
    target: DatasetId
    target_role: int
    target_column: str
    kind: int


class Statement(NamedTuple):
    """Edges, and how sure whoever said them is."""

    edges: list[Said]
    confidence: float

    @property
    def names(self) -> set[DatasetId]:
        """All datasets in it."""
        return {name for edge in self.edges for name in (edge.source, edge.target)}


class Packed(NamedTuple):
    """A statement as text with its SHA-256."""

    hash: bytes
    text: str


def pack(observed: Observed) -> Packed:
    """The edges of an observation as text: the same edges in whatever order give the same text."""
    numbers: dict[DatasetId, int] = {}
    for dataset in sorted({end.dataset for edge in observed.edges for end in (edge.source, edge.target)}):
        numbers[dataset] = len(numbers)
    edges: set[tuple[int, int, str, int, int, str, int]] = set()
    for edge in observed.edges:
        kind = code(edge.type, edge.subtype, edge.masking)
        source = (numbers[edge.source.dataset], *_source(edge.source, kind))
        target = (numbers[edge.target.dataset], *_target(edge.target))
        edges.add((*source, *target, kind))
    text = json.dumps([observed.confidence, list(numbers), sorted(edges)], separators=(",", ":"))
    return Packed(hashlib.sha256(text.encode()).digest(), text)


def unpack(said: list[object]) -> Statement:
    """A stored statement."""
    confidence, names, edges = said
    assert isinstance(names, list)
    assert isinstance(edges, list)
    assert isinstance(confidence, (int, float))
    datasets = [DatasetId(*name) for name in names]
    found = [Said(datasets[a], ar, ac, datasets[b], br, bc, kind) for a, ar, ac, b, br, bc, kind in edges]
    return Statement(found, confidence)


def _source(column: ColumnId, kind: int) -> tuple[int, str]:
    if column.column != DATASET:
        return COLUMN, storable_text(column.column)
    return (ALL_COLUMNS if takes_columns(kind) else WHOLE), ""


def _target(column: ColumnId) -> tuple[int, str]:
    return (COLUMN, storable_text(column.column)) if column.column != DATASET else (WHOLE, "")
