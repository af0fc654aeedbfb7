"""A comparison in the terminal and as one HTML file."""

from html.parser import HTMLParser

import pyarrow as pa
import pytest
from rich.console import Console

from tools import sources
from tools.comparing import compare
from ui.report import comparison, comparison_html


def found(left, right):
    with sources.open(pa.table(left)) as one, sources.open(pa.table(right)) as other:
        return compare(one, other).to_dict()


@pytest.fixture(scope="module")
def changed():
    left = {"n": list(range(1000)), "s": ["a", "b"] * 500, "gone": [1] * 1000, "same": [True, False] * 500}
    right = {
        "n": [i + 400 for i in range(1200)],
        "s": ["a", "<script>alert(1)</script>", "\x1b[31mred"] * 400,
        "same": [True, False] * 600,
        "new": [None] * 1200,
    }
    return found(left, right)


def told(renderable):
    console = Console(width=110, file=None, record=True, force_terminal=False)
    with console.capture() as captured:
        console.print(renderable)
    return captured.get()


def test_the_terminal_tells_the_worst_first(changed):
    text = told(comparison.overview(changed))
    assert text.index("2 columns changed, 2 of them much; the columns themselves changed.") == 0
    for line in ("1,000 rows, now 1,200 (+20.0 %)", "Added: new", "Removed: gone"):
        assert line in text
    assert text.index(" n ") < text.index(" same ")
    assert "\x1b" not in text


def test_no_change_is_one_sentence():
    data = {"n": [1, 2], "s": ["a", "b"]}
    text = told(comparison.overview(found(data, data)))
    assert text.startswith("No change that counts.\n2 rows, now 2\n")


def test_columns_alone_changed():
    same = found({"a": [1], "b": [1]}, {"b": [1], "a": [1]})
    assert comparison.headline(same) == "No column's values changed; the columns themselves changed."
    assert comparison.schema(same) == ["The columns come in another order."]


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in ("meta", "rect", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_whole_and_holds_nothing_foreign(changed):
    page = comparison_html.page(changed, "Asked for by <b>Ann</b>")
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    kinds = {tag for tag, _ in tags.seen}
    assert not kinds & {"script", "img", "a", "iframe", "link", "b"}
    assert "&lt;script&gt;" in page
    assert sum(tag == "details" for tag, _ in tags.seen) == 3
    bars = [attributes for tag, attributes in tags.seen if tag == "rect"]
    assert bars
    assert all(0 <= float(bar["width"]) <= comparison_html.BAR_WIDTH for bar in bars)


def test_what_was_not_compared_has_no_bars():
    page = comparison_html.page(found({"a": [[1]]}, {"a": [[2]]}), "")
    assert "<rect" not in page
    assert "are not compared" in page
