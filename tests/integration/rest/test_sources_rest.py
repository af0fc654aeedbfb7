"""Tables behind HTTP APIs on a real server: how they page, what they answer, what goes wrong, and who may be asked."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.apis import ORDERS, linked, read, refusal, rows
from tests.support.web import Asked, Reply, Web, as_json, packed
from tools import dqdl, sources
from tools.sources import rest_store
from tools.sources.registry import dataset_name

# Pages


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


@pytest.mark.parametrize("status", [204, 404, 410])
def test_a_page_that_is_not_there_ends_pages_by_number(api: Web, status: int) -> None:
    pages = {"1": as_json(ORDERS[:3]), "2": as_json(ORDERS[3:])}
    api.routes["/orders"] = lambda asked: pages.get(asked.query["p"], Reply(status=status))
    assert read(f"{api.url}/orders#page=number&param=p") == ORDERS


@pytest.mark.parametrize(
    ("body", "path", "way"),
    [
        ({"next": "/orders?p=2"}, "next", "#page=next&field=next."),
        ({"has_more": True}, "has_more", "#page=cursor&last=id&more=has_more or #page=number&more=has_more."),
        ({"meta": {"next_cursor": "x"}}, "meta.next_cursor", "#page=cursor&field=meta.next_cursor&param=NAME."),
        ({"page": 1, "total_pages": 3}, "total_pages", "#page=number&param=page."),
        ({"number": 0, "totalPages": "3"}, "totalPages", "#page=number&param=page."),
        ({"meta": {"total_count": 25, "offset": 0}}, "meta.total_count", "#page=offset"),
        ({"count": 25}, "count", "#page=offset"),
    ],
)
def test_pages_that_nobody_asks_for_are_not_passed_over_in_silence(api: Web, body: Any, path: str, way: str) -> None:
    url = api.on("/orders", as_json({"items": ORDERS, **body}))
    found = refusal(url)
    assert f"says at '{path}'" in found.message
    assert way in found.hint
    assert len(read(f"{url}#page=none")) == 7


def test_a_header_may_speak_of_more_records_too(api: Web) -> None:
    found = refusal(api.on("/orders", as_json(ORDERS, **{"X-Total-Count": "25"})))
    assert "at 'X-Total-Count' that there are 25 records, and 7 came" in found.message


@pytest.mark.parametrize("body", [{"total": 7}, {"total_pages": 1}, {"total": 99.5}, {"count": True}, {"pages": []}])
def test_what_says_that_all_came_is_heard(api: Web, body: Any) -> None:
    assert len(read(api.on("/orders", as_json({"items": ORDERS, **body})))) == 7


def test_a_record_that_is_the_body_may_have_a_total(api: Web) -> None:
    assert read(api.on("/order", as_json({"id": 1, "total": 250})) + "#records=.") == [{"id": 1, "total": 250}]


def test_a_flag_that_is_not_there_does_not_end_the_pages(api: Web) -> None:
    url = by_last_record(api)
    assert "nothing at 'hasmore'" in refusal(url.replace("more=has_more", "more=hasmore")).message


@pytest.mark.parametrize("style", [by_cursor, by_next])
def test_a_wrong_path_to_the_next_page_does_not_end_the_pages(api: Web, style: Callable[[Web], str]) -> None:
    found = refusal(style(api).replace(".next", ".nxt"))
    assert ".nxt', but the answer says at" in found.message


def test_a_server_that_gives_the_last_page_again_says_how_many_there_are(api: Web) -> None:
    def route(asked: Asked) -> Reply:
        start = min(int(asked.query["page"]) - 1, 2) * 3
        return as_json({"items": ORDERS[start : start + 3], "last_page": 3})

    api.routes["/orders"] = route
    assert read(api.url + "/orders#page=number") == ORDERS


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


def test_records_whose_fields_differ_have_columns(api: Web) -> None:
    """DuckDB by itself makes one column of them, a map."""
    many = [{"id": n, **{f"k{n % 23}": n, "tags": [], "more": {"x": n}}} for n in range(300)]
    found = read(api.on("/t", as_json(many)))
    assert [row["id"] for row in found] == list(range(300))
    assert (found[5]["k5"], found[5]["k6"], len(found[0])) == (5, None, 26)
    assert read(api.on("/one", as_json([{"json": {"a": 1}}]))) == [{"json": {"a": 1}}]
    assert "a field has no name" in refusal(api.on("/none", as_json([{"": 1, "a": 2}]))).message
    assert "no records" in refusal(api.on("/empty", as_json([{}, {}]))).message


def test_files_that_are_packed(api: Web) -> None:
    lines = [b'{"a": %d}\n' % n for n in range(4)]
    twice = gzip.compress(b"".join(lines[:2])) + gzip.compress(b"".join(lines[2:]))
    url = api.on("/t.ndjson.gz", Reply(twice, headers={"Content-Type": "application/gzip"}))
    assert [row["a"] for row in read(url)] == [0, 1, 2, 3]
    answer = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
    assert len(read(api.on("/twice", Reply(twice, headers=answer)))) == 4
    assert "broke off 5 times" in refusal(api.on("/cut", Reply(twice[:-4], headers=answer))).message
    assert "packed in a way" in refusal(api.on("/br", Reply(b"x", headers={"Content-Encoding": "br"}))).message


def test_addresses_in_letters_of_all_kinds(api: Web) -> None:
    api.on("/caf%C3%A9", as_json(ORDERS[3:]))
    api.on("/b%C3%BCcher", as_json(ORDERS[:3], Link='</caf\u00c3\u00a9>; rel="next"'))
    assert read(api.url + "/bücher?q=ü") == ORDERS
    assert api.asked[0].query == {"q": "ü"}


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
