"""Numbers in a reasoning: those of the evidence pass, planted ones are caught."""

import pytest

from agents.evidence import unsupported
from tools.dqdl.plans.result import RuleResult
from tools.profiling import ColumnProfile, Profile

EMAIL = ColumnProfile(
    name="email", type="VARCHAR", kind="text", nulls=12, distinct=985, distinct_exact=True, min_length=9
)
AMOUNT = ColumnProfile(
    name="amount",
    type="DOUBLE",
    kind="number",
    nulls=0,
    distinct=400,
    distinct_exact=True,
    mean=10.256,
    quantiles={"95": 88.5},
)
PROFILE = Profile(rows=1000, columns=[EMAIL, AMOUNT])
RULE = 'Completeness "email" > 0.95'
RESULT = RuleResult(
    rule=RULE,
    rule_type="Completeness",
    columns=("EMAIL",),
    outcome="Passed",
    reason="",
    dimension="completeness",
    metrics={"Column.email.Completeness": 0.988},
    failed_rows=None,
)


@pytest.mark.parametrize(
    "reasoning",
    [
        "12 of 1,000 values are missing.",
        "98.8 % are there, the rule wants 95 %.",
        "A share of 0.988 is complete and 0.95 is asked for.",
        "1.2 % are missing, or about 1 %.",
        "All 985 different addresses have at least 9 letters.",
        "Every order needs one.",
        "100 % should be there, 0 missing.",
    ],
)
def test_numbers_of_the_evidence_pass(reasoning):
    assert unsupported(reasoning, RULE, RESULT, PROFILE) == []


@pytest.mark.parametrize(
    ("reasoning", "caught"),
    [
        ("13 of 1,000 values are missing.", ["13"]),
        ("97.5 % are complete.", ["97.5"]),
        ("It was 0.95 in 42 of the last 57 loads.", ["42", "57"]),
        ("The amount is 10.26 on average.", ["10.26"]),
        ("Between -5 and 12.", ["-5"]),
    ],
)
def test_numbers_from_nowhere_are_caught(reasoning, caught):
    assert unsupported(reasoning, RULE, RESULT, PROFILE) == caught


def test_the_statistics_of_the_rules_own_columns_count():
    about = RuleResult(**{**RESULT.__dict__, "rule": "r", "columns": ("amount",), "metrics": {}})
    assert unsupported("10.26 on average, 95 % are below 88.5.", "r > 95", about, PROFILE) == []
