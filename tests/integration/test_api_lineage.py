"""Questions about lineage over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from memory import Memory
from tests.support.api import client, problem, serving, tokens
from tests.support.lineages import at, declared, edge, emptied, event, seen
from tools.lineage.observed import JobId, Observed, Owner, Tag


@pytest.fixture(scope="module")
def http(store_server: str) -> Iterator[httpx.Client]:
    """A client of a server that knows of customers, a mart and a report."""
    from tests.conftest import TEMPLATE, _database

    for url in _database(store_server, TEMPLATE):
        with Memory.open(url) as store:
            emptied(store)
            store.lineage.ingest([
                event(1, "old", "one", edge("raw.old", "shop.customers.email"), completes=True),
                event(2, "old", "two", edge("raw.mail", "shop.customers.email", "TRANSFORMATION"), completes=True),
                declared(1, "mart", edge("shop.customers.email", "mart.people.email"),
                    edge("shop.customers.day", "mart.people.*", "FILTER")),
                declared(1, "hash", edge("shop.customers.email", "mart.hashed.token", "TRANSFORMATION", masking=True)),
                declared(1, "top", edge("mart.people.email", "report.top.email"),
                    edge("crm.customers.email", "report.top.other")),
                Observed(at(2), "test", inputs=(
                    seen("raw", tags=(Tag("pii", "email", "mail"),)), seen("mart.people", owners=(Owner("ann"),)))),
                Observed(at(2), "test", JobId("jobs", "send"), inputs=(seen("report.top"),)),
            ])  # fmt: skip
            store.catalog.upsert_dataset("db", "mart.people", "mart", [])
            with serving(store) as address, client(address) as made:
                yield made


def got(http: httpx.Client, path: str, **asked: object) -> dict:
    answer = http.get(f"/lineage/{path}", params=asked)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_upstream_and_downstream(http):
    found = got(http, "upstream", node="report.top.email", explain=True)
    assert [(one["node"], one["distance"]) for one in found["columns"]] == [
        ("db/mart.people#email", 1),
        ("db/shop.customers#email", 2),
        ("db/raw#mail", 3),
    ]
    assert found["complete"]
    last = found["columns"][-1]
    assert (last["edge"]["subtype"], last["edge"]["job"]["name"], last["edge"]["run"]) == (
        "TRANSFORMATION",
        "old",
        "two",
    )
    assert [step["target"]["name"] for step in last["way"]] == ["shop.customers", "mart.people", "report.top"]
    below = got(http, "downstream", node="db/raw#mail", limit=2)
    assert len(below["columns"]) == 2
    assert (below["complete"], below["cut"]) == (False, "there are more than 2 columns")
    assert "way" not in below["columns"][0] or below["columns"][0]["way"] is None
    assert not got(http, "downstream", node="raw.mail", depth=1)["complete"]
    wide = got(http, "downstream", node="shop.customers.day", indirect=True)["columns"]
    assert (wide[0]["column"], wide[0]["edge"]["subtype"]) == ("*", "FILTER")


def test_as_of_then(http):
    then = (at(1.5)).isoformat()
    assert [one["column"] for one in got(http, "upstream", node="shop.customers.email", at=then)["columns"]] == ["old"]
    assert [one["column"] for one in got(http, "upstream", node="shop.customers.email")["columns"]] == ["mail"]
    for short in ("7d ago", "90m", "yesterday", "now"):
        assert [one["column"] for one in got(http, "upstream", node="shop.customers.email", at=short)["columns"]] == [
            "mail"
        ]
    assert got(http, "diff", **{"from": "7d", "to": "now"})["added"] == []
    for wrong in ("soon", "999999w", ""):
        problem(http.get("/lineage/upstream", params={"node": "raw", "at": wrong}), 422)


def test_impact(http):
    found = got(http, "impact", node="raw.mail", limit=2)
    assert found["counts"] == {"columns": 4, "tables": 4, "jobs": 5}
    assert found["with_indirect"] == found["counts"]
    assert len(found["tables"]) == 2
    assert found["owners"] == [{"name": "ann", "type": "", "tables": 1}]
    assert found["tags"] == [{"key": "pii", "value": "email", "columns": 3}]
    tables = {one["name"]: one for one in got(http, "impact", node="raw.mail")["tables"]}
    assert tables["mart.people"]["dataset_id"]
    assert tables["mart.hashed"]["tags"] == []
    assert got(http, "impact", node="shop.customers.day")["with_indirect"]["columns"] == 2


def test_path(http):
    found = got(http, "path", source="raw.mail", target="report.top.email")
    assert (found["found"], len(found["steps"])) == (True, 3)
    assert not got(http, "path", source="report.top.email", target="raw.mail")["found"]
    assert got(http, "path", source="shop.customers.day", target="report.top", indirect=True)["found"]


def test_diff(http):
    moments = {"from": at(1.5).isoformat(), "to": at(3).isoformat()}
    found = got(http, "diff", **moments)
    assert [step["source"]["column"] for step in found["added"]] == ["mail"]
    assert [step["source"]["column"] for step in found["removed"]] == ["old"]
    assert got(http, "diff", dataset="report.top", **moments)["added"] == []
    problem(http.get("/lineage/diff", params={"from": at(3).isoformat(), "to": at(1).isoformat()}), 422)


def test_tags(http):
    assert got(http, "tags")["tags"] == [{"key": "pii", "value": "email", "columns": 4}]
    found = got(http, "tags/pii", limit=3)
    assert (found["total"], len(found["columns"]), found["complete"]) == (4, 3, False)
    assert found["columns"][0]["from"] is None
    came = {one["node"]: (one["from"] or {}).get("node") for one in got(http, "tags/pii")["columns"]}
    assert came["db/shop.customers#email"] == "db/raw#mail"
    assert got(http, "tags/pii", value="other")["columns"] == []


def test_search(http):
    found = got(http, "search", text="email", limit=2)
    assert (len(found["nodes"]), found["complete"]) == (2, False)
    assert [one["node"] for one in got(http, "search", text="mart.people")["nodes"]] == ["db/mart.people"]
    assert got(http, "search", text="\0%")["nodes"] == []


def test_names_that_are_unclear_or_unknown(http):
    told = problem(http.get("/lineage/impact", params={"node": "customers.email"}), 422)
    assert told["candidates"] == ["db/crm.customers#email", "db/shop.customers#email"]
    assert got(http, "impact", node=told["candidates"][1])["counts"]["columns"] == 3
    told = problem(http.get("/lineage/upstream", params={"node": "report.topp"}), 404)
    assert told["hint"] == "Did you mean db/report.top?"
    for asked in (
        {},
        {"node": ""},
        {"node": "raw", "limit": 0},
        {"node": "raw", "depth": 0},
        {"node": "raw", "odd": 1},
    ):
        problem(http.get("/lineage/upstream", params=asked), 422)


def test_odd_times_are_answered(http):
    for odd in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-01"):
        answer = http.get("/lineage/downstream", params={"node": "raw", "at": odd})
        assert answer.status_code in (200, 404, 422), answer.text


def test_a_viewer_may_ask_and_nobody_else(store, tmp_path, monkeypatch):
    monkeypatch.setenv("ASSAY_USERS", str(tmp_path / "users.toml"))
    store.lineage.ingest([declared(0, "j", edge("a.x", "b.x"))])
    known = tokens(store, eve="viewer")
    with serving(store) as address:
        with client(address, known["eve"]) as viewer:
            assert viewer.get("/lineage/impact", params={"node": "a.x"}).json()["counts"]["columns"] == 1
        with client(address) as stranger:
            problem(stranger.get("/lineage/impact", params={"node": "a.x"}), 401)


def test_a_huge_answer_is_cut_where_the_caller_says(store):
    edges = [edge("hub.x", f"t{n // 50}.c{n}") for n in range(3_000)]
    store.lineage.ingest([declared(0, "j", *edges)])
    with serving(store) as address, client(address) as http:
        found = got(http, "downstream", node="hub.x", limit=1_000)
        assert (len(found["columns"]), found["cut"]) == (1_000, "there are more than 1000 columns")
        answer = http.get("/lineage/impact", params={"node": "hub.x"})
        assert answer.json()["counts"] == {"columns": 3_000, "tables": 60, "jobs": 1}
        assert answer.elapsed < timedelta(seconds=5)
