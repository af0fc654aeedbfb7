from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest

from tools import dqdl

TABLE = pa.table(
    {
        "price": [1.0, 2.0, 3.0, None],
        "city": ["Rome", "Oslo", "Oslo", ""],
        "day": [date(2026, 1, 1)] * 4,
        "empty": pa.array([None] * 4, pa.float64()),
    }
)


def analyse(*analyzers: str, rules: str = "", table: pa.Table = TABLE):
    text = f"Analyzers = [ {', '.join(analyzers)} ]"
    return dqdl.evaluate(f"Rules = [ {rules} ] {text}" if rules else text, {"primary": table})


@pytest.mark.parametrize(
    ("analyzer", "statistics"),
    [
        ("RowCount", {"Dataset.*.RowCount": 4}),
        ("ColumnCount", {"Dataset.*.ColumnCount": 4}),
        ('Completeness "price"', {"Column.price.Completeness": 0.75}),
        ('Completeness "PRICE"', {"Column.price.Completeness": 0.75}),
        ('Uniqueness "city"', {"Column.city.Uniqueness": 0.5}),
        ('Uniqueness "city" "day"', {"Multicolumn.city,day.Uniqueness": 0.5}),
        ('UniqueValueRatio "city"', {"Column.city.UniqueValueRatio": 2 / 3}),
        ('DistinctValuesCount "city"', {"Column.city.DistinctValuesCount": 3}),
        ('Mean "price"', {"Column.price.Mean": 2}),
        ('Sum "price"', {"Column.price.Sum": 6}),
        ('StandardDeviation "price"', {"Column.price.StandardDeviation": (2 / 3) ** 0.5}),
        ('Variance "price"', {"Column.price.Variance": 2 / 3}),
        ('Range "price"', {"Column.price.Range": 2}),
        ('ZerosCount "price"', {"Column.price.ZerosCount": 0}),
        ('Skewness "price"', {"Column.price.Skewness": 0}),
        ('Kurtosis "price"', {"Column.price.Kurtosis": -1.5}),
        ('InterquartileRange "price"', {"Column.price.InterquartileRange": 1}),
        ('ColumnCorrelation "price" "price"', {"Multicolumn.price,price.ColumnCorrelation": 1}),
        ('ColumnLength "city"', {"Column.city.MinimumLength": 0, "Column.city.MaximumLength": 4}),
        ('ColumnValues "price"', {"Column.price.Minimum": 1, "Column.price.Maximum": 3}),
        ('ColumnValues "city"', {"Column.city.MinimumLength": 0, "Column.city.MaximumLength": 4}),
        ('CustomSql "select max(price) from primary"', {"Dataset.*.CustomSQL": 3}),
    ],
)
def test_an_analyzer_gives_the_metrics_of_its_rule_type(analyzer, statistics):
    found = analyse(analyzer)
    assert found.statistics == pytest.approx(statistics)
    assert (found.problems, found.rules, found.passed) == ([], [], True)


def test_all_statistics_of_a_column_depend_on_its_type():
    number = analyse('AllStatistics "price"').statistics
    assert set(number) == {
        *("Dataset.*.RowCount", "Dataset.*.ColumnCount", "Column.price.Completeness", "Column.price.Uniqueness"),
        *("Column.price.Minimum", "Column.price.Maximum", "Column.price.Mean", "Column.price.Sum"),
        *("Column.price.StandardDeviation", "Column.price.Entropy"),
    }
    text = analyse('AllStatistics "city"').statistics
    assert {key.rpartition(".")[2] for key in text if "city" in key} == {
        *("Completeness", "Uniqueness", "MinimumLength", "MaximumLength"),
    }
    assert {key for key in analyse('AllStatistics "day"').statistics if "day" in key} == {
        "Column.day.Completeness",
        "Column.day.Uniqueness",
    }


def test_all_columns_is_every_column_unless_one_has_that_name():
    found = analyse('AllStatistics "AllColumns"')
    assert {key.split(".")[1] for key in found.statistics} == {"*", "price", "city", "day", "empty"}
    assert found.statistics["Column.empty.Completeness"] == 0
    assert [problem.partition(":")[0] for problem in found.problems] == [
        *('Uniqueness "empty"', 'ColumnValues "empty"', 'Mean "empty"', 'Sum "empty"'),
        *('StandardDeviation "empty"', 'Entropy "empty"'),
    ]
    named = pa.table({"AllColumns": [1.0], "other": [2.0]})
    assert not any("other" in key for key in analyse('AllStatistics "AllColumns"', table=named).statistics)


def test_an_odd_column_name_survives():
    table = pa.table({'say "hi" \\ now': [1.0, 2.0]})
    assert analyse('AllStatistics "AllColumns"', table=table).statistics['Column.say "hi" \\ now.Mean'] == 1.5


def test_analyzers_ride_on_the_scans_of_the_rules():
    rules = 'RowCount > 0, Completeness "price" > 0.5, Uniqueness "city" >= 0'
    alone = analyse("RowCount", rules=rules)
    both = analyse('Mean "price"', 'ColumnLength "city"', 'Uniqueness "city"', 'ColumnValues "price"', rules=rules)
    assert both.queries == alone.queries


@pytest.mark.parametrize(
    ("analyzer", "reason"),
    [
        ('Mean "city"', "does not hold numbers"),
        ('Mean "prise"', "did you mean price?"),
        ('AllStatistics "prise"', "did you mean price?"),
        ('ColumnValues "day"', "neither numbers nor text"),
        ('DataFreshness "day"', "measures nothing without a condition"),
        ('ColumnDataType "city"', "measures nothing without a condition"),
        ('Distribution "price" with bins = 10', "chart in Glue's service"),
        ('Mean "empty"', "there is no value in empty"),
        ('CustomSql "drop table primary"', "SQL"),
        ('RowCountMatch "ref"', "No table named ref"),
    ],
)
def test_a_broken_analyzer_is_a_problem_and_spoils_nothing(analyzer, reason):
    found = analyse(analyzer, "RowCount", rules="RowCount = 4")
    assert found.passed
    assert found.statistics == {"Dataset.*.RowCount": 4}
    assert len(found.problems) == 1
    assert found.problems[0].startswith(analyzer)
    assert reason in found.problems[0]


def test_what_was_measured_is_in_the_dictionary_with_the_keys_of_its_history():
    found = analyse(
        'CustomSql "select 1"', 'CustomSql "select 2"', rules='Completeness "price" > 0.9 where "price < 3"'
    )
    assert found.to_dict()["statistics"] == found.statistics
    assert found.to_dict()["points"] == {
        'Dataset.*.CustomSQL "select 1"': 1,
        'Dataset.*.CustomSQL "select 2"': 2,
        'Column.price.Completeness where "price < 3"': 1,
    }
