"""Names and kinds of the lineage in words."""

from __future__ import annotations

from memory.lineage.answers import Step
from tools.lineage.model import DATASET
from tools.lineage.observed import ColumnId, DatasetId

_KINDS = {
    "IDENTITY": "taken as it is",
    "TRANSFORMATION": "transformed",
    "AGGREGATION": "aggregated",
    "JOIN": "decides by a join",
    "FILTER": "decides by a filter",
    "GROUP_BY": "decides by grouping",
    "SORT": "decides by sorting",
    "WINDOW": "decides by a window",
    "CONDITIONAL": "decides by a condition",
}


def kind(step: Step) -> str:
    """What happens on the way: `aggregated, masked`."""
    told = _KINDS.get(step.subtype) or ("flows" if step.type == "DIRECT" else "decides")
    return f"{told}, masked" if step.masking else told


def short(dataset: DatasetId) -> str:
    """What a person calls a dataset: the last part of its name."""
    return _parts(dataset)[1]


def place(dataset: DatasetId) -> str:
    """What stands before the short name: database and schema, or the folder; else the namespace."""
    return _parts(dataset)[0] or dataset.namespace


def _parts(dataset: DatasetId) -> tuple[str, str]:
    name = dataset.name.rstrip("/") or dataset.name
    rest, _, last = name.rpartition("/" if "/" in name else ".")
    return rest, last or name


def named(column: ColumnId) -> str:
    """`orders.amount`; a whole dataset by its name."""
    return short(column.dataset) if column.column == DATASET else f"{short(column.dataset)}.{column.column}"
