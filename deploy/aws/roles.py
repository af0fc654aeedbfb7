"""Who may do what: a role for each kind of task, with no more than it needs."""

from __future__ import annotations

from typing import Any

from deploy.aws.words import Json, allow, att, ref, role, sub

TASKS = "ecs-tasks.amazonaws.com"
LAKE = "arn:${AWS::Partition}:s3:::${LakeBucket}"
OURS: Json = {"StringEquals": {"aws:SourceAccount": ref("AWS::AccountId")}}
"""Nobody may have a service of AWS use a role for another account."""


def roles() -> Json:
    """All roles. The page and the API execute no runs: only workers and scheduled jobs call models and move data."""
    work = [*_read(), *_move(), *_model(), *_tell()]
    return {
        "WorkerRole": _task([*work, _queue()]),
        "JobRole": _task(work),
        "ApiRole": _task(_read()),
        "PageRole": _task([*_read(), _shell()]),
        "ExecutionRole": role(TASKS, _start(), when=OURS),
        "SchedulerRole": role("states.amazonaws.com", _steps(), when=OURS),
        "TimerRole": role(
            "scheduler.amazonaws.com", [allow("Begin", "states:StartExecution", ref("Assessment"))], when=OURS
        ),
    }


def _task(statements: list[Json]) -> Json:
    return role(TASKS, [*statements, _home()], when=OURS)


def _tables() -> list[Any]:
    glue = "arn:${AWS::Partition}:glue:${AWS::Region}:${AWS::AccountId}"
    return [sub(f"{glue}:{one}") for one in ("catalog", "database/${GlueDatabase}", "table/${GlueDatabase}/*")]


def _read() -> list[Json]:
    """Looking at data: what profiles, dry runs of edited rules and comparisons need."""
    named = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${AWS::StackName}/*"
    return [
        allow("ListLake", "s3:ListBucket s3:GetBucketLocation", sub(LAKE)),
        allow(
            "ReadLake",
            "s3:GetObject s3:GetObjectVersion s3:GetObjectTagging",
            sub(f"{LAKE}/*"),
            because="All objects of the one bucket that holds the data to be looked at.",
        ),
        allow(
            "ReadTables",
            "glue:GetDatabase glue:GetTable glue:GetTables glue:GetPartitions",
            _tables(),
            because="All tables of the one database of the Glue catalog.",
        ),
        allow(
            "ReadNamedSecrets",
            "secretsmanager:GetSecretValue",
            sub(named),
            because="People name those of sources and channels (secret://STACK/NAME), AWS adds random letters.",
        ),
    ]


def _move() -> list[Json]:
    """Write, audit, publish: out of raw data into trusted data or quarantine, and metrics beside them."""
    written = ["${TrustedPrefix}", "${QuarantinePrefix}", "${MetricsPrefix}", "${WarehousePrefix}"]
    emptied = ["${RawPrefix}", "${QuarantinePrefix}", "${MetricsPrefix}"]
    return [
        allow(
            "WriteVerdicts",
            "s3:PutObject s3:AbortMultipartUpload s3:PutObjectTagging",
            [sub(f"{LAKE}/{prefix}*") for prefix in written],
            because="Objects below the prefixes that Assay writes; none of the raw data can be overwritten.",
        ),
        allow("FindBrokenUploads", "s3:ListBucketMultipartUploads", sub(LAKE)),
        allow(
            "EmptyRawAndQuarantine",
            "s3:DeleteObject",
            [sub(f"{LAKE}/{prefix}*") for prefix in emptied],
            because="What was moved leaves its old place; trusted data cannot be deleted.",
        ),
        allow(
            "PublishTables",
            "glue:UpdateTable",
            _tables(),
            because="Iceberg's main branch is moved forward, in the tables of one database.",
        ),
    ]


def _model() -> list[Json]:
    return [
        allow(
            "AskModels",
            "bedrock:InvokeModel bedrock:InvokeModelWithResponseStream",
            ref("BedrockModelArns"),
        )
    ]


def _tell() -> list[Json]:
    """Alerts, and answers to tasks of Step Functions."""
    bus = sub("arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/default")
    return [
        allow("PublishAlerts", "sns:Publish", ref("Alerts")),
        allow("PutAlerts", "events:PutEvents", bus, when={"StringEquals": {"events:source": "assay"}}),
        allow(
            "AnswerTasks",
            "states:SendTaskSuccess states:SendTaskFailure states:SendTaskHeartbeat",
            "*",
            because="IAM knows no resources for these actions; without its token no task can be answered.",
        ),
    ]


def _queue() -> Json:
    actions = "sqs:ReceiveMessage sqs:DeleteMessage sqs:ChangeMessageVisibility"
    return allow("TakeEvents", actions, att("Arrivals", "Arn"))


def _home() -> Json:
    """The file of users and the anchor of the audit log, on a file system that the tasks share."""
    point = {"StringEquals": {"elasticfilesystem:AccessPointArn": att("HomeAccess", "Arn")}}
    actions = "elasticfilesystem:ClientMount elasticfilesystem:ClientWrite"
    return allow("MountHome", actions, att("Home", "Arn"), when=point)


def _shell() -> Json:
    """`aws ecs execute-command`, by which admins add users: in the page alone. Who may call it is said elsewhere."""
    channels = "CreateControlChannel CreateDataChannel OpenControlChannel OpenDataChannel"
    return allow(
        "OpenShell",
        " ".join(f"ssmmessages:{one}" for one in channels.split()),
        "*",
        because="IAM knows no resources for these actions; they open a way out of the task to its caller alone.",
    )


def _start() -> list[Json]:
    """What ECS itself does to start a task: the image, the log, the secrets of the environment."""
    return [
        allow(
            "SignInAtRegistry",
            "ecr:GetAuthorizationToken",
            "*",
            because="IAM knows no resources for this action; it gives a token, and no image.",
        ),
        allow(
            "PullImage",
            "ecr:BatchCheckLayerAvailability ecr:BatchGetImage ecr:GetDownloadUrlForLayer",
            sub("arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/${ImageRepository}"),
        ),
        allow("WriteLogs", "logs:CreateLogStream logs:PutLogEvents", att("Logs", "Arn")),
        allow("ReadOwnSecrets", "secretsmanager:GetSecretValue", [ref("DatabaseSecret"), ref("AuditKey")]),
    ]


def _steps() -> list[Json]:
    """What the state machine does: start one kind of task, and tell of trouble."""
    cluster = {"ArnEquals": {"ecs:cluster": att("Cluster", "Arn")}}
    to_tasks = {"StringEquals": {"iam:PassedToService": TASKS}}
    return [
        allow("StartJobs", "ecs:RunTask", ref("JobTask"), when=cluster),
        allow("LendRoles", "iam:PassRole", [att("JobRole", "Arn"), att("ExecutionRole", "Arn")], when=to_tasks),
        allow("Tell", "sns:Publish", ref("Alerts")),
    ]
