"""What the page says of a column, as far as no page is needed for it."""

from __future__ import annotations

from tests.support.profiles import figures, of_texts
from tools.profiling.model import Dates, Histogram, Personal, Semantic
from ui.web import profile_view


def facts(column, rows: int = 1_000) -> dict[str, str]:
    return {fact["Statistic"]: fact["Value"] for fact in profile_view._facts(column, rows)}


def test_a_line_tells_type_meaning_and_personal_data():
    column = of_texts("mail", ["ada@example.com", "bob@example.com"] * 5)
    line = profile_view._line(column, 10)
    assert (line["Type"], line["Personal"]) == ("varchar (email)", "email address")
    assert profile_view._line(figures("n"), 10)["Personal"] == ""


def test_the_distribution_is_the_histogram_or_the_frequent_values_that_repeat():
    spread = figures("n", histogram=Histogram([0, 1, 2], [3, 4]))
    assert profile_view._line(spread, 7)["Distribution"] == [3, 4]
    assert profile_view._line(of_texts("c", ["a", "a", "b"]), 3)["Distribution"] == [2, 1]
    assert profile_view._line(of_texts("c", ["a", "b", "c"]), 3)["Distribution"] == []


def test_facts_say_how_they_are_known():
    column = figures(
        "c",
        "text",
        distinct_exact=False,
        semantic=Semantic("date", 0.9, 0.84, 500),
        dates=Dates("dd/MM/yyyy", "day first", 0.9),
        personal=Personal("birth date", 0.7, "name"),
        trend="increasing",
        trend_rows=20_001,
        sample_rows=10_000,
    )
    told = facts(column)
    assert told["Distinct"] == "about 500"
    assert told["Values are"] == "date, 90 % of 500 (84 % sure)"
    assert told["Dates"] == "dd/MM/yyyy, day first"
    assert told["Personal data"] == "birth date, by its name (70 % sure)"
    assert told["From row to row"] == "increasing, first 20,001 rows"
    assert told["Counted in"] == "sample of 10,000 rows"


def test_what_is_not_known_is_left_out():
    assert not {"Values are", "Dates", "Personal data", "From row to row", "Counted in"} & facts(figures("n")).keys()
