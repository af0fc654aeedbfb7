"""The HTML report: complete, self-contained, and nothing in it comes alive that the data brought."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser

from graph.runs import TableReport
from tests.support.reports import HOSTILE, evaluation, order, orders_report, rule
from ui.report import html

ORIGIN = html.Origin("run2345x", "Ann", datetime(2026, 11, 23, 12, 30, tzinfo=UTC))
VOID = {"meta", "link", "br", "img", "circle"}


class Outline(HTMLParser):
    """Tags, attributes and texts; notes whatever is closed out of order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words = ""
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        self.words += data


def hostile_page() -> str:
    failing = rule(HOSTILE, "Failed", columns=[HOSTILE], reason=HOSTILE, failed_rows=1, metrics={HOSTILE: 0.5})
    failing["examples"] = [order(**{HOSTILE: HOSTILE})]
    report = TableReport(HOSTILE, evaluation(failing), 0.5, {HOSTILE: 0.5})
    return html.page([report], html.Origin(HOSTILE, HOSTILE, ORIGIN.at), [HOSTILE])


def test_the_page_is_well_formed():
    outline = Outline(html.page([orders_report()], ORIGIN))
    assert outline.wrong == []
    assert outline.open == []


def test_the_page_tells_all_that_the_terminal_tells():
    words = Outline(html.page([orders_report()], ORIGIN, ["customers: the file is gone"])).words
    for part in (
        "run2345x",
        "Ann",
        "23 November 2026, 12:30 UTC",
        "1,000 rows, 6 rules: 3 passed, 2 failed",
        'IsComplete "email"',
        "12 rows",
        "Column.email.Completeness = 0.988",
        '"shipped "',
        "Nothing to check",
        "Not evaluated",
        "99.4",
        "customers: the file is gone",
    ):
        assert part in words


def test_the_page_loads_nothing():
    page = html.page([orders_report()], ORIGIN)
    outline = Outline(page)
    assert not {"script", "link", "img", "iframe"} & set(outline.tags)
    assert not {name for name, _ in outline.attributes} & {"src", "href"}
    assert "url(" not in page
    assert "default-src 'none'" in page


def test_nothing_hostile_comes_alive():
    outline = Outline(hostile_page())
    assert outline.wrong == []
    assert "script" not in outline.tags
    assert not [name for name, _ in outline.attributes if name.startswith("on")]
    assert "alert('x')" in outline.words
    assert "\x1b" not in outline.words
    assert "\u202e" not in outline.words


def test_it_adapts_to_dark_mode_and_print():
    page = html.page([orders_report()], ORIGIN)
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def test_failures_are_open_and_passes_are_folded():
    page = html.page([orders_report()], ORIGIN)
    assert len(re.findall(r'<details class="(?:failed|error)" open>', page)) == 3
    assert len(re.findall(r'<details class="(?:passed|vacuous)">', page)) == 3


def test_a_table_without_a_score_has_no_ring():
    page = html.page([TableReport("t", evaluation(), None, {})], ORIGIN)
    assert 'aria-label="no score"' in page
