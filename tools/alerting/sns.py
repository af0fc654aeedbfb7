"""SNS topics."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from tools.alerting import words
from tools.alerting.errors import ChannelError
from tools.alerting.model import Notice
from tools.sources import aws

MOST_BYTES = 240_000
"""SNS takes 256 KB, with all that is around the text."""
TOPIC = re.compile(r"arn:aws[a-z-]*:sns:([a-z0-9-]+):\d{12}:[\w.-]{1,256}")


def check(target: str, options: Mapping[str, Any]) -> None:
    """Raises ChannelError."""
    if not TOPIC.fullmatch(target):
        raise ChannelError(f"{target!r} is no SNS topic.", hint="Write arn:aws:sns:REGION:ACCOUNT:NAME.")


def send(target: str, options: Mapping[str, Any], notice: Notice) -> None:
    """Publishes a message. Raises SourceError, ChannelError."""
    check(target, options)
    fifo = {"MessageGroupId": "assay", "MessageDeduplicationId": hashlib.sha256(notice.id.encode()).hexdigest()}
    client = aws.client("sns", target.split(":")[3], what=target)
    try:
        with aws.errors(target):
            client.publish(
                TopicArn=target,
                Subject=words.title(notice).encode("ascii", "replace").decode()[:100],
                Message=words.text(notice).encode()[:MOST_BYTES].decode("utf-8", "ignore"),
                MessageAttributes={"assay_id": {"DataType": "String", "StringValue": notice.id}},
                **(fifo if target.endswith(".fifo") else {}),
            )
    finally:
        client.close()
