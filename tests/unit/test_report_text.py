"""Untrusted text comes out on one line, harmless, its oddities visible; numbers come out readable and honest."""

import math
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.reports import HOSTILE
from ui.report import text


@given(st.text())
def test_cleaned_text_is_one_line_that_moves_no_cursor(content):
    shown = text.clean(content)
    assert len(shown) == len(content)
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(st.text(min_size=1), st.integers(1, 20))
def test_cleaned_text_keeps_to_its_limit(content, limit):
    shown = text.clean(content, limit)
    assert len(shown) <= limit
    assert shown == text.clean(content) or shown.endswith("…")


def test_what_is_harmless_stays_as_it_is():
    for content in ("plain", "naïve größe 数量", 'a "quoted" [bracket]', "50 % < 60 %"):
        assert text.clean(content) == content


def test_an_escape_sequence_is_shown_and_not_obeyed():
    shown = text.clean(HOSTILE)
    assert shown.startswith("␛[31m[bold]<script>")
    assert "\u202e" not in shown


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (None, "NULL"),
        ("", '""'),
        ("shipped ", '"shipped "'),
        (" x", '" x"'),
        ("NULL", "NULL"),
        (12, "12"),
        (1234567, "1234567"),
        (True, "True"),
        (0.5, "0.5"),
        ("x" * 80, "x" * 59 + "…"),
        ("two\nlines", "two lines"),
    ],
)
def test_a_value_shows_what_cannot_be_seen(content, shown):
    assert text.value(content) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0"),
        (1000, "1,000"),
        (-82.3, "-82.3"),
        (42010.0, "42,010"),
        (0.98765, "0.9877"),
        (1e-9, "1e-09"),
        (1e20, "1e+20"),
        (math.nan, "nan"),
        (math.inf, "inf"),
    ],
)
def test_numbers(number, shown):
    assert text.number(number) == shown


@given(st.floats(0, 1))
def test_a_share_says_all_or_nothing_only_when_it_is_so(share):
    shown = text.percent(share)
    assert (shown == "100 %") == (share == 1)
    assert (shown == "0 %") == (share == 0)


@given(st.floats(0, 0.9999))
def test_a_score_that_is_not_perfect_never_looks_so(share):
    assert text.score(share) != "100.0"
    assert text.score(1.0) == "100.0"
    assert float(text.score(share)) <= share * 100 + 1e-6


@given(st.floats(0, 1), st.integers(1, 60))
def test_a_bar_has_its_width_and_shows_every_defect(share, width):
    full, empty = text.bar(share, width)
    assert len(full) + len(empty) == width
    assert bool(full) == (share > 0)
    if share < 1:
        assert (full + empty) != text.BAR_FULL * width


@pytest.mark.parametrize(("quantity", "shown"), [(0, "0 rules"), (1, "1 rule"), (1234, "1,234 rules")])
def test_counts(quantity, shown):
    assert text.count(quantity, "rule") == shown


@pytest.mark.parametrize(
    ("duration", "shown"), [(0.04, "0.0 s"), (3.14, "3.1 s"), (42, "42 s"), (185, "3 min 5 s"), (7_440, "2 h 4 min")]
)
def test_durations(duration, shown):
    assert text.seconds(duration) == shown
