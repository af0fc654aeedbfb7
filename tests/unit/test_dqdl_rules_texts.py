"""ColumnValues on texts, ColumnLength, and texts compared with columns of other types."""

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest

from tests.support.rule_cases import Cases
from tools import dqdl

TEXTS = pa.table(
    {
        "s": ["new", "New", "paid", None],
        "blank": ["", "  ", "\t", None],
        "full": ["a1", "b2", "c3", "d4"],
        "lines": ["one", "one\ntwo", "newer", "anew"],
        "wide": ["é", "e\u0301", "\U0001f600", "ab"],
        "gap": ["abc", None, "de", ""],
        "mid": ["a", "bb", "ccc", "bb"],
        "void": [None] * 4,
        "n": [1, 2, 3, 4],
    }
)


def _s(share: float) -> dict[str, float]:
    return {"s:ColumnValues.Compliance": share}


CASES = Cases(
    {"primary": TEXTS},
    {
        'ColumnValues "s" = "new"': ("Failed", 3, _s(0.25)),
        'ColumnValues "s" != "new"': ("Failed", 1, _s(0.75)),
        'ColumnValues "s" != "old"': ("Passed", 0, _s(1)),
        'ColumnValues "s" = "NEW" with ignoreCase = "true" with threshold = 0.5': ("Passed", 2, _s(0.5)),
        'ColumnValues "s" = "NEW" with ignoreCase = "false"': ("Failed", 4),
        'ColumnValues "s" != "NEW" with ignoreCase = "true"': ("Failed", 2),
        'ColumnValues "s" in ["new", "New", "paid"]': ("Failed", 1, _s(0.75)),
        'ColumnValues "s" in ["new", "New", "paid", NULL]': ("Passed", 0, _s(1)),
        'ColumnValues "s" in ["NEW", "PAID", NULL] with ignoreCase = "true"': ("Passed", 0),
        'ColumnValues "s" not in ["old"]': ("Passed", 0),
        'ColumnValues "s" not in ["old", NULL]': ("Failed", 1),
        'ColumnValues "s" not in ["new", "old"]': ("Failed", 1),
        'ColumnValues "s" not in ["NEW"] with ignoreCase = "true"': ("Failed", 2),
        'ColumnValues "s" in ["new"] with threshold >= 0.25': ("Passed", 3),
        # Words with a meaning. Only blanks count as white space, since Spark trims nothing else.
        'ColumnValues "blank" = EMPTY': ("Failed", 3),
        'ColumnValues "blank" != EMPTY': ("Failed", 1),
        'ColumnValues "full" != EMPTY': ("Passed", 0),
        'ColumnValues "void" != EMPTY': ("Passed", 0),
        'ColumnValues "void" = EMPTY': ("Failed", 4),
        'ColumnValues "blank" = WHITESPACES_ONLY': ("Failed", 3),
        'ColumnValues "blank" != WHITESPACES_ONLY': ("Failed", 1),
        'ColumnValues "blank" in [EMPTY, WHITESPACES_ONLY, NULL]': ("Failed", 1),
        'ColumnValues "blank" in [EMPTY, WHITESPACES_ONLY, NULL, "\t"]': ("Passed", 0),
        'ColumnValues "blank" not in [EMPTY]': ("Failed", 1),
        'ColumnValues "s" in [NULL, "new", "New", "paid"]': ("Passed", 0),
        # Patterns: the whole text, never an empty one.
        'ColumnValues "full" matches "[a-d][0-9]"': (
            "Passed",
            0,
            {"full:ColumnValues.Compliance": 1, "full:PatternMatch": 1},
        ),
        'ColumnValues "full" matches "[a-d]"': (
            "Failed",
            4,
            {"full:ColumnValues.Compliance": 0, "full:PatternMatch": 0},
        ),
        'ColumnValues "s" matches "(?i)new|paid"': ("Failed", 1),
        'ColumnValues "s" matches "[a-z]+" with threshold = 0.5': ("Passed", 2),
        'ColumnValues "gap" matches ".*"': ("Failed", 2),
        'ColumnValues "full" matches "\\w\\d"': ("Passed", 0),
        'ColumnValues "full" not matches "[a-c]"': ("Passed", 0),
        'ColumnValues "full" not matches "[a-c][0-9]"': ("Failed", 3),
        # Glue's negation: it does not begin with the word, and is one line.
        'ColumnValues "lines" not matches "new"': ("Failed", 1),
        'ColumnValues "lines" not matches "one"': ("Failed", 2),
        'ColumnValues "lines" not matches "newer"': ("Failed", 2),
        'ColumnValues "gap" not matches "z"': ("Failed", 2),
        'ColumnValues "n" matches "[0-9]"': ("Failed", None, {}),
        'ColumnValues "full" matches "("': ("Error",),
        # What texts cannot do.
        'ColumnValues "nope" = "x"': ("Failed", None, {}),
        # Lengths: characters, NULL is 0.
        'ColumnLength "full" = 2': (
            *("Passed", 0),
            {"full:MinimumLength": 2, "full:MaximumLength": 2, "full:LengthCompliance": 1},
        ),
        'ColumnLength "gap" >= 0': (
            *("Passed", 0),
            {"gap:MinimumLength": 0, "gap:MaximumLength": 3, "gap:LengthCompliance": 1},
        ),
        'ColumnLength "gap" > 0': ("Failed", 2),
        'ColumnLength "gap" < 3': ("Failed", 1),
        'ColumnLength "gap" <= 3': ("Passed", 0),
        'ColumnLength "gap" between 0 and 4': ("Failed", 2),
        'ColumnLength "full" between 1 and 3': ("Passed", 0),
        'ColumnLength "full" between 2 and 3': ("Failed", 4),
        'ColumnLength "mid" not between 3 and 9': ("Passed", 0),
        'ColumnLength "mid" not between 1 and 3': ("Failed", 2),
        'ColumnLength "mid" = 2': ("Failed", 2),
        'ColumnLength "mid" in [1, 2, 3]': ("Passed", 0),
        'ColumnLength "mid" in [1, 2]': ("Failed", 1),
        'ColumnLength "mid" not in [4]': ("Passed", 0),
        'ColumnLength "void" = 0': ("Passed", 0),
        'ColumnLength "wide" <= 2': (
            "Passed",
            0,
            {"wide:MinimumLength": 1, "wide:MaximumLength": 2, "wide:LengthCompliance": 1},
        ),
        'ColumnLength "n" > 0': ("Failed", None, {}),
        # Only the shortest and the longest decide on !=; the failed rows are those with the length.
        'ColumnLength "mid" != 2': ("Passed", 2),
        'ColumnLength "mid" != 3': ("Failed", 1),
        'ColumnLength "mid" != 9': ("Passed", 0),
        'ColumnLength "gap" > 2 where "gap > \'abb\'"': ("Failed", 1),
        'ColumnLength "gap" > 2 where "n = 1"': ("Passed", 0),
        'ColumnLength "gap" > 2 where "n > 9"': ("Passed!", None, {}),
    },
)


@pytest.mark.parametrize("rule", CASES.expected)
def test_texts(rule: str) -> None:
    CASES.check(rule)


NATIVE = Cases(
    {
        "primary": pa.table(
            {
                "n": [1, 20, None],
                "d": [1.0, 2.5, 1e20],
                "m": [Decimal("1.10"), Decimal("-2.00"), None],
                "b": [True, False, None],
                "day": [dt.date(2024, 1, 5), dt.date(2024, 1, 6), None],
                "t": [dt.datetime(2024, 1, 5, 10, 20, 30, 120_000), dt.datetime(2024, 1, 6), None],  # noqa: DTZ001
                "list": [[1], [2], None],
            }
        )
    },
    {
        # A list is compared with the values as Spark prints them …
        'ColumnValues "n" in ["1", "20", NULL]': ("Passed", 0),
        'ColumnValues "n" in ["01", "20", NULL]': ("Failed", 1),
        'ColumnValues "n" in ["1.0", "20", NULL]': ("Failed", 1),
        'ColumnValues "n" not in ["x", "3"]': ("Passed", 0),
        'ColumnValues "d" in ["1.0", "2.5", "1.0E20"]': ("Passed", 0),
        'ColumnValues "d" in ["1", "2.5", "1.0E20"]': ("Failed", 1),
        'ColumnValues "m" in ["1.10", "-2.00", NULL]': ("Passed", 0),
        'ColumnValues "m" in ["1.1", "-2.00", NULL]': ("Failed", 1),
        'ColumnValues "t" in ["2024-01-05 10:20:30.12", "2024-01-06 00:00:00", NULL]': ("Passed", 0),
        'ColumnValues "b" in ["true", "false", NULL]': ("Passed", 0),
        'ColumnValues "b" in ["TRUE", "False", NULL] with ignoreCase = "true"': ("Passed", 0),
        # … and = reads the text as the column's type.
        'ColumnValues "n" = "01" where "n = 1"': ("Passed", 0),
        'ColumnValues "n" = "x"': ("Failed", 3),
        'ColumnValues "n" != "x"': ("Passed", 0),
        'ColumnValues "d" = "1" where "d = 1"': ("Passed", 0),
        'ColumnValues "b" = "yes" where "b"': ("Passed", 0),
        'ColumnValues "b" != "false"': ("Failed", 1),
        'ColumnValues "day" = "2024-1-5" where "day < \'2024-01-06\'"': ("Passed", 0),
        'ColumnValues "t" = "2024-01-06 00:00" where "n = 20"': ("Passed", 0),
        'ColumnValues "n" = EMPTY': ("Failed", 3),
        'ColumnValues "n" != EMPTY': ("Passed", 0),
        'ColumnValues "day" != WHITESPACES_ONLY': ("Passed", 0),
        'ColumnValues "n" in [EMPTY, NULL, "1", "20"]': ("Passed", 0),
        'ColumnValues "list" = "x"': ("Failed", None),
    },
)


@pytest.mark.parametrize("rule", NATIVE.expected)
def test_texts_against_other_types(rule: str) -> None:
    NATIVE.check(rule)


def test_the_list_of_a_constant_may_hold_words_with_a_meaning() -> None:
    text = 'ok = ["new", "New", "paid"]\none = "new"\nRules = [ColumnValues "s" in $ok, ColumnValues "s" not in $one]'
    found = dqdl.evaluate(text, {"primary": TEXTS}).rules
    assert [(rule.outcome, rule.failed_rows) for rule in found] == [("Failed", 1), ("Failed", 1)]


@pytest.mark.parametrize(
    ("written", "value"), [(r"a\"b", 'a"b'), (r"a\\b", "a\\b"), ("it's", "it's"), ("ä", "ä"), ("a  b", "a  b")]
)
def test_texts_mean_what_they_say(written: str, value: str) -> None:
    table = {"primary": pa.table({"s": [value]})}
    rules = f'Rules = [ColumnValues "s" = "{written}", ColumnValues "s" in ["{written}"]]'
    assert dqdl.evaluate(rules, table).passed


def test_other_kinds_of_texts_are_texts() -> None:
    code = pa.array(["a", "b"]).dictionary_encode()
    table = pa.table({"code": code, "large": pa.array(["a", "b"], pa.large_string())})
    rules = (
        'Rules = [ColumnValues "code" in ["a", "b", "zz"], ColumnLength "code" = 1, ColumnValues "large" matches "."]'
    )
    assert dqdl.evaluate(rules, {"primary": table}).passed
