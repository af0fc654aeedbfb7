"""What a proposed rule is to an active one, told from their texts, and nothing claimed where the texts do not tell."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.dqdl import parse_rule
from tools.dqdl.language.relations import relation

CASES = [
    ('Completeness "a" > 0.95', 'Completeness "A" > 0.9', "stricter"),
    ('Completeness "a" > 0.9', 'Completeness "a" > 0.95', "implied"),
    ('Completeness "a" >= 1', 'IsComplete "a"', "same"),
    ('IsPrimaryKey "a"', 'IsComplete "a"', "stricter"),
    ('IsComplete "a"', 'IsPrimaryKey "a"', "implied"),
    ('IsUnique "a"', 'Uniqueness "a" > 0.5', "stricter"),
    ("RowCount > 5", "RowCount >= 6", "same"),
    ("RowCount between 10 and 20", "RowCount > 30", "contradicts"),
    ("RowCount between 10 and 20", "RowCount > 15", None),
    ('ColumnValues "a" between 0 and 10', 'ColumnValues "a" > 100', "contradicts"),
    ('ColumnValues "a" in ["x", "y"]', 'ColumnValues "a" in ["y", "x", "z"]', "stricter"),
    ('ColumnValues "a" in ["x", "y"]', 'ColumnValues "a" = "x"', "implied"),
    ('ColumnValues "a" in ["x", "y"]', 'ColumnValues "a" in ["p", "q"]', "contradicts"),
    ('ColumnValues "a" in ["x", "y"]', 'ColumnValues "a" in ["y", "x"]', "same"),
    # The texts do not tell:
    ('ColumnValues "a" in ["x"]', 'ColumnValues "a" not in ["x"]', None),
    ('ColumnValues "a" in ["x"]', 'ColumnValues "a" in ["x", NULL]', None),
    ('ColumnValues "a" > 5', 'ColumnValues "a" in ["x"]', None),
    ('ColumnValues "a" matches "a+"', 'ColumnValues "a" matches "a*"', None),
    ('Completeness "a" > 0.9', 'Completeness "b" > 0.9', None),
    ('Completeness "a" > 0.9', 'Completeness "a" > 0.95 where "x > 1"', None),
    ('ColumnValues "a" > 5 with threshold > 0.9', 'ColumnValues "a" > 5', None),
    ("RowCount > avg(last(3))", "RowCount > 5", None),
    ('(IsComplete "a") and (IsComplete "b")', 'IsComplete "a"', None),
    ('CustomSql "select 1" > 5', 'CustomSql "select 1" > 9', None),
]
REVERSED = {"implied": "stricter", "stricter": "implied"}


def test_the_relation_of_two_rules_seen_from_both():
    for one, other, expected in CASES:
        found = relation(parse_rule(one), parse_rule(other))
        assert found == expected, (one, other)
        assert relation(parse_rule(other), parse_rule(one)) == REVERSED.get(expected, expected), (other, one)


BOUNDS = st.tuples(st.sampled_from([">", ">=", "<", "<=", "="]), st.integers(-2, 3))
HOLDS = {
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    "=": lambda value, bound: value == bound,
}


@given(BOUNDS, BOUNDS)
def test_what_is_said_holds_for_every_value(one, other):
    found = relation(*(parse_rule(f'Mean "a" {op} {bound}') for op, bound in (one, other)))
    values = [Decimal(n) / 2 for n in range(-8, 10)]
    passing = [{value for value in values if HOLDS[op](value, bound)} for op, bound in (one, other)]
    if found == "same":
        assert passing[0] == passing[1]
    elif found == "implied":
        assert passing[0] > passing[1]
    elif found == "stricter":
        assert passing[0] < passing[1]
    elif found == "contradicts":
        assert not passing[0] & passing[1]
    else:
        assert passing[0] & passing[1]
        assert passing[0] - passing[1]


@pytest.mark.parametrize("text", ["RowCount = 5", 'IsComplete "a"', 'CustomSql "select 1" = 1'])
def test_a_rule_is_the_same_as_itself(text):
    assert relation(parse_rule(text), parse_rule(f"{text}  ")) == "same"
