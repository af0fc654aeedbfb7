"""Random conditions and data, against a second reading of the rules in plain Python."""

import re
from collections.abc import Callable
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from tools import dqdl

Judge = Callable[[Any], bool]
"""Whether one value, None included, is good."""

numbers = st.integers(-3, 3)
words = st.sampled_from(["", " ", "a", "A", "ab", "b", "a b"])


@st.composite
def numeric(draw: st.DrawFn) -> tuple[str, Judge]:
    """A condition on numbers, and what it means for one value."""
    low, high, listed = draw(numbers), draw(numbers), draw(st.lists(numbers, min_size=1, max_size=3))
    with_null = draw(st.booleans())
    items = ", ".join([*map(str, listed), *["NULL"] * with_null])
    return draw(
        st.sampled_from(
            [
                (f"> {low}", lambda v: v is not None and v > low),
                (f">= {low}", lambda v: v is not None and v >= low),
                (f"< {low}", lambda v: v is not None and v < low),
                (f"<= {low}", lambda v: v is not None and v <= low),
                (f"= {low}", lambda v: v == low),
                (f"!= {low}", lambda v: v != low),
                (f"between {low} and {high}", lambda v: v is not None and low < v < high),
                (f"not between {low} and {high}", lambda v: v is not None and (v <= low or v >= high)),
                (f"in [{items}]", lambda v: v in listed if v is not None else with_null),
                (f"not in [{items}]", lambda v: v not in listed if v is not None else not with_null),
                ("= NULL", lambda v: v is None),
                ("!= NULL", lambda v: v is not None),
            ]
        )
    )


@st.composite
def textual(draw: st.DrawFn) -> tuple[str, Judge]:
    """A condition on texts, and what it means for one value."""
    word, listed = draw(words.filter(str.strip)), draw(st.lists(words, min_size=1, max_size=3))
    with_null, with_empty = draw(st.booleans()), draw(st.booleans())
    known = {*listed, *[""] * with_empty}
    items = ", ".join([*(f'"{w}"' for w in listed), *["NULL"] * with_null, *["EMPTY"] * with_empty])
    blank = lambda v: v is not None and v != "" and not v.strip(" ")  # noqa: E731
    return draw(
        st.sampled_from(
            [
                (f'= "{word}"', lambda v: v == word),
                (f'!= "{word}"', lambda v: v != word),
                (f"in [{items}]", lambda v: v in known if v is not None else with_null),
                (f"not in [{items}]", lambda v: v not in known if v is not None else not with_null),
                ("= EMPTY", lambda v: v == ""),
                ("!= EMPTY", lambda v: v != ""),
                ("= WHITESPACES_ONLY", blank),
                ("!= WHITESPACES_ONLY", lambda v: not blank(v)),
                ('matches "[ab ]+"', lambda v: bool(v) and re.fullmatch("[ab ]+", v) is not None),
                (f'not matches "{word}"', lambda v: bool(v) and not re.match(rf"\b{word}\b", v)),
                (
                    f'= "{word}" with ignoreCase = "true"',
                    lambda v: v is not None and v.lower() == word.lower(),
                ),
            ]
        )
    )


def check(values: list[Any], type_: pa.DataType, rules: list[tuple[str, Judge]], bound: str) -> None:
    table = pa.table({"x": pa.array(values, type_), "kept": [i % 3 != 0 for i in range(len(values))]})
    texts = [f'ColumnValues "x" {_where(condition)}' for condition, _ in rules]
    texts += [f'ColumnValues "x" {condition} with threshold {bound}' for condition, _ in rules]
    found = dqdl.evaluate(f"Rules = [{', '.join(texts)}]", {"primary": table}).rules
    kept = [value for i, value in enumerate(values) if i % 3]
    for (condition, good), filtered, whole in zip(rules, found[: len(rules)], found[len(rules) :], strict=True):
        bad = sum(not good(value) for value in kept)
        expected = ("Passed", None) if not kept else ("Failed" if bad else "Passed", bad)
        assert (filtered.outcome, filtered.failed_rows) == expected, condition
        share = sum(map(good, values)) / len(values) if values else None
        holds = share is not None and _holds(share, bound)
        assert whole.outcome == ("Passed" if holds else "Failed"), (condition, whole.reason)
        assert whole.metrics.get("Column.x.ColumnValues.Compliance") == share


def _where(condition: str) -> str:
    head, tag, tail = condition.partition(" with ")
    return f'{head} where "kept"{tag}{tail}'


def _holds(share: float, bound: str) -> bool:
    op, number = bound.split()
    return {">": share > float(number), "<=": share <= float(number), "=": share == float(number)}[op]


bounds = st.sampled_from(["> 0.5", "<= 0.25", "= 1.0", "> 0"])


@given(st.lists(st.none() | numbers, max_size=6), st.lists(numeric(), min_size=6, max_size=12), bounds)
def test_numbers(values: list[int | None], rules: list[tuple[str, Judge]], bound: str) -> None:
    check(values, pa.int32() if len(values) % 2 else pa.float64(), rules, bound)


@given(st.lists(st.none() | words, max_size=6), st.lists(textual(), min_size=6, max_size=12), bounds)
def test_texts(values: list[str | None], rules: list[tuple[str, Judge]], bound: str) -> None:
    check(values, pa.string(), rules, bound)
