"""The lineage page: what it shows of a warehouse, and what comes of what somebody does in the graph."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from memory import Memory
from memory.lineage.meaning import spelled
from tests.support import warehouse
from tests.support.pages import page_on, texts
from tools import profiling, sources
from tools.lineage.observed import ColumnId, DatasetId, Field, Mode, Observed, ObservedDataset, ObservedEdge

SCRIPT = """
import streamlit as st
from ui.web import lineage_page
from ui.web.lineage import state
for deed in st.session_state.pop("deeds", []):
    state.did(deed)
lineage_page.show()
"""


@pytest.fixture(scope="module")
def full(store_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Memory]]:
    """A store with the warehouse in it, which nothing here changes."""
    from tests.conftest import TEMPLATE, _database

    for url in _database(store_server, TEMPLATE):
        with Memory.open(url) as opened:
            opened.lineage.ingest([*warehouse.warehouse(), *warehouse.changed(), *warehouse.wide(1000)])
            opened.lineage.ingest(warehouse.hub(300, 100))
            known = warehouse.validated(opened)
            table = tmp_path_factory.mktemp("data") / "fct_orders.csv"
            table.write_text("order_id,paid\n1,10.5\n2,\n3,7\n", encoding="utf-8")
            with sources.open(str(table)) as orders:
                opened.catalog.save_profile(known.id, "v1", profiling.profile(orders).to_dict())
            yield url, opened


@pytest.fixture
def page(full: tuple[str, Memory], monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    with page_on(full[0], monkeypatch):
        yield AppTest.from_string(SCRIPT, default_timeout=60)


def look(page: AppTest, node: str, *deeds: dict[str, Any], **settings: str) -> AppTest:
    page.query_params["node"] = node
    for name, value in settings.items():
        page.query_params[name] = value
    return do(page, *deeds) if deeds else drawn(page.run())


def do(page: AppTest, *deeds: dict[str, Any]) -> AppTest:
    if not page.get("bidi_component"):
        page.run()
    page.session_state["deeds"] = list(deeds)
    return drawn(page.run())


def press(page: AppTest, key: str) -> None:
    next(button for button in page.button if button.key == key).click().run()


def drawn(page: AppTest) -> AppTest:
    assert not page.exception
    return page


def graph(page: AppTest) -> dict[str, Any]:
    """What the browser gets to draw."""
    found: dict[str, Any] = json.loads(page.get("bidi_component")[-1].proto.json)
    return found


def cards(page: AppTest) -> dict[str, list[str]]:
    return {card["title"]: [row["name"] for row in card["rows"]] for card in graph(page)["cards"]}


def key(text: str) -> list[str]:
    table = warehouse.column(f"{text}.*")
    return [*table.dataset]


def test_what_is_around_a_column_is_drawn(page: AppTest) -> None:
    look(page, "mart.fct_orders.open_amount")
    assert cards(page) == {
        "fct_orders": ["open_amount"],
        "stg_orders": ["amount_eur"],
        "stg_payments": ["paid"],
        "revenue_by_region": ["open_amount"],
        "orders": ["amount"],
        "exchange_rates": ["rate"],
        "payments": ["amount"],
    }
    (start,) = [card for card in graph(page)["cards"] if card["start"]]
    assert (start["sub"], start["failing"], start["rows"][0]["failing"]) == ("shop.mart", 2, 1)
    assert all(edge["direct"] for edge in graph(page)["edges"])
    assert graph(page)["told"] == ["5 columns upstream, 1 downstream, 6 other tables"]


def test_what_decides_is_drawn_on_request_and_depths_count(page: AppTest) -> None:
    look(page, "mart.fct_orders.open_amount", indirect="true", up="1", down="0")
    assert cards(page).keys() == {"fct_orders", "stg_orders", "stg_payments"}
    assert any(row["beyond"] == "up" for card in graph(page)["cards"] for row in card["rows"])
    do(page, {"do": "deeper", "side": "up", "card": key("staging.stg_orders")})
    assert {"orders", "dim_customer"} <= cards(page).keys()
    heads = [edge for edge in graph(page)["edges"] if edge["target"][1] == -1]
    assert heads
    assert not any(edge["direct"] for edge in heads)
    assert graph(page)["acted"] == key("staging.stg_orders")


def test_personal_data_is_followed_as_far_as_nothing_masks_it(page: AppTest) -> None:
    look(page, "raw.customers.email", down="5")
    marked = {row["name"] for card in graph(page)["cards"] for row in card["rows"] if row["personal"]}
    assert marked == {"email", "mail_to"}
    masked = [edge for edge in graph(page)["edges"] if edge["masked"]]
    assert masked
    assert not any(edge["personal"] for edge in masked)


def test_the_panel_tells_all_about_a_column(page: AppTest, full: tuple[str, Memory]) -> None:
    look(page, "mart.fct_orders", {"do": "node", "node": [*key("mart.fct_orders"), "paid"]})
    told = texts(page).replace("\\", "").replace("\u2060", "")
    for text in (
        "#### paid", "**If it changes**", "customer_value", "Owners: Analytics", "build_fct_orders", "since 2026-11-02",
        "create table shop.mart.fct_orders", "complete", "Score of the table 97.5 of 100", 'IsComplete "paid"',
        "204 of 18,302 rows break it.",
    ):  # fmt: skip
        assert text in told, text
    labels = [button.label.replace("\\", "") for button in page.button]
    assert "stg_payments.paid :gray[aggregated]" in labels
    assert graph(page)["chosen"] == {"node": [*key("mart.fct_orders"), "paid"]}
    assert ["NULL", "1 of 3 (33.3 %)"] in page.dataframe[0].value.to_numpy().tolist()
    press(page, "way-in-0")
    assert "#### stg\\_payments → fct\\_orders" in texts(page)
    assert graph(page)["chosen"].keys() == {"edge"}
    press(page, "panel-close")
    assert graph(page)["chosen"] is None


def test_the_panel_tells_all_about_an_edge(page: AppTest) -> None:
    look(page, "raw.customers.email")
    shown = graph(page)
    (edge,) = [one["id"] for one in shown["edges"] if one["masked"]]
    do(page, {"do": "edge", "edge": edge, "version": shown["version"]})
    told = texts(page).replace("\\", "")
    assert "**email** → **email_hash**  :violet[transformed, masked]" in told
    assert "md5(email) as email_hash" in told
    assert graph(page)["chosen"] == {"edge": edge}
    do(page, {"do": "edge", "edge": 0, "version": -1}, {"do": "edge", "edge": 4000, "version": shown["version"]})
    assert graph(page)["chosen"] == {"edge": edge}


def test_a_whole_table_and_another_start(page: AppTest, full: tuple[str, Memory]) -> None:
    look(page, "mart.fct_orders.paid", {"do": "node", "node": [*key("raw.payments"), "*"]})
    told = texts(page)
    assert "#### payments" in told
    press(page, "panel-start")
    assert page.query_params["node"] == spelled(warehouse.column("raw.payments.*"))
    assert [card["title"] for card in graph(page)["cards"] if card["start"]] == ["payments"]


def test_what_changed_since_a_day_and_how_it_was(page: AppTest) -> None:
    look(page, "mart.customer_value.lifetime_value", since="2026-11-10")
    marks = {edge["mark"]: edge["title"] for edge in graph(page)["edges"]}
    assert marks["added"].startswith("fct_orders.paid → customer_value.lifetime_value")
    assert marks["removed"].startswith("fct_orders.amount_eur → customer_value.lifetime_value")
    assert "Changed since then: 1 new, 1 gone." in graph(page)["told"]
    page.date_input(key="since").set_value(None)
    page.date_input(key="at").set_value(date(2026, 11, 10)).run()
    assert cards(page)["fct_orders"] == ["amount_eur"]
    assert {edge["mark"] for edge in graph(page)["edges"]} == {""}


def test_a_thousand_columns_are_cut_turned_filtered_and_drawn_out(page: AppTest) -> None:
    look(page, "wide.cleaned")
    assert graph(page)["told"][1].startswith("Showing 36 of 3,000 columns")
    assert {card["foot"]["text"] for card in graph(page)["cards"]} == {"1–12 of 1,000"}
    card = key("wide.cleaned")
    do(page, {"do": "page", "card": card, "page": 1})
    assert cards(page)["cleaned"][0] == cards(page)["landing"][0] == "attribute_12"
    do(page, {"do": "filter", "card": card, "text": "_99"})
    assert (len(cards(page)["cleaned"]), graph(page)["cards"][0]["foot"]["filter"]) == (11, "_99")
    do(page, {"do": "filter", "card": card, "text": ""}, {"do": "out", "card": card})
    assert len(cards(page)["cleaned"]) == 200
    do(page, {"do": "fold", "card": card})
    assert cards(page)["cleaned"] == []
    do(page, {"do": "collapse"})
    assert all(card["collapsed"] for card in graph(page)["cards"] if not card["start"])
    do(page, {"do": "expand"})
    assert not any(card["collapsed"] for card in graph(page)["cards"])


def test_many_tables_are_listed_and_opened(page: AppTest) -> None:
    look(page, "hub.calendar.day")
    (more,) = [card for card in graph(page)["cards"] if card["further"]]
    assert more["title"] == "94 more tables"
    table = more["rows"][5]
    do(page, {"do": "open", "card": more["key"], "table": table["key"]})
    assert table["name"] in cards(page)
    assert graph(page)["told"][0] == "0 columns upstream, 300 downstream, 100 other tables"


def test_a_node_that_there_is_not(page: AppTest) -> None:
    look(page, "nowhere.x")
    assert "Nothing in the lineage is called" in page.error[0].value


def test_of_several_that_may_be_meant_one_is_picked(page: AppTest) -> None:
    look(page, "email")
    assert "Which one is meant?" in page.info[0].value
    press(page, "which-0")
    assert [card["start"] for card in graph(page)["cards"]].count(True) == 1


def test_what_does_not_fit_is_passed_over(page: AppTest) -> None:
    look(page, "mart.fct_orders.paid", {"do": "nothing"}, {})
    assert cards(page)["fct_orders"] == ["paid"]


def test_a_store_without_lineage_says_how_to_get_some(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with page_on(store_url, monkeypatch):
        page = AppTest.from_string(SCRIPT, default_timeout=60).run()
        assert not page.exception
        told = texts(page)
        assert "There is no lineage yet" in told
        assert "assay lineage scan" in told
        assert "/api/v1/lineage" in told


def test_a_start_is_offered(page: AppTest) -> None:
    page.run()
    page.button[0].click().run()
    assert graph(page)["cards"]


def test_names_from_outside_are_text(store_url: str, store: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    evil = "<img src=x onerror=alert(1)> [x](http://evil.example) \u202e`$"
    source, target = DatasetId("db", f"s.{evil}"), DatasetId("db", "t")
    edge = ObservedEdge(ColumnId(source, evil), ColumnId(target, "c"))
    seen = ObservedDataset(source, (Field(evil, evil),))
    store.lineage.ingest([Observed(warehouse.BEGAN, "test", inputs=(seen,), edges=(edge,), mode=Mode.REPLACE)])
    with page_on(store_url, monkeypatch):
        page = look(AppTest.from_string(SCRIPT, default_timeout=60), "t.c", {"do": "node", "node": [*source, evil]})
        told = texts(page)
        assert "](http" not in told
        assert not any("\u202e" in row["name"] for card in graph(page)["cards"] for row in card["rows"])
