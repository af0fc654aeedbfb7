"""What is answered to lineage events; the events themselves are described by OpenLineage."""

from __future__ import annotations

from typing import Any, Literal

from ui.api.models.base import Told

_ADDRESS = "https://openlineage.io/spec/2-0-2/OpenLineage.json"
_EXAMPLE = {
    "eventType": "COMPLETE",
    "eventTime": "2026-11-23T08:30:00Z",
    "producer": "https://example.com/etl",
    "schemaURL": f"{_ADDRESS}#/$defs/RunEvent",
    "run": {"runId": "019ab0c2-7d3e-7a51-8c60-5f0c7e0a2f6b"},
    "job": {"namespace": "nightly", "name": "orders"},
    "inputs": [{"namespace": "postgres://db:5432", "name": "shop.public.orders"}],
    "outputs": [{"namespace": "s3://lake", "name": "orders"}],
}
_TEXT = {"type": "string"}
_NAMED = {"type": "object", "required": ["namespace", "name"], "properties": {"namespace": _TEXT, "name": _TEXT}}
EVENT: dict[str, Any] = {
    "type": "object",
    "description": f"An OpenLineage RunEvent, JobEvent or DatasetEvent of any version: {_ADDRESS}",
    "required": ["eventTime", "producer"],
    "properties": {
        "eventType": {"type": "string", "enum": ["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"]},
        "eventTime": {"type": "string", "format": "date-time"},
        "producer": _TEXT,
        "schemaURL": _TEXT,
        "run": {"type": "object", "required": ["runId"], "properties": {"runId": {"type": "string", "format": "uuid"}}},
        "job": _NAMED,
        "dataset": _NAMED,
        "inputs": {"type": "array", "items": _NAMED},
        "outputs": {"type": "array", "items": _NAMED},
    },
    "example": _EXAMPLE,
}


class EventReceived(Told):
    """What became of an event."""

    status: Literal["stored", "ignored"]
    """`ignored`: it is of a class that is not known (yet)."""


class BatchCounts(Told):
    """Events of a batch, counted."""

    received: int
    successful: int
    failed: int
    retriable: int
    non_retriable: int


class FailedEvent(Told):
    """An event that was not taken in."""

    index: int
    """Its place in the list, from 0 on."""
    reason: str
    retriable: bool


class BatchReceived(Told):
    """What became of a batch some of whose events are not as they should be; the others are stored."""

    status: Literal["success", "partial_success"]
    summary: BatchCounts
    failed_events: list[FailedEvent]
