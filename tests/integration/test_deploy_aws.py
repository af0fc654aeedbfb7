"""The stack on AWS: linted, made as far as the stand-in of CloudFormation can, its state machine executed."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import boto3
import pytest
from cfnlint import api
from typer.testing import CliRunner

from deploy.aws.schedule import states
from deploy.aws.template import LONGEST, template
from graph import task_tokens
from graph.delivery import deliver
from graph.runs import Runs
from graph.task_tokens import Heartbeats
from graph.worker import Worker
from memory import Memory
from memory.model import Decision
from memory.task_tokens import TaskTokens
from tests.support.runs import approve_all, write_orders
from tests.support.steps import executing
from tools.events.queues import Queue
from tools.events.reading import read
from ui.cli.main import app

REGION = "eu-central-1"
ROLE = "arn:aws:iam::123456789012:role/steps"
Started = Callable[[str], "Execution"]


@pytest.fixture(autouse=True)
def _cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, REGION)
    with executing():
        yield


class Execution:
    """An execution of the state machine, and what Fargate was told to start."""

    def __init__(self, source: str) -> None:
        self.steps = boto3.client("stepfunctions")
        self.ecs, sns, self.sqs = boto3.client("ecs"), boto3.client("sns"), boto3.client("sqs")
        self.ecs.create_cluster(clusterName="assay")
        container = {"name": "assay", "image": "assay", "memory": 512}
        family = {"family": "job", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"]}
        self.ecs.register_task_definition(**family, containerDefinitions=[container], cpu="256", memory="512")
        topic = sns.create_topic(Name="alerts")["TopicArn"]
        self.queue = self.sqs.create_queue(QueueName="told")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
        network = {"AwsvpcConfiguration": {**_place(), "AssignPublicIp": "DISABLED"}}
        names = {"Cluster": "assay", "JobTask": "job", "Alerts": topic, "NetworkConfiguration": network}
        machine = self.steps.create_state_machine(name="m", definition=json.dumps(states(names)), roleArn=ROLE)
        started = self.steps.start_execution(
            stateMachineArn=machine["stateMachineArn"], name="e", input=json.dumps({"source": source})
        )
        self.arn = started["executionArn"]

    def container(self) -> tuple[list[str], dict[str, str]]:
        """The command line and environment of the task that was started."""
        until = time.monotonic() + 10
        while not (tasks := self.ecs.list_tasks(cluster="assay")["taskArns"]):
            assert time.monotonic() < until, self.steps.describe_execution(executionArn=self.arn)
            time.sleep(0.05)
        (task,) = self.ecs.describe_tasks(cluster="assay", tasks=tasks)["tasks"]
        (override,) = task["overrides"]["containerOverrides"]
        return override["command"], {one["name"]: one["value"] for one in override["environment"]}

    def ended(self) -> dict[str, Any]:
        """How it ended."""
        until = time.monotonic() + 10
        while (found := self.steps.describe_execution(executionArn=self.arn))["status"] == "RUNNING":
            assert time.monotonic() < until
            time.sleep(0.05)
        return dict(found)

    @property
    def running(self) -> bool:
        return self.steps.describe_execution(executionArn=self.arn)["status"] == "RUNNING"

    def told(self) -> list[str]:
        """What was published."""
        return [one["Body"] for one in self.sqs.receive_message(QueueUrl=self.queue).get("Messages", [])]


def _place() -> dict[str, list[str]]:
    ec2 = boto3.client("ec2")
    subnet, door = ec2.describe_subnets()["Subnets"][0], ec2.describe_security_groups()["SecurityGroups"][0]
    return {"Subnets": [subnet["SubnetId"]], "SecurityGroups": [door["GroupId"]]}


@pytest.fixture
def fargate(store_url: str) -> Callable[[Execution], str]:
    """Does what Fargate does: runs the container's command line, here. What it printed."""

    def run(execution: Execution) -> str:
        command, environment = execution.container()
        with mock.patch.dict(os.environ, {"ASSAY_DATABASE_URL": store_url, "ASSAY_MODEL": "offline", **environment}):
            done = CliRunner().invoke(app, command)
        return done.output

    return run


def test_the_execution_sleeps_until_people_have_decided_and_goes_on_with_the_verdict(store, fargate, tmp_path):
    execution = Execution(write_orders(tmp_path))
    fargate(execution)
    (run,) = store.runs.recent()
    assert (run.status, run.requested_by) == ("waiting", "schedule")
    assert execution.running
    _beats_each_in_its_time(store)
    runs = Runs(store)
    last = len(runs.proposals(run.id))
    runs.decide(run.id, [Decision(n, "approve") for n in range(1, last)], "Ann")
    runs.decide(run.id, [Decision(last, "reject", reason="by chance")], "Bob")
    assert execution.running
    assert Worker(store).run(run.id)
    ended = execution.ended()
    assert ended["status"] == "SUCCEEDED", ended
    verdict = json.loads(ended["output"])
    expected = {"run": run.id, "passed": True, "error": None, "approved": last - 1, "rejected": 1, "tables": 1}
    assert expected.items() <= verdict.items()
    assert verdict["failed"] == []
    assert 0.9 < verdict["score"] <= 1
    assert execution.told() == []
    assert store.outbox.counts()["task-token", "sent"] == 1


def _beats_each_in_its_time(store: Memory) -> None:
    beats = Heartbeats(store)
    with mock.patch.object(task_tokens.Tasks, "beat", autospec=True, side_effect=task_tokens.Tasks.beat) as sent:
        assert not beats.once(), "the run was started just now"
        _long_silent(store)
        assert beats.once()
        assert not beats.once()
        assert sent.call_count == 1
    assert len(store.db.rows("select * from task_tokens")) == 1, "the task took it"


def _long_silent(store: Memory) -> None:
    store.db.rows("update task_tokens set beat_at = now() - interval '2 minutes' returning run_id")


def _expecting(store: Memory, token: str) -> None:
    store.runs.create(
        kind="run", goal="g", sources=["a"], model="offline", graph_version="1", requested_by="a", task_token=token
    )


def test_a_task_that_no_longer_waits_is_forgotten_and_its_run_is_not(store):
    _expecting(store, "ended")
    _long_silent(store)
    assert Heartbeats(store).once()
    assert store.db.rows("select * from task_tokens") == []
    assert store.runs.recent()[0].status == "queued"


def test_data_that_failed_is_told(store, fargate, tmp_path):
    path = write_orders(tmp_path)
    execution = Execution(path)
    fargate(execution)
    (run,) = store.runs.recent()
    approve_all(Runs(store), run.id)
    with open(path, "a", encoding="utf-8") as file:
        file.write("1,,paid,\n" * 9)
    assert Worker(store).run(run.id)
    ended = execution.ended()
    assert (ended["status"], ended["error"]) == ("FAILED", "Assay.Failed")
    (told,) = execution.told()
    assert told.startswith(f"Run {run.id}: the data of {path} failed: ")


def test_a_run_that_was_cancelled_is_told(store, fargate, tmp_path):
    execution = Execution(write_orders(tmp_path))
    fargate(execution)
    (run,) = store.runs.recent()
    Runs(store).cancel(run.id, "Ann")
    assert deliver(store)
    ended = execution.ended()
    assert (ended["status"], ended["error"]) == ("FAILED", "Assay.Unanswered")
    (told,) = execution.told()
    assert "Assay.RunCancelled" in told


def _fails(store: Memory, run: str, error: str) -> None:
    store.db.rows("update runs set status = 'failed', error = %s where id = %s returning id", [error, run])


def test_what_cannot_be_started_is_told_at_once(store, fargate, tmp_path):
    execution = Execution(str(tmp_path / "absent.csv"))
    fargate(execution)
    assert store.runs.recent() == []
    assert execution.ended()["status"] == "FAILED"
    (told,) = execution.told()
    assert "Assay.NotStarted" in told
    assert "absent.csv" in told


def test_a_run_that_failed_was_answered_and_is_not_answered_again(store, fargate, tmp_path):
    execution = Execution(write_orders(tmp_path))
    fargate(execution)
    (run,) = store.runs.recent()
    approve_all(Runs(store), run.id)
    _fails(store, run.id, "The table is gone.")
    assert deliver(store)
    execution.ended()
    (told,) = execution.told()
    assert "The table is gone." in told
    Runs(store).resume(run.id, "Ann")
    assert Worker(store).run(run.id)
    assert store.runs.get(run.id).status == "done"
    assert store.outbox.counts()["task-token", "sent"] == 1


def test_an_answer_that_nobody_waits_for_is_given_up_at_once(store):
    _expecting(store, "forged")
    store.db.rows("update runs set status = 'done' returning id")
    deliver(store)
    assert store.outbox.counts()["task-token", "given up"] == 1


def test_without_a_region_nobody_tries(store, monkeypatch):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    _expecting(store, "t")
    _long_silent(store)
    assert Heartbeats(store).once() is False
    store.db.rows("update runs set status = 'done' returning id")
    deliver(store)
    assert store.outbox.counts()["task-token", "pending"] == 1


def test_workers_share_the_heartbeats(store, store_url):
    for token in "abc":
        _expecting(store, token)
    _long_silent(store)
    with Memory.open(store_url) as other:
        found = [TaskTokens(memory.db).due(task_tokens.BEAT, limit=2) for memory in (store, other, store)]
    assert [len(one) for one in found] == [2, 1, 0]


# What moto's CloudFormation does not make, and what it cannot tell of a file system.
UNMADE = {"CloudWatch::Alarm", "SQS::QueuePolicy", "SecretsManager::Secret", "Scheduler::Schedule", "SNS::Subscription"}
UNTOLD = {"Home": "arn:aws:elasticfilesystem:file-system", "HomeAccess": "arn:aws:elasticfilesystem:access-point"}


@pytest.fixture
def stack() -> dict[str, Any]:
    """The stack as far as moto makes it: by name what identifies each resource."""
    wanted = _within_moto(template())
    cloud, ec2 = boto3.client("cloudformation"), boto3.client("ec2")
    boto3.client("s3").create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": REGION})
    subnets = ec2.describe_subnets()["Subnets"]
    given = {
        "VpcId": subnets[0]["VpcId"],
        "SubnetA": subnets[0]["SubnetId"],
        "SubnetB": subnets[1]["SubnetId"],
        "CertificateArn": boto3.client("acm").request_certificate(DomainName="assay.example.com")["CertificateArn"],
        "Image": "assay@sha256:1",
        "LakeBucket": "lake",
        "BedrockModelArns": "arn:aws:bedrock:eu-central-1::foundation-model/m",
    }
    cloud.create_stack(
        StackName="assay",
        TemplateBody=json.dumps(wanted),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    assert cloud.describe_stacks()["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    found = cloud.list_stack_resources(StackName="assay")["StackResourceSummaries"]
    return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found}


def _within_moto(whole: dict[str, Any]) -> dict[str, Any]:
    def mended(value: Any) -> Any:
        if isinstance(value, dict):
            name, _ = value.get("Fn::GetAtt", ("", ""))
            return UNTOLD.get(name) or {key: mended(inner) for key, inner in value.items()}
        return [mended(inner) for inner in value] if isinstance(value, list) else value

    kept = {name: one for name, one in whole["Resources"].items() if one["Type"].removeprefix("AWS::") not in UNMADE}
    # It takes the name of a group of parameters for the group itself.
    del kept["Store"]["Properties"]["DBParameterGroupName"]
    text = json.dumps(mended({**whole, "Resources": kept}))
    for secret in ("DatabaseSecret", "AuditKey"):
        text = text.replace(json.dumps({"Ref": secret}), '"arn:secret"').replace(f"${{{secret}}}", "secret")
    return dict(json.loads(text))


def test_the_stack_is_made_and_events_of_the_lake_come_to_its_queue(stack):
    made = set(stack) | {name for name, one in template()["Resources"].items() if one["Type"][5:] in UNMADE}
    assert made == set(template()["Resources"])
    s3, events = boto3.client("s3"), boto3.client("events")
    s3.put_bucket_notification_configuration(Bucket="lake", NotificationConfiguration={"EventBridgeConfiguration": {}})
    for key in ("raw/orders 1.csv", "trusted/orders.csv"):
        s3.put_object(Bucket="lake", Key=key, Body=b"id\n1\n")
    changes = {"database": "lake", "other": "another"}
    entries = [
        _event("aws.glue", "Glue Data Catalog Table State Change", databaseName=name, tableName=table)
        for table, name in changes.items()
    ]
    events.put_events(
        Entries=[
            *entries,
            _event("pipelines", "Data Ready", source="s3://lake/raw/x.csv"),
            _event("assay", "Assay Data Quality Alert", id="1"),
        ]
    )
    queue = Queue(stack["Arrivals"])
    told = [one for message in queue.receive() for one in read(message.body)]
    assert [type(one).__name__ for one in told] == ["Landed", "TableChanged", "DataReady"]
    assert told[0].location == "s3://lake/raw/orders 1.csv"


def _event(source: str, kind: str, /, **detail: str) -> dict[str, str]:
    return {"Source": source, "DetailType": kind, "Detail": json.dumps(detail)}


def test_what_no_worker_takes_in_goes_to_the_dead_letters(stack):
    sqs = boto3.client("sqs")
    sqs.send_message(QueueUrl=stack["Arrivals"], MessageBody="poison")
    for _ in range(6):
        for one in sqs.receive_message(QueueUrl=stack["Arrivals"], WaitTimeSeconds=0).get("Messages", []):
            sqs.change_message_visibility(
                QueueUrl=stack["Arrivals"], ReceiptHandle=one["ReceiptHandle"], VisibilityTimeout=0
            )
    (dead,) = sqs.receive_message(QueueUrl=stack["DeadLetters"])["Messages"]
    assert dead["Body"] == "poison"


def test_the_template_has_no_faults_and_fits():
    text = json.dumps(template(), separators=(",", ":"))
    assert len(text.encode()) < LONGEST
    assert [str(fault) for fault in api.lint(text, config={"regions": [REGION]})] == []
