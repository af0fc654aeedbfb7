"""From what happens in the lake to a queue that workers empty, and what people are told when that stands still."""

from __future__ import annotations

from deploy.aws.words import POLICY_VERSION, Json, att, ref, resource

TRIES = 5
"""How often a message is received before it goes to the dead letters; workers give up on data by themselves before."""
SEEN_SECONDS, KEPT_SECONDS = 60, 14 * 24 * 3600


def events() -> Json:
    """The resources."""
    return {**_queues(), **_rules(), **_alerts()}


def _queues() -> Json:
    senders = [att("ObjectCreated", "Arn"), att("TableChanged", "Arn"), att("Told", "Arn")]
    return {
        "DeadLetters": resource(
            "SQS::Queue", keep=True, MessageRetentionPeriod=KEPT_SECONDS, SqsManagedSseEnabled=True
        ),
        "Arrivals": resource(
            "SQS::Queue",
            MessageRetentionPeriod=KEPT_SECONDS,
            VisibilityTimeout=SEEN_SECONDS,
            ReceiveMessageWaitTimeSeconds=20,
            SqsManagedSseEnabled=True,
            RedrivePolicy={"deadLetterTargetArn": att("DeadLetters", "Arn"), "maxReceiveCount": TRIES},
        ),
        "ArrivalsPolicy": _from("events.amazonaws.com", "Arrivals", senders),
        "DeadLettersPolicy": _from("events.amazonaws.com", "DeadLetters", senders),
    }


def _from(service: str, queue: str, senders: list[Json]) -> Json:
    statement = {
        "Sid": "RulesOnly",
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sqs:SendMessage",
        "Resource": att(queue, "Arn"),
        "Condition": {"ArnEquals": {"aws:SourceArn": senders}},
    }
    document = {"Version": POLICY_VERSION, "Statement": [statement]}
    return resource("SQS::QueuePolicy", Queues=[ref(queue)], PolicyDocument=document)


def _rules() -> Json:
    new_object = {"bucket": {"name": [ref("LakeBucket")]}, "object": {"key": [{"prefix": ref("RawPrefix")}]}}
    tables = ["Glue Data Catalog Table State Change", "Glue Data Catalog Database State Change"]
    return {
        "ObjectCreated": _rule(["Object Created"], "aws.s3", new_object),
        "TableChanged": _rule(tables, "aws.glue", {"databaseName": [ref("GlueDatabase")]}),
        # Pipelines of one's own say so when a table is complete.
        "Told": _rule(["Data Ready"]),
    }


def _rule(kinds: list[str], source: str = "", detail: Json | None = None) -> Json:
    pattern: Json = {"detail-type": kinds} | ({"source": [source], "detail": detail} if source else {})
    target = {"Id": "arrivals", "Arn": att("Arrivals", "Arn"), "DeadLetterConfig": {"Arn": att("DeadLetters", "Arn")}}
    return resource("Events::Rule", EventPattern=pattern, Targets=[target])


def _alerts() -> Json:
    mail = resource("SNS::Subscription", TopicArn=ref("Alerts"), Protocol="email", Endpoint=ref("AlertEmail"))
    return {
        "Alerts": resource("SNS::Topic", DisplayName="Assay"),
        "AlertsByEmail": {**mail, "Condition": "WithEmail"},
        "DeadLettersAlarm": _alarm(
            "Events that no worker could take in.", "DeadLetters", "ApproximateNumberOfMessagesVisible", 0
        ),
        "StandstillAlarm": _alarm(
            "Events wait for a quarter of an hour: do workers run?", "Arrivals", "ApproximateAgeOfOldestMessage", 900
        ),
    }


def _alarm(about: str, queue: str, metric: str, above: int) -> Json:
    return resource(
        "CloudWatch::Alarm",
        AlarmDescription=about,
        Namespace="AWS/SQS",
        MetricName=metric,
        Dimensions=[{"Name": "QueueName", "Value": att(queue, "QueueName")}],
        Statistic="Maximum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=above,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
        AlarmActions=[ref("Alerts")],
    )
