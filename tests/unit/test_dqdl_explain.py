"""What explain says runs is what runs, and in any dialect it can be read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlglot
from sqlglot import exp

from tools import dqdl, sources
from tools.sources.table import Table

DATA = pa.table({"id": [1, 2, 3], "name": ["a", "b", None], "day": ["2024-01-01", "x", None]})
REFERENCE = pa.table({"key": [1, 2]})
RULES = """Rules = [
    RowCount > 1,
    IsComplete "id",
    ColumnValues "name" matches "[a-z]+",
    IsUnique "name",
    ReferentialIntegrity "id" "ref.key" > 0.5,
    ColumnCount = 3,
    IsComplete "nothing",
    (IsUnique "id") and (Mean "id" > 1),
    ColumnDataType "day" = "DATE"
]"""


@pytest.fixture
def table(tmp_path: Path) -> Table:
    pq.write_table(DATA, tmp_path / "orders.parquet")
    return sources.open(tmp_path / "orders.parquet")


def test_each_rule_rides_on_its_queries(table: Table) -> None:
    plan = dqdl.explain(RULES, {"primary": table, "ref": REFERENCE})
    assert [(query.name, query.rules, query.condition) for query in plan.queries] == [
        ("Scan", (3, 8, 9), ""),
        ("Groups of name", (4,), ""),
        ("Groups of id", (8,), "only if the scan finds duplicates"),
        ("Query", (5,), ""),
        ("Rows that fail", (2, 3, 4, 5, 8, 9), "only for those rules that fail"),
    ]
    assert plan.without == {
        1: "the footers of its files hold the answer",
        2: "the footers of its files hold the answer",
        6: "the columns decide",
        7: "Failed at once (There is no column nothing.)",
    }
    assert all('"orders"' in query.sql and "assay_1" not in query.sql for query in plan.queries)


def test_what_is_explained_is_what_runs(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    query = type(table).query

    def remembered(self: Table, select: exp.Query, **more: Any) -> pa.Table:
        asked.append(select)
        return query(self, select, **more)

    monkeypatch.setattr(type(table), "query", remembered)
    plan = dqdl.explain(RULES, {"primary": table, "ref": REFERENCE})
    assert asked == []
    evaluation = dqdl.evaluate(RULES, {"primary": table, "ref": REFERENCE})
    skipped = [one for one in plan.queries if "duplicates" in one.condition]
    assert evaluation.queries == len(plan.queries) - len(skipped) == len(asked)


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "mysql", "spark", "redshift", "athena"])
def test_every_dialect_gets_sql_that_it_reads(table: Table, dialect: str) -> None:
    plan = dqdl.explain(RULES, {"primary": table, "ref": REFERENCE}, dialect)
    assert plan.dialect == dialect
    for query in plan.queries:
        assert query.problem == ""
        sqlglot.parse_one(query.sql, dialect=dialect)
    # Another engine knows nothing of the footers of this file.
    assert plan.queries[0].rules == ((3, 8, 9) if dialect == "duckdb" else (1, 2, 3, 8, 9))


def test_what_an_engine_cannot_do_is_said() -> None:
    plan = dqdl.explain('Rules = [ColumnValues "name" matches "(a"]', {"primary": DATA})
    assert plan.queries == ()
    assert plan.without[1].startswith("Error at once (The regular expression")
    assert plan.without[1] in str(plan)


def test_it_is_text_and_json(table: Table) -> None:
    plan = dqdl.explain(RULES, {"primary": table, "ref": REFERENCE})
    text = str(plan)
    lines = text.split("\n")
    told = "3 queries for 9 rules, 2 more only where the data makes it necessary. No scan for "
    told += (
        "rules 1-2 (the footers of its files hold the answer), rule 6 (the columns decide), rule 7 (Failed at once)."
    )
    assert lines[0] == plan.summary == told
    scan = lines.index("-- 1. One scan of all rows")
    assert lines[scan + 1 : scan + 5] == [
        '--     3  ColumnValues "name" matches "[a-z]+"',
        '--     8  (IsUnique "id") and (Mean "id" > 1)',
        '--     9  ColumnDataType "day" = "DATE"',
        "SELECT",
    ]
    groups = lines.index("-- 3. Groups of id: how often each value occurs (only if the scan finds duplicates)")
    assert lines[groups + 1] == '--     8  (IsUnique "id") and (Mean "id" > 1)'
    known = lines.index("-- No query: the footers of its files hold the answer")
    assert lines[known + 1 : known + 3] == ["--     1  RowCount > 1", '--     2  IsComplete "id"']
    assert "-- No query: Failed at once (There is no column nothing.)" in lines
    told = json.loads(json.dumps(plan.to_dict()))
    assert told["queries"][0]["rules"] == [3, 8, 9]
    assert told["without_query"][0] == {"number": 1, "why": "the footers of its files hold the answer"}
    assert told["summary"] == plan.summary


def test_without_a_file_the_source_knows_and_file_rules_need_no_query(table: Table) -> None:
    assert dqdl.explain("Rules = [RowCount > 1]", {"primary": DATA}).summary == (
        "0 queries for 1 rule. No scan for rule 1 (the source knows the answer)."
    )
    plan = dqdl.explain('Rules = [FileSize > 1 B, RowCount > 1, IsComplete "id"]', {"primary": table})
    assert plan.summary.endswith(
        "No scan for rule 1 (the files decide), rules 2-3 (the footers of its files hold the answer)."
    )
