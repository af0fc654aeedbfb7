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


def told(renderable, width=110):
    console = Console(width=width, file=None, record=True, force_terminal=False)
    with console.capture() as captured:
        console.print(renderable)
    return captured.get()


def test_the_terminal_tells_the_worst_first(changed):
    text = told(comparison.overview(changed))
    lines = text.splitlines()
    assert lines[0] == "A → B"
    assert lines[1].startswith(
        "1,000 → 1,200 rows (+20.0 %). 2 of 3 columns changed, all of them much; the schema changed."
    )
    for line in ("Only in B: new", "Only in A: gone"):
        assert line in lines
    assert text.index(" n ") < text.index(" same ")
    assert "\x1b" not in text


def test_no_change_is_one_sentence():
    data = {"n": [1, 2], "s": ["a", "b"]}
    text = told(comparison.overview(found(data, data)))
    assert text.startswith("A → B\n2 rows in both. No column changed.\n")


def test_columns_alone_changed():
    same = found({"a": [1], "b": [1]}, {"b": [1], "a": [1]})
    assert comparison.headline(same) == "1 row in both. No column changed; the schema changed."
    assert comparison.schema(same) == ["The columns come in another order."]


def lines_of(left, right, width=80):
    return told(comparison.overview(found(left, right)), width).splitlines()


def row(lines, name):
    return next(line.split(maxsplit=1)[1] for line in lines if line.split()[:1] == [name])


def test_a_column_that_is_not_compared_is_never_called_the_same():
    left = {"kind": [1] * 50, "empty": ["x"] * 50, "id": [f"a{i}" for i in range(200)], "nested": [[1]] * 50}
    right = {"kind": ["1"] * 50, "empty": [None] * 50, "id": [f"b{i}" for i in range(200)], "nested": [[1]] * 50}
    left, right = ({name: (values * 4)[:200] for name, values in side.items()} for side in (left, right))
    right["empty"] = pa.array(right["empty"], pa.string())
    lines = lines_of(left, right)
    for name in ("kind", "id", "nested"):
        assert row(lines, name).startswith("not compared")
    assert row(lines, "empty").startswith("large")
    text = " ".join(" ".join(lines).split())
    assert "kind: Not compared. It is number in A and text in B." in text
    assert "empty: NULL: 0 % of A, 100 % of B. Not compared. It has no values in B." in text
    assert "same" not in text


def test_drift_that_is_not_significant_says_so_with_its_p_value():
    lines = lines_of({"n": [1, 2, 3, 4, 5, 6, 7, 8]}, {"n": [1, 1, 3, 4, 5, 5, 7, 7]})
    assert row(lines, "n").startswith("not significant")
    p = float(row(lines, "n").split()[-1])
    assert 0.01 <= p <= 1
    assert any("but not significantly" in line for line in lines)
    assert any(line.startswith("p: how likely") for line in lines)


@pytest.mark.parametrize(
    ("measure", "says"),
    [
        ((0.05, 0.2, False), "No drift: below 0.1 (p = 0.20)."),
        ((0.05, 0.00001, True), "No drift: below 0.1 (p < 0.0001)."),
        ((0.15, 0.003, True), "A small drift (0.1 or more); chance does not explain it (p = 0.003)."),
        (
            (0.30, 0.5, False),
            "Not significant: 0.25 or more would be a large drift, but chance explains it (p = 0.50).",
        ),
    ],
)
def test_what_a_measure_says(measure, says):
    value, p, significant = measure
    whole = {"name": "PSI", "value": value, "p": p, "significant": significant, "small": 0.1, "large": 0.25}
    assert comparison.meaning(whole) == says
    test = {**whole, "name": "chi-square", "small": None, "large": None}
    assert ("explains" in comparison.meaning(test)) == (not significant)


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_longer_than_the_terminal_and_no_figure_is_folded(changed, width):
    lines = told(comparison.overview(changed), width).splitlines()
    assert max(map(len, lines)) <= width
    assert row(lines, "n").split()[0] == "large"
    assert "PSI" in row(lines, "n")
    assert "< 0.0001" in row(lines, "n")


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
