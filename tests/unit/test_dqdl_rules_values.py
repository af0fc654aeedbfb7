"""ColumnValues on numbers, and on columns that are no numbers."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from tests.support.rule_cases import Cases
from tools import dqdl, sources

NUMBERS = pa.table(
    {
        "n": [1, 2, 3, 4],
        "gap": [1, None, 3, 4],
        "same": [7, 7, 7, 7],
        "d": [0.5, 1.5, float("nan"), 2.5],
        "big": [1.0, float("inf"), 2.0, float("-inf")],
        "nan": [float("nan")] * 4,
        "m": [Decimal("1.10"), Decimal("2.20"), Decimal("3.30"), None],
        "f": pa.array([0.1] * 4, pa.float32()),
        "text": ["1", "2.0", "x", None],
        "flag": [True, False, True, None],
        "day": [dt.date(2024, 1, 1)] * 4,
        "void": [None] * 4,
        "list": [[1], [2], [3], [4]],
    }
)


def _n(share: float, low: float = 1, high: float = 4, complete: float | None = None) -> dict[str, float]:
    found = {"n:ColumnValues.Compliance": share, "n:Minimum": low, "n:Maximum": high}
    return found if complete is None else {**found, "n:Completeness": complete}


CASES = Cases(
    {"primary": NUMBERS},
    {
        # Decided by the smallest and the largest value, and the column must be complete.
        'ColumnValues "n" > 0': ("Passed", 0, _n(1, complete=1)),
        'ColumnValues "n" > 1': ("Failed", 1, _n(0.75, complete=1)),
        'ColumnValues "n" >= 1': ("Passed", 0),
        'ColumnValues "n" < 4': ("Failed", 1),
        'ColumnValues "n" <= 4': ("Passed", 0),
        'ColumnValues "n" <= 3.999': ("Failed", 1),
        'ColumnValues "n" > -1': ("Passed", 0),
        'ColumnValues "n" between 0 and 5': ("Passed", 0, _n(1, complete=1)),
        'ColumnValues "n" between 1 and 5': ("Failed", 1),
        'ColumnValues "n" between 0 and 4': ("Failed", 1),
        'ColumnValues "n" = 1': ("Failed", 3),
        'ColumnValues "same" = 7': ("Passed", 0),
        'ColumnValues "same" = 7.0': ("Passed", 0),
        'ColumnValues "gap" > 0': (
            *("Failed", 1),
            {"gap:ColumnValues.Compliance": 0.75, "gap:Minimum": 1, "gap:Maximum": 4, "gap:Completeness": 0.75},
        ),
        'ColumnValues "gap" between 0 and 9': ("Failed", 1),
        'ColumnValues "gap" = 1': ("Failed", 3),
        # A threshold, which Glue would ignore here.
        'ColumnValues "gap" > 0 with threshold >= 0.75': ("Passed", 1),
        'ColumnValues "gap" > 0 with threshold > 0.75': ("Failed", 1),
        'ColumnValues "n" between 1 and 5 with threshold = 0.75': ("Passed", 1),
        # Decided row by row.
        'ColumnValues "n" != 9': ("Passed", 0, _n(1)),
        'ColumnValues "n" != 3': ("Failed", 1, _n(0.75)),
        'ColumnValues "gap" != 9': ("Passed", 0),
        'ColumnValues "gap" != 3 with threshold > 0.7': ("Passed", 1),
        'ColumnValues "n" not between 4 and 9': ("Passed", 0),
        'ColumnValues "n" not between 1 and 3': ("Failed", 1),
        'ColumnValues "gap" not between 4 and 9': ("Failed", 1),
        'ColumnValues "n" in [1, 2, 3, 4]': ("Passed", 0, _n(1)),
        'ColumnValues "gap" in [1, 3, 4]': ("Failed", 1),
        'ColumnValues "gap" in [1, 3, 4, NULL]': ("Passed", 0),
        'ColumnValues "gap" not in [5]': ("Passed", 0),
        'ColumnValues "gap" not in [5, NULL]': ("Failed", 1),
        'ColumnValues "n" in [1, 2] with threshold between 0.4 and 0.6': ("Passed", 2),
        # NULL by itself.
        'ColumnValues "gap" = NULL': ("Failed", 3),
        'ColumnValues "gap" != NULL': ("Failed", 1),
        'ColumnValues "n" != NULL': ("Passed", 0),
        'ColumnValues "void" = NULL': ("Passed", 0),
        'ColumnValues "void" in [NULL]': ("Passed", 0),
        'ColumnValues "gap" > NULL': ("Error",),
        # NaN is above all numbers, and no bound holds where there is nothing else.
        'ColumnValues "d" > 0': ("Passed", 0, {"d:ColumnValues.Compliance": 1, "d:Minimum": 0.5, "d:Completeness": 1}),
        'ColumnValues "d" < 9': ("Failed", 1),
        'ColumnValues "d" between 0 and 9': ("Failed", 1),
        'ColumnValues "nan" > 0': ("Failed", 0, {"nan:ColumnValues.Compliance": 1, "nan:Completeness": 1}),
        'ColumnValues "nan" = 0': ("Failed", 4),
        'ColumnValues "nan" != 0': ("Passed", 0),
        'ColumnValues "big" >= 1': ("Failed", 1),
        'ColumnValues "big" not between -9 and 1': ("Passed", 0),
        # Decimals are exact; a 32-bit float is what it is as a double.
        'ColumnValues "m" in [1.1, 2.2, 3.3, NULL]': ("Passed", 0),
        'ColumnValues "m" between 1.0999 and 3.3001 where "m is not null"': ("Passed", 0),
        'ColumnValues "f" = 0.1': ("Failed", 4),
        'ColumnValues "f" between 0.1 and 0.100001': ("Passed", 0),
        # Texts are read as numbers, except where extremes decide; so are true and false.
        'ColumnValues "text" > 0': ("Failed", None, {}),
        'ColumnValues "text" in [1, 2] with threshold = 0.5': ("Passed", 2, {"text:ColumnValues.Compliance": 0.5}),
        'ColumnValues "text" not in [1]': ("Failed", 1),
        'ColumnValues "text" != 2': ("Failed", 1),
        'ColumnValues "flag" > 0': ("Failed", None),
        'ColumnValues "flag" != 5': ("Passed", 0),
        'ColumnValues "flag" in [0, 1, NULL]': ("Passed", 0),
        'ColumnValues "day" > 5': ("Failed", None),
        'ColumnValues "day" != 5': ("Failed", None),
        'ColumnValues "list" > 5': ("Failed", None),
        # A column without any value fits every rule.
        'ColumnValues "void" > 5': ("Failed", 4, {"void:ColumnValues.Compliance": 0, "void:Completeness": 0}),
        'ColumnValues "void" != 5': ("Passed", 0),
        # Filters.
        'ColumnValues "gap" > 0 where "gap is not null"': ("Passed", 0),
        'ColumnValues "gap" > 2 where "n > 2"': ("Passed", 0),
        'ColumnValues "gap" > 3 where "n > 2"': (
            *("Failed", 1),
            {"gap:ColumnValues.Compliance": 0.5, "gap:Minimum": 3, "gap:Maximum": 4, "gap:Completeness": 1},
        ),
        'ColumnValues "gap" > 0 where "n = 2"': ("Failed", 1),
        'ColumnValues "gap" > 0 where "n > 9"': ("Passed!", None, {}),
        'ColumnValues "gap" in [1] where "n > 9"': ("Passed!", None, {}),
        # Names.
        'ColumnValues "`n`" > 0': ("Passed", 0, _n(1, complete=1)),
        'ColumnValues "nope" > 0': ("Failed", None, {}),
        'ColumnValues "nope" = NULL': ("Failed", None),
    },
)


@pytest.mark.parametrize("rule", CASES.expected)
def test_numbers(rule: str) -> None:
    CASES.check(rule)


EMPTY = Cases(
    {"primary": NUMBERS.slice(0, 0)},
    {
        'ColumnValues "n" > 0': ("Failed", None, {}),
        'ColumnValues "n" != 0': ("Failed", None, {}),
        'ColumnValues "n" in [1]': ("Failed", None, {}),
        'ColumnValues "n" = NULL': ("Failed", None, {}),
        'ColumnValues "n" > 0 where "n = 1"': ("Passed!", None, {}),
    },
)


@pytest.mark.parametrize("rule", EMPTY.expected)
def test_numbers_of_an_empty_table(rule: str) -> None:
    EMPTY.check(rule)


def test_metrics_have_the_name_of_the_column_and_the_name_as_written() -> None:
    rules = 'c = "SAME"\nRules = [Completeness "N" = 1, Uniqueness "Same" "n" = 1, IsComplete $c, ColumnExists "N"]'
    found = [rule.metrics for rule in dqdl.evaluate(rules, {"primary": NUMBERS}).rules]
    assert found == [
        {"Column.n.Completeness": 1, "Column.N.Completeness": 1},
        {"Multicolumn.same,n.Uniqueness": 1, "Multicolumn.Same,n.Uniqueness": 1},
        {"Column.same.Completeness": 1, "Column.SAME.Completeness": 1},
        {},
    ]


def test_pandas_holds_missing_numbers_as_nan() -> None:
    frame = pd.DataFrame({"x": [1.0, None, 3.0], "i": pd.array([1, None, 3], dtype="Int64")})
    rules = 'Rules = [ColumnValues "x" > 0, ColumnValues "i" in [1, 3, NULL], Mean "i" = 2, Completeness "x" > 0.6]'
    assert [rule.outcome for rule in dqdl.evaluate(rules, {"primary": frame}).rules] == ["Failed", *["Passed"] * 3]


def test_a_file_gives_the_same(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text("n,t\n1,a\n2,\n,c\n")
    rules = 'Rules = [ColumnValues "n" > 0, ColumnValues "n" in [1, 2, NULL], ColumnLength "t" <= 1]'
    with sources.open(str(tmp_path / "n.csv")) as table:
        found = dqdl.evaluate(rules, {"primary": table}).rules
    assert [(rule.outcome, rule.failed_rows) for rule in found] == [("Failed", 1), ("Passed", 0), ("Passed", 0)]
