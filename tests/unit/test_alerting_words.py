"""What messages say, within the limits of those who take them, whatever data and people wrote."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.channels import Channel, NewChannel
from tools.alerting import mail, slack, words
from tools.alerting.errors import NotTold, reason
from tools.alerting.eventbridge import event
from tools.alerting.model import Item, Notice, Part
from tools.alerting.secrets import filled, has_reference, without
from tools.alerting.sns import MOST_BYTES

NOW = "2026-11-23T22:31:00+00:00"
# Texts of full length are rare among those that are made up, and take long.
LINE = st.sampled_from(["", "&" * 500, "<!channel> " * 45, "`*_~" * 125, "\U0001f9ea" * 500]) | st.text(max_size=40)
ITEMS = st.builds(
    Item,
    number=st.integers(1, 10**9),
    change=st.sampled_from(["opened", "reminded", "resolved", "test"]),
    kind=st.just("rule"),
    words=st.just("rule"),
    what=LINE,
    said=LINE,
    since=st.just(NOW),
    times=st.integers(1, 10**6),
    example=LINE,
    radius=LINE,
    link=st.sampled_from(["", "https://assay.example.com/alerts?alert=1"]),
    resolution=LINE,
)
NAMES = st.lists(LINE, max_size=3).map(tuple)
PARTS = st.builds(Part, LINE, LINE, NAMES, NAMES, LINE, st.lists(ITEMS, max_size=10).map(tuple), st.integers(0, 99))
NOTICES = st.builds(
    Notice,
    id=st.just("r1/1-2/ops"),
    at=st.just(NOW),
    run=st.sampled_from(["", "k4mq7w2p"]),
    parts=st.lists(PARTS, max_size=15).map(tuple),
    more=st.integers(0, 99),
    opened=st.integers(0, 99),
    resolved=st.integers(0, 99),
    link=st.sampled_from(["", "https://assay.example.com/alerts"]),
)


def item(change: str = "opened", **changes: object) -> Item:
    values = {"number": 7, "kind": "rule", "words": "rule", "what": "RowCount > 1", "said": "There are 0 rows."}
    return Item(**{**values, "since": NOW, "times": 1, "resolution": "It passes again.", **changes}, change=change)


@given(NOTICES)
def test_slack_takes_every_message(notice):
    made = slack.payload(notice)
    assert 1 <= len(made["blocks"]) <= 50
    for block in made["blocks"]:
        texts = [block["text"]] if "text" in block else block["elements"]
        for text in texts:
            assert 1 <= len(text["text"]) <= (150 if text["type"] == "plain_text" else 3000)
            marks = re.findall("<[^>]*>", text["text"]) if text["type"] == "mrkdwn" else []
            assert all(mark.startswith("<https://assay.example.com/alerts") for mark in marks)
    assert "<" not in made["text"]


@given(NOTICES)
def test_every_message_is_kept_and_becomes_mail_and_an_event(notice):
    assert Notice.from_dict(json.loads(json.dumps(notice.to_dict()))) == notice
    made = mail.message({"from": "a@example.com", "to": ["b@example.com"]}, notice)
    assert "\n" not in made["Subject"]
    assert made.as_bytes()
    assert json.loads(event("default", notice)["Detail"])["id"] == notice.id


def test_the_largest_message_fits_into_an_event():
    wide = "\N{CJK UNIFIED IDEOGRAPH-4E00}" * 500
    one = item(what=wide, said=wide, example=wide, radius=wide)
    notice = Notice("x", NOW, parts=(Part("t", "t", items=(one,) * 10),) * 3, opened=30)
    assert len(words.text(notice).encode()) < MOST_BYTES


def test_titles_count_and_name():
    parts = tuple(Part(name, name, items=(item(),)) for name in ("a", "b", "c", "d"))
    assert words.title(Notice("x", NOW, parts=parts[:1], opened=1)) == "Assay: 1 open alert: a"
    assert words.title(Notice("x", NOW, parts=parts, opened=3, resolved=1)) == (
        "Assay: 3 open, 1 resolved alerts: a, b, c, …"
    )
    assert len(words.title(Notice("x", NOW, parts=(Part("t" * 500, ""),), opened=1))) == words.LONGEST_TITLE


def test_text_says_what_since_when_and_how_it_ended():
    part = Part("orders", "/data/orders.csv", ("ann",), ("pii",), "score 50.0%", (item(times=3), item("resolved")), 4)
    said = words.text(Notice("x", NOW, "k4mq7w2p", (part,), more=2, link="https://assay.example.com/alerts"))
    assert said.splitlines() == [
        "orders (/data/orders.csv)",
        "  score 50.0%; owned by ann; tagged pii",
        "  NEW [7] rule: RowCount > 1",
        "      what happened: There are 0 rows.",
        "      since 2026-11-23 22:31 UTC, met 3 times",
        "  OVER [7] rule: RowCount > 1",
        "      what happened: It passes again.",
        "      since 2026-11-23 22:31 UTC",
        "  … and 4 more alerts.",
        "",
        "… and 2 more datasets.",
        "",
        "Run k4mq7w2p",
        "https://assay.example.com/alerts",
    ]


def test_references_are_filled_where_a_message_is_sent(monkeypatch):
    monkeypatch.setenv("KEY", "open " + "sesame")
    assert has_reference("x${KEY}y")
    assert has_reference("${secret://a/b#c}")
    assert not has_reference("$KEY {KEY} ${} ${a b}")
    assert filled("x${ KEY }y") == "xopen sesamey"
    assert without("it said open sesame", "${KEY}") == "it said ***"
    monkeypatch.delenv("KEY")
    with pytest.raises(NotTold, match="KEY is not set"):
        filled("${KEY}")
    assert without("it said open sesame", "${KEY}") == "it said open sesame"


def test_secrets_manager_is_asked(monkeypatch):
    asked = []
    monkeypatch.setattr("tools.sources.secrets.resolve", lambda name: asked.append(name) or "found")
    assert filled("https://example.com/${secret://chat#ops}") == "https://example.com/found"
    assert asked == ["secret://chat#ops"]


def test_reasons_are_one_line_without_addresses():
    assert reason(OSError("a\n b.")) == "a b."
    assert reason(ValueError()) == "ValueError."
    assert "@" not in reason(OSError("mail to ada@" + "example.com"))
    assert len(reason(OSError("x" * 5_000))) < 400


@pytest.mark.parametrize(
    ("filters", "owners", "tags", "names", "taken"),
    [
        ({}, (), (), (), True),
        ({"owners": ("ann", "bob")}, ("Bob",), (), ("x",), True),
        ({"owners": ("ann",)}, ("bob",), (), ("x",), False),
        ({"owners": ("ann",)}, (), (), (), False),
        ({"tags": ("pii",)}, (), ("pii", "pii=email"), ("x",), True),
        ({"tags": ("pii=email",)}, (), ("pii", "pii=phone"), ("x",), False),
        ({"datasets": ("*/Raw/*",)}, (), (), ("/data/raw/x.csv", "x"), True),
        ({"datasets": ("x",)}, (), (), ("/data/raw/x.csv", "x"), True),
        ({"datasets": ("raw",)}, (), (), ("/data/raw/x.csv", "x"), False),
        ({"owners": ("ann",), "tags": ("pii",)}, ("ann",), (), (), False),
        ({"owners": ("ann",), "tags": ("pii",)}, ("ann",), ("pii",), (), True),
    ],
)
def test_a_channel_takes_what_fits_all_of_its_filters(filters, owners, tags, names, taken):
    channel = NewChannel("ops", "webhook", "${HOOK}", **filters)
    assert channel.takes(owners, tags, names) is taken
    assert Channel("ops", "webhook", "${HOOK}").messages == "alert ops"
