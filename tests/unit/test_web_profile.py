"""What the page says of a column, as far as no page is needed for it."""

from __future__ import annotations

from tests.support.profiles import figures, of_texts
from tools.profiling.model import Histogram
from ui.web import histogram_view, profile_view


def line(column, rows: int = 1_000):
    return profile_view._line(column, rows)


def test_a_line_tells_type_meaning_and_personal_data():
    column = of_texts("mail", ["ada@example.com", "bob@example.com"] * 5)
    assert line(column, 10)["Type"] == "varchar (email, PII)"
    assert line(figures("n"), 10)["Type"] == "double"


def test_null_and_blank_are_told_apart_and_a_few_are_not_none():
    column = of_texts("c", ["a", None, " ", ""] * 5)
    assert (line(column, 20)["NULL"], line(column, 20)["Blank"]) == (25.0, 50.0)
    assert line(figures("n", nulls=1), 1_000_000)["NULL"] == 0.1
    assert line(figures("n"), 0)["NULL"] == 0.0


def test_estimates_are_marked_and_the_sample_has_its_size():
    assert line(figures("n"))["Estimated"] == ""
    assert line(figures("n", distinct_exact=False))["Estimated"] == "~"
    assert line(figures("n", distinct_exact=False, sample_rows=10_000))["Estimated"] == "~ · 10,000 sampled"
    assert line(figures("n", sample_rows=10_000))["Estimated"] == "10,000 sampled"


def test_the_distribution_is_the_histogram_or_the_frequent_values_that_repeat():
    spread = figures("n", histogram=Histogram([0, 1, 2], [3, 4]))
    assert line(spread, 7)["Distribution"] == [3, 4]
    assert line(of_texts("c", ["a", "a", "b"]), 3)["Distribution"] == [2, 1]
    assert line(of_texts("c", ["a", "b", "c"]), 3)["Distribution"] == []
    rare = figures("c", "text", top_values=[("a", 30), ("b", 2)])
    assert line(rare, 1_000)["Distribution"] == [30, 2]
    assert line(rare, 10_000)["Distribution"] == []
    assert line(figures("c", "text", top_values=[("a", 30)], sample_rows=1_000), 10**6)["Distribution"] == [30]


def test_bars_begin_and_end_at_the_edges_that_are_written():
    found = histogram_view.chart(Histogram([0.0, 250.0, 500.0], [3, 4])).to_dict()
    assert found["encoding"]["x2"]["field"] == "high"
    assert found["encoding"]["x"]["axis"]["labelExpr"] == '["0", "250", "500"][datum.value]'
    assert found["encoding"]["x"]["axis"]["values"] == [0, 1, 2]
    many = histogram_view.chart(Histogram([float(n) for n in range(21)], [1] * 20)).to_dict()
    assert many["encoding"]["x"]["axis"]["values"] == [0, 5, 10, 15, 20]


def test_a_few_values_have_a_bar_each_with_their_name():
    found = histogram_view.chart(Histogram([1, 2, 5, 5], [3, 4, 1], by_value=True)).to_dict()
    assert found["encoding"]["x"]["field"] == "Values"
    assert found["encoding"]["x"]["type"] == "nominal"
    (data,) = found["datasets"].values()
    assert [(bar["Values"], bar["Rows"]) for bar in data] == [("1", 3), ("2", 4), ("5", 1)]
