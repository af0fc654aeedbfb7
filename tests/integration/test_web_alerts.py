"""The page of alerts: what is listed, shown from a link, snoozed and resolved."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from memory.alerts import tell
from tests.integration.test_alerts_memory import EMAIL, validated
from tests.support.pages import page_on, texts
from tests.support.stores import new_dataset


@pytest.fixture
def page(store_url, monkeypatch):
    with page_on(store_url, monkeypatch):
        yield AppTest.from_string("from ui.web import alerts_page\nalerts_page.show()", default_timeout=60)


def button(page: AppTest, label: str):
    return next(one for one in page.button if one.label == label)


def test_without_alerts_the_page_says_so(page, store):
    page.run()
    assert not page.exception
    assert "Nothing is in trouble" in texts(page)


def test_an_alert_is_shown_from_its_link_snoozed_and_resolved(page, store):
    validated(store, new_dataset(store), {EMAIL: "Failed"})
    page.query_params["alert"] = "1"
    page.run()
    assert "met 1 time," in texts(page)
    button(page, "Snooze").click().run()
    assert "Say why" in texts(page)
    page.text_input[0].set_value("we know")
    button(page, "Snooze").click().run()
    assert store.alerts.get(1).snoozed_reason == "we know"
    page.text_input[0].set_value("it was a test")
    button(page, "Resolve").click().run()
    assert store.alerts.get(1).resolution == "it was a test"
    assert not page.exception


def test_what_others_wrote_is_no_link(page, store):
    with store.db.transaction() as connection:
        tell(connection, "source", "x", "[shop](https://evil.example)", "![x](https://evil.example/p.png)")
    page.query_params["alert"] = "1"
    page.run()
    assert "](https" not in texts(page)


def test_that_there_are_more_than_are_listed_is_said(page, store, monkeypatch):
    monkeypatch.setattr("ui.web.alerts_page._MOST", 2)
    for number in range(3):
        with store.db.transaction() as connection:
            tell(connection, "source", str(number), "shop", "It is away.")
        page.run()
        assert ("The newest 2." in texts(page)) == (number == 2)
    assert len(page.dataframe[0].value) == 2


@pytest.mark.parametrize("wanted", ["99", "x", "9" * 30])
def test_an_alert_that_is_not_there_breaks_nothing(page, store, wanted):
    page.query_params["alert"] = wanted
    page.run()
    assert not page.exception
