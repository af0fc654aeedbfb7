"""What a run said at one time, as it is kept: names and kinds of edges, the same thing once."""

from __future__ import annotations

import hashlib
import json
from typing import Any, NamedTuple

from memory.db import storable_text
from memory.lineage.kinds import FLOW, code, takes_columns
from memory.lineage.nodes import ALL_COLUMNS, COLUMN, WHOLE
from tools.lineage.model import DATASET
from tools.lineage.observed import ColumnId, DatasetId, Observed

COARSE_CONFIDENCE = 0.5


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
    reads: tuple[DatasetId, ...] = ()
    writes: tuple[DatasetId, ...] = ()
    """Where there are no edges: what is read and written, in whatever way."""

    @property
    def names(self) -> set[DatasetId]:
        """All datasets in it."""
        return {name for edge in self.edges for name in (edge.source, edge.target)} | {*self.reads, *self.writes}


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


def is_coarse(observed: Observed) -> bool:
    """Whether an observation says of datasets at most that they are read and written."""
    return observed.coarse and not observed.edges


def pack_flow(observed: Observed) -> Packed:
    """What an observation says to be read and written, as text."""
    reads, writes = (
        sorted({one.id for one in told if one.change != "DROP"}) for told in (observed.inputs, observed.outputs)
    )
    text = json.dumps([observed.confidence * COARSE_CONFIDENCE, [], [], reads, writes], separators=(",", ":"))
    return Packed(hashlib.sha256(text.encode()).digest(), text)


def unpack(said: list[Any]) -> Statement:
    """A stored statement."""
    confidence, names, edges, *flow = said
    assert isinstance(names, list)
    assert isinstance(edges, list)
    assert isinstance(confidence, (int, float))
    datasets = [DatasetId(*name) for name in names]
    found = [Said(datasets[a], ar, ac, datasets[b], br, bc, kind) for a, ar, ac, b, br, bc, kind in edges]
    reads, writes = (tuple(DatasetId(*name) for name in ids) for ids in flow or ((), ()))
    return Statement(found, confidence, reads, writes)


def flows(reads: DatasetId, writes: DatasetId) -> Said:
    """The edge between a dataset that is read and one that is written."""
    return Said(reads, ALL_COLUMNS, "", writes, WHOLE, "", FLOW)


def _source(column: ColumnId, kind: int) -> tuple[int, str]:
    if column.column != DATASET:
        return COLUMN, storable_text(column.column)
    return (ALL_COLUMNS if takes_columns(kind) else WHOLE), ""


def _target(column: ColumnId) -> tuple[int, str]:
    return (COLUMN, storable_text(column.column)) if column.column != DATASET else (WHOLE, "")
