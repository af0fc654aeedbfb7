"""Executes state machines: moto's Step Functions, with what it lacks to start tasks of ECS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest import mock

import boto3
from moto import mock_aws
from moto.core.responses import EmptyResult
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_ecs import (
    StateTaskServiceEcs,
)
from moto.stepfunctions.responses import StepFunctionResponse


@contextmanager
def executing() -> Iterator[None]:
    """AWS in this process. What is written as Step Functions spells it (`LaunchType`) reaches ECS as ECS spells it, and
    causes of failures are not lost.
    """

    def asked(self: Any, parameters: Any, *_: Any, **__: Any) -> None:
        self._to_boto_request(parameters, _operation("RunTask").input_shape)

    def answered(self: Any, response: Any, *_: Any, service_action_name: str = "run_task") -> None:
        name = "".join(part.title() for part in service_action_name.split("_"))
        self._from_boto_response(response, _operation(name).output_shape)

    def failed(self: Any) -> EmptyResult:
        token, error, cause = (self._get_param(name) for name in ("taskToken", "error", "cause"))
        self.stepfunction_backend.send_task_failure(token, error=error, cause=cause)
        return EmptyResult()

    changes = {"_normalise_parameters": asked, "_normalise_response": answered}
    with (
        mock.patch.multiple(StateTaskServiceEcs, **changes),
        mock.patch.object(StepFunctionResponse, "send_task_failure", failed),
        mock_aws(config={"stepfunctions": {"execute_state_machine": True}}),
    ):
        yield


@cache
def _operation(name: str) -> Any:
    return boto3.client("ecs").meta.service_model.operation_model(name)
