"""The words of CloudFormation, and the one way to write a permission."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]
POLICY_VERSION = "2012-10-17"


def ref(name: str) -> Json:
    """The value of a parameter, or what identifies a resource."""
    return {"Ref": name}


def att(name: str, attribute: str) -> Json:
    """An attribute of a resource."""
    return {"Fn::GetAtt": [name, attribute]}


def sub(text: str) -> Json:
    """A text with ``${Name}`` and ``${Name.Attribute}`` filled in."""
    return {"Fn::Sub": text}


def resource(kind: str, *, keep: bool = False, after: Sequence[str] = (), **properties: Any) -> Json:
    """A resource. What is to be kept outlives the stack: a database as a snapshot, anything else as it is."""
    made: Json = {"Type": f"AWS::{kind}", "Properties": properties}
    if keep:
        policy = "Snapshot" if kind == "RDS::DBInstance" else "Retain"
        made |= {"DeletionPolicy": policy, "UpdateReplacePolicy": policy}
    if after:
        made["DependsOn"] = list(after)
    return made


def allow(
    sid: str, actions: str, resources: Json | str | list[Any], *, because: str = "", when: Json | None = None
) -> Json:
    """A statement of a policy. ``because`` says why it has a wildcard; without a reason there may be none."""
    made: Json = {"Sid": sid, "Effect": "Allow", "Action": actions.split(), "Resource": resources}
    if when:
        made["Condition"] = when
    if bool(because) != ("*" in json.dumps([made["Action"], resources])):
        raise ValueError(f"{sid}: a wildcard needs a reason, and a reason a wildcard.")
    return {**made, "Because": because} if because else made


def role(service: str, statements: Sequence[Json], *, when: Json | None = None) -> Json:
    """A role that a service takes on, with its permissions. The reasons for wildcards are in its metadata."""
    trust: Json = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    if when:
        trust["Condition"] = when
    plain = [{key: value for key, value in one.items() if key != "Because"} for one in statements]
    made = resource(
        "IAM::Role",
        AssumeRolePolicyDocument={"Version": POLICY_VERSION, "Statement": [trust]},
        Policies=[{"PolicyName": "assay", "PolicyDocument": {"Version": POLICY_VERSION, "Statement": plain}}],
    )
    reasons = {one["Sid"]: one["Because"] for one in statements if "Because" in one}
    return {**made, "Metadata": {"Wildcards": reasons}} if reasons else made
