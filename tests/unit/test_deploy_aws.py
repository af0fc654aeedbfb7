"""Who may do what in the stack on AWS: each role no more than it needs, and no wildcard without a reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.aws.template import template
from deploy.aws.words import allow
from ui.cli.main import app

RESOURCES = template()["Resources"]
ROLES = {name: one for name, one in RESOURCES.items() if one["Type"] == "AWS::IAM::Role"}
WORK = {"bedrock", "events", "sns", "states"}
"""Services that only those may call who execute runs."""


def _statements(role: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for policy in role["Properties"]["Policies"]:
        yield from policy["PolicyDocument"]["Statement"]


def _services(role: str) -> set[str]:
    return {action.split(":")[0] for one in _statements(ROLES[role]) for action in one["Action"]}


def _may(role: str, action: str) -> str:
    """On which resources a role may do something, as JSON; empty for none."""
    return "".join(json.dumps(one["Resource"]) for one in _statements(ROLES[role]) if action in one["Action"])


def test_every_wildcard_has_its_reason_beside_it():
    missing, idle = [], []
    for name, role in ROLES.items():
        reasons = role.get("Metadata", {}).get("Wildcards", {})
        wild = {one["Sid"] for one in _statements(role) if "*" in json.dumps([one["Action"], one["Resource"]])}
        missing += [f"{name}.{sid}" for sid in wild - reasons.keys()]
        idle += [f"{name}.{sid}" for sid in reasons.keys() - wild]
        assert all(len(reason) > 20 for reason in reasons.values())
    assert (missing, idle) == ([], [])


def test_no_action_is_a_pattern_and_nothing_is_allowed_in_reverse():
    for name, role in ROLES.items():
        for one in _statements(role):
            assert not any("*" in action for action in one["Action"]), (name, one["Sid"])
            assert not {"NotAction", "NotResource", "NotPrincipal"} & one.keys()


@pytest.mark.parametrize(
    ("resources", "because"), [("*", ""), ({"Fn::Sub": "arn:a:${B}/*"}, ""), ("arn:one", "For no reason at all.")]
)
def test_a_wildcard_cannot_be_written_without_a_reason_nor_a_reason_without_one(resources, because):
    with pytest.raises(ValueError, match="wildcard"):
        allow("Sid", "s3:GetObject", resources, because=because)


def test_the_page_and_the_api_neither_call_models_nor_move_data():
    for role in ("ApiRole", "PageRole"):
        assert not _services(role) & (WORK | {"sqs"})
        assert not _may(role, "s3:PutObject") + _may(role, "s3:DeleteObject") + _may(role, "glue:UpdateTable")


def test_nobody_overwrites_raw_data_or_deletes_trusted_data():
    for role in ROLES:
        assert "RawPrefix" not in _may(role, "s3:PutObject")
        assert "TrustedPrefix" not in _may(role, "s3:DeleteObject")
    assert "RawPrefix" in _may("WorkerRole", "s3:DeleteObject")


def test_only_workers_take_events_and_only_the_state_machine_starts_tasks():
    assert [role for role in ROLES if "sqs" in _services(role)] == ["WorkerRole"]
    assert [role for role in ROLES if "ecs" in _services(role)] == ["SchedulerRole"]
    assert "Ref" in _may("SchedulerRole", "ecs:RunTask")
    (lends,) = [one for one in _statements(ROLES["SchedulerRole"]) if one["Action"] == ["iam:PassRole"]]
    assert lends["Condition"] == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}


def test_no_other_account_may_have_a_role_used():
    for role in ROLES.values():
        (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Condition"]["StringEquals"]["aws:SourceAccount"] == {"Ref": "AWS::AccountId"}


def test_what_people_would_miss_outlives_the_stack():
    kept = {name: one["DeletionPolicy"] for name, one in RESOURCES.items() if "DeletionPolicy" in one}
    assert kept == {"Store": "Snapshot", "AuditKey": "Retain", "Home": "Retain", "DeadLetters": "Retain"}


def test_nothing_is_open_to_the_world_and_the_store_takes_no_connection_in_the_clear():
    assert "0.0.0.0/0" not in json.dumps(template())
    assert RESOURCES["Balancer"]["Properties"]["Scheme"] == "internal"
    store = RESOURCES["Store"]["Properties"]
    assert (store["PubliclyAccessible"], store["StorageEncrypted"]) == (False, True)
    assert RESOURCES["StoreParameters"]["Properties"]["Parameters"] == {"rds.force_ssl": "1"}


@pytest.mark.parametrize("task", ["WorkerTask", "ApiTask", "PageTask"])
def test_the_commands_of_tasks_exist(task):
    from typer.main import get_command

    (container,) = RESOURCES[task]["Properties"]["ContainerDefinitions"]
    commands = get_command(app).commands
    command, *options = container["Command"]
    commands[command].make_context(command, list(options)).close()
    asked = container["HealthCheck"]["Command"]
    assert asked[:3] == ["CMD", "assay", "health"]
    commands["health"].make_context("health", asked[3:]).close()


def test_a_shell_opens_in_the_page_alone_and_all_else_is_read_only():
    ecs = ("AWS::ECS::Service", "AWS::ECS::TaskDefinition")
    kinds = {name: one for name, one in RESOURCES.items() if one["Type"] in ecs}
    assert [name for name, one in kinds.items() if one["Properties"].get("EnableExecuteCommand")] == ["Page"]
    assert [role for role in ROLES if "ssmmessages" in _services(role)] == ["PageRole"]
    written = [
        name
        for name, one in kinds.items()
        for container in one["Properties"].get("ContainerDefinitions", [])
        if not container["ReadonlyRootFilesystem"]
    ]
    assert written == ["PageTask"]


def test_secrets_are_references():
    for name, one in RESOURCES.items():
        if one["Type"] == "AWS::ECS::TaskDefinition":
            (container,) = one["Properties"]["ContainerDefinitions"]
            assert not {e["Name"] for e in container["Environment"]} & {"PGPASSWORD", "ASSAY_AUDIT_KEY"}, name
            assert {e["Name"] for e in container["Secrets"]} == {"PGPASSWORD", "ASSAY_AUDIT_KEY"}
