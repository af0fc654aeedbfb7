"""Mean, Sum, StandardDeviation, Variance, Range, ColumnCorrelation, and rules about the whole table."""

import math
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest

from tests.support.rule_cases import Cases
from tools import dqdl

NUMBERS = pa.table(
    {
        "n": [1, 2, 3, 4],
        "gap": [1.0, None, 3.0, None],
        "double": [2.0, 4.0, 6.0, 8.0],
        "down": [4, 3, 2, 1],
        "same": [5, 5, 5, 5],
        "sparse": [0, 0, None, 7],
        "right": [1, 1, 1, 5],
        "nan": [1.0, float("nan"), 2.0, 3.0],
        "inf": [1.0, float("inf"), 2.0, 3.0],
        "m": [Decimal("0.10"), Decimal("0.20"), Decimal("0.30"), None],
        "f": pa.array([0.1] * 4, pa.float32()),
        "big": [2**62, 2**62, 2**62, 2**62],
        "text": ["1", "2", "3", "4"],
        "flag": [True, False, True, True],
        "void": [None] * 4,
    }
)

CASES = Cases(
    {"primary": NUMBERS},
    {
        'Mean "n" = 2.5': ("Passed", None, {"n:Mean": 2.5}),
        'Mean "gap" = 2': ("Passed", None, {"gap:Mean": 2}),
        'Mean "gap" = 1 where "n < 3"': ("Passed", None),
        'Mean "gap" = 1 where "n = 2"': ("Passed!", None, {}),
        'Mean "n" > 100 where "n > 9"': ("Passed!", None, {}),
        'Mean "void" > 0': ("Failed", None, {}),
        'Mean "text" > 0': ("Failed", None, {}),
        'Mean "flag" > 0': ("Failed", None, {}),
        'Mean "nope" > 0': ("Failed", None, {}),
        'Mean "m" between 0.19 and 0.21': ("Passed", None, {"m:Mean": 0.2}),
        'Sum "n" = 10': ("Passed", None, {"n:Sum": 10}),
        'Sum "m" = 0.6': ("Passed", None, {"m:Sum": 0.6}),
        'Sum "f" = 0.4': ("Failed", None, {"f:Sum": 0.10000000149011612 * 4}),
        'Sum "big" > 9000000000000000000': ("Passed", None, {"big:Sum": 2.0**64}),
        'Sum "n" between 10 and 11': ("Failed", None),
        'Sum "gap" = 4': ("Passed", None),
        'Sum "void" = 0': ("Failed", None),
        'Sum "gap" = 0 where "n = 2"': ("Passed!", None),
        # The population's.
        'StandardDeviation "n" between 1.118 and 1.1181': ("Passed", None, {"n:StandardDeviation": math.sqrt(1.25)}),
        'StandardDeviation "same" = 0': ("Passed", None),
        'StandardDeviation "gap" = 0 where "n = 1"': ("Passed", None),
        'StandardDeviation "void" >= 0': ("Failed", None),
        'Variance "n" = 1.25': ("Passed", None, {"n:Variance": 1.25}),
        'Variance "text" >= 0': ("Failed", None),
        'Range "n" = 3': ("Passed", None, {"n:Range": 3}),
        'Range "n" = 1 where "n > 2"': ("Passed", None),
        'Range "m" = 0.2': ("Passed", None, {"m:Range": 0.2}),
        'Range "void" = 0': ("Failed", None),
        'ZerosCount "n" = 0': ("Passed", None, {"n:ZerosCount": 0}),
        'ZerosCount "sparse" = 2': ("Passed", None, {"sparse:ZerosCount": 2}),
        'ZerosCount "sparse" < 2': ("Failed", None),
        'ZerosCount "sparse" = 1 where "n > 1"': ("Passed", None, {"sparse:ZerosCount": 1}),
        'ZerosCount "sparse" > 5 where "n > 9"': ("Passed!", None, {}),
        'ZerosCount "m" = 0': ("Passed", None),
        'ZerosCount "void" = 0': ("Passed", None, {"void:ZerosCount": 0}),
        'ZerosCount "text" = 0': ("Failed", None, {}),
        # Of the population. Deviations of right: -1, -1, -1, 3.
        'Skewness "n" between -0.001 and 0.001': ("Passed", None, {"n:Skewness": 0}),
        'Skewness "right" between 1.15 and 1.16': ("Passed", None, {"right:Skewness": 6 / 3**1.5}),
        'Skewness "right" < 0 where "right > 1"': ("Failed", None, {}),
        'Skewness "gap" = 0': ("Passed", None, {"gap:Skewness": 0}),
        'Skewness "same" > -9': ("Failed", None, {}),
        'Skewness "same" != 0': ("Passed", None, {}),
        'Skewness "void" = 0': ("Failed", None, {}),
        'Skewness "nan" > -9': ("Failed", None, {}),
        'Skewness "n" > 0 where "n > 9"': ("Passed!", None, {}),
        'Skewness "text" > 0': ("Failed", None, {}),
        'Kurtosis "n" between -1.37 and -1.35': ("Passed", None, {"n:Kurtosis": 10.25 / 4 / 1.25**2 - 3}),
        'Kurtosis "right" < 0': ("Passed", None, {"right:Kurtosis": 21 / 9 - 3}),
        'Kurtosis "f" > -9': ("Failed", None, {}),
        'Kurtosis "inf" > -9': ("Failed", None, {}),
        'Kurtosis "n" > 0 where "n > 9"': ("Passed!", None, {}),
        'InterquartileRange "n" = 1.5': ("Passed", None, {"n:InterquartileRange": 1.5}),
        'InterquartileRange "n" = 1 where "n > 1"': ("Passed", None, {"n:InterquartileRange": 1}),
        'InterquartileRange "n" = 0 where "n = 3"': ("Passed", None),
        'InterquartileRange "right" = 1': ("Passed", None, {"right:InterquartileRange": 1}),
        'InterquartileRange "gap" = 1': ("Passed", None, {"gap:InterquartileRange": 1}),
        'InterquartileRange "same" = 0': ("Passed", None),
        'InterquartileRange "void" = 0': ("Failed", None, {}),
        'InterquartileRange "n" > 0 where "n > 9"': ("Passed!", None, {}),
        # NaN meets only negations.
        'Mean "nan" > 0': ("Failed", None, {}),
        'Mean "nan" != 0': ("Passed", None, {}),
        'Mean "nan" not in [1, 2]': ("Passed", None, {}),
        'Mean "nan" in [1]': ("Failed", None, {}),
        'Mean "nan" not between 1 and 2': ("Failed", None, {}),
        'Sum "inf" > 5': ("Passed", None, {}),
        'StandardDeviation "inf" >= 0': ("Failed", None, {}),
        'Variance "nan" >= 0': ("Failed", None, {}),
        # Pearson, over rows with both.
        'ColumnCorrelation "n" "double" = 1': ("Passed", None, {"Multicolumn.n,double.ColumnCorrelation": 1}),
        'ColumnCorrelation "n" "down" = -1': ("Passed", None, {"Multicolumn.n,down.ColumnCorrelation": -1}),
        'ColumnCorrelation "n" "gap" = 1': ("Passed", None),
        'ColumnCorrelation "n" "same" > -2': ("Failed", None, {}),
        'ColumnCorrelation "n" "same" != 0': ("Passed", None, {}),
        'ColumnCorrelation "n" "text" > 0': ("Failed", None),
        'ColumnCorrelation "n" "void" > 0': ("Failed", None, {}),
        'ColumnCorrelation "n" "gap" > 5 where "n = 2"': ("Passed!", None, {}),
        'ColumnCorrelation "n" "double" > 0 where "n = 2"': ("Failed", None, {}),
        # Calculated bounds, from left to right without precedence.
        'Sum "n" = 2 + 3 * 2': ("Passed", None),
        'Sum "n" = (2 * 3) + 4': ("Passed", None),
        'Sum "n" > 1 / 0': ("Error",),
        'Sum "n" = NULL': ("Error",),
        # The table itself.
        "RowCount = 4": ("Passed", None, {"Dataset.*.RowCount": 4}),
        'RowCount = 2 where "gap is not null"': ("Passed", None, {"Dataset.*.RowCount": 2}),
        'RowCount = 2 where "gap < 9"': ("Passed", None),
        'RowCount = 0 where "n > 9"': ("Passed", None, {"Dataset.*.RowCount": 0}),
        'RowCount > 0 where "n > 9"': ("Failed", None),
        "RowCount between 4 and 9": ("Failed", None),
        "RowCount not between 4 and 9": ("Passed", None),
        "RowCount in [1, 4]": ("Passed", None),
        "RowCount not in [1, 4]": ("Failed", None),
        "ColumnCount = 15": ("Passed", None, {"Dataset.*.ColumnCount": 15}),
        "ColumnCount != 15": ("Failed", None),
        'ColumnExists "N"': ("Passed", None, {}),
        'ColumnExists "nn"': ("Failed", None, {}),
        'ColumnNamesMatchPattern "^[a-z]+$"': ("Passed", None, {"Dataset.*.ColumnNamesPatternMatchRatio": 1}),
        'ColumnNamesMatchPattern "a"': ("Failed", None, {"Dataset.*.ColumnNamesPatternMatchRatio": 5 / 15}),
        'ColumnNamesMatchPattern "(?!.*x)"': ("Passed", None),
        'ColumnNamesMatchPattern "["': ("Error",),
    },
)


@pytest.mark.parametrize("rule", CASES.expected)
def test_numbers_of_columns_and_tables(rule: str) -> None:
    CASES.check(rule)


EMPTY = Cases(
    {"primary": NUMBERS.slice(0, 0)},
    {
        'Mean "n" >= 0': ("Failed", None, {}),
        'Sum "n" = 0': ("Failed", None, {}),
        'Range "n" = 0': ("Failed", None, {}),
        'ColumnCorrelation "n" "double" > 0': ("Failed", None, {}),
        'Mean "n" >= 0 where "n > 1"': ("Passed!", None, {}),
        'ZerosCount "n" = 0': ("Failed", None, {}),
        'Skewness "n" != 0': ("Failed", None, {}),
        'InterquartileRange "n" = 0': ("Failed", None, {}),
        "RowCount = 0": ("Passed", None, {"Dataset.*.RowCount": 0}),
        "RowCount > 0": ("Failed", None),
        'RowCount > 0 where "n > 1"': ("Passed!", None, {}),
        "ColumnCount = 15": ("Passed", None),
    },
)


@pytest.mark.parametrize("rule", EMPTY.expected)
def test_numbers_of_an_empty_table(rule: str) -> None:
    EMPTY.check(rule)


@pytest.mark.parametrize(("frame", "rows"), [(pa.table({}), 0), (pd.DataFrame(), 0), (pd.DataFrame(index=[1, 2]), 2)])
def test_data_without_columns_can_be_counted(frame: object, rows: int) -> None:
    rules = f'Rules = [ColumnCount = 0, RowCount = {rows}, ColumnNamesMatchPattern "x"]'
    assert dqdl.evaluate(rules, {"primary": frame}).passed
    found = dqdl.evaluate('Rules = [ColumnExists "a", DuplicateRowCount = 0]', {"primary": frame}).rules
    assert [rule.outcome for rule in found] == ["Failed", "Failed"]


def test_names_are_matched_without_a_query() -> None:
    one = dqdl.evaluate("Rules = [RowCount > 0]", {"primary": NUMBERS}).queries
    assert dqdl.evaluate('Rules = [ColumnNamesMatchPattern "x", RowCount > 0]', {"primary": NUMBERS}).queries == one
