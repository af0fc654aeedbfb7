"""Untrusted text cannot become markup. How a browser reads it is tested in tests/e2e/test_browser.py."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.characters import visible
from ui.web.safe_text import JOINER, inline, prose

MARKS = st.text(alphabet="[]()!<>:/@&#\\$*_`~|-+.=wWht ps1\n\u200b\u202e" + JOINER, max_size=60)


def read(markdown: str) -> str:
    """What a reader sees of an inline text: escapes are taken away, joiners are not seen."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown.replace(JOINER, ""))


@given(st.text(max_size=80))
def test_inline_shows_the_text_in_one_line(text: str) -> None:
    shown = read(inline(text))
    assert "\n" not in shown
    assert shown == " ".join(visible(text).split())


@given(MARKS)
def test_inline_leaves_no_mark_unescaped(text: str) -> None:
    assert not re.search(r"(?<!\\)[\[\]()<>*_`~|$!&#]", re.sub(r"\\\\", "", inline(text)))


def test_inline_is_cut_at_its_length() -> None:
    assert read(inline("x" * 500, 10)) == "x" * 9 + "…"
    assert inline("short", 10) == "short"


@given(MARKS)
def test_prose_has_nothing_that_opens_a_link_an_image_html_or_a_formula(text: str) -> None:
    shown = prose(text)
    assert not re.search(r"\][(\[:]", shown)
    assert not re.search(r"<[^\u2060]", shown)
    assert "$" not in shown
    assert "://" not in shown
    assert not re.search(r"(?i)www\.", shown)
    assert not re.search(r"@[^\u2060]", shown)


@pytest.mark.parametrize(
    "text",
    ["1. one\n2. two", "**bold** and *thin*", "| a | b |\n|---|---|\n| 1 | 2 |", "`code`", "Rows 3:4 at 12:30, 5 < 6"],
)
def test_prose_keeps_lists_tables_and_emphasis(text: str) -> None:
    assert prose(text).replace(JOINER, "") == text


def test_prose_makes_headings_bold_and_drops_direction_marks() -> None:
    assert prose("# Result\nfine") == "**Result**\nfine"
    assert prose("abc\u202edef") == "abcdef"
