"""Events as AWS and others send them, and what is waited for when data arrives."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, TypeVar

from memory import Memory
from memory.arrivals import Arrival

T = TypeVar("T")


def created(
    key: str, bucket: str = "lake", *, etag: str = "e1", sequencer: str = "0A", version: str = "", size: int = 5
) -> dict[str, Any]:
    """EventBridge's event of an object that was written."""
    found = {"key": key, "size": size, "etag": etag, "sequencer": sequencer}
    detail = {
        "version": "0",
        "bucket": {"name": bucket},
        "object": {**found, **({"version-id": version} if version else {})},
        "request-id": "N4N7GDK58NMKJ12R",
        "requester": "123456789012",
        "source-ip-address": "192.0.2.7",
        "reason": "PutObject",
    }
    return bridge("Object Created", "aws.s3", detail)


def notified(key: str, bucket: str = "lake", *, etag: str = "e1", sequencer: str = "0A") -> dict[str, Any]:
    """S3's own notification of the same; ``key`` as it is encoded there."""
    record = {
        "eventVersion": "2.3",
        "eventSource": "aws:s3",
        "awsRegion": "eu-west-1",
        "eventTime": "2026-11-01T12:00:00.000Z",
        "eventName": "ObjectCreated:Put",
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "to-assay",
            "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
            "object": {"key": key, "size": 5, "eTag": etag, "sequencer": sequencer},
        },
    }
    return {"Records": [record]}


def bridge(kind: str, source: str, detail: Any, number: str = "17793124-05d4-b198-2fde-7ededc63b103") -> dict[str, Any]:
    """Any event of EventBridge."""
    return {
        "version": "0",
        "id": number,
        "detail-type": kind,
        "source": source,
        "account": "123456789012",
        "time": "2026-11-01T12:00:00Z",
        "region": "eu-west-1",
        "resources": [],
        "detail": detail,
    }


def in_sns(event: dict[str, Any]) -> dict[str, Any]:
    """A notification of SNS around it."""
    return {"Type": "Notification", "MessageId": "m", "TopicArn": "arn:aws:sns:::t", "Message": json.dumps(event)}


def settled(store: Memory, number: int = 1, *, seconds: float = 20) -> list[Arrival]:
    """Waits until so many arrivals are done or dead, and gives them in the order they came."""

    def look() -> list[Arrival] | None:
        found = [one for one in store.arrivals.recent(100_000) if one.state in ("done", "dead")]
        return sorted(found, key=lambda one: one.id) if len(found) >= number else None

    return soon(look, f"{number} arrivals settled", seconds=seconds)


def soon(look: Callable[[], T | None], what: str, *, seconds: float = 20) -> T:
    """Waits for something."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {seconds} s")
