"""The rows that fail a rule are as many as the rule counted."""

from collections import Counter

import pytest

from tests.support.rule_cases import NOW, Cases
from tests.unit import (
    test_dqdl_nested,
    test_dqdl_rules_dates,
    test_dqdl_rules_keys,
    test_dqdl_rules_sql,
    test_dqdl_rules_tables,
    test_dqdl_rules_texts,
    test_dqdl_rules_types,
    test_dqdl_rules_values,
)
from tools import dqdl

TABLES = {
    "values": test_dqdl_rules_values.CASES,
    "texts": test_dqdl_rules_texts.CASES,
    "natives": test_dqdl_rules_texts.NATIVE,
    "days": test_dqdl_rules_dates.CASES,
    "ages": test_dqdl_rules_dates.FRESH,
    "types": test_dqdl_rules_types.CASES,
    "keys": test_dqdl_rules_keys.CASES,
    "tables": test_dqdl_rules_tables.CASES,
    "sql": test_dqdl_rules_sql.CASES,
    "structs": test_dqdl_nested.CASES,
}


@pytest.mark.parametrize("name", TABLES)
def test_failing_rows_are_those_that_were_counted(name: str) -> None:
    cases: Cases = TABLES[name]
    text = f"Rules = [{', '.join(cases.expected)}]"
    failing: Counter[str] = Counter()
    decided = set()
    for batch in dqdl.row_level(text, cases.tables, now=NOW):
        for row in batch.select(["DataQualityRulesPass", "DataQualityRulesFail"]).to_pylist():
            failing.update(row["DataQualityRulesFail"])
            decided |= {*row["DataQualityRulesPass"], *row["DataQualityRulesFail"]}
    counted = {found.rule: found.failed_rows for found in cases.results.values() if found.failed_rows is not None}
    assert {rule: failing[rule] for rule in counted} == counted
    assert set(counted) <= decided
