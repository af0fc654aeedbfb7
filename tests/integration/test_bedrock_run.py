"""A whole run with `ASSAY_MODEL=bedrock` over HTTP: profile, recommend, approve, validate."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.retries.standard import ExponentialBackoff

from agents.model_errors import ModelError
from graph.runs import RunReport, Runs
from graph.worker import Worker
from memory import Memory
from memory.migrate import migrate
from tests.support.bedrock import Request, run_script
from tests.support.bedrock_planner import planner
from tests.support.bedrock_replies import Failure, Reply, call
from tests.support.bedrock_runs import whole_run
from tests.support.runs import write_orders


@pytest.fixture
def orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A table whose name does not depend on where the test runs: it is part of what is on tape."""
    monkeypatch.chdir(tmp_path)
    write_orders(tmp_path)
    return "orders.csv"


def _essence(report: RunReport) -> list[tuple[str, str, str]]:
    return [(rule["rule"], rule["outcome"], rule["dimension"]) for rule in report.tables[0].evaluation["rules"]]


def test_a_whole_run_is_the_same_as_offline(store: Memory, empty_url: str, orders: str) -> None:
    migrate(empty_url)
    with Memory.open(empty_url) as other:
        offline = whole_run(other, orders, "offline")
    with run_script(planner) as bedrock:
        report = whole_run(store, orders, "bedrock")
    assert bedrock.violations == []
    assert set(bedrock.operations) <= {"Converse", "ConverseStream"}
    assert report.run.status == "done"
    assert report.run.model.startswith("bedrock:")
    assert _essence(report) == _essence(offline)


def _first(failures: list[Reply | Failure]) -> Callable[[Request], Reply | Failure]:
    """These answers first, then the planner's."""
    return lambda request: failures.pop(0) if failures else planner(request)


@pytest.mark.parametrize(
    "failures",
    [
        [Failure("ThrottlingException")] * 3,
        [Failure("ServiceUnavailableException")] * 5,
        [call("hand_over", '{"next": "validator", "tabl', stop="max_tokens")],
    ],
    ids=["throttled", "unavailable-beyond-one-call", "cut-off"],
)
def test_a_run_survives_what_passes(
    store: Memory, orders: str, failures: list[Reply | Failure], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda self, context: 0)
    with run_script(_first(list(failures))) as bedrock:
        report = whole_run(store, orders, "bedrock")
    assert report.run.status == "done"
    assert bedrock.violations == []


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (
            Failure("AccessDeniedException", "no access to the model"),
            "no access to the model. Allow bedrock:InvokeModel",
        ),
        (Failure("ExpiredTokenException", "expired"), "sign in again"),
        (Reply([], "guardrail_intervened"), "A Bedrock guardrail blocked the answer."),
    ],
)
def test_a_run_that_cannot_go_on_fails_with_one_line(
    store: Memory, orders: str, answer: Reply | Failure, says: str
) -> None:
    runs = Runs(store)
    with run_script(lambda request: answer) as bedrock:
        run = runs.start([orders], requested_by="Ann", model="bedrock")
        Worker(store).run(run.id)
    ended = store.runs.get(run.id)
    assert ended.status == "failed"
    assert says in (ended.error or "")
    assert "\n" not in (ended.error or "")
    assert len(bedrock.requests) == 1


def test_a_run_without_credentials_does_not_start(store: Memory, orders: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with run_script(planner):
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        started = time.monotonic()
        with pytest.raises(ModelError, match="No AWS credentials"):
            Runs(store).start([orders], requested_by="Ann", model="bedrock")
        assert time.monotonic() - started < 10
    assert store.runs.recent() == []
