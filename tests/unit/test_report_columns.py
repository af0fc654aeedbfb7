"""All that is told of one column, and the table of columns at any width."""

from __future__ import annotations

import re

import pytest
from rich.console import Console

from tests.support.profiles import figures, of_numbers, of_texts
from tools import profiling, sources
from tools.profiling.model import Dates, Histogram, Personal, Profile, Semantic
from ui.report import column_facts, columns


def told(column, rows: int = 1_000) -> dict[str, str]:
    return dict(column_facts.facts(column, rows))


def shown(renderable, width: int) -> str:
    console = Console(width=width, force_terminal=False)
    with console.capture() as captured:
        console.print(renderable)
    return captured.get()


def test_facts_say_how_they_are_known():
    column = figures(
        "c",
        "text",
        nulls=100,
        blanks=3,
        distinct_exact=False,
        inferred_type="DATE",
        numeric_share=0.25,
        min_length=1,
        max_length=12,
        mean_length=3.456,
        constant=True,
        patterns=[("9-9", 7_500), ("a", 2_500)],
        shapes=[("99-99", 7_500)],
        semantic=Semantic("date", 0.9, 0.84, 500),
        dates=Dates("dd/MM/yyyy", "day first", 0.9),
        personal=Personal("birth date", 0.7, "name"),
        trend="increasing",
        trend_rows=20_001,
        sample_rows=10_000,
    )
    assert told(column) == {
        "Type": "varchar, all of it readable as date",
        "NULL": "100 of 1,000 (10 %)",
        "Blank": "3 of 1,000 (0.3 %)",
        "Distinct": "~500 (55.6 % of the values), estimated",
        "Constant": "yes: every value is the same",
        "Length": "1 to 12 characters, 3.5 on average",
        "Reads as a number": "25 %",
        "Values are": "date: 90 % of 500 rows (84 % sure)",
        "Dates": "dd/MM/yyyy, day first",
        "Personal data": "birth date, by its name (70 % sure)",
        "Patterns": "9-9 (75 %), a (25 %) (sample of 10,000 rows)",
        "Forms": "99-99 (75 %) (sample of 10,000 rows)",
        "From row to row": "increasing (first 20,001 rows)",
    }


def test_facts_of_a_number():
    facts = told(of_numbers("n", [1, 2, 3, 4, 1_000_000], nonfinite=2, sample_rows=500), 5)
    assert facts["Smallest"] == "1"
    assert facts["Largest"] == "1000000"
    assert facts["Mean"] == "200,002"
    assert facts["Sum"] == "1,000,010"
    assert facts["Quantiles"] == "5 %: 1 · 25 %: 2 · 50 %: 3 · 75 %: 4 · 95 %: 4 (sample of 500 rows)"
    assert facts["NaN or infinite"] == "2"
    assert float(facts["Standard deviation"].replace(",", "")) == pytest.approx(399_999, rel=1e-5)


def test_what_does_not_apply_is_left_out():
    assert told(figures("n", distinct=0, nulls=5), 5) == {"Type": "double", "NULL": "5 of 5 (100 %)", "Distinct": "0"}


@pytest.mark.parametrize(
    ("edges", "by_value", "bins"),
    [
        ([0.0, 2_500.0, 5_000.0], False, ["0 to 2,500", "2,500 to 5,000"]),
        ([1, 7, 7], True, ["1", "7"]),
        (["2020-01-01", "2021-01-01", "2022-01-01"], False, ["2020 to 2021", "2021 to 2022"]),
        (["2020-01-01", "2020-02-01"], False, ["2020-01 to 2020-02"]),
        (["2020-01-06", "2020-01-13"], False, ["2020-01-06 to 2020-01-13"]),
        (["2020-01-01", "2020-01-01T12:00:00"], False, ["2020-01-01 to 2020-01-01 12:00:00"]),
    ],
)
def test_bins_are_called_by_their_edges(edges, by_value, bins):
    assert column_facts.bins(Histogram(edges, [1] * (len(edges) - 1), by_value=by_value)) == bins


def wide_profile() -> Profile:
    texts = [f"a rather long value number {n % 9}" for n in range(90)] + [None] * 7 + [" "] * 3
    named = [of_texts(f"a_column_with_a_name_of_length_{n}", texts, distinct_exact=n > 0) for n in range(3)]
    return Profile(100, [*named, of_numbers("amount", [-82.5, 42_010.25, *range(98)])], [["amount"]])


@pytest.mark.parametrize("width", [80, 120, 200])
def test_the_table_of_columns_is_never_cut_nor_folded_within_a_number(width):
    text = shown(columns.profile_table(wide_profile()), width)
    assert all(len(line) <= width for line in text.splitlines())
    for head in ("column", "NULL", "blank", "distinct", "most frequent"):
        assert head in text
    row = next(line for line in text.splitlines() if line.startswith(" amount key"))
    assert row.split()[2] in ("–", "double")
    assert "-82.5 to 42,010.25" in text
    assert text.count("7 %") >= 3
    assert text.count(" 3 %") >= 3
    assert len(re.findall(r"~10\b", text)) == 1
    assert "double" in text


def test_the_shares_of_frequent_values_are_those_of_the_sample():
    column = figures("c", "text", top_values=[("x", 5_000), ("y", 300)], sample_rows=10_000)
    text = shown(columns.profile_table(Profile(1_000_000, [column])), 120)
    assert "~50 % x" in text
    assert "~3 % y" in text


def test_one_column_in_full(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("stars,day\n" + "".join(f"{n % 5 + 1},2024-{n % 12 + 1:02d}-11\n" for n in range(240)))
    with sources.open(path) as table:
        profile = profiling.profile(table)
    text = shown(columns.one_column(profile.column("stars"), profile.rows), 80)
    bars = [line.split() for line in text.splitlines() if "━" in line]
    assert [(bar[0], bar[-1]) for bar in bars[:5]] == [(str(n), "48") for n in range(1, 6)]
    assert "Standard deviation" in text
    months = shown(columns.one_column(profile.column("day"), profile.rows), 80)
    assert "2024-01 to 2024-02" in months


def test_a_sample_has_its_size_in_every_heading():
    column = figures(
        "n",
        top_values=[(1.5, 20)],
        histogram=Histogram([0, 1, 2], [3, 0], 10_000),
        quantiles={"50": 1.5},
        sample_rows=10_000,
    )
    text = shown(columns.one_column(column, 500_000), 80)
    assert text.count("(sample of 10,000 rows)") == 3
    empty = next(line for line in text.splitlines() if "1 to 2" in line)
    assert "━" not in empty


def test_hostile_text_is_made_harmless():
    column = of_texts("\x1b[31mred", ["[bold]x[/bold]\x1b]0;t\x07"] * 3)
    text = shown(columns.one_column(column, 3), 80)
    assert "\x1b" not in text
    assert "[bold]x[/bold]" in text
