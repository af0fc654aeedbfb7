"""Reads events as they come out of a queue: EventBridge's, S3's own notifications, and either within one of SNS.

References: Amazon EventBridge, "Amazon S3 events" and "AWS Glue events"; Amazon S3, "Event message structure".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from tools.events.model import DataReady, EventError, Landed, TableChanged, Told

DATA_READY = "Data Ready"
"""The detail-type of events that others may send: ``detail`` names the ``source``, perhaps its ``version``."""
LONGEST_KEY = 1024
"""Bytes, of a key of S3."""
LARGEST = 2**63 - 1
"""Bytes; no store has a larger object, and ours no place for a larger number."""
_IN_SNS = 2
"""A notification within a notification, and no deeper."""


def read(text: str) -> list[Told]:
    """What an event tells; nothing where it is none of ours, such as the removal of an object. Raises EventError."""
    return _read(text, _IN_SNS)


def _read(text: str, depth: int) -> list[Told]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise EventError("The event is not JSON.") from None
    if not isinstance(found, dict):
        raise EventError("The event is no JSON object.")
    if found.get("Type") == "Notification" and isinstance(found.get("Message"), str) and depth:
        return _read(found["Message"], depth - 1)
    if found.get("Event") == "s3:TestEvent":
        return []
    if "Records" in found:
        return _records(found["Records"])
    if isinstance(found.get("detail-type"), str):
        return _from_bridge(found)
    raise EventError("The event has neither a detail-type nor Records.", hint="It is none of EventBridge or S3.")


def _from_bridge(event: Mapping[str, Any]) -> list[Told]:
    kind, source = event["detail-type"], event.get("source")
    detail = event.get("detail")
    if not isinstance(detail, dict):
        raise EventError("The event has no detail.")
    if source == "aws.s3":
        return [_created(event, detail)] if kind == "Object Created" else []
    if source == "aws.glue":
        reader = _GLUE.get(kind)
        return reader(event, detail) if reader else []
    if kind == DATA_READY:
        where = _text(detail, "source", "detail")
        return [DataReady(where, _optional(detail, "version") or _text(event, "id", "event"), _time(event, "time"))]
    raise EventError(
        f"Nothing is known of events of the detail-type {kind[:60]!r}.", hint=f"Your own are called {DATA_READY!r}."
    )


def _created(event: Mapping[str, Any], detail: Mapping[str, Any]) -> Landed:
    bucket, found = _part(detail, "bucket", "detail"), _part(detail, "object", "detail")
    return _object(
        _text(bucket, "name", "bucket"),
        _text(found, "key", "object"),
        etag=_optional(found, "etag"),
        version=_optional(found, "version-id"),
        found=found,
        at=_time(event, "time"),
    )


def _records(records: object) -> list[Told]:
    if not isinstance(records, list):
        raise EventError("The event's Records are no list.")
    told: list[Told] = []
    for record in records:
        if not isinstance(record, dict):
            raise EventError("A record of the event is no JSON object.")
        if not str(record.get("eventName", "")).removeprefix("s3:").startswith("ObjectCreated:"):
            continue
        about = _part(record, "s3", "record")
        bucket, found = _part(about, "bucket", "s3"), _part(about, "object", "s3")
        told.append(
            _object(
                _text(bucket, "name", "bucket"),
                unquote_plus(_text(found, "key", "object")),
                etag=_optional(found, "eTag"),
                version=_optional(found, "versionId"),
                found=found,
                at=_time(record, "eventTime"),
            )
        )
    return told


def _object(bucket: str, key: str, *, etag: str, version: str, found: Mapping[str, Any], at: datetime | None) -> Landed:
    if len(key.encode("utf-8", "replace")) > LONGEST_KEY or "/" in bucket:
        raise EventError("The event names an object that S3 cannot hold.")
    sequence = _optional(found, "sequencer")
    size = found.get("size")
    if size is not None and (not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= LARGEST):
        raise EventError("The event's size is no number of bytes.")
    if not etag and not version and not sequence:
        raise EventError("The event does not say which version of the object it is about.")
    # An id of a version is one of a kind; an entity tag is the same for the same bytes, written again.
    named = version if version and version != "null" else ""
    return Landed(
        location=f"s3://{bucket}/{key}",
        version=named or etag.strip('"') or sequence,
        sequence="" if named else sequence,
        size=size,
        at=at,
    )


def _glue_table(event: Mapping[str, Any], detail: Mapping[str, Any]) -> list[Told]:
    if detail.get("typeOfChange") == "DeleteTable":
        return []
    namespace, table = _text(detail, "databaseName", "detail"), _text(detail, "tableName", "detail")
    return [TableChanged(namespace, table, _text(event, "id", "event"), _time(event, "time"))]


def _glue_database(event: Mapping[str, Any], detail: Mapping[str, Any]) -> list[Told]:
    if detail.get("typeOfChange") in ("DeleteTable", "DeleteDatabase"):
        return []
    tables = detail.get("changedTables", [])
    if not isinstance(tables, list) or not all(isinstance(one, str) for one in tables):
        raise EventError("The event's changedTables are no list of names.")
    namespace, number = _text(detail, "databaseName", "detail"), _text(event, "id", "event")
    return [TableChanged(namespace, table, number, _time(event, "time")) for table in tables]


_GLUE: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any]], list[Told]]] = {
    "Glue Data Catalog Table State Change": _glue_table,
    "Glue Data Catalog Database State Change": _glue_database,
}


def _part(found: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    part = found.get(name)
    if not isinstance(part, dict):
        raise EventError(f"The event's {where} has no {name}.")
    return part


def _text(found: Mapping[str, Any], name: str, where: str) -> str:
    text = found.get(name)
    if not isinstance(text, str) or not text.strip():
        raise EventError(f"The event's {where} has no {name}.")
    return text


def _optional(found: Mapping[str, Any], name: str) -> str:
    text = found.get(name)
    if text is not None and not isinstance(text, str):
        raise EventError(f"The event's {name} is no text.")
    return text or ""


def _time(found: Mapping[str, Any], name: str) -> datetime | None:
    """A time that cannot be read is no reason to lose the data."""
    try:
        said = datetime.fromisoformat(found[name])
        # In UTC, the edges of the calendar may lie outside it.
        return said.astimezone(UTC) if said.tzinfo else None
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
