"""The number of queries for what a ruleset asks, and that the cheap ways give what the plain ones give."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import parse_one

from tools import dqdl, sources
from tools.dqdl.plans import wide
from tools.dqdl.plans.result import Evaluation
from tools.dqdl.queries import scan

ROWS = 200
DATA = pa.table(
    {
        "id": range(ROWS),
        "twice": [i // 2 for i in range(ROWS)],
        "gaps": [None if i % 10 == 0 else i for i in range(ROWS)],
        "price": [i / 4 for i in range(ROWS)],
        "name": [f"n{i}" for i in range(ROWS)],
        "kind": ["ab"[i % 2] for i in range(ROWS)],
    }
)
REFERENCE = pa.table({"key": range(ROWS), "kind": ["a"] * ROWS})
KNOWN = ["RowCount = 200", 'IsComplete "id"', 'Completeness "gaps" > 0.5', 'ColumnValues "id" between -1 and 200']
KNOWN += ['ColumnValues "twice" >= 0', 'Range "id" = 199', 'ColumnExists "kind"', "ColumnCount = 6"]
PLAIN = [
    'Mean "price" > 1',
    'ColumnValues "kind" in ["a", "b"]',
    'ColumnLength "name" < 9',
    'ColumnValues "gaps" != 900',
]


@pytest.fixture(scope="module")
def parquet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scans") / "data.parquet"
    pq.write_table(DATA, path, row_group_size=64)
    return path


def evaluated(source: object, *rules: str) -> Evaluation:
    text = f"Rules = [{', '.join(rules)}]"
    if isinstance(source, Path):
        with sources.open(source) as table:
            return dqdl.evaluate(text, {"primary": table, "ref": REFERENCE})
    return dqdl.evaluate(text, {"primary": source, "ref": REFERENCE})


@pytest.mark.parametrize(
    ("rules", "queries"),
    [
        (KNOWN, 0),
        (PLAIN, 1),
        (KNOWN + PLAIN, 1),
        (['IsUnique "id"', 'IsPrimaryKey "id"', 'Uniqueness "id" = 1.0', 'Entropy "id" > 1'], 1),
        (['IsUnique "name"'], 1),
        (['IsUnique "name"', 'Uniqueness "name" > 0.1 where "price > 2"', 'UniqueValueRatio "name" > 0.5'], 1),
        (['IsUnique "name"', 'IsPrimaryKey "name" "id"', *PLAIN], 3),
        (['Uniqueness "twice" = 0.0', 'DistinctValuesCount "twice" = 100'], 1),
        (['(IsComplete "id") and (Mean "price" > 1)', '(IsUnique "name") or (RowCount = 1)'], 2),
        (['(IsComplete "id") and ((RowCount = 200) or (ColumnCount = 1))'], 0),
        (['RowCountMatch "ref" = 1.0'], 1),
        (['ReferentialIntegrity "id" "ref.key" = 1.0', 'ReferentialIntegrity "id" "ref.key" > 0.5'], 1),
        (['AggregateMatch "sum(id)" "sum(ref.key)" = 1.0', 'Mean "price" > 1'], 2),
        (['AggregateMatch "sum(id)" "sum(id)" = 1.0', 'Mean "price" > 1'], 1),
        (['CustomSql "select count(*) from primary" = 200', 'Mean "price" > 1'], 2),
        (['CustomSql "select id from primary"'], 1),
    ],
)
def test_queries_of_rules_that_pass(parquet: Path, rules: list[str], queries: int) -> None:
    evaluation = evaluated(parquet, *rules)
    assert [rule.reason for rule in evaluation.rules if rule.outcome != "Passed"] == []
    assert (evaluation.queries, evaluation.rows) == (queries, ROWS)


@pytest.mark.parametrize(
    ("rules", "queries"),
    [
        (['IsComplete "gaps"'], 1),
        (['IsComplete "gaps"', 'ColumnValues "price" > 10', 'ColumnValues "kind" = "a"'], 2),
        (['IsUnique "twice"'], 2),
        (['IsUnique "kind"', 'IsUnique "twice"', 'IsComplete "gaps"', 'ColumnValues "price" > 10'], 4),
        (["RowCount = 1"], 0),
        (['(IsComplete "gaps") and (Mean "price" > 1)'], 2),
        (['ReferentialIntegrity "name" "ref.kind" = 1.0'], 2),
    ],
)
def test_failing_rows_cost_one_query_more(parquet: Path, rules: list[str], queries: int) -> None:
    evaluation = evaluated(parquet, *rules)
    assert {rule.outcome for rule in evaluation.rules} == {"Failed"}
    assert all(rule.examples for rule in evaluation.rules if rule.failed_rows)
    assert evaluation.queries == queries


def test_footers_change_no_answer(parquet: Path) -> None:
    keys = [f'{rule} "{name}"{bound}' for name in ("id", "twice", "gaps") for rule, bound in (
        ("IsUnique", ""), ("IsPrimaryKey", ""), ("Uniqueness", " > 0.9"), ("UniqueValueRatio", " = 1.0"),
        ("DistinctValuesCount", " = 200"), ("DuplicateRowCount", " = 0"), ("Entropy", " > 1"), ("IsComplete", ""),
        ("ColumnValues", " between 3 and 150"), ("ColumnValues", " != 5"), ("Range", " > 5"),
    )]  # fmt: skip
    rules = [*KNOWN, *PLAIN, *keys]
    here, there = evaluated(DATA, *rules), evaluated(parquet, *rules)
    told = [
        [(r.rule, r.outcome, r.reason, rounded(r.metrics), r.failed_rows, r.vacuous) for r in e.rules]
        for e in (here, there)
    ]
    assert told[0] == told[1]


def rounded(metrics: dict[str, float]) -> dict[str, float]:
    """Engines add up doubles in any order."""
    return {name: float(f"{value:.12g}") for name, value in metrics.items()}


predicates = st.recursive(
    st.sampled_from(["a > 1", "a < 2", "b = 1", "a is null", "not b > 0", "coalesce(a > 1, false)"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} and {pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} or {pair[1]})"),
        inner.map(lambda one: f"coalesce(({one}), false)"),
        inner.map(lambda one: f"coalesce(({one}), true)"),
    ),
    max_leaves=6,
)


@given(predicate=predicates, wrong=st.booleans())
def test_nested_conditions_count_the_same_rows(predicate: str, wrong: bool) -> None:
    text = f"sum(case when {'not ' * wrong}({predicate}) then 1 else 0 end)"
    nested = wide._without_and(parse_one(text, dialect="duckdb")).sql("duckdb")
    rows = "(select a, b from (values (null), (1), (2)) x(a), (values (null), (0), (1)) y(b))"
    first, second = ENGINE.execute(f"select {text}, {nested} from {rows}").fetchall()[0]
    assert first == second


ENGINE = duckdb.connect()


@pytest.mark.parametrize("rows", [0, 3])
def test_packed_counts_are_the_same_counts(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(wide._WIDTHS, "duckdb", 5)
    data = DATA.slice(0, rows)
    rules = (
        [f'ColumnValues "kind" in ["a", "x{i}"]' for i in range(20)] + PLAIN + ['IsComplete "gaps"', 'IsUnique "name"']
    )
    packed = evaluated(data, *rules)
    monkeypatch.undo()
    told = [
        [(rule.outcome, rule.reason, rule.metrics) for rule in one.rules] for one in (packed, evaluated(data, *rules))
    ]
    assert told[0] == told[1]


def test_each_broken_rule_is_found_in_a_bounded_number_of_queries() -> None:
    good = [f'ColumnValues "name" != "x{i}"' for i in range(120)]
    evaluation = evaluated(DATA, *good[:60], 'ColumnValues "name" matches "(b"', *good[60:])
    assert [rule.outcome for rule in evaluation.rules].count("Error") == 1
    assert evaluation.rules[60].outcome == "Error"
    assert evaluation.queries < 24


def test_when_too_much_is_broken_the_search_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "MAX_ATTEMPTS", 20)
    rules = [f'ColumnValues "name" matches "(b{i}"' for i in range(100)]
    evaluation = evaluated(DATA, "RowCount = 200", *rules)
    assert [rule.outcome for rule in evaluation.rules] == ["Passed", *["Error"] * 100]
    assert evaluation.queries < 60


def test_a_deep_condition_is_an_error_of_its_rule_alone() -> None:
    deep = "(" * 300 + "id > 1" + ")" * 300
    evaluation = evaluated(DATA, f'IsComplete "id" where "{deep}"', 'IsComplete "name"')
    assert evaluation.rules[0].outcome in ("Error", "Passed")
    assert evaluation.rules[1].outcome == "Passed"
