"""SNS topics and EventBridge buses."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tools.alerting import words
from tools.alerting.errors import ChannelError, NotTold
from tools.alerting.model import Notice
from tools.sources import aws

SOURCE, DETAIL_TYPE = "assay", "Assay Data Quality Alert"
MOST_BYTES = 240_000
"""SNS and EventBridge take 256 KB, with all that is around the text."""
TOPIC = re.compile(r"arn:aws[a-z-]*:sns:([a-z0-9-]+):\d{12}:[\w.-]{1,256}")
BUS = re.compile(r"(?:arn:aws[a-z-]*:events:([a-z0-9-]+):\d{12}:event-bus/)?[\w./-]{1,256}")


def check(target: str, options: Mapping[str, Any]) -> None:
    """Raises ChannelError."""
    if target.startswith("arn:") and ":sns:" in target:
        if not TOPIC.fullmatch(target):
            raise ChannelError(f"{target} is no SNS topic.", hint="Write arn:aws:sns:REGION:ACCOUNT:NAME.")
    elif not BUS.fullmatch(target):
        raise ChannelError(f"{target!r} is no EventBridge bus.", hint="Write its name, or its ARN.")


def send(target: str, options: Mapping[str, Any], notice: Notice) -> None:
    """Publishes a message, or puts an event. Raises NotTold, SourceError."""
    topic = TOPIC.fullmatch(target)
    if topic:
        _publish(target, topic[1], notice)
    else:
        bus = BUS.fullmatch(target)
        _put(target, (bus[1] if bus else None) or "", notice)


def event(target: str, notice: Notice) -> dict[str, Any]:
    """The entry for EventBridge; ``detail.id`` is the same when it is sent again."""
    return {
        "Source": SOURCE,
        "DetailType": DETAIL_TYPE,
        "EventBusName": target,
        "Time": datetime.fromisoformat(notice.at),
        "Resources": [part.dataset for part in notice.parts if part.dataset][:10],
        "Detail": json.dumps({"title": words.title(notice), **notice.to_dict()}, ensure_ascii=False),
    }


def _publish(topic: str, region: str, notice: Notice) -> None:
    fifo = {"MessageGroupId": "assay", "MessageDeduplicationId": hashlib.sha256(notice.id.encode()).hexdigest()}
    client = aws.client("sns", region, what=topic)
    try:
        with aws.errors(topic):
            client.publish(
                TopicArn=topic,
                Subject=words.title(notice).encode("ascii", "replace").decode()[:100],
                Message=words.text(notice).encode()[:MOST_BYTES].decode("utf-8", "ignore"),
                MessageAttributes={"assay_id": {"DataType": "String", "StringValue": notice.id}},
                **(fifo if topic.endswith(".fifo") else {}),
            )
    finally:
        client.close()


def _put(bus: str, region: str, notice: Notice) -> None:
    client = aws.client("events", region, what=f"EventBridge bus {bus}")
    try:
        with aws.errors(f"EventBridge bus {bus}"):
            answer = client.put_events(Entries=[event(bus, notice)])
    finally:
        client.close()
    if answer.get("FailedEntryCount"):
        entry = answer["Entries"][0]
        raise NotTold(f"EventBridge did not take the event: {entry.get('ErrorCode')}: {entry.get('ErrorMessage')}.")
