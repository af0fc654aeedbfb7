"""Each channel over its real protocol, and what it says when the other side does not play along."""

from __future__ import annotations

import json
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import boto3
import pytest

from tests.support import s3
from tests.support.certificates import Authority
from tests.support.smtp import mailbox
from tests.support.webhooks import webhook
from tools.alerting import sending
from tools.alerting.errors import ChannelError, NotTold
from tools.alerting.model import Item, Notice, Part

NOW = "2026-11-23T22:31:00+00:00"
ITEM = Item(
    **{"number": 7, "change": "opened", "kind": "rule", "words": "rule", "what": 'IsComplete "email"'},
    **{"said": "2 of 10 rows are empty.", "since": NOW, "times": 1, "example": "email = missing"},
    **{"radius": "3 columns of 2 tables", "link": "https://assay.test/alerts?alert=7"},
)
NOTICE = Notice(
    **{"id": "r1/1-2/ops", "at": NOW, "run": "r1", "opened": 1, "link": "https://assay.test/alerts"},
    parts=(Part("orders", "s3://lake/orders.csv", ("ann",), ("pii=email",), "score 80.0%", (ITEM,)),),
)
MAIL = {"from": "assay@example.com", "to": ["ann@example.com", "bob@example.com"]}
PASSWORD = "open " + "sesame"


@pytest.fixture
def hook(monkeypatch):
    with webhook() as made:
        monkeypatch.setenv("HOOK_PATH", made.url.partition("/services/")[2])
        monkeypatch.setenv("HOOK", made.url)
        yield made


def told(kind: str, target: str, seconds: float = 20, **options: object) -> NotTold:
    """How a message failed."""
    with pytest.raises(NotTold) as failed:
        sending.send(kind, target, options, NOTICE, seconds=seconds)
    return failed.value


def test_a_webhook_gets_blocks_that_slack_takes(hook):
    sending.send("webhook", "${HOOK}", {}, NOTICE)
    (message,) = hook.messages
    assert message["text"] == "Assay: 1 open alert: orders"
    assert [block["type"] for block in message["blocks"]] == ["header", "section", "section", "context"]
    (said,) = hook.texts
    for word in ("rows are empty", "email = missing", "3 columns of 2 tables", "owned by ann", "alert=7", "22:31"):
        assert word in said
    assert hook.headers[0]["idempotency-key"] == "r1/1-2/ops"


def test_references_may_be_part_of_an_address_and_stand_in_headers(hook, monkeypatch):
    monkeypatch.setenv("KEY", "a" + "-key")
    host = hook.url.partition("/services/")[0]
    sending.send("webhook", host + "/services/${HOOK_PATH}", {"headers": {"X-Key": "Bearer ${KEY}"}}, NOTICE)
    assert hook.headers[0]["x-key"] == "Bearer a-key"


def test_a_secret_that_is_no_header_is_not_quoted(hook, monkeypatch):
    monkeypatch.setenv("KEY", "a-key\n")
    sending.send("webhook", "${HOOK}", {"headers": {"X-Key": "Bearer ${KEY}"}}, NOTICE)
    assert hook.headers[0]["x-key"] == "Bearer a-key", "a line's end is no part of it"
    for value in ("a-key\nmore", "a-key \N{SNOWMAN}"):
        monkeypatch.setenv("KEY", value)
        failed = str(told("webhook", "${HOOK}", headers={"X-Key": "Bearer ${KEY}"}))
        assert "cannot be sent" in failed
        assert "a-key" not in failed


@pytest.mark.parametrize(
    ("status", "refused"), [(400, True), (422, True), (404, False), (429, False), (500, False), (503, False)]
)
def test_a_webhook_that_says_no_is_quoted_without_its_address(hook, status, refused):
    hook.status, hook.answer = status, b"no: " + hook.url.encode()
    failed = told("webhook", "${HOOK}")
    assert f"127.0.0.1 answered {status}" in str(failed)
    assert failed.refused is refused
    assert "secret-path" not in str(failed)


def test_how_long_a_webhook_wants_to_be_left_alone_is_heard(hook):
    hook.status = 429
    for said, seconds in (("17", 17), ("999999", 21_600), ("soon", None), ("-3", None)):
        hook.retry_after = said
        wait = told("webhook", "${HOOK}").wait
        assert wait == (None if seconds is None else timedelta(seconds=seconds))
    hook.retry_after = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    wait = told("webhook", "${HOOK}").wait
    assert wait is not None
    assert timedelta(seconds=50) < wait <= timedelta(seconds=60)


@pytest.mark.parametrize(
    "answer", [b"", b"\x00\xff garbage\r\n\r\n", b"220 mail.test ready\r\n", b"HTTP/1.1 200 OK\r\nX:"]
)
def test_what_is_no_http_is_an_error_that_can_be_read(monkeypatch, answer):
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("HOOK", f"http://127.0.0.1:{server.getsockname()[1]}/x")

        def speak() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(100_000)
                connection.sendall(answer)

        speaker = threading.Thread(target=speak)
        speaker.start()
        if answer.startswith(b"HTTP"):
            sending.send("webhook", "${HOOK}", {}, NOTICE)  # the status is what counts
        else:
            assert told("webhook", "${HOOK}").refused is False
        speaker.join()


def test_a_webhook_that_leads_elsewhere_is_not_followed(hook):
    hook.status = 302
    assert "answered 302" in str(told("webhook", "${HOOK}"))


@pytest.mark.parametrize("how", ["seconds", "drop_by_drop"])
def test_a_webhook_that_hangs_is_left_in_time(hook, how):
    setattr(hook, how, 60)
    began = time.monotonic()
    assert "no answer within" in str(told("webhook", "${HOOK}", seconds=0.5))
    assert time.monotonic() - began < 5


def test_a_certificate_has_to_be_trusted(tmp_path, monkeypatch):
    authority = Authority(tmp_path)
    with webhook(authority.sign("hook", "127.0.0.1").context()) as hook:
        monkeypatch.setenv("HOOK", hook.url)
        assert "certificate of 127.0.0.1 is not to be trusted" in str(told("webhook", "${HOOK}"))
        assert "cannot be read" in str(told("webhook", "${HOOK}", ca_file=str(tmp_path / "none.pem")))
        sending.send("webhook", "${HOOK}", {"ca_file": str(authority.file)}, NOTICE)
        assert len(hook.messages) == 1


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("", "HOOK is not set"),
        ("ftp://127.0.0.1/x", "no https:// address"),
        ("http://example.com/a-secret", "without encryption"),
        ("https://127.0.0.1:9/a-secret", "127.0.0.1 cannot be reached"),
        ("https://127.0.0.1:no/a-secret", "no https:// address"),
        ("https://127.0.0.1:9/a-secret x", "cannot be sent"),
        ("https://ann:a-secret@127.0.0.1:9/x", "no https:// address"),
    ],
)
def test_a_webhook_that_cannot_be_asked_says_why_and_no_secret(monkeypatch, value, said):
    monkeypatch.setenv("HOOK", value)
    failed = str(told("webhook", "${HOOK}"))
    assert said in failed
    assert "a-secret" not in failed


def test_mail_goes_over_starttls_with_log_in(tmp_path, monkeypatch):
    monkeypatch.setenv("SMTP_WORD", PASSWORD)
    authority = Authority(tmp_path)
    options = {**MAIL, "user": "assay", "password": "${SMTP_WORD}", "ca_file": str(authority.file)}
    with mailbox(authority.sign("mail", "127.0.0.1").context()) as box:
        box.password = PASSWORD
        for _ in range(2):
            sending.send("email", f"smtp://127.0.0.1:{box.port}", options, NOTICE)
        monkeypatch.setenv("SMTP_WORD", "another")
        failed = str(told("email", f"smtp://127.0.0.1:{box.port}", **options))
    first, second = box.mails
    assert (box.encrypted, box.users) == ([True, True], ["assay"] * 3)
    assert box.recipients[0] == MAIL["to"]
    assert first["Subject"] == "Assay: 1 open alert: orders"
    assert first["Message-ID"] == second["Message-ID"]
    text = first.get_content()
    for word in ('NEW [7] rule: IsComplete "email"', "2 of 10 rows", "email = missing", "since 2026-11-23 22:31 UTC"):
        assert word in text
    assert "does not accept the user or the password (535)" in failed
    assert "another" not in failed


def test_mail_goes_over_tls_from_the_start_or_in_the_open_where_that_is_said(tmp_path):
    authority = Authority(tmp_path)
    with mailbox(authority.sign("mail", "127.0.0.1").context(), from_the_start=True) as box:
        sending.send("email", f"smtps://127.0.0.1:{box.port}", {**MAIL, "ca_file": str(authority.file)}, NOTICE)
        assert "is not to be trusted" in str(told("email", f"smtps://127.0.0.1:{box.port}", **MAIL))
    with mailbox() as open_box:
        assert "no encryption" in str(told("email", f"smtp://127.0.0.1:{open_box.port}", **MAIL))
        sending.send("email", f"smtp://127.0.0.1:{open_box.port}", {**MAIL, "tls": "none"}, NOTICE)
    assert (len(box.mails), len(open_box.mails)) == (1, 1)


def test_a_mail_server_that_refuses_is_quoted():
    options = {**MAIL, "tls": "none"}
    with mailbox() as box:
        where = f"smtp://127.0.0.1:{box.port}"
        box.unknown = frozenset(MAIL["to"])
        assert "refuses all recipients: 5.1.1 nobody here" in str(told("email", where, **options))
        box.unknown = frozenset(MAIL["to"][:1])
        sending.send("email", where, options, NOTICE)
        assert box.recipients == [["bob@example.com"]]
        box.data_answer = "451 later"
        assert (failed := told("email", where, **options)).refused is False
        assert "answered 451: later" in str(failed)
        box.data_answer = "554 spam"
        assert told("email", where, **options).refused is True
        box.greeting = "421 too busy"
        assert "421" in str(told("email", where, **options))
        box.silent = True
        assert "no answer within" in str(told("email", where, seconds=0.5, **options))
    assert "cannot be reached" in str(told("email", where, **options))


def test_events_and_topics_reach_their_queues(monkeypatch):
    with s3.bucket(monkeypatch):
        sqs, sns, events = (boto3.client(name) for name in ("sqs", "sns", "events"))
        heard = {}
        for name in ("topic", "topic.fifo", "bus"):
            fifo = {"FifoQueue": "true"} if name.endswith("fifo") else {}
            heard[name] = sqs.create_queue(QueueName=f"of-{name}", Attributes=fifo)["QueueUrl"]
        arns = {
            name: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
            for name, url in heard.items()
        }
        for name in ("topic", "topic.fifo"):
            fifo = {"FifoTopic": "true"} if name.endswith("fifo") else {}
            topic = sns.create_topic(Name=name, Attributes=fifo)["TopicArn"]
            sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arns[name])
            sending.check("ops", "sns", topic, {})
            sending.send("sns", topic, {}, NOTICE)
        events.create_event_bus(Name="quality")
        events.put_rule(Name="all", EventBusName="quality", EventPattern=json.dumps({"source": ["assay"]}))
        events.put_targets(Rule="all", EventBusName="quality", Targets=[{"Id": "1", "Arn": arns["bus"]}])
        sending.send("eventbridge", "quality", {}, NOTICE)
        got = {
            name: json.loads(sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"]) for name, url in heard.items()
        }
        for name in ("topic", "topic.fifo"):
            assert got[name]["Subject"] == "Assay: 1 open alert: orders"
            assert 'NEW [7] rule: IsComplete "email"' in got[name]["Message"]
            assert got[name]["MessageAttributes"]["assay_id"]["Value"] == NOTICE.id
        assert got["bus"]["detail-type"] == "Assay Data Quality Alert"
        assert Notice.from_dict({k: v for k, v in got["bus"]["detail"].items() if k != "title"}) == NOTICE
        assert "does not exist" in str(told("sns", topic[:-4].replace("topic", "gone")))


@pytest.mark.parametrize(
    ("kind", "target", "options", "said"),
    [
        ("webhook", "https://hooks.example.com/services/T/B/x", {}, "is a secret"),
        ("webhook", "${HOOK}", {"headers": {"X-Key": "plain"}}, "X-Key would be kept"),
        ("email", "mail.example.com", MAIL, "no address of a mail server"),
        ("email", "smtp://ann:word@mail.example.com", MAIL, "no address of a mail server"),
        ("email", "smtp://mail.example.com:x", MAIL, "no address of a mail server"),
        ("email", "smtp://mail.example.com", {"from": "a@b.c", "to": []}, "Nobody is named"),
        ("email", "smtp://mail.example.com", {**MAIL, "from": "ann"}, "'ann' is no e-mail address"),
        ("email", "smtp://mail.example.com", {**MAIL, "to": ["a@b.c\nBcc: x@y.z"]}, "is no e-mail address"),
        ("email", "smtp://mail.example.com", {**MAIL, "user": "u", "password": "plain"}, "kept in the store"),
        ("email", "smtp://mail.example.com", {**MAIL, "user": "u"}, "needs a password"),
        (
            "email",
            "smtp://mail.example.com",
            {**MAIL, "user": "u", "password": "${P}", "tls": "none"},
            "without encryption",
        ),
        ("sns", "arn:aws:sns:eu-west-1:12:ops", {}, "no SNS topic"),
        ("sns", "ops", {}, "no SNS topic"),
        ("eventbridge", "arn:aws:sns:eu-west-1:123456789012:ops", {}, "no EventBridge bus"),
        ("eventbridge", "a bus", {}, "no EventBridge bus"),
    ],
)
def test_what_cannot_work_or_would_keep_a_secret_is_refused_at_once(kind, target, options, said):
    with pytest.raises(ChannelError, match=said):
        sending.check("ops", kind, target, options)


def test_names_of_channels_are_plain():
    for name in ("", "Ops", "a b", "-x", "x" * 70):
        with pytest.raises(ChannelError, match="no name of a channel"):
            sending.check(name, "webhook", "${HOOK}", {})
