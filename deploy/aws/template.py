"""The whole template: what is asked for, what is made, what is told afterwards."""

from __future__ import annotations

from typing import Any

from deploy.aws.events import events
from deploy.aws.network import network
from deploy.aws.roles import roles
from deploy.aws.schedule import schedule
from deploy.aws.services import services
from deploy.aws.store import store
from deploy.aws.words import Json, ref, sub

LONGEST = 51_200
"""Bytes of a template that CloudFormation takes without a bucket in between."""


def template() -> Json:
    """The template as CloudFormation reads it."""
    resources = {**network(), **store(), **events(), **roles(), **services(), **schedule()}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Assay: workers, API and page on Fargate, their store, events of the lake, alerts, a schedule.",
        "Parameters": _parameters(),
        "Conditions": {
            "TwoZones": {"Fn::Equals": [ref("Availability"), "two-zones"]},
            "WithEmail": {"Fn::Not": [{"Fn::Equals": [ref("AlertEmail"), ""]}]},
            "WithSchedule": {"Fn::Not": [{"Fn::Equals": [ref("ScheduledSource"), ""]}]},
        },
        "Resources": resources,
        "Outputs": _outputs(),
    }


def _parameters() -> Json:
    return {
        "VpcId": _asked("The network.", "AWS::EC2::VPC::Id"),
        "SubnetA": _asked("A private subnet with a way to AWS: NAT, or VPC endpoints.", "AWS::EC2::Subnet::Id"),
        "SubnetB": _asked("Another one, in another zone.", "AWS::EC2::Subnet::Id"),
        "ClientCidr": _asked("From where people and programs come.", default="10.0.0.0/8"),
        "CertificateArn": _asked("Of the name under which people find Assay."),
        "Image": _asked("The container image, by its digest: REPOSITORY@sha256:…"),
        "ImageRepository": _asked("The name of its repository in ECR.", default="assay"),
        "LakeBucket": _asked("The bucket with the data. It has to send events to EventBridge."),
        "RawPrefix": _asked("Where data lands.", default="raw/"),
        "TrustedPrefix": _asked("Where it goes when it has passed.", default="trusted/"),
        "QuarantinePrefix": _asked("Where it goes when it has not.", default="quarantine/"),
        "MetricsPrefix": _asked("Where metrics and large profiles go.", default="assay/"),
        "WarehousePrefix": _asked("Where tables of Iceberg are.", default="warehouse/"),
        "GlueDatabase": _asked("The database of the Glue catalog.", default="lake"),
        "Model": _asked("ASSAY_MODEL: offline, bedrock, or bedrock:MODEL.", default="bedrock"),
        "BedrockModelArns": _asked(
            "ARNs of the inference profile, of the models behind it, and of the one for embeddings.",
            "CommaDelimitedList",
        ),
        "WorkerCount": _asked("How many workers.", "Number", 2),
        "TaskCpu": _asked("Of each task.", default="1024"),
        "TaskMemory": _asked("Of each task, in MB.", default="4096"),
        "DatabaseClass": _asked("Of the store.", default="db.t4g.medium"),
        "Availability": _asked(
            "Whether the store has a standby in another zone.",
            default="one-zone",
            AllowedValues=["one-zone", "two-zones"],
        ),
        "AlertEmail": _asked("Who gets alerts; empty for nobody.", default=""),
        "ScheduledSource": _asked("What is assessed on a schedule; empty for nothing.", default=""),
        "ScheduleExpression": _asked("When.", default="cron(0 5 * * ? *)"),
    }


def _asked(about: str, kind: str = "String", default: Any = None, **more: Any) -> Json:
    given = {} if default is None else {"Default": default}
    return {"Type": kind, "Description": about, **given, **more}


def _outputs() -> Json:
    told = {
        "Address": ("The load balancer: point the certificate's name at it.", sub("${Balancer.DNSName}")),
        "Queue": ("Where events of one's own may be sent, too.", ref("Arrivals")),
        "DeadLetterQueue": ("Events that no worker could take in.", ref("DeadLetters")),
        "Topic": ("Alerts.", ref("Alerts")),
        "ClusterName": ("For aws ecs execute-command.", ref("Cluster")),
        "StateMachine": ('Start it with {"source": "s3://…"}.', ref("Assessment")),
    }
    return {name: {"Description": about, "Value": value} for name, (about, value) in told.items()}
