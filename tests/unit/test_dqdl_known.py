"""Aggregates that follow from what is known, against DuckDB on real rows: an answer is right, or there is none."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp, parse_one

from tools.dqdl.queries import known
from tools.sources.table import Known

WHOLE, GAPS, DAYS, NEVER = "whole", "gaps", "days", "never"
TABLE = pa.table(
    {
        WHOLE: [3, 5, 9],
        GAPS: pa.array([1.5, None, 7.25]),
        DAYS: [date(2024, 1, 1), date(2024, 5, 1), date(2025, 1, 1)],
        NEVER: pa.array([None, None, None], pa.int64()),
        "other": [1, 2, 3],
    }
)
ENGINE = duckdb.connect()
FACTS = {
    WHOLE: Known(3, 0, 3, 9),
    GAPS: Known(3, 1, 1.5, None),
    DAYS: Known(3, 0, date(2024, 1, 1), date(2025, 1, 1)),
    NEVER: Known(3, 3),
}


def engine(expression: str) -> Any:
    ENGINE.register("rows", TABLE)
    return ENGINE.execute(f"select {expression} from rows").fetchall()[0][0]


def answer(expression: str) -> Any:
    tree = parse_one(expression, dialect="duckdb")
    columns = {column.name for column in tree.find_all(exp.Column)}
    return known.answer(tree, known.classes(3, {name: FACTS[name] for name in columns if name in FACTS}))


@pytest.mark.parametrize(
    "expression",
    [
        "count(*)",
        "count(whole)",
        "count(gaps)",
        "count(never)",
        "min(whole)",
        "max(whole)",
        "max(whole) - min(whole)",
        "min(gaps)",
        "min(never)",
        "min(days)",
        "sum(case when gaps is null then 1 else 0 end)",
        "sum(case when not gaps is null then 1 else 0 end)",
        "sum(case when whole > 2 then 1 else 0 end)",
        "sum(case when whole > 3 and whole > 10 then 1 else 0 end)",
        "sum(case when whole >= 3 and whole <= 9 then 1 else 0 end)",
        "sum(case when whole = 10 or whole < 1 then 1 else 0 end)",
        "sum(case when whole <> 0 then 1 else 0 end)",
        "sum(case when not coalesce(gaps > (-1), false) then 1 else 0 end)",
        "sum(case when coalesce(gaps > 1, true) then 1 else 0 end)",
        "sum(case when not coalesce(gaps >= 1.5, false) then 1 else 0 end)",
        "sum(case when never > 5 then 1 else 0 end)",
        "sum(case when coalesce(cast(days as date) >= cast('2024-01-01' as date), false) then 1 else 0 end)",
        "sum(case when whole is null then 1 end)",
        "sum(case when gaps is null and whole > 1 then 1 else 0 end)",
        "min(case when whole > 0 then whole end)",
        "max(case when whole > 100 then whole end)",
        "sum(case when false then 1 else 0 end)",
    ],
)
def test_what_is_known_is_what_the_engine_finds(expression: str) -> None:
    assert answer(expression) == engine(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "max(gaps)",
        "sum(whole)",
        "avg(whole)",
        "count(other)",
        "min(whole + 1)",
        "sum(case when whole > 5 then 1 else 0 end)",
        "sum(case when whole = 5 then 1 else 0 end)",
        "sum(case when gaps < 100 then 1 else 0 end)",
        "sum(case when other > 0 then 1 else 0 end)",
        "sum(case when whole in (1, 2) then 1 else 0 end)",
        "sum(case when whole > 'a' then 1 else 0 end)",
        "sum(case when days > 5 then 1 else 0 end)",
        "sum(case when days > cast('soon' as date) then 1 else 0 end)",
        "min(case when whole > 5 then whole end)",
        "max(days) - min(days)",
        "median(whole)",
    ],
)
def test_what_is_not_known_is_left_to_the_engine(expression: str) -> None:
    with pytest.raises(known.Unknown):
        answer(expression)


def test_a_tenth_is_the_double_next_to_it() -> None:
    rows = known.classes(2, {"x": Known(2, 0, 0.1, None)})
    tree = parse_one("sum(case when x >= 0.1 then 1 else 0 end)")
    assert known.answer(tree, rows) == 2


def test_two_columns_with_gaps_are_not_combined() -> None:
    with pytest.raises(known.Unknown):
        known.classes(3, {"a": Known(3, 1), "b": Known(3, 2)})


def test_an_empty_table_has_no_classes() -> None:
    rows = known.classes(0, {"a": Known(0, 0)})
    told = [known.answer(parse_one(text), rows) for text in ("count(*)", "min(a)", "sum(case when a > 1 then 1 end)")]
    assert told == [0, None, None]


numbers = st.one_of(st.none(), st.integers(-3, 3))
operators = st.sampled_from([">", ">=", "<", "<=", "=", "<>"])


@given(
    values=st.lists(numbers, max_size=6),
    tests=st.lists(st.tuples(operators, st.integers(-4, 4), st.booleans(), st.booleans()), min_size=1, max_size=3),
    join=st.sampled_from([" and ", " or "]),
    default=st.sampled_from(["true", "false"]),
)
def test_an_answer_is_never_wrong(values: list[int | None], tests: list[Any], join: str, default: str) -> None:
    parts = [f"{'not ' * no}({'x is null' if null else f'x {op} ({bound})'})" for op, bound, no, null in tests]
    predicate = f"coalesce(({join.join(parts)}), {default})"
    present = [value for value in values if value is not None]
    fact = Known(len(values), len(values) - len(present), min(present, default=None), max(present, default=None))
    text = f"sum(case when not {predicate} then 1 else 0 end)"
    try:
        told = known.answer(parse_one(text), known.classes(len(values), {"x": fact}))
    except known.Unknown:
        return
    rows = ", ".join(f"({'null' if value is None else value})" for value in values)
    source = f"(values {rows}) as t(x)" if values else "(select 1 as x where false) as t"
    assert told == ENGINE.execute(f"select {text} from {source}").fetchall()[0][0]
