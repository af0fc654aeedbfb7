"""EventBridge buses."""

from __future__ import annotations

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
BUS = re.compile(r"(?:arn:aws[a-z-]*:events:([a-z0-9-]+):\d{12}:event-bus/)?[\w./-]{1,256}")


def check(target: str, options: Mapping[str, Any]) -> None:
    """Raises ChannelError."""
    if not BUS.fullmatch(target):
        raise ChannelError(f"{target!r} is no EventBridge bus.", hint="Write its name, or its ARN.")


def send(target: str, options: Mapping[str, Any], notice: Notice) -> None:
    """Puts an event. Raises NotTold, SourceError."""
    bus = BUS.fullmatch(target)
    client = aws.client("events", (bus[1] if bus else None) or "", what=f"EventBridge bus {target}")
    try:
        with aws.errors(f"EventBridge bus {target}"):
            answer = client.put_events(Entries=[event(target, notice)])
    finally:
        client.close()
    if answer.get("FailedEntryCount"):
        entry = answer["Entries"][0]
        raise NotTold(f"EventBridge did not take the event: {entry.get('ErrorCode')}: {entry.get('ErrorMessage')}.")


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
