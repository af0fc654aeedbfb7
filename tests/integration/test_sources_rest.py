"""Tables behind HTTP APIs on a real server: how they page, what they answer, what goes wrong, and who may be asked."""

from __future__ import annotations

import datetime as dt
import io
import os
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlglot import exp

from tests.support.aws.manager import secrets_manager
from tests.support.certificates import Authority
from tests.support.web import Asked, Reply, Web, as_json, packed, web
from tools import dqdl, sources
from tools.sources import rest_client, rest_network, rest_store
from tools.sources.checking import check
from tools.sources.registry import dataset_name
from tools.sources.table import SourceError, Table
from tools.sources.uris import shown

ORDERS = [{"id": n, "amount": n * 1.5, "note": f"private-{n}"} for n in range(7)]
TOKEN = "tok-" + "en9f8e7d6c5b4a39281706f5e4d3"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """This machine may be asked, nobody waits long, and whatever is left behind is seen."""
    monkeypatch.setenv(rest_network.ALLOWED, "127.0.0.1")
    monkeypatch.setattr(rest_client, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture
def api() -> Iterator[Web]:
    with web() as server:
        yield server


def read(uri: str) -> list[dict[str, Any]]:
    with sources.open(uri) as table:
        return rows(table)


def rows(table: Table) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = table.query(exp.select("*").from_(table.relation())).to_pylist()
    return found


def refusal(uri: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        sources.open(uri)
    return caught.value


# Pages


def linked(api: Web) -> str:
    def route(asked: Asked) -> Reply:
        start = int(asked.query.get("after", 0))
        more = {"Link": f'</orders>; rel="first", <?after={start + 3}>; title="a, b"; rel="next last"'}
        return as_json(ORDERS[start : start + 3], **(more if start < 6 else {}))

    api.routes["/orders"] = route
    return api.url + "/orders"


def numbered(api: Web) -> str:
    def route(asked: Asked) -> Reply:
        start = (int(asked.query["page"]) - 1) * 3
        return as_json({"data": {"items": ORDERS[start : start + 3]}, "total": 7})

    api.routes["/orders"] = route
    return api.url + "/orders?status=open#page=number&size=3"


def by_offset(api: Web) -> str:
    def route(asked: Asked) -> Reply:
        start = int(asked.query["skip"])
        return as_json({"orders": ORDERS[start : start + min(int(asked.query["limit"]), 2)], "count": "7"})

    api.routes["/orders"] = route
    return api.url + "/orders#page=offset&param=skip&size=500&total=count"


def by_cursor(api: Web) -> str:
    marks = {"": 0, "a+b/=": 3, "c&d": 6}

    def route(asked: Asked) -> Reply:
        start = marks[asked.query.get("cursor", "")]
        following = {0: "a+b/=", 3: "c&d", 6: None}[start]
        return as_json({"items": ORDERS[start : start + 3], "meta": {"next": following}})

    api.routes["/orders"] = route
    return api.url + "/orders#page=cursor&field=meta.next"


def by_last_record(api: Web) -> str:
    def route(asked: Asked) -> Reply:
        start = int(asked.query.get("starting_after", -1)) + 1
        return as_json({"data": ORDERS[start : start + 3], "has_more": start + 3 < 7})

    api.routes["/orders"] = route
    return api.url + "/orders#page=cursor&param=starting_after&last=id&more=has_more"


def by_next(api: Web) -> str:
    def route(asked: Asked) -> Reply:
        start = int(asked.query.get("from", 0))
        links = {"next": {"href": f"{api.url}/orders?from={start + 3}"}} if start < 6 else {"next": None}
        return as_json({"results": ORDERS[start : start + 3], "links": links})

    api.routes["/orders"] = route
    return api.url + "/orders#page=next&field=links.next"


STYLES = [linked, numbered, by_offset, by_cursor, by_last_record, by_next]


@pytest.mark.parametrize("style", STYLES)
def test_all_pages_are_read_in_each_style(api: Web, style: Callable[[Web], str]) -> None:
    uri = style(api)
    with sources.open(uri) as table:
        assert rows(table) == ORDERS
        assert table.row_count == 7
        assert [field.kind for field in table.fields] == ["number", "number", "text"]
        assert table.uri == uri
    assert len(api.asked) >= 3
    assert [asked.query.get("status") for asked in api.asked if "status" in uri] == ["open"] * len(api.asked) * (
        "status" in uri
    )


def test_a_page_that_is_not_there_ends_pages_by_number(api: Web) -> None:
    pages = {"1": as_json(ORDERS[:3]), "2": as_json(ORDERS[3:])}
    api.routes["/orders"] = lambda asked: pages.get(asked.query["p"], Reply(status=404))
    assert read(f"{api.url}/orders#page=number&param=p") == ORDERS


@pytest.mark.parametrize(
    ("body", "path"),
    [({"next": "/orders?p=2"}, "next"), ({"has_more": True}, "has_more"), ({"meta": {"next_cursor": "x"}}, "meta.")],
)
def test_pages_that_nobody_asks_for_are_not_passed_over_in_silence(api: Web, body: Any, path: str) -> None:
    url = api.on("/orders", as_json({"items": ORDERS, **body}))
    found = refusal(url)
    assert f"says at '{path}" in found.message
    assert "#page=next&field=" in found.hint
    assert len(read(f"{url}#page=none")) == 7


def test_types_are_settled_over_all_pages(api: Web) -> None:
    pages = [[{"id": 1, "v": 1, "only": None}], [{"id": 2, "v": 2.5, "late": {"x": 1}}], [{"id": 3, "v": "n/a"}], []]
    api.routes["/t"] = lambda asked: as_json(pages[int(asked.query["page"]) - 1])
    with sources.open(f"{api.url}/t#page=number") as table:
        assert [field.name for field in table.fields] == ["id", "v", "only", "late"]
        assert [row["late"] for row in rows(table)] == [None, {"x": 1}, None]
        assert {row["id"]: str(row["v"]).strip('"') for row in rows(table)} == {1: "1", 2: "2.5", 3: "n/a"}


# Records


@pytest.mark.parametrize(
    ("body", "option"),
    [
        (ORDERS, ""),
        ({"meta": {"tags": []}, "data": {"orders": ORDERS}}, ""),
        ({"orders": ORDERS, "customers": [{"id": 1}]}, "#records=orders"),
        ({"a": [{"b": ORDERS}]}, "#records=a.0.b"),
        ({"a.b": ORDERS}, "#records=a.b"),
    ],
)
def test_where_the_records_are(api: Web, body: Any, option: str) -> None:
    assert read(api.on("/orders", as_json(body)) + option) == ORDERS


def test_a_body_that_is_one_record(api: Web) -> None:
    url = api.on("/order", as_json({"id": 1, "customer": {"name": "Ada"}}))
    assert read(f"{url}#records=.") == [{"id": 1, "customer": {"name": "Ada"}}]
    assert read(f"{url}#records=customer") == [{"name": "Ada"}]
    assert "records=." in refusal(url).hint


def test_nested_objects_stay_or_are_laid_flat(api: Web) -> None:
    url = api.on("/t", as_json([{"id": 1, "c": {"n": "x", "d": {"e": 1}}, "l": [1]}, {"id": 2, "c": {}, "l": []}]))
    with sources.open(f"{url}#nested=flat") as table:
        assert [(field.name, field.kind) for field in table.fields] == [
            *[("id", "number"), ("c.n", "text"), ("c.d.e", "number"), ("l", "other")]
        ]
        assert dqdl.evaluate(dqdl.parse('Rules = [ ColumnLength "c.n" <= 1, RowCount = 2 ]'), {"primary": table}).passed
    with sources.open(url) as table:
        assert table.field("c").kind == "other"


def test_ndjson_csv_and_parquet(api: Web) -> None:
    lines = b"\xef\xbb\xbf" + b"\n".join(str(row).replace("'", '"').encode() for row in ORDERS) + b"\n\n"
    assert read(api.on("/a", Reply(lines, headers={"Content-Type": "application/x-ndjson"}))) == ORDERS
    assert read(api.on("/b.jsonl", packed(Reply(lines)))) == ORDERS
    text = "id,amount,note\n" + "".join(f"{row['id']},{row['amount']},{row['note']}\n" for row in ORDERS)
    half = text.splitlines(keepends=True)
    more = {"Link": "<?p=2>; rel=next", "Content-Type": "text/csv; charset=utf-8"}
    api.routes["/c"] = lambda asked: (
        Reply("".join([half[0], *half[4:]]).encode(), headers={"Content-Type": "text/csv"})
        if asked.query.get("p")
        else Reply("".join(half[:4]).encode(), headers=more)
    )
    assert read(f"{api.url}/c") == ORDERS
    kept = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ORDERS), kept)
    assert read(api.on("/d", Reply(kept.getvalue()))) == ORDERS


def test_odd_values(api: Web) -> None:
    body = (
        b'[{"a": "\\ud83d\\ude00\\n\\u0000", "b": 12345678901234567890123, "c": NaN, "d": "2024-02-29"},'
        b' {"a": "\\ud800", "b": 1, "c": 1e300, "d": null}]'
    )
    found = read(api.on("/t", Reply(body)))
    assert [row["a"] for row in found] == ["😀\n\0", "?"]
    assert [row["c"] for row in found] == [None, 1e300]
    assert float(found[0]["b"]) == pytest.approx(1.2345678901234567e22)
    assert found[0]["d"] == dt.date(2024, 2, 29)


# The table


def test_the_version_is_that_of_the_content(api: Web) -> None:
    url = api.on("/orders", *[as_json(body) for body in (ORDERS, ORDERS, ORDERS[:-1])])
    first, second, third = (sources.open(url) for _ in range(3))
    assert first.version == second.version != third.version
    for table in (first, second, third):
        table.close()


def test_nothing_is_left_when_a_table_is_closed_or_was_not_opened(api: Web, tmp_path: Path) -> None:
    with sources.open(api.on("/orders", as_json(ORDERS))) as table:
        (folder,) = tmp_path.glob("assay-rest-*")
        assert folder.stat().st_mode & 0o077 == 0
        assert [file.name for file in folder.iterdir() if file.suffix] == ["table.parquet"]
        assert table.files() == []
    refusal(api.on("/broken", as_json(ORDERS, Link="<?x=1>; rel=next"), Reply(b"[", headers={})))
    assert list(tmp_path.glob("assay-rest-*")) == []
    gone = tmp_path / "assay-rest-999999999-x"
    gone.mkdir()
    sources.open(api.url + "/orders").close()
    assert not gone.exists()


def test_its_name_is_that_of_the_path_and_query() -> None:
    one = dataset_name("https://api.shop.example/v1/orders?status=open&api_key=hush#records=a.items&page=link")
    assert (one.namespace, one.name) == (
        "https://api.shop.example",
        "/v1/orders?status=open&api_key=***#a.items",
    )
    assert one.short == "items"
    assert dataset_name("http://h:8080/v1/orders/?x=1").short == "orders"
    assert dataset_name("http://H:8080/").namespace == "http://h:8080"


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
    monkeypatch.setattr(rest_client.time, "sleep", slept.append)
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


# Whom Assay asks


@pytest.mark.parametrize(
    "host",
    [
        *["localhost", "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.9.9", "[::1]", "[fd00::1]", "100.64.0.1"],
        *["[::ffff:10.0.0.1]", "[64:ff9b::a00:1]", "2130706433", "0x7f.1", "127.1"],
    ],
)
def test_private_hosts_are_not_asked_unless_their_owner_allows_it(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(rest_network.ALLOWED)
    found = refusal(f"http://{host}:9/x")
    assert "is private or local" in found.message
    assert rest_network.ALLOWED in found.hint


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]", "0.0.0.0", "224.0.0.1"])
def test_hosts_that_hand_out_keys_are_never_asked(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(rest_network.ALLOWED, "169.254.169.254,0.0.0.0/0,::/0,fe80::/10")
    assert "is never asked" in refusal(f"http://{host}/latest/meta-data").message


def test_what_may_be_asked_is_a_name_an_address_or_a_network(api: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    url = api.on("/orders", as_json(ORDERS))
    for allowed in ("127.0.0.0/8", "api.internal, 127.0.0.1"):
        monkeypatch.setenv(rest_network.ALLOWED, allowed)
        assert len(read(url)) == 7
    monkeypatch.setenv(rest_network.ALLOWED, "localhost,128.0.0.0/8")
    assert len(read(url.replace("127.0.0.1", "localhost"))) == 7
    assert "is private" in refusal(url).message


def test_the_address_that_was_looked_at_is_the_one_that_is_asked(api: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads elsewhere a moment later does not help whoever owns it."""
    real, looked = socket.getaddrinfo, []

    def resolve(host: str, *rest: Any, **named: Any) -> Any:
        looked.append(host)
        return real("127.0.0.1" if len(looked) == 1 else "203.0.113.9", *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **named: (
        resolve(host, *rest, **named) if host == "api.rebind" else real(host, *rest, **named)
    ))  # fmt: skip
    monkeypatch.setenv(rest_network.ALLOWED, "127.0.0.1")
    assert len(read(api.on("/orders", as_json(ORDERS)).replace("127.0.0.1", "api.rebind"))) == 7
    assert looked == ["api.rebind"]


def test_tls_is_checked_and_secrets_need_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(tmp_path)
    with web(authority.sign("api", "127.0.0.1")) as api:
        url = api.on("/orders", as_json(ORDERS))
        found = refusal(url)
        assert "certificate is not trusted" in found.message
        assert "SSL_CERT_FILE" in found.hint
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        assert len(read(f"{url}#bearer={TOKEN}")) == 7
        monkeypatch.setenv(rest_network.ALLOWED, "localhost")
        assert "not trusted" in refusal(url.replace("127.0.0.1", "localhost")).message
    assert "not sent over http" in refusal(f"http://api.shop.example/x#bearer={TOKEN}").message


def test_many_records_take_little_memory(api: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages go to a file one by one: what is held is one page, not all."""
    held: list[int] = []
    settle = rest_store.Store.settle

    def measured(store: rest_store.Store) -> None:
        held.append(sum(file.stat().st_size for file in store.folder.iterdir()))
        settle(store)

    monkeypatch.setattr(rest_store.Store, "settle", measured)
    page = [{"id": n, "text": "x" * 200} for n in range(500)]
    api.routes["/t"] = lambda asked: as_json(
        [{**row, "page": int(asked.query["page"])} for row in page] if int(asked.query["page"]) <= 20 else []
    )
    with sources.open(f"{api.url}/t#page=number") as table:
        assert table.row_count == 10_000
    assert held[0] > 2_000_000
    assert os.listdir(tempfile.gettempdir()) == []


def test_moments_in_forms_of_all_kinds_are_moments(api: Web) -> None:
    moments = ["2024-01-01T00:00:00", "2024-01-01T00:00:00.5", "2024-01-01 10:11"]
    zoned = ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00.123456+02:00", None]
    body = [
        {"at": at, "zoned": zone, "mixed": mixed, "code": code, "day": "2024-02-30T10:00:00"}
        for at, zone, mixed, code in zip(moments, zoned, ["2024-01-01T00:00:00", "soon", None], "abc", strict=True)
    ]
    with sources.open(api.on("/t", as_json(body))) as table:
        kinds = {field.name: field.kind for field in table.fields}
        found = rows(table)
    assert kinds == {"at": "timestamp", "zoned": "timestamp", "mixed": "text", "code": "text", "day": "text"}
    assert [row["at"] for row in found] == [dt.datetime.fromisoformat(moment) for moment in moments]
    assert found[1]["zoned"] == dt.datetime(2023, 12, 31, 22, 0, 0, 123456, dt.UTC)
