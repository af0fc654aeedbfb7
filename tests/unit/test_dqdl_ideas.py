"""A rule that was refused is known again however it is written, and nothing else is taken for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.dqdl import parse_rule
from tools.dqdl.language.ideas import about, form, implies, said


def restates(rule, refused, renamed=None):
    return implies(said(rule), said(refused, renamed or {}))


ORDERED = "select * from primary where ship_date >= order_date or ship_date is null"
REFUSED_AGAIN = [
    ('IsComplete "email"', 'Completeness "EMAIL" >= 1.0'),
    ('IsComplete "email"', 'Completeness "email" > 0.2'),
    ('Completeness "email" > 0.95', 'IsComplete "email"'),
    ('IsComplete "email"', 'ColumnValues "email" != NULL'),
    ('IsComplete "email"', 'ColumnValues "email" not in [NULL]'),
    ('IsComplete "email"', 'IsComplete "email" where "1 = 1"'),
    ('IsComplete "email"', 'IsPrimaryKey "email"'),
    ('IsComplete "email"', '(IsComplete "email") and (RowCount > 0)'),
    ('IsComplete "email"', '(IsComplete "email") or (Completeness "email" > 0.9)'),
    ('IsUnique "id"', 'Uniqueness "id" > 0.99'),
    ('IsUnique "id"', 'IsPrimaryKey "id"'),
    ('IsUnique "id"', 'UniqueValueRatio "id" = 1'),
    ('IsPrimaryKey "a" "b"', 'IsPrimaryKey "B" "A"'),
    ('IsUnique "a" "b"', 'Uniqueness "b" "a" > 0.9'),
    ('ColumnValues "s" in ["x", "y"]', 'ColumnValues "s" in ["y", "x"]'),
    ('ColumnValues "s" in ["x", "y"]', 'ColumnValues "s" in ["x", "y", "z"]'),
    ('ColumnValues "s" in ["x", "y"]', 'ColumnValues "s" = "x"'),
    ('ColumnValues "s" in ["x", "y"]', 'ColumnValues "s" in ["x", "y", NULL] with threshold > 0.9'),
    ('ColumnValues "s" matches "[a-z]+"', 'ColumnValues "s" matches "[a-z]{1,9}"'),
    ('ColumnValues "n" > 0', 'ColumnValues "n" >= 1'),
    ('ColumnValues "n" > 0', 'ColumnValues "n" between -5 and 1000'),
    ('ColumnValues "n" between 0 and 10', 'ColumnValues "n" <= 99'),
    ("RowCount between 100 and 200", "RowCount > 50"),
    ('Mean "n" = 5', 'Mean "n" between 4 and 6'),
    ('ColumnLength "s" <= 10', 'ColumnLength "s" < 20 where "s is not null"'),
    ('ColumnDataType "s" = "Integer"', 'ColumnDataType "s" = "Double" with threshold > 0.9'),
    ('DataFreshness "d" <= 3 days', 'DataFreshness "d" <= 72 hours'),
    ('ReferentialIntegrity "a" "other.id" = 1', 'ReferentialIntegrity "a" "other.id" > 0.9'),
    (f'CustomSql "{ORDERED}"', f'CustomSql "{ORDERED.upper().replace("PRIMARY", "primary")}" with threshold > 0.5'),
    (
        'CustomSql "select count(*) from primary where n > 5" = 0',
        'CustomSql "select COUNT(*) from primary where `n`>9" <= 3',
    ),
    ('(IsComplete "a") and (IsUnique "b")', '(Uniqueness "b" > 0.9) and (Completeness "a" > 0.9)'),
]
ANOTHER = [
    ('IsComplete "email"', 'IsComplete "phone"'),
    ('IsComplete "email"', 'IsUnique "email"'),
    ('IsComplete "email"', 'Completeness "email" < 0.5'),
    ('IsComplete "email"', '(IsComplete "email") or (IsComplete "phone")'),
    ('IsPrimaryKey "id"', 'IsUnique "id"'),
    ('IsUnique "a"', 'IsUnique "a" "b"'),
    ('ColumnValues "s" in ["x"]', 'ColumnValues "s" not in ["n/a"]'),
    ('ColumnValues "s" in ["x"]', 'ColumnValues "s" matches "x+"'),
    ('ColumnValues "s" != EMPTY', 'ColumnValues "s" != NULL'),
    ('ColumnValues "n" <= 1000', 'ColumnValues "n" >= 0'),
    ('ColumnValues "n" >= 0', 'Mean "n" >= 0'),
    ('ReferentialIntegrity "a" "other.id" = 1', 'ReferentialIntegrity "a" "third.id" = 1'),
    (f'CustomSql "{ORDERED}"', 'CustomSql "select * from primary where due_date >= order_date or due_date is null"'),
    ('(IsComplete "a") and (IsUnique "b")', 'IsComplete "a"'),
    ('DetectAnomalies "RowCount"', 'DetectAnomalies "Mean" "n"'),
]


@pytest.mark.parametrize(("refused", "rule"), REFUSED_AGAIN)
def test_the_same_in_other_words_with_another_bound_or_with_more(refused, rule):
    assert restates(parse_rule(rule), parse_rule(refused))


@pytest.mark.parametrize(("refused", "rule"), ANOTHER)
def test_another_thing_is_not_refused(refused, rule):
    assert not restates(parse_rule(rule), parse_rule(refused))


def test_a_column_that_was_renamed_is_the_same_column():
    now = {"email": "Mail", "order_date": "ordered", "b": "a", "a": "z"}
    assert restates(parse_rule('Completeness "mail" > 0.9'), parse_rule('IsComplete "email"'), now)
    assert not restates(parse_rule('IsComplete "email"'), parse_rule('IsComplete "email"'.replace("email", "a")), now)
    ordered = ORDERED.replace("order_date", "ordered")
    assert restates(parse_rule(f'CustomSql "{ordered}"'), parse_rule(f'CustomSql "{ORDERED}"'), now)
    assert restates(parse_rule('IsUnique "a" "z"'), parse_rule('IsUnique "a" "b"'), now)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("RowCount > 5", ()),
        ('IsPrimaryKey "B" "a"', ("a", "b")),
        (f'CustomSql "{ORDERED}"', ("order_date", "ship_date")),
        ('(IsComplete "a") and ((IsUnique "b") or (IsComplete "a"))', ("a", "b")),
        ('DetectAnomalies "Mean" "n"', ("n",)),
        ('CustomSql "no ( sql"', ()),
    ],
)
def test_what_a_rule_is_about(text, columns):
    assert about(parse_rule(text)) == columns


def test_a_form_is_the_same_on_other_columns_and_short():
    assert form(parse_rule('IsComplete "a"')) == form(parse_rule('Completeness "b" > 0.5')) == "complete"
    other = ORDERED.replace("ship", "delivery").replace("order_date", "ordered_on")
    assert form(parse_rule(f'CustomSql "{ORDERED}"')) == form(parse_rule(f'CustomSql "{other}"'))
    assert form(parse_rule('ColumnValues "a" > 5')) != form(parse_rule('ColumnValues "a" < 5'))
    long = " and ".join(f"c{number} <> 'x{number}'" for number in range(90))
    one, two = (form(parse_rule(f'CustomSql "select * from primary where {text}"')) for text in (long, long + " and d"))
    assert one != two
    assert max(map(len, (one, two))) < 200


@pytest.mark.parametrize(
    "statement",
    [
        "drop table x",
        "select",
        "select 1",
        "select count(*) / 0 from primary",
        "select mean() from primary",
        "select * from primary where 'x' = 'y'",
        "select sum(if(a, 1)) from primary",
        "select * from primary where (a, b) in ((1, 2))",
        "select a from primary union select b from primary",
        "select * from primary where " + "(" * 900 + "a > 1" + ")" * 900,
    ],
)
@pytest.mark.parametrize("condition", ["", "= 0", "> 0.5", "not between 1 and 5", "in [0]"])
def test_any_statement_says_at_least_itself(statement, condition):
    rule = parse_rule(f'CustomSql "{statement}" {condition}')
    assert restates(rule, rule)
    assert len(form(rule)) < 200


BOUND = st.one_of(
    st.tuples(st.sampled_from([">", ">=", "<", "<=", "="]), st.integers(0, 9)).map(lambda pair: f"{pair[0]} {pair[1]}"),
    st.tuples(st.integers(0, 4), st.integers(5, 9)).map(lambda pair: f"between {pair[0]} and {pair[1]}"),
)


@given(st.sampled_from(["RowCount", 'Mean "n"', 'ColumnLength "s"', 'ColumnValues "n"']), BOUND, st.integers(0, 9))
def test_another_number_in_the_same_place_never_brings_a_rule_back(metric, bound, number):
    refused = f"{metric} {bound}"
    again = "".join(str(number + 10) if sign.isdigit() else sign for sign in bound)
    if "between" not in bound:
        assert restates(parse_rule(f"{metric} {again}"), parse_rule(refused))
    assert restates(parse_rule(refused), parse_rule(f"{metric} between 100 and {number + 101}")) or bound[0] == "="
