"""APIs that are sources: their secrets, and what goes wrong on the way."""

from __future__ import annotations

import datetime as dt
import socket
import threading
import time
from email.utils import format_datetime

import pytest

from tests.support.apis import ORDERS, TOKEN, linked, read, refusal
from tests.support.aws.manager import secrets_manager
from tests.support.web import Asked, Reply, Web, as_json, packed, web
from tools import sources
from tools.sources import rest_client, rest_network
from tools.sources.checking import check
from tools.sources.uris import shown

# Secrets


def test_secrets_are_named_and_sent(api: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TOKEN", TOKEN)
    url = api.on("/orders", as_json(ORDERS))
    with sources.open(f"{url}?api_key=${{API_TOKEN}}#bearer=${{API_TOKEN}}&header.X-Team=${{API_TOKEN}}") as table:
        assert "${API_TOKEN}" in table.uri
        assert TOKEN not in table.uri + table.dataset.name
    (asked,) = api.asked
    assert (asked.query["api_key"], asked.headers["Authorization"]) == (TOKEN, f"Bearer {TOKEN}")
    assert asked.headers["X-Team"] == TOKEN
    read(url.replace("://", "://ada:${API_TOKEN}@"))
    assert api.asked[-1].headers["Authorization"].startswith("Basic YWRhOn")
    monkeypatch.delenv("API_TOKEN")
    assert "API_TOKEN is not set" in refusal(f"{url}#bearer=${{API_TOKEN}}").message


def test_a_secret_of_secrets_manager(api: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    with secrets_manager(monkeypatch) as client:
        client.create_secret(Name="prod/api", SecretString='{"token": "' + TOKEN + '"}')
        uri = api.on("/orders", as_json(ORDERS)) + "#bearer=${secret://prod/api#token}"
        with sources.open(uri) as table:
            assert table.uri == uri
    assert api.asked[-1].headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://h/x?api_key=abc&status=open", "https://h/x?api_key=***&status=open"),
        (f"https://h/x?q={TOKEN}", "https://h/x?q=***"),
        ("https://h/x?since=2024-06-30T12:00:00.000000Z", "https://h/x?since=2024-06-30T12:00:00.000000Z"),
        ("https://h/x#bearer=abc&page=link", "https://h/x#bearer=***&page=link"),
        ("https://h/x#header.X-Key=abc&header.Accept=text/csv", "https://h/x#header.X-Key=***&header.Accept=text/csv"),
        ("https://ada:hush@h/x", "https://ada:***@h/x"),
        ("https://ada:${PW}@h/x", "https://ada:${PW}@h/x"),
        ("https://sk_live_key@h/x", "https://***@h/x"),
        ("https://ada:hu/sh@h/x", "https://***"),
        ("https://h/x?t=${A}hush1234567890" + "abcdefghijklmnop", "https://h/x?t=***"),
        ("https://h/x?code=abc&auth=xyz", "https://h/x?code=***&auth=***"),
        ("https://h/x?author=ann&country_code=DE", "https://h/x?author=ann&country_code=DE"),
        ("https://h/x?q=monthly-sales-report-2024", "https://h/x?q=monthly-sales-report-2024"),
        ("https://h/bot123456789:" + "Aa1_" * 8 + "xyz/updates", "https://h/bot***/updates"),
        ("https://h/v1/sk_" + "live_abcdefghij0123/x", "https://h/v1/***/x"),
        ("https://h/x/507f1f77bcf86cd799439011", "https://h/x/507f1f77bcf86cd799439011"),
        ("https://h/x?k=${secret://prod/a#b}#bearer=${B}", "https://h/x?k=${secret://prod/a#b}#bearer=${B}"),
    ],
)
def test_what_is_written_out_is_not_kept(written: str, kept: str) -> None:
    assert shown(written) == kept
    assert shown(kept) == kept


def test_an_address_without_its_secret_says_so(api: Web) -> None:
    uri = api.on("/orders", as_json(ORDERS)) + f"?api_key={TOKEN}"
    with sources.open(uri) as table:
        kept = table.uri
    assert api.asked[-1].query == {"api_key": TOKEN}
    found = refusal(kept)
    assert "is not kept" in found.message
    assert "${NAME}" in found.hint


def test_secrets_are_in_no_message(api: Web) -> None:
    for reply in (Reply(status=401), Reply(status=403), Reply(status=500), Reply(b"{"), as_json({"error": TOKEN})):
        found = refusal(api.on("/orders", reply) + f"?key={TOKEN}#bearer={TOKEN}")
        assert TOKEN not in found.message + found.hint


def test_secrets_do_not_leave_the_host(api: Web) -> None:
    with web() as other:
        away = other.on("/orders", as_json(ORDERS))
        uri = api.on("/orders", as_json({"data": ORDERS, "next": away})) + f"#bearer={TOKEN}&page=next"
        found = refusal(uri)
        assert "page 1 leads to http://127.0.0.1" in found.message
        assert "leads to" in refusal(api.on("/moved", Reply(status=302, headers={"Location": away}))).message
        link = as_json(ORDERS, Link="<http://127.0.0.1:9/x>; rel=next")
        assert "page 1 leads to" in refusal(api.on("/linked", link)).message
        assert other.asked == []
    api.on("/orders2", as_json(ORDERS))
    assert read(api.on("/here", Reply(status=308, headers={"Location": "/orders2"}))) == ORDERS
    assert "in a circle" in refusal(api.on("/round", Reply(status=302, headers={"Location": "/round"}))).message


def test_a_key_in_the_query_is_given_to_each_page(api: Web) -> None:
    def route(asked: Asked) -> Reply:
        if asked.query.get("api_key") != TOKEN:
            return Reply(status=401)
        start = int(asked.query.get("from", 0))
        return as_json({"data": ORDERS[start : start + 4], "next": "?from=4" if not start else None})

    api.routes["/orders"] = route
    assert read(f"{api.url}/orders?api_key={TOKEN}#page=next") == ORDERS


def test_a_check_goes_step_by_step(api: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    url = api.on("/orders", as_json(ORDERS))
    good = [("address", True), ("network", True), ("table", True), ("rows", True)]
    assert [(step.name, step.good) for step in check(url)] == good
    assert "secrets in it are not kept" in check(f"{url}#bearer={TOKEN}")[0].said
    assert "NOT_SET is not set" in check(f"{url}#bearer=${{NOT_SET}}")[-1].said
    assert "does not accept" in check(api.on("/closed", Reply(status=401)))[-1].said
    monkeypatch.delenv(rest_network.ALLOWED)
    last = check(url)[-1]
    assert (last.name, last.good) == ("network", False)
    assert rest_network.ALLOWED in last.hint


# Trouble on the way


def test_what_passes_is_tried_again(api: Web) -> None:
    good = as_json(ORDERS)
    trouble = [Reply(status=503), Reply(status=500), Reply(good.body, 200, good.headers, len(good.body) + 9)]
    assert read(api.on("/orders", *trouble, good)) == ORDERS
    assert len(api.asked) == 4
    cut = packed(good)
    assert read(api.on("/cut", Reply(cut.body[:-9], 200, cut.headers), good)) == ORDERS
    assert "failed (503) 5 times" in refusal(api.on("/down", Reply(status=503))).message


def test_a_server_that_asks_to_wait_is_heard(api: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    here, wait = threading.get_ident(), time.sleep

    def sleep(seconds: float) -> None:
        if threading.get_ident() != here:
            return wait(seconds)  # some other server of the tests
        return slept.append(seconds)

    monkeypatch.setattr(rest_client.time, "sleep", sleep)
    soon = format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=30), usegmt=True)
    replies = [
        Reply(status=429, headers={"Retry-After": told}) for told in ("7", soon, "Thu, 01 Jan 1970 00:00:00 GMT")
    ]
    assert read(api.on("/orders", *replies, as_json(ORDERS))) == ORDERS
    waited = [seconds for seconds in slept if seconds > 0]
    assert waited[0] == 7
    assert 25 < waited[1] <= 30
    assert len(waited) == 2
    found = refusal(api.on("/later", Reply(status=429, headers={"Retry-After": "86400"})))
    assert "no request for 86,400 seconds" in found.message
    assert "asks for fewer requests 5 times" in refusal(api.on("/busy", Reply(status=429))).message


def test_the_rate_is_kept(api: Web) -> None:
    began = time.monotonic()
    read(linked(api) + "#rate=20/s")
    assert len(api.asked) == 3
    assert 0.1 <= time.monotonic() - began < 2


def test_a_server_that_is_silent_or_not_there(api: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest_client, "TRIES", 2)
    found = refusal(api.on("/orders", Reply(silent=True)) + "#timeout=0.1")
    assert "did not answer in time 2 times" in found.message
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert "nothing listens there" in refusal(f"http://127.0.0.1:{port}/x").message

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert "there is no host api.nowhere" in refusal("https://api.nowhere/x").message


@pytest.mark.parametrize(
    ("reply", "said", "hint"),
    [
        (Reply(status=401), "does not accept the credentials", "bearer=${API_TOKEN}"),
        (
            Reply(status=401, headers={"WWW-Authenticate": 'Bearer error_description="The token expired"'}),
            "expired",
            "",
        ),
        (Reply(status=403), "access is denied", "right to read"),
        (Reply(status=404), "nothing at that address", "path"),
        (Reply(status=418), "answers 418", ""),
        (Reply(b"<!DOCTYPE html><p>Log in", headers={"Content-Type": "application/json"}), "HTML", "login page"),
        (Reply(b"Sorry", headers={"Content-Type": "text/html; charset=utf-8"}), "HTML", "login page"),
        (Reply(b'[{"a": 1}, {"a": '), "cut short", "Ask again"),
        (Reply(b'[{"a": "xy'), "cut short", "Ask again"),
        (Reply(b'{"a": [{"x": 1},, {"x": 2}]}'), "no JSON", ""),
        (Reply(b"", headers={"Content-Type": "application/json"}), "empty", ""),
        (Reply(b'[{"a": "\xff"}]'), "not UTF-8", ""),
        (Reply(b"[" * 200_000), "too deep", ""),
        (Reply(b"hello"), "without a known form", "format=json"),
        (Reply(b'{"a": 1}\n{"a":', headers={"Content-Type": "application/jsonl"}), "line 2 is no JSON", ""),
        (Reply(b"[]"), "no records", "records="),
        (Reply(b"[1, 2]"), "no objects", "records="),
        (Reply(b'[{"a": ' + b"1" * 5000 + b"}]"), "a number is too long", ""),
        (Reply(b'{"a": 1}\n{"a": 2}'), "more than one JSON value", "#format=ndjson"),
        (Reply(b'{"data": null, "errors": [{"message": "x"}]}'), "which list", "errors"),
        (Reply(b'{"a": [{"x": 1}], "b": [{"x": 1}]}'), "which list", "a, b"),
        (Reply(b'[{"a": 1, "A": 2}]'), "differ in case only", ""),
        (Reply(b"a,b\n1,2\n3,4,5\n", headers={"Content-Type": "text/csv"}), "page 1", ""),
        (Reply(b"PAR1 but not really"), "", ""),
    ],
)
def test_what_is_wrong_is_said(api: Web, reply: Reply, said: str, hint: str) -> None:
    found = refusal(api.on("/orders", reply))
    assert said in found.message
    assert hint in found.hint
    assert found.message.startswith(f"{api.url}/orders")
    assert "\n" not in found.message


def test_a_token_that_expires_between_pages(api: Web) -> None:
    api.on("/orders", as_json(ORDERS, Link="<?p=2>; rel=next"), Reply(status=401))
    assert "does not accept the credentials (401)" in refusal(f"{api.url}/orders").message


def test_endless_pages_end(api: Web) -> None:
    api.routes["/more"] = lambda asked: as_json(
        [{"id": int(asked.query.get("p", 0))}], Link=f"<?p={int(asked.query.get('p', 0)) + 1}>; rel=next"
    )
    assert "more than 5 pages" in refusal(f"{api.url}/more#pages=5").message
    assert len(api.asked) == 5
    same = as_json({"items": ORDERS[:2]})
    found = refusal(api.on("/same", same) + "#page=number&param=pg")
    assert "page 2 is the same as the one before" in found.message
    assert "pg" in found.hint
    assert (
        "one of those before"
        in refusal(api.on("/loop", as_json({"d": ORDERS, "next": "/loop"})) + "#page=next").message
    )
    cursor = refusal(api.on("/cursor", as_json({"d": ORDERS, "c": "x"})) + "#page=cursor&field=c")
    assert "page 2 is the same" in cursor.message


def test_sizes_have_bounds(api: Web) -> None:
    url = api.on("/big", packed(as_json([{"a": "x" * 1_000_000}])))
    assert len(packed(as_json([{"a": "x" * 1_000_000}])).body) < 10_000
    assert "larger than 100.0 kB" in refusal(f"{url}#page_bytes=100kB").message
    api.routes["/more"] = lambda asked: as_json(
        [{"id": asked.query.get("p", "0"), "x": "x" * 1000}], Link=f"<?p={len(api.asked)}>; rel=next"
    )
    assert "larger than" in refusal(f"{api.url}/more#bytes=5kB").message
    assert len(api.asked) < 9


def test_a_total_that_is_not_reached(api: Web) -> None:
    url = api.on("/orders", as_json({"d": ORDERS, "total": 9}), as_json({"d": [], "total": 9}))
    found = refusal(f"{url}#page=offset&total=total")
    assert "speaks of 9 records and gave 7" in found.message
    assert "no number at 'd'" in refusal(f"{url}#total=d").message


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("pages=0", "pages=0 is not understood"),
        ("page=links", "page=links is not understood"),
        ("recrods=x", "no option 'recrods'"),
        ("rate=often", "rate=often"),
        ("timeout=-1", "timeout=-1"),
        ("bytes=lots", "bytes=lots"),
        ("page=cursor", "where is the cursor"),
        ("header.Host=x", "'Host' cannot be set"),
        ("header.X=a%0D%0AY:%20b", "no plain text"),
    ],
)
def test_options_that_are_not_understood(options: str, said: str) -> None:
    found = refusal(f"https://api.shop.example/orders#{options}")
    assert said in found.message
    assert found.hint
