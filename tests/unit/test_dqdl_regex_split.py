"""Looks ahead on an engine that has none."""

import re

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools import dqdl
from tools.dqdl import regex
from tools.dqdl.plans.plan import RuleError

TEXTS = ["", "a", "ab1", "Ab1", "AB12", "test 1", "a test", "x9y", "99", "aa", "a\nb1", "b1"]


@pytest.mark.parametrize(
    "pattern",
    [
        r"^(?=.*[A-Z])(?=.*[0-9]).{3,}$",
        r"^(?!.*test).*$",
        r"^(?!x)[a-z0-9]+$",
        r"^a(?!b).*$",
        r"^[a-z]{1}(?=[0-9])..$",
        r"^(?=a)(?!ab)a.*$|^9+$",
        r"(^(?=.*1)[a-zA-Z0-9]*$)",
        r"\A(?=[^9]*9)\w+\z",
        r"^(?=.*[A-Z]|9)(?!99$).+$",
    ],
)
def test_looks_ahead_from_a_fixed_place_are_split_off(pattern: str) -> None:
    python = pattern.replace(r"\z", r"\Z")
    groups = regex.tests(pattern, "duckdb")
    for text in TEXTS:
        found = any(all(bool(_search(part, text)) != negated for negated, part in group) for group in groups)
        assert found == bool(re.search(python, text)), text


def _search(pattern: str, text: str) -> bool:
    row = duckdb.execute("select regexp_matches(?, ?)", [text, pattern]).fetchone()
    assert row is not None
    return bool(row[0])


@pytest.mark.parametrize(
    "pattern", [r"a(?=b)", r"^.*(?<!x)$", r"^[ab]*(?=c)c$", r"^(?=(?=a)b)c", r"^((?=a)a)+$", r"^(?:(?=a)a|9).*$"]
)
def test_others_are_refused_by_name(pattern: str) -> None:
    with pytest.raises(RuleError, match="look-around"):
        regex.tests(pattern, "duckdb")


def test_engines_with_looks_keep_them_whole() -> None:
    assert len(regex.tests("^(?=a)a|b$", "spark")) == 1
    assert len(regex.tests("^(?=a)a|b$", "postgres")[0]) == 1


def test_rules_and_filters_use_them() -> None:
    table = pa.table({"p": ["Abc1", "abc1", "ABC", None]})
    strong = "(?=.*[A-Z])(?=.*[0-9]).{4,}"
    rules = f"""Rules = [
        ColumnValues "p" matches "{strong}" with threshold = 0.25,
        ColumnValues "p" matches "(?!ABC).*" with threshold = 0.5,
        RowCount = 1 where "p rlike '^{strong}$'",
        RowCount = 2 where "not (p rlike '^{strong}$')",
        ColumnNamesMatchPattern "^(?!x)"
    ]"""
    assert [rule.outcome for rule in dqdl.evaluate(rules, {"primary": table}).rules] == ["Passed"] * 5


looks = st.sampled_from(["(?=a)", "(?!a)", "(?=.*b)", "(?!.*b)", "(?=ab|c)", "(?!$)"])
atoms = st.sampled_from(["a", "b", "c", "[ab]", ".", "a*", "(?:ab|c)", "b?"])


@given(st.lists(looks | atoms, max_size=5).map("".join), st.lists(st.text("abc", max_size=4), min_size=1, max_size=6))
def test_what_is_split_finds_the_same(body: str, texts: list[str]) -> None:
    pattern = f"^{body}$"
    try:
        groups = regex.tests(pattern, "duckdb")
    except RuleError:
        return
    for text in texts:
        found = any(all(_search(part, text) != negated for negated, part in group) for group in groups)
        assert found == bool(re.search(pattern, text)), (pattern, text)
