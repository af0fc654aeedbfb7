"""Tasks of AWS Step Functions that wait for an answer (``.waitForTaskToken``): succeed, fail, go on waiting."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from tools.errors import AssayError

LONGEST_ERROR, LONGEST_CAUSE = 256, 32_768
"""Characters, by the service's API."""
WHAT = "Step Functions"


class Gone(AssayError):
    """The task has ended: it was answered, took too long, or its execution was stopped."""


class Invalid(AssayError):
    """That is no token of a task."""


def reachable() -> bool:
    """Whether this process knows in which region tasks wait, as any process on AWS does."""
    return bool(os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"))


class Tasks:
    """Tasks that wait, in the region of the environment. Every method raises Gone, Invalid and SourceError."""

    def __init__(self) -> None:
        from tools.sources.aws import client

        self._client = client("stepfunctions", os.environ.get("AWS_REGION", ""), what=WHAT)

    def succeed(self, token: str, output: Mapping[str, Any]) -> None:
        """Ends a task; the execution goes on with the output."""
        self._call("send_task_success", taskToken=token, output=json.dumps(output))

    def fail(self, token: str, error: str, cause: str) -> None:
        """Ends a task with an error, by whose name the execution may catch it."""
        self._call("send_task_failure", taskToken=token, error=error[:LONGEST_ERROR], cause=cause[:LONGEST_CAUSE])

    def beat(self, token: str) -> None:
        """Says that the work on a task goes on."""
        self._call("send_task_heartbeat", taskToken=token)

    def _call(self, action: str, **arguments: str) -> None:
        from botocore.exceptions import ClientError

        from tools.sources.aws import code_of, errors

        with errors(WHAT):
            try:
                getattr(self._client, action)(**arguments)
            except ClientError as error:
                if code_of(error) in ("TaskTimedOut", "TaskDoesNotExist"):
                    raise Gone("The task of Step Functions has ended.") from error
                if code_of(error) == "InvalidToken":
                    raise Invalid("Step Functions knows no task of that token.") from error
                raise
