"""Rules taken out of their document."""

import re
from pathlib import Path

import pyarrow as pa
import pytest

from tools import dqdl

PAGE = (Path(__file__).parents[2] / "docs" / "dqdl.md").read_text()
HEADER = """
column = "a"
states = ["new", "it's \\"paid\\"", NULL]
one = "x"
DefaultLabels = ["team"="sales", "level"="1"]
"""


def alone(*rules: str) -> list[str]:
    ruleset = dqdl.parse(f"{HEADER} Rules = [{', '.join(rules)}]")
    return [str(rule) for rule in dqdl.standalone(ruleset)]


def test_the_rules_of_the_page_stand_alone() -> None:
    (example,) = re.findall(r"```dqdl\n(.*?)```", PAGE, re.DOTALL)
    ruleset = dqdl.parse(example)
    rules = dqdl.standalone(ruleset)
    assert [dqdl.parse_rule(str(rule)) for rule in rules] == list(rules)
    assert len(rules) == len(ruleset.rules)
    assert str(rules[3]) == 'ColumnValues "state" in ["new", "paid", "sent"]'


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("IsComplete $column", 'IsComplete "a" labels=["team"="sales", "level"="1"]'),
        (
            'ColumnValues "a" not in $states with threshold > 0.5',
            'ColumnValues "a" not in ["new", "it\'s \\"paid\\"", "NULL"] labels=["team"="sales", "level"="1"] '
            "with threshold > 0.5",
        ),
        ('ColumnValues "a" in $one', 'ColumnValues "a" in ["x"] labels=["team"="sales", "level"="1"]'),
        ('RowCount > 1 labels=["level"="2"]', 'RowCount > 1 labels=["team"="sales", "level"="2"]'),
        (
            '(IsComplete $column) or (ColumnValues "b" in $one)',
            '((IsComplete "a") or (ColumnValues "b" in ["x"])) labels=["team"="sales", "level"="1"]',
        ),
    ],
)
def test_constants_and_labels_go_into_the_rule(rule: str, expected: str) -> None:
    (printed,) = alone(rule)
    assert printed == expected
    assert str(dqdl.parse_rule(printed)) == printed


def test_a_rule_alone_gives_the_verdict_that_it_gave_in_the_document() -> None:
    table = pa.table({"a": ["new", "old", None]})
    rules = ["IsComplete $column", "ColumnValues $column in $states", "ColumnValues $column not in $one"]
    whole = dqdl.evaluate(f"{HEADER} Rules = [{', '.join(rules)}]", {"primary": table})
    parts = [dqdl.evaluate(f"Rules = [{rule}]", {"primary": table}).rules[0] for rule in alone(*rules)]
    assert [(r.outcome, r.failed_rows, r.dimension) for r in whole.rules] == [
        (r.outcome, r.failed_rows, r.dimension) for r in parts
    ]


def test_a_ruleset_without_a_header_stays_as_it_is() -> None:
    ruleset = dqdl.parse("Rules = [RowCount > 1]")
    assert dqdl.standalone(ruleset) == ruleset.rules
