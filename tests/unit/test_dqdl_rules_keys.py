"""Completeness, uniqueness, keys, distinct values, duplicates and entropy."""

import math

import pyarrow as pa
import pytest

from tests.support.rule_cases import Cases
from tools import dqdl

KEYS = pa.table(
    {
        "id": [1, 2, 3, 4, 5],
        "twice": [1, 1, 2, 3, None],
        "same": ["x"] * 5,
        "gap": ["a", None, "b", None, "c"],
        "part": ["a", "a", None, None, None],
        "x": [1.0, float("nan"), float("nan"), 2.0, 3.0],
        "blank": ["", " ", "  ", "a", "A"],
        "void": pa.array([None] * 5, pa.int64()),
        "flag": [True, False, True, False, True],
        "name with space": [1, 2, 3, 4, 5],
    }
)


def _entropy(*counts: int) -> float:
    return -sum(n / sum(counts) * math.log(n / sum(counts)) for n in counts)


CASES = Cases(
    {"primary": KEYS},
    {
        # Completeness: blanks are values.
        'Completeness "gap" = 0.6': ("Passed", 2, {"gap:Completeness": 0.6}),
        'Completeness "gap" between 0.5 and 0.6': ("Failed", 2),
        'Completeness "gap" not between 0.6 and 0.7': ("Passed", 2),
        'Completeness "gap" in [0.5, 0.6]': ("Passed", 2),
        'Completeness "void" = 0': ("Passed", 5, {"void:Completeness": 0}),
        'IsComplete "blank"': ("Passed", 0, {"blank:Completeness": 1}),
        'IsComplete "gap"': ("Failed", 2, {"gap:Completeness": 0.6}),
        'IsComplete "gap" where "id in (1, 3)"': ("Passed", 0, {"gap:Completeness": 1}),
        'IsComplete "gap" where "id > 9"': ("Passed!", None, {}),
        'IsComplete "nope"': ("Failed", None, {}),
        'IsComplete "NAME WITH SPACE"': ("Passed", 0),
        'IsComplete "`gap`"': ("Failed", 2),
        # Uniqueness: NULLs of a single column do not count; in a key of several they are equal.
        'Uniqueness "id" = 1': ("Passed", 0, {"id:Uniqueness": 1}),
        'Uniqueness "twice" = 0.5': ("Passed", 2, {"twice:Uniqueness": 0.5}),
        'Uniqueness "same" = 0': ("Passed", 5, {"same:Uniqueness": 0}),
        'Uniqueness "void" >= 0': ("Failed", None, {}),
        'Uniqueness "void" > 0.5 where "id > 1"': ("Passed!", None, {}),
        'Uniqueness "twice" > 0.9 where "id > 1"': ("Passed", 0),
        'Uniqueness "twice" "part" = 0.5': ("Passed", 2, {"Multicolumn.twice,part.Uniqueness": 0.5}),
        'Uniqueness "part" "void" = 0': ("Passed", 2, {"Multicolumn.part,void.Uniqueness": 0}),
        'Uniqueness "gap" "void" = 1': ("Passed", 0, {"Multicolumn.gap,void.Uniqueness": 1}),
        'Uniqueness "x" = 0.6': ("Passed", 2),
        'IsUnique "id"': ("Passed", 0),
        'IsUnique "gap"': ("Passed", 0, {"gap:Uniqueness": 1}),
        'IsUnique "twice"': ("Failed", 2),
        'IsUnique "blank"': ("Passed", 0),
        'IsUnique "id" "same"': ("Passed", 0),
        'IsUnique "part" "twice"': ("Failed", 2),
        'IsUnique "id" where "id > 9"': ("Passed!", None, {}),
        'IsUnique "nope"': ("Failed", None),
        'IsUnique "id" "nope"': ("Failed", None),
        # Keys are unique and complete in every column.
        'IsPrimaryKey "id"': ("Passed", 0, {"id:Uniqueness": 1, "id:Completeness": 1}),
        'IsPrimaryKey "gap"': ("Failed", 2, {"gap:Uniqueness": 1, "gap:Completeness": 0.6}),
        'IsPrimaryKey "twice"': ("Failed", 3, {"twice:Uniqueness": 0.5, "twice:Completeness": 0.8}),
        'IsPrimaryKey "id" "same"': (
            *("Passed", 0),
            {"Multicolumn.id,same.Uniqueness": 1, "id:Completeness": 1, "same:Completeness": 1},
        ),
        'IsPrimaryKey "id" "gap"': (
            *("Failed", 2),
            {"Multicolumn.id,gap.Uniqueness": 1, "id:Completeness": 1, "gap:Completeness": 0.6},
        ),
        'IsPrimaryKey "void"': ("Failed", 5, {"void:Completeness": 0}),
        'IsPrimaryKey "void" where "id > 1"': ("Failed", 4),
        'IsPrimaryKey "gap" where "gap is not null"': ("Passed", 0),
        'IsPrimaryKey "id" where "id > 9"': ("Passed!", None, {}),
        # Values.
        'UniqueValueRatio "twice" between 0.66 and 0.67': ("Passed", None, {"twice:UniqueValueRatio": 2 / 3}),
        'UniqueValueRatio "same" = 0': ("Passed", None, {"same:UniqueValueRatio": 0}),
        'UniqueValueRatio "void" >= 0': ("Failed", None, {}),
        'UniqueValueRatio "void" > 5 where "id > 1"': ("Passed!", None, {}),
        'DistinctValuesCount "id" = 5': ("Passed", None, {"id:DistinctValuesCount": 5}),
        'DistinctValuesCount "twice" = 4': ("Passed", None, {"twice:DistinctValuesCount": 4}),
        'DistinctValuesCount "void" = 1': ("Passed", None),
        'DistinctValuesCount "x" = 4': ("Passed", None),
        'DistinctValuesCount "flag" in [2]': ("Passed", None),
        'DistinctValuesCount "twice" = 2 where "id < 4"': ("Passed", None),
        'DistinctValuesCount "twice" > 5 where "id > 9"': ("Passed!", None, {}),
        # Rows of groups with more than one row.
        "DuplicateRowCount = 0": ("Passed", 0, {"Dataset.*.DuplicateRowCount": 0}),
        'DuplicateRowCount "twice" = 2': (
            "Passed",
            2,
            {"twice:DuplicateRowCount": 2, "Multicolumn.twice.DuplicateRowCount": 2},
        ),
        'DuplicateRowCount "gap" = 2': ("Passed", 2),
        'DuplicateRowCount "same" < 5': ("Failed", 5),
        'DuplicateRowCount "part" "void" = 5': ("Passed", 5, {"Multicolumn.part,void.DuplicateRowCount": 5}),
        'DuplicateRowCount "same" = 2 where "id < 3"': ("Passed", 2),
        'DuplicateRowCount "same" = 0 where "id > 9"': ("Passed", 0),
        'DuplicateRowCount "same" > 0 where "id > 9"': ("Failed", 0),
        # Entropy in nats over values; its filter is ignored.
        'Entropy "id" > 1.6': ("Passed", None, {"id:Entropy": math.log(5)}),
        'Entropy "same" = 0': ("Passed", None, {"same:Entropy": 0}),
        'Entropy "twice" < 1.1': ("Passed", None, {"twice:Entropy": _entropy(2, 1, 1)}),
        'Entropy "part" = 0': ("Passed", None),
        'Entropy "twice" between 1 and 1.1 where "id < 3"': ("Passed", None, {"twice:Entropy": _entropy(2, 1, 1)}),
        'Entropy "void" >= 0': ("Failed", None, {}),
        'Entropy "void" >= 0 where "id > 1"': ("Failed", None, {}),
    },
)


@pytest.mark.parametrize("rule", CASES.expected)
def test_keys(rule: str) -> None:
    CASES.check(rule)


EMPTY = Cases(
    {"primary": KEYS.slice(0, 0)},
    {
        'Completeness "id" >= 0': ("Failed", None, {}),
        'Completeness "id" > 0.5 where "id > 1"': ("Passed!", None, {}),
        'Uniqueness "id" >= 0': ("Failed", None, {}),
        'IsUnique "id" "gap"': ("Failed", None, {}),
        'IsPrimaryKey "id"': ("Failed", None, {}),
        'UniqueValueRatio "id" >= 0': ("Failed", None, {}),
        'DistinctValuesCount "id" = 0': ("Passed", None, {"id:DistinctValuesCount": 0}),
        "DuplicateRowCount = 0": ("Passed", 0),
        'DuplicateRowCount "id" = 0 where "id > 1"': ("Passed", 0),
        'Entropy "id" >= 0': ("Failed", None, {}),
    },
)


@pytest.mark.parametrize("rule", EMPTY.expected)
def test_keys_of_an_empty_table(rule: str) -> None:
    EMPTY.check(rule)


def test_whole_rows_may_repeat() -> None:
    table = pa.table({"a": [1, 1, None, None, 1], "b": ["x", "x", None, None, "y"]})
    found = dqdl.evaluate('Rules = [DuplicateRowCount = 0, DuplicateRowCount "A" = 5]', {"primary": table}).rules
    assert [(rule.outcome, rule.failed_rows) for rule in found] == [("Failed", 4), ("Passed", 5)]


@pytest.mark.parametrize(
    ("rule", "ids"),
    [
        ('IsComplete "gap"', [2, 4]),
        ('IsUnique "twice"', [1, 2]),
        ('IsUnique "part" "twice"', [1, 2]),
        ('IsPrimaryKey "twice"', [1, 2, 5]),
        ('UniqueValueRatio "twice" > 0.9', []),
        ('DuplicateRowCount "gap" = 0', [2, 4]),
        ('DuplicateRowCount "same" = 0 where "id > 3"', [4, 5]),
        ('IsUnique "same" where "id > 3"', [4, 5]),
    ],
)
def test_examples_are_the_rows_that_repeat_or_miss_a_key(rule: str, ids: list[int]) -> None:
    found = dqdl.evaluate(f"Rules = [{rule}]", {"primary": KEYS}).rules[0]
    assert sorted(row["id"] for row in found.examples) == ids
