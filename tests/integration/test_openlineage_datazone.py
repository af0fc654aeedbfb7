"""Amazon DataZone takes events through the client's own transport: what it is sent is what AWS would take."""

from __future__ import annotations

import json
import os
from unittest import mock

import pytest

from graph import delivery
from graph.jobs import Jobs
from graph.people import change_setting
from tests.support.aws_shapes import problems, service_model
from tests.support.backends import backend
from tests.support.openlineage_schemas import problems as event_problems

KEYS = {"AWS_ACCESS_KEY_ID": "scripted-access-key", "AWS_SECRET_ACCESS_KEY": "scripted-secret-key"}
DOMAIN = "dzd_4ocj6abcd1234w"
LONGEST_NAME = 1_800
"""Of the identifier that DataZone makes of a namespace and a name."""


@pytest.fixture
def datazone(store, monkeypatch):
    monkeypatch.setattr(delivery, "BRIEFLY_SECONDS", 60)
    with mock.patch.dict(os.environ), backend(answer=_answer) as receiver:
        for name in [name for name in os.environ if name.startswith(("OPENLINEAGE", "AWS_"))]:
            del os.environ[name]
        config = {"type": "amazon_datazone_api", "domainId": DOMAIN, "endpointOverride": receiver.url}
        os.environ.update({**KEYS, "AWS_DEFAULT_REGION": "eu-central-1", "AWS_EC2_METADATA_DISABLED": "true"})
        os.environ["OPENLINEAGE__TRANSPORT"] = json.dumps(config)
        change_setting(store, "openlineage", True, "root")
        yield receiver


def _answer() -> bytes:
    answer = {"id": "b2" * 7, "domainId": DOMAIN}
    shape = service_model("datazone").operation_model("PostLineageEvent").output_shape
    assert problems(answer, shape) == []
    return json.dumps(answer).encode()


def test_what_is_sent_is_what_aws_takes(store, datazone, tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("id,total\n1,5\n2,-3\n")
    Jobs(store, "ann").validate(str(path), 'Rules = [ ColumnValues "total" >= 0 ]', quarantine=str(tmp_path / "q"))
    assert datazone.types == ["START", "COMPLETE"]
    operation = service_model("datazone").operation_model("PostLineageEvent")
    path_of = operation.http["requestUri"].replace("{domainIdentifier}", DOMAIN)
    assert set(datazone.paths) == {path_of}
    assert operation.http["method"] == "POST"
    for event, headers in zip(datazone.events, datazone.headers, strict=True):
        assert event_problems(event) == []
        assert "AWS4-HMAC-SHA256" in headers["Authorization"]
        asked = {"domainIdentifier": DOMAIN, "event": json.dumps(event).encode()}
        asked["clientToken"] = headers.get("Client-Token", "x")
        assert problems(asked, operation.input_shape) == []
        names = [(one["namespace"], one["name"]) for one in (*event["inputs"], *event["outputs"], event["job"])]
        assert all(len(namespace) + len(name) < LONGEST_NAME for namespace, name in names)


def test_what_aws_refuses_waits_with_the_reason(store, datazone, tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("id\n1\n")
    datazone.status = 403
    Jobs(store, "ann").profile(str(path))
    waiting = [one for one in store.outbox.undelivered() if one.kind == "openlineage"]
    assert [one.state for one in waiting] == ["pending", "pending"]
    assert "403" in waiting[0].error
    assert KEYS["AWS_SECRET_ACCESS_KEY"] not in str(waiting)
