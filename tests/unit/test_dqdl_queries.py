"""How many queries a ruleset costs, and that a broken rule spoils only itself."""

import time

import pyarrow as pa
import pytest

from tools import dqdl, sources
from tools.dqdl.language.model import Variable
from tools.dqdl.queries.samples import OTHER_COLUMNS

TABLE = pa.table({"a": [1, 2, 2], "b": ["x", None, "z"], "c": [1.0, 2.0, 3.0]})


def queries(*rules: str) -> int:
    evaluation = dqdl.evaluate(f"Rules = [{', '.join(rules)}]", {"primary": TABLE})
    assert not [rule.reason for rule in evaluation.rules if rule.outcome == "Error"]
    return evaluation.queries


def test_all_plain_aggregates_share_one_scan() -> None:
    assert (
        queries(
            "RowCount > 0",
            'Completeness "b" > 0.1',
            'Mean "a" > 0',
            'ColumnValues "c" > 0',
            'Sum "c" > 1',
            'Range "a" = 1',
        )
        == 1
    )


def test_many_rules_are_still_few_queries() -> None:
    rules = [f'Completeness "b" > 0.{i:03}' for i in range(1, 300)]
    assert queries(*rules) == 1


def test_each_key_set_costs_one_query_whatever_is_asked_of_it() -> None:
    rules = ['Uniqueness "a" > 0.1', 'DistinctValuesCount "a" = 2', 'UniqueValueRatio "a" = 0.5', 'Entropy "a" > 0']
    assert queries(*rules) == 1
    assert queries(*rules, 'Uniqueness "a" > 0.1 where "c > 1.5"', 'Uniqueness "a" "b" = 1') == 2 + EXAMPLES


EXAMPLES = 1
"""The filtered uniqueness fails, which costs the query for examples."""


def test_failing_rows_of_all_rules_cost_one_query() -> None:
    assert queries('IsComplete "b"', 'ColumnValues "c" > 5', 'IsUnique "a"') == 3


def test_a_passing_custom_sql_costs_one_query() -> None:
    assert queries('CustomSql "select count(*) from primary" = 3') == 1


def test_what_the_source_knows_costs_nothing() -> None:
    assert queries('ColumnExists "a"', "ColumnCount = 3", "RowCount = 3") == 0


def test_one_broken_expression_leaves_the_others_their_answers() -> None:
    good = [f'ColumnValues "a" != {i}' for i in range(10, 40)]
    text = ", ".join([*good[:15], 'ColumnValues "b" matches "("', *good[15:]])
    evaluation = dqdl.evaluate(f"Rules = [{text}]", {"primary": TABLE})
    outcomes = [rule.outcome for rule in evaluation.rules]
    assert outcomes.count("Error") == 1
    assert outcomes[15] == "Error"
    assert outcomes.count("Passed") == 30


def test_the_rows_of_the_table_are_reported() -> None:
    assert dqdl.evaluate('Rules = [ColumnExists "a"]', {"primary": TABLE}).rows == 3


def test_an_open_table_stays_open() -> None:
    with sources.open(TABLE) as table:
        for _ in range(2):
            assert dqdl.evaluate("Rules = [RowCount = 3]", {"primary": table}).passed


def test_examples_of_many_failing_rules_cost_one_scan() -> None:
    rules = ", ".join(f'ColumnValues "c" > {i}' for i in range(3, 63))
    evaluation = dqdl.evaluate(f"Rules = [{rules}]", {"primary": TABLE})
    assert all(len(rule.examples) == 3 for rule in evaluation.rules)
    assert evaluation.queries == 2


@pytest.mark.parametrize(
    "name", ["with space", "a.b", 'quo"te', "o'clock", "ünïcode 数", "select", "back`tick", "x-y", "%"]
)
def test_any_column_name_works(name: str) -> None:
    table = pa.table({name: ["v", None, "v"], "other": [1, 2, 3]})
    column = dqdl.quote(name)
    text = f'IsComplete {column}, IsUnique {column}, ColumnValues {column} = "v", ColumnExists {column}'
    results = dqdl.evaluate(f"Rules = [{text}]", {"primary": table}).rules
    assert [result.outcome for result in results] == ["Failed", "Failed", "Failed", "Passed"]
    assert results[0].columns == (name,)
    assert results[0].examples == [{name: None, "other": 2}]


def test_case_of_columns_does_not_count() -> None:
    table = pa.table({"eMail": ["x"]})
    result = dqdl.evaluate('Rules = [IsComplete "EMAIL" where "email = \'x\'"]', {"primary": table}).rules[0]
    assert (result.outcome, result.columns) == ("Passed", ("eMail",))


def test_a_table_of_a_thousand_columns() -> None:
    table = pa.table({f"c{i}": [1, None] for i in range(1000)})
    rules = ", ".join(f'IsComplete "c{i}"' for i in range(0, 1000, 50))
    evaluation = dqdl.evaluate(f"Rules = [{rules}]", {"primary": table})
    assert [rule.failed_rows for rule in evaluation.rules] == [1] * 20
    last = evaluation.rules[-1].examples[0]
    assert next(iter(last.items())) == ("c950", None)
    assert len(last) == 1 + OTHER_COLUMNS


def test_a_source_that_cannot_be_read_is_the_sources_error_and_not_the_rules() -> None:
    table = sources.open(TABLE)
    table.close()
    with pytest.raises(sources.SourceError):
        dqdl.evaluate('Rules = [IsComplete "a", RowCount > 1]', {"primary": table})
    with pytest.raises(sources.SourceError, match="primary"):
        dqdl.evaluate("Rules = [RowCount > 1]", {"orders": TABLE})


def test_a_rule_made_by_hand_needs_its_constant() -> None:
    rule = dqdl.Rule("IsComplete", (Variable("key"),))
    result = dqdl.evaluate(dqdl.Ruleset((rule,)), {"primary": TABLE}).rules[0]
    assert (result.outcome, "$key" in result.reason) == ("Error", True)


@pytest.mark.parametrize("regex", ["(a{1000}){1000}", "(?<=a)b", "[z-a]", "a**"])
def test_regexes_that_the_engine_refuses_are_errors(regex: str) -> None:
    result = dqdl.evaluate(f'Rules = [ColumnValues "b" matches "{regex}"]', {"primary": TABLE}).rules[0]
    assert result.outcome == "Error"


def test_a_regex_that_backtracks_elsewhere_is_fast_here() -> None:
    table = pa.table({"a": ["a" * 5000 + "!"]})
    started = time.process_time()
    result = dqdl.evaluate('Rules = [ColumnValues "a" matches "(a+)+$"]', {"primary": table}).rules[0]
    assert result.outcome == "Failed"
    assert time.process_time() - started < 5
