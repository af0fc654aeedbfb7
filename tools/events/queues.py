"""A queue of SQS: messages are received, and deleted once they are kept elsewhere."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tools.sources import aws
from tools.sources.table import SourceError

WAIT_SECONDS = 2
"""How long a request waits for messages while there are none."""
AT_ONCE = 10
"""What SQS hands out, takes back and changes in one request."""
VISIBILITY_SECONDS = 60
"""For so long nobody else sees what was received."""
_REGION = re.compile(r"https://(?:sqs\.([\w-]+)\.amazonaws\.com|([\w-]+)\.queue\.amazonaws\.com)")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Message:
    """Something received."""

    id: str
    receipt: str
    """Names this receipt of it; the next has another."""
    body: str


class Queue:
    """A queue by its URL; one per thread."""

    def __init__(self, url: str) -> None:
        """Raises SourceError where there are no credentials or no region."""
        self.url = url
        region = _REGION.match(url)
        self._client: Any = aws.client("sqs", next(filter(None, region.groups()), "") if region else "", what=url)

    def receive(self) -> list[Message]:
        """Up to ten messages, which nobody else sees for a minute. Raises SourceError."""
        with aws.errors(self.url):
            answer = self._client.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=AT_ONCE,
                WaitTimeSeconds=WAIT_SECONDS,
                VisibilityTimeout=VISIBILITY_SECONDS,
            )
        return [Message(one["MessageId"], one["ReceiptHandle"], one["Body"]) for one in answer.get("Messages", ())]

    def delete(self, messages: Sequence[Message]) -> None:
        """Has them delivered no more; one that SQS does not delete comes again. Raises SourceError."""
        for part in _parts(messages):
            entries = [{"Id": str(number), "ReceiptHandle": one.receipt} for number, one in enumerate(part)]
            with aws.errors(self.url):
                answer = self._client.delete_message_batch(QueueUrl=self.url, Entries=entries)
            for failed in answer.get("Failed", ()):
                log.warning("%s: a message was not deleted: %s", self.url, failed.get("Code"))

    def keep(self, messages: Sequence[Message], seconds: int = VISIBILITY_SECONDS) -> None:
        """Keeps them from everybody else for so many more seconds from now; 0 hands them back. Raises SourceError."""
        for part in _parts(messages):
            entries = [
                {"Id": str(number), "ReceiptHandle": one.receipt, "VisibilityTimeout": seconds}
                for number, one in enumerate(part)
            ]
            with aws.errors(self.url):
                self._client.change_message_visibility_batch(QueueUrl=self.url, Entries=entries)

    def close(self) -> None:
        """Lets go of its connections."""
        self._client.close()


def check(url: str) -> None:
    """Raises SourceError for what is no address of a queue."""
    if not re.match(r"https?://[^/\s@]+/\S+", url):
        raise SourceError(
            f"{url.rpartition('@')[2]} is no address of an SQS queue.",
            hint="Write https://sqs.REGION.amazonaws.com/ACCOUNT/NAME.",
        )


def _parts(messages: Sequence[Message]) -> list[Sequence[Message]]:
    return [messages[start : start + AT_ONCE] for start in range(0, len(messages), AT_ONCE)]
