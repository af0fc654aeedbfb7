"""Numbers in a reasoning: those of the evidence pass in every style, planted ones are caught."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agents.evidence.check import check
from agents.evidence.facts import facts
from agents.evidence.numerals import numerals, tokens
from tools.dqdl.plans.result import RuleResult
from tools.profiling import Profile
from tools.profiling.model import ColumnProfile, Dependency, Semantic

EMAIL = ColumnProfile(
    name="email",
    type="VARCHAR",
    kind="text",
    nulls=12,
    distinct=985,
    distinct_exact=True,
    blanks=0,
    min_length=9,
    max_length=58,
    mean_length=22.4,
    patterns=[("a@a.a", 900), ("a9@a.a", 88)],
    semantic=Semantic("email", 0.996, 0.9, 988),
)
AMOUNT = ColumnProfile(
    name="amount",
    type="DOUBLE",
    kind="number",
    nulls=0,
    distinct=400,
    distinct_exact=True,
    min=0.5,
    max=4800.0,
    mean=10.256,
    stddev=3.1,
    sum=10256.0,
    quantiles={"5": 1.5, "25": 4.0, "50": 8.25, "75": 13.0, "95": 88.5},
)
ORDERED = ColumnProfile(
    name="ordered_on",
    type="DATE",
    kind="date",
    nulls=250,
    distinct=300,
    distinct_exact=True,
    min="2019-03-01",
    max="2024-11-30",
)
STATUS = ColumnProfile(
    name="status_2",
    type="VARCHAR",
    kind="text",
    nulls=500,
    distinct=3,
    distinct_exact=True,
    top_values=[("paid", 300), ("new", 150), ("shipped", 50)],
)
PROFILE = Profile(
    1000, [EMAIL, AMOUNT, ORDERED, STATUS], [["email"]], dependencies=[Dependency("email", "amount", 0.993, 988, 7)]
)
BIG = Profile(2_134_000, [replace(AMOUNT, nulls=533_500, distinct=12_345)])


def result(rule: str, *columns: str, failed: int | None = None, **more: Any) -> RuleResult:
    outcome = "Failed" if failed else "Passed"
    return RuleResult(
        **{
            "rule": rule,
            "rule_type": rule.split()[0],
            "columns": columns,
            "outcome": outcome,
            "reason": "",
            "dimension": "validity",
            "failed_rows": failed,
            **more,
        }
    )


COMPLETE = result('Completeness "email" > 0.95', "EMAIL", metrics={"Column.email.Completeness": 0.988})
UNIQUE = result('IsUnique "email"', "email", failed=3)
POSITIVE = result('ColumnValues "amount" between 0 and 5000', "amount", failed=0)
CHEAP = result('ColumnValues "amount" < 90', "amount", failed=41)
RECENT = result('ColumnValues "ordered_on" >= "2019-03-01"', "ordered_on")
STATES = result('ColumnValues "status_2" in ["paid", "new", "shipped"]', "status_2")
LENGTH = result('ColumnLength "email" <= 60', "email")
KNOWN = {
    "complete": (COMPLETE, PROFILE),
    "unique": (UNIQUE, PROFILE),
    "positive": (POSITIVE, PROFILE),
    "cheap": (CHEAP, PROFILE),
    "recent": (RECENT, PROFILE),
    "states": (STATES, PROFILE),
    "length": (LENGTH, PROFILE),
    "big": (POSITIVE, BIG),
}


def unsupported(about: str, reasoning: str) -> list[str]:
    found, profile = KNOWN[about]
    return check(reasoning, facts(found.rule, found, profile)).unsupported


RIGHT = [
    ("complete", "12 of 1,000 values are missing."),
    ("complete", "12 of the 1000 rows have no address."),
    ("complete", "Twelve of a thousand addresses are missing."),
    ("complete", "98.8 % are there, the rule wants 95 %."),
    ("complete", "98.8% complete, so 95 percent is a safe bound."),
    ("complete", "A share of 0.988 is complete and 0.95 is asked for."),
    ("complete", "1.2 % are missing, or about 1 %."),
    ("complete", "Only 1.2 per cent of rows lack an address."),
    ("complete", "All 985 different addresses have at least 9 letters."),
    ("complete", "Every order needs one."),
    ("complete", "100 % should be there, 0 missing."),
    ("complete", "Nearly 1,000 distinct addresses, over 900 of one pattern."),
    ("complete", "About 99 % is filled."),
    ("complete", "~1,000 distinct values, 1 000 rows."),
    ("complete", "email holds e-mail addresses (RFC 5322) in 99.6 % of the sampled rows."),
    ("complete", "Missing: 12; distinct: 985; rows: 1,000."),
    ("complete", "The pattern a9@a.a is found in 88 rows."),
    ("complete", "12/1000 are null."),
    ("unique", "985 distinct values among 988 present ones: 3 repeat."),
    ("unique", "It fails on three rows."),
    ("unique", "3 duplicates out of 1,000 rows, that is 0.3 %."),
    ("unique", "Just 0.3% of rows break it."),
    ("positive", "10.26 on average, 95 % are below 88.5."),
    ("positive", "The mean is 10.3, the median 8.25, the 95th percentile 88.5."),
    ("positive", "Amounts go from 0.5 to 4,800."),
    ("positive", "Amounts lie between 0.50 and 4800, well within 0 and 5000."),
    ("positive", "The largest amount is 4.8k, the smallest 0.5."),
    ("positive", "A maximum of 4.8 thousand and a standard deviation of 3.1."),
    ("positive", "The sum is 10,256; 400 distinct amounts."),
    ("positive", "p95 is 88.5 and no amount is missing (0 nulls)."),
    ("positive", "An amount is never below 0."),
    ("cheap", "41 rows are at 90 or above, 4.1 % of all."),
    ("cheap", "Prices below 90 are normal: 4.1 % break this, up to 4,800."),
    ("recent", "Orders from 2019-03-01 to 2024-11-30."),
    ("recent", "The earliest order is of 1 March 2019, the latest of November 30, 2024."),
    ("recent", "Orders begin in March 2019 and end in 2024."),
    ("recent", "A quarter of the dates are missing."),
    ("recent", "25 % of the dates are missing, three quarters are filled."),
    ("recent", "One in four dates is missing."),
    ("states", "status_2 has three values; half of the rows have none."),
    ("states", "Half are missing; 300 rows are paid."),
    ("states", "'paid' appears 300 times, 'new' half as often with 150."),
    ("states", "paid is twice as frequent as new: 300 and 150."),
    ("length", "Between 9 and 58 characters, 22.4 on average; 60 leaves room."),
    ("length", "No address has more than 60 characters, the longest has fifty-eight."),
    ("length", "9–58 characters."),
    ("big", "2.1 million rows, of which 25 % are missing."),
    ("big", "2.13M rows and about 12k distinct amounts."),
    ("big", "Roughly 500,000 rows are missing: hundreds of thousands."),
    ("big", "533,500 of 2,134,000 are null; millions of rows."),
]
WRONG = [
    ("complete", "13 of 1,000 values are missing.", ["13"]),
    ("complete", "12 of 1,100 values are missing.", ["1,100"]),
    ("complete", "Thirteen of a thousand addresses are missing.", ["Thirteen"]),
    ("complete", "97.5 % are complete.", ["97.5 %"]),
    ("complete", "12 % are missing.", ["12 %"]),
    ("complete", "98.8 values are complete.", ["98.8"]),
    ("complete", "985 of 1,000 values are missing.", ["985"]),
    ("complete", "12 distinct addresses.", ["12"]),
    ("complete", "The table has 985 distinct values in 998 rows.", ["998"]),
    ("complete", "No value is missing: 100 % complete.", ["100 %"]),
    ("complete", "0 missing.", ["0"]),
    ("complete", "0 % missing.", ["0 %"]),
    ("complete", "Half of the addresses are missing.", ["Half"]),
    ("complete", "It was 0.95 in 42 of the last 57 loads.", ["42", "57"]),
    ("complete", "Completeness is 0.98801.", ["0.98801"]),
    ("complete", "Almost 2,000 distinct addresses.", ["2,000"]),
    ("complete", "ca.13 are missing, .97 complete.", ["13", ".97"]),
    ("complete", "One row is missing an address.", ["One"]),
    ("complete", "The amount is 10.26 on average.", ["10.26"]),
    ("complete", "Between -5 and 12.", ["-5"]),
    ("complete", "One in ten addresses is missing.", ["One", "ten"]),
    ("unique", "It fails on four rows.", ["four"]),
    ("unique", "30 duplicates.", ["30"]),
    ("unique", "3 % of rows break it.", ["3 %"]),
    ("unique", "12 rows are duplicates.", ["12"]),
    ("positive", "10.62 on average.", ["10.62"]),
    ("positive", "The mean is 8.25.", ["8.25"]),
    ("positive", "The 99th percentile is 88.5.", ["99th"]),
    ("positive", "95 % are below 13.", ["95 %"]),
    ("positive", "Amounts go from 0.5 to 4,801.", ["4,801"]),
    ("positive", "The largest amount is 48k.", ["48k"]),
    ("positive", "The maximum is 5 million.", ["5 million"]),
    ("positive", "The minimum is 4,800.", ["4,800"]),
    ("positive", "400 values are missing.", ["400"]),
    ("cheap", "Nothing is above 90.", ["90"]),
    ("cheap", "All amounts stay below 90 in 100 % of rows.", ["90", "100 %"]),
    ("cheap", "14 rows are above it.", ["14"]),
    ("recent", "Orders from 2019-03-02 on.", ["2019-03-02"]),
    ("recent", "Orders begin in April 2019.", ["April 2019"]),
    ("recent", "The latest order is of 2023.", ["2023"]),
    ("recent", "A third of the dates are missing.", ["A third"]),
    ("states", "status_2 has four values.", ["four"]),
    ("states", "A quarter of the rows are missing.", ["A quarter"]),
    ("states", "Thousands of rows are missing.", ["Thousands"]),
    ("length", "Between 9 and 59 characters.", ["59"]),
    ("length", "The longest has eighty-five characters.", ["eighty-five"]),
    ("length", "58 addresses are missing.", ["58"]),
    ("big", "2.2 million rows.", ["2.2 million"]),
    ("big", "2.134k rows.", ["2.134k"]),
    ("big", "Roughly 700,000 rows are missing.", ["700,000"]),
]


@pytest.mark.parametrize(("about", "reasoning"), RIGHT, ids=[text for _, text in RIGHT])
def test_numbers_of_the_evidence_pass(about: str, reasoning: str) -> None:
    assert unsupported(about, reasoning) == []


@pytest.mark.parametrize(("about", "reasoning", "caught"), WRONG, ids=[text for _, text, _ in WRONG])
def test_planted_numbers_are_caught(about: str, reasoning: str, caught: list[str]) -> None:
    assert unsupported(about, reasoning) == caught


TEMPLATES = [
    ("{} of 1,000 values are missing.", 12),
    ("The longest address has {} characters.", 58),
    ("There are {} distinct addresses.", 985),
    ("The table has {:,} rows.", 1000),
    ("{:.1%} are complete.", 0.988),
]


@given(st.sampled_from(TEMPLATES), st.floats(-0.9, 9, allow_nan=False).filter(lambda change: abs(change) > 1e-3))
def test_a_right_number_that_is_changed_is_caught(template: tuple[str, float], change: float) -> None:
    text, right = template
    planted = round(right * (1 + change), 3) if isinstance(right, float) else round(right * (1 + change))
    assume(text.format(planted) != text.format(right))
    assume(planted not in (9, 22) if "longest" in text else planted != 988)  # the other lengths, the rows with a value
    assert unsupported("complete", text.format(right)) == []
    assert unsupported("complete", text.format(planted)) != []


@given(st.integers(13, 10**7), st.sampled_from(["{}", "{:,}", "{:_}"]), st.sampled_from([" are missing", " nulls"]))
def test_every_way_to_write_a_count_is_read_alike(nulls: int, form: str, after: str) -> None:
    profile = Profile(nulls * 2 + 1, [replace(EMAIL, nulls=nulls, distinct=1, patterns=[], semantic=None)])
    known = facts(COMPLETE.rule, replace(COMPLETE, metrics={}), profile)
    assert check(form.format(nulls) + after, known).unsupported == []
    assert check(form.format(nulls + 1) + after, known).unsupported != []


@given(st.text(max_size=80))
def test_any_text_can_be_read(text: str) -> None:
    for one in numerals(tokens(text)):
        assert one.text in text
    check(text, facts(COMPLETE.rule, COMPLETE, PROFILE))


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("5 to 10 % of 3,000", [("5", "number"), ("10 %", "share"), ("3,000", "number")]),
        ("ISO 8601, UTF-8, address_2, Q4, x12", []),
        ("two hundred and five", [("two hundred and five", "number")]),
        ("thirty-one of thousands of rows", [("thirty-one", "number"), ("thousands", "magnitude")]),
        ("3x the mean, twice the sum, 3-fold", [("3x", "ratio"), ("twice", "ratio"), ("3-fold", "ratio")]),
        ("1.5e3 or −2 or .5", [("1.5e3", "number"), ("−2", "number"), (".5", "number")]),
        ("one of them, one row", [("one", "number")]),
        ("the third column, a third of it, ½", [("a third", "share"), ("½", "share")]),
        ("24.12.2024 and 2024-12", [("24.12.2024", "date"), ("2024-12", "date")]),
        ("12,5 % and 1,250", [("12,5 %", "share"), ("1,250", "number")]),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, forms: list[tuple[str, str]]) -> None:
    assert [(one.text, one.form) for one in numerals(tokens(text))] == forms


def test_what_is_quoted_is_referred_to_by_its_place_in_the_stored_documents() -> None:
    checked = check("12 of 1,000 values are missing, 0.95 is asked for.", facts(COMPLETE.rule, COMPLETE, PROFILE))
    assert checked.evidence() == {"column.email.nulls": 12, "rows": 1000}
    assert checked.references({"profile": "p-1"}) == [
        {"of": "profile", "id": "p-1", "path": "$.columns[0].nulls", "value": 12},
        {"of": "profile", "id": "p-1", "path": "$.rows", "value": 1000},
    ]


def test_columns_that_the_reasoning_names_and_the_memory_count_too() -> None:
    known = facts(COMPLETE.rule, COMPLETE, PROFILE, also=["amount"], memory="accepted on 7 similar columns")
    assert check("400 distinct amounts; accepted on 7 columns alike.", known).unsupported == []
    assert check("accepted on 77 tables.", known).unsupported == ["77"]
