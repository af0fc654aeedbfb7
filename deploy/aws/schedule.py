"""Step Functions as the outer scheduler: it starts a run, sleeps until people have decided, and goes on by the verdict.

What happens inside of a run is not its business: that is a graph with checkpoints of its own.
"""

from __future__ import annotations

from typing import Any

from deploy.aws.services import CONTAINER, placed
from deploy.aws.words import Json, att, ref, resource

WAIT_SECONDS = 7 * 24 * 3600
"""How long people may take, reopened requests included."""
SILENCE_SECONDS = 900
"""Workers send a heartbeat each minute: without one for so long nobody is left who could answer."""
BY = "schedule"
"""Who starts the runs, in the audit log."""


def states(names: Json) -> Json:
    """The state machine, in the Amazon States Language. Its input: ``{"source": "s3://lake/raw/orders/*.csv"}``.

    ``names`` are Cluster, JobTask, Alerts and NetworkConfiguration.
    """
    return {
        "Comment": "Profile, recommend, have approved and validate one source; the verdict decides what comes after.",
        "StartAt": "Assess",
        "States": {
            "Assess": _assess(names),
            "Verdict": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.verdict.passed", "BooleanEquals": True, "Next": "Passed"}],
                "Default": "TellFailed",
            },
            "TellFailed": _tell(
                names["Alerts"],
                "Failed",
                "States.Format('Run {}: the data of {} failed: {}', $.verdict.run, $.source, "
                "States.JsonToString($.verdict))",
            ),
            "TellUnanswered": _tell(
                names["Alerts"],
                "Unanswered",
                # A task that took too long has an error without a cause.
                "States.Format('The run about {} did not come to its end: {}', $.source, "
                "States.JsonToString($.trouble))",
            ),
            "Passed": {"Type": "Pass", "OutputPath": "$.verdict", "End": True},
            "Failed": {"Type": "Fail", "Error": "Assay.Failed", "Cause": "A rule failed."},
            "Unanswered": {"Type": "Fail", "Error": "Assay.Unanswered", "Cause": "There is no verdict."},
        },
    }


def _assess(names: Json) -> Json:
    container = {
        "Name": CONTAINER,
        "Command.$": f"States.Array('run', '--pause', '--as', '{BY}', $.source)",
        "Environment": [{"Name": "ASSAY_TASK_TOKEN", "Value.$": "$$.Task.Token"}],
    }
    busy = ["ECS.AmazonECSException", "ECS.ServerException", "ECS.ThrottlingException"]
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::ecs:runTask.waitForTaskToken",
        "Parameters": {
            "LaunchType": "FARGATE",
            "Cluster": names["Cluster"],
            "TaskDefinition": names["JobTask"],
            "NetworkConfiguration": names["NetworkConfiguration"],
            "Overrides": {"ContainerOverrides": [container]},
        },
        "TimeoutSeconds": WAIT_SECONDS,
        "HeartbeatSeconds": SILENCE_SECONDS,
        # Nothing was started then; what was is never started twice.
        "Retry": [{"ErrorEquals": busy, "IntervalSeconds": 10, "BackoffRate": 2, "MaxAttempts": 5}],
        "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.trouble", "Next": "TellUnanswered"}],
        "ResultPath": "$.verdict",
        "Next": "Verdict",
    }


def _tell(topic: Any, then: str, message: str) -> Json:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish",
        "Parameters": {"TopicArn": topic, "Subject": "Assay", "Message.$": message},
        "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 10, "BackoffRate": 2, "MaxAttempts": 5}],
        "ResultPath": None,
        "Next": then,
    }


def schedule() -> Json:
    """The resources."""
    wanted = {
        "Cluster": att("Cluster", "Arn"),
        "JobTask": ref("JobTask"),
        "Alerts": ref("Alerts"),
        "SubnetA": ref("SubnetA"),
        "SubnetB": ref("SubnetB"),
        "TaskDoor": att("TaskDoor", "GroupId"),
    }
    inside = {name: f"${{{name}}}" for name in wanted}
    where = placed()["AwsvpcConfiguration"]
    where = {**where, "Subnets": [inside["SubnetA"], inside["SubnetB"]], "SecurityGroups": [inside["TaskDoor"]]}
    names = {**inside, "NetworkConfiguration": {"AwsvpcConfiguration": where}}
    timer = resource(
        "Scheduler::Schedule",
        Description="Assesses one source anew.",
        ScheduleExpression=ref("ScheduleExpression"),
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": ref("Assessment"),
            "RoleArn": att("TimerRole", "Arn"),
            "Input": {"Fn::Sub": '{"source": "${ScheduledSource}"}'},
            "RetryPolicy": {"MaximumRetryAttempts": 5},
        },
    )
    return {
        "Assessment": resource(
            "StepFunctions::StateMachine",
            RoleArn=att("SchedulerRole", "Arn"),
            Definition=states(names),
            DefinitionSubstitutions=wanted,
        ),
        "Timer": {**timer, "Condition": "WithSchedule"},
    }
