"""What each row passes, fails and skips."""

import pyarrow as pa
import pytest

from tools import dqdl, sources
from tools.dqdl import rowlevel
from tools.sources import SourceError

PASS, FAIL, SKIP, RESULT = (
    "DataQualityRulesPass",
    "DataQualityRulesFail",
    "DataQualityRulesSkip",
    "DataQualityEvaluationResult",
)


def rows(ruleset, table, **others):
    """One dict for each row."""
    options = {"filtered": others.pop("filtered")} if "filtered" in others else {}
    batches = list(dqdl.row_level(ruleset, {"primary": table, **others}, **options))
    return [row for batch in batches for row in batch.to_pylist()]


def states(rule, table, **others):
    """P, F or S for each row of a ruleset with one rule."""
    found = rows(f"Rules = [{rule}]", table, **others)
    return "".join("P" if row[PASS] else "F" if row[FAIL] else "S" for row in found)


def test_the_columns_are_those_of_glue():
    table = pa.table({"id": [1, 2, None], "state": ["new", "x", "x"]})
    text = 'Rules = [IsComplete "id", ColumnValues "state" in ["new"] with threshold > 0.1, RowCount > 1]'
    first, second, third = rows(text, table)
    assert list(first) == ["id", "state", PASS, FAIL, SKIP, RESULT]
    complete, values, count = (str(rule) for rule in dqdl.parse(text).rules)
    assert first == {"id": 1, "state": "new", PASS: [complete, values], FAIL: [], SKIP: [count], RESULT: "Passed"}
    assert (second[PASS], second[FAIL], second[RESULT]) == ([complete], [values], "Failed")
    assert (third[PASS], third[FAIL], third[RESULT]) == ([], [complete, values], "Failed")


TABLE = pa.table(
    {
        "k": [1, 1, 2, None, None],
        "j": ["a", "a", "a", "a", "a"],
        "text": ["12", "x", "", None, "7"],
        "at": ["2024-01-01", "2024-01-02", None, "x", "2024-01-03"],
    }
)
REFERENCE = pa.table({"k": [1, 3], "text": ["12", "y"]})


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ('IsComplete "k"', "PPPFF"),
        ('Completeness "k" > 0.1', "PPPFF"),
        ('IsUnique "k"', "FFPPP"),
        ('Uniqueness "k" > 0.1', "FFPPP"),
        ('UniqueValueRatio "k" > 0.1', "FFPPP"),
        ('IsUnique "k" "j"', "FFPFF"),
        ('IsPrimaryKey "k"', "FFPFF"),
        ('DuplicateRowCount "k" < 1', "FFPFF"),
        ("DuplicateRowCount = 0", "PPPPP"),
        ('ColumnLength "text" <= 1', "FPPPP"),
        ('ColumnValues "text" matches "[0-9]+"', "PFFFP"),
        ('ColumnDataType "text" = "INTEGER"', "PFFFP"),
        ('ColumnValues "k" > 1', "FFPFF"),
        ('ReferentialIntegrity "k" "ref.k" > 0.1', "PPFFF"),
        ('DatasetMatch "ref" "text" > 0.1', "SSSSS"),
        ("CustomSql \"select k from primary where j = 'a' and k = 1\"", "PPFFF"),
        ('CustomSql "select count(*) from primary" > 1', "SSSSS"),
        ("RowCount > 1", "SSSSS"),
        ('DistinctValuesCount "k" > 1', "SSSSS"),
        ('Mean "k" > 1', "SSSSS"),
        ('Entropy "j" >= 0', "SSSSS"),
        ('ColumnExists "k"', "SSSSS"),
        ('IsComplete "missing"', "SSSSS"),
        ('CustomSql "select broken from nowhere"', "SSSSS"),
    ],
)
def test_each_kind_of_rule(rule, expected):
    assert states(rule, TABLE, ref=REFERENCE) == expected


@pytest.mark.parametrize(
    ("rule", "passed", "skipped"),
    [
        ('IsComplete "text" where "k = 1"', "PPPPP", "PPSSS"),
        ('IsUnique "j" where "k = 2"', "PPPPP", "SSPSS"),
        ('IsUnique "j" where "k = 1"', "FFPPP", "FFSSS"),
        ('IsUnique "k" where "j = \'a\'"', "FFPPP", "FFPPP"),
        ('ColumnValues "text" in ["x"] where "k = 1"', "FPPPP", "FPSSS"),
    ],
)
def test_rows_that_the_filter_leaves_out_pass_or_are_skipped(rule, passed, skipped):
    assert states(rule, TABLE) == passed
    assert states(rule, TABLE, filtered="SKIPPED") == skipped


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ('(IsComplete "k") and (ColumnValues "text" matches "[0-9]+")', "PFFFF"),
        ('(IsComplete "k") or (ColumnValues "text" matches "[0-9]+")', "PPPFP"),
        ('(IsComplete "k") and (RowCount > 1)', "SSSSS"),
        ('(IsComplete "k") or (RowCount > 1)', "SSSSS"),
        ('((IsComplete "k") or (IsComplete "text")) and (IsUnique "k")', "FFPFP"),
    ],
)
def test_composites_combine_their_members(rule, expected):
    assert states(rule, TABLE) == expected


def test_a_skipped_member_leaves_the_row_open_unless_another_decides():
    rule = '(IsComplete "text" where "k = 1") and (ColumnValues "j" = "b")'
    assert states(rule, TABLE, filtered="SKIPPED") == "FFFFF"
    rule = '(IsComplete "text" where "k = 1") and (ColumnValues "j" = "a")'
    assert states(rule, TABLE, filtered="SKIPPED") == "PPSSS"


def test_a_rule_that_the_engine_refuses_is_skipped_alone():
    text = """Rules = [IsComplete "k", IsComplete "k" where "datediff(j, k) > text", IsComplete "j"]"""
    found = rows(text, TABLE)
    assert [(len(row[PASS]) + len(row[FAIL]), len(row[SKIP])) for row in found] == [(2, 1)] * 5


def test_no_rows_and_no_deciding_rules():
    empty = TABLE.slice(0, 0)
    assert rows('Rules = [IsComplete "k"]', empty) == []
    assert [row[RESULT] for row in rows("Rules = [RowCount > 7]", TABLE)] == ["Passed"] * 5


def test_a_table_with_such_columns_is_refused():
    table = pa.table({"a": [1], "dataqualityrulespass": ["x"]})
    with pytest.raises(SourceError, match="row-level results already"):
        rows('Rules = [IsComplete "a"]', table)


def test_one_query_serves_all(monkeypatch):
    asked = []
    with sources.open(TABLE) as table:
        original = type(table).stream
        monkeypatch.setattr(type(table), "stream", lambda *a, **k: asked.append("stream") or original(*a, **k))
        monkeypatch.setattr(type(table), "query", lambda *_, **__: asked.append("query"))
        rows('Rules = [IsUnique "k", IsUnique "j", IsComplete "text", IsPrimaryKey "k" "j"]', table)
    assert asked == ["stream"]


def test_many_rows_come_in_parts(monkeypatch):
    monkeypatch.setattr(rowlevel, "MAX_CELLS", 1000)
    table = pa.table({"a": range(120_000)})
    batches = list(dqdl.row_level('Rules = [IsComplete "a", ColumnValues "a" < 7]', {"primary": table}))
    assert max(batch.num_rows for batch in batches) <= 500
    assert sum(batch.num_rows for batch in batches) == 120_000
    assert sum(batch[RESULT].to_pylist().count("Passed") for batch in batches) == 7


def test_a_value_that_breaks_a_rule_midway_is_an_error_of_the_source():
    table = pa.table({"a": range(200_000)})
    with pytest.raises(SourceError, match="out of the range of its type"):
        rows('Rules = [IsComplete "a" where "a * a * a * a * a * a * a * a > 0"]', table)
