"""The language: what is accepted, and that what is printed reads back the same."""

from decimal import Decimal

import pytest

from tools import dqdl
from tools.dqdl.language import model
from tools.dqdl.language.signatures import SIGNATURES

RULES = [
    "RowCount > 10",
    "RowCount between 1 and 5",
    "RowCount not between -5 and 5.5",
    "RowCount in [1, 2, 3]",
    "RowCount not in [1]",
    'RowCount = 2 where "price > 2"',
    'Completeness "email" = NULL',
    'IsComplete "email"',
    'IsComplete "email" where "id > 3" labels=["team"="sales", "level"="1"]',
    'ColumnValues "a" in ["x", "y"] with threshold > 0.9',
    'ColumnValues "a" in ["x"] with ignoreCase = "true" with threshold between 0.5 and 0.9',
    'ColumnValues "a" in [NULL, "x", EMPTY, WHITESPACES_ONLY]',
    'ColumnValues "a" = EMPTY',
    'ColumnValues "a" != NULL',
    'ColumnValues "a" matches "\\d+[\\"]"',
    'ColumnValues "a" not matches "x y"',
    'ColumnValues "a" >= "2024-01-31"',
    'ColumnValues "a" between "2024-01-01" and now()',
    'ColumnValues "a" > (now() - 3 days)',
    'ColumnValues "a" in [NULL, "2024-01-01"]',
    'ColumnDataType "a" = "DATE" with format = "dd-MM-yyyy"',
    'DataFreshness "ts" <= 24 hours',
    'DataFreshness "ts" between 10 minutes and 3 days',
    'Uniqueness "a" "b" > 0.9',
    'ColumnCorrelation "a" "b" between -1 and 0.5',
    'CustomSql "select count(*) from primary" > 5',
    'CustomSql "select * from primary where a > 1" with threshold > 0.5',
    'ReferentialIntegrity "a,b" "ref.{x,y}" = 1.0',
    'DatasetMatch "ref" "id->rid" "m->n" >= 0.9',
    'DetectAnomalies "RowCount"',
    'FileFreshness "s3://b/" > "21:30"',
    'FileFreshness between "9:30 AM" and "9:30 PM" with timeZone = "America/New_York"',
    "FileSize > 5 MB",
    "FileSize > 5",
    'FileMatch "a" "b"',
    'FileMatch in ["abc"] with hashAlgorithm = "MD5"',
    "FileUniqueness > 0.9",
    "RowCount > avg(last(10)) * 2 - (3 + 4) / index(last(3), 0)",
    "RowCount between 0.9 * avg(last(10)) and 1.1 * avg(last(10))",
    '(IsComplete "a") and (IsComplete "b")',
    '((IsComplete "a") or (IsComplete "b")) and (RowCount > 1)',
    '(RowCount > 1) labels=["a"="b"]',
    '((RowCount > 1) or (RowCount < 0)) labels=["a"="b"]',
    "DuplicateRowCount = 0",
    'Range "a" < 5',
]


@pytest.mark.parametrize("text", RULES)
def test_a_canonical_rule_prints_as_it_was_written(text: str) -> None:
    assert str(dqdl.parse_rule(text)) == text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("IsComplete email", 'IsComplete "email"'),
        ('Uniqueness of "a" and "b" > 1', 'Uniqueness "a" "b" > 1'),
        ('ColumnValues "a" = null', 'ColumnValues "a" = NULL'),
        ('Mean "a" ! = - 3', 'Mean "a" != -3'),
        ("RowCount > (5)", "RowCount > 5"),
        ('((IsComplete "a"))', 'IsComplete "a"'),
        ('(IsComplete "a" or RowCount > 1) or RowCount > 2', '(IsComplete "a") or (RowCount > 1) or (RowCount > 2)'),
        ('IsComplete "a" and (IsComplete "b")', '(IsComplete "a") and (IsComplete "b")'),
        ("RowCount > 1 and RowCount < 9 or RowCount = 0", "((RowCount > 1) and (RowCount < 9)) or (RowCount = 0)"),
        (
            'ColumnValues "a" in ["x"] with threshold > 0.5 labels=["a"="b"]',
            'ColumnValues "a" in ["x"] labels=["a"="b"] with threshold > 0.5',
        ),
        ('ColumnValues "a" in ["x" , # one\n "y" // two\n]', 'ColumnValues "a" in ["x", "y"]'),
    ],
)
def test_other_spellings_have_one_canonical_form(text: str, canonical: str) -> None:
    assert str(dqdl.parse_rule(text)) == canonical


DOCUMENT = """Metadata = {"Version": "1.0"}
DataSources = {"Primary": "orders", "AdditionalDataSources": ["customers", "items"]}
states = ["new", "paid"]
key = "id"
DefaultLabels = ["team"="sales"]

Rules = [
    IsComplete $key,
    ColumnValues "state" in $states
]

Analyzers = [
    RowCount,
    AllStatistics "AllColumns"
]
"""


def test_a_whole_document_prints_as_it_was_written() -> None:
    ruleset = dqdl.parse(DOCUMENT)
    assert str(ruleset) == DOCUMENT
    assert ruleset.data_sources == model.DataSources("orders", ("customers", "items"))
    assert ruleset.default_labels == (("team", "sales"),)
    assert [analyzer.type for analyzer in ruleset.analyzers] == ["RowCount", "AllStatistics"]


def test_blocks_stand_in_either_order_with_any_line_end_trailing_comma_and_comment() -> None:
    rules = 'Rules = [\r\n  IsComplete "a", // why\r\n  RowCount > 1, # because\r\n]\r\n# the end'
    text = f"Analyzers = [RowCount,]\r\n{rules}"
    ruleset = dqdl.parse(text)
    assert [str(rule) for rule in ruleset.rules] == ['IsComplete "a"', "RowCount > 1"]
    assert [rule.line for rule in ruleset.rules] == [3, 4]
    assert len(ruleset.analyzers) == 1


def test_a_stray_bracket_is_accepted_with_a_warning() -> None:
    assert dqdl.parse("Rules = [RowCount > 1]]").warnings
    assert not dqdl.parse("Rules = [RowCount > 1]").warnings


def test_a_text_keeps_its_backslashes_and_gives_each_place_its_meaning() -> None:
    text = model.Text(r"a\"b\\c\d")
    assert text.value == r'a"b\c\d'
    assert text.member == r'a"b\cd'
    assert text.pattern == r'a"b\\c\d'


@pytest.mark.parametrize("name", ['odd "name"', "back\\slash", "ünï", "a.b c", "select"])
def test_quote_makes_a_parameter_of_any_name(name: str) -> None:
    rule = dqdl.parse_rule(f"IsComplete {dqdl.quote(name)}")
    assert rule.columns == (name,)


def test_every_rule_type_is_in_the_table_of_signatures() -> None:
    assert len(SIGNATURES) == 35 + 5


def test_numbers_are_exact() -> None:
    rule = dqdl.parse_rule("RowCount > 0.10000000000000000001")
    assert isinstance(rule, dqdl.Rule)
    assert rule.condition == model.Compare(">", model.Number(Decimal("0.10000000000000000001")))


def test_sizes_are_powers_of_1024_and_days_have_24_hours() -> None:
    assert model.Size(2, "KB").bytes == 2048
    assert model.Duration(2, "days").minutes == 2880


def test_a_threshold_and_other_tags_are_found_without_case() -> None:
    rule = dqdl.parse_rule('ColumnValues "a" = "x" with IGNORECASE = "true" with Threshold > 0.5')
    assert isinstance(rule, dqdl.Rule)
    assert rule.tag("ignoreCase") == "true"
    assert str(rule.threshold) == "> 0.5"


def test_long_chains_need_no_recursion() -> None:
    chain = " + ".join(["1"] * 5000)
    assert str(dqdl.parse_rule(f"RowCount > {chain}")) == f"RowCount > {chain}"
    rules = " or ".join(["RowCount > 1"] * 2000)
    composite = dqdl.parse_rule(rules)
    assert isinstance(composite, dqdl.Composite)
    assert len(list(composite.leaves())) == 2000


def condition(text: str) -> model.Condition | None:
    rule = dqdl.parse_rule(text)
    assert isinstance(rule, dqdl.Rule)
    return rule.condition


def number(value: str) -> model.Number:
    return model.Number(Decimal(value))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("RowCount ! = - 3", model.Compare("!=", number("-3"))),
        ("RowCount not in [1, NULL]", model.Member((number("1"), model.Keyword("NULL")), negated=True)),
        (
            "RowCount > 2 + 3 * 4",
            model.Compare(">", model.Arithmetic(number("2"), (("+", number("3")), ("*", number("4"))))),
        ),
        ("RowCount > ((2))", model.Compare(">", number("2"))),
        ("RowCount > now( )", model.Compare(">", model.Call("now", ()))),
        (
            "RowCount > index(last(3), 0)",
            model.Compare(">", model.Call("index", (model.Call("last", (number("3"),)), number("0")))),
        ),
        ('ColumnValues "a" = null', model.Compare("=", model.Keyword("NULL"))),
        ('ColumnValues "a" = "2020-13-45"', model.Compare("=", model.Date("2020-13-45"))),
        ('ColumnValues "a" < "9:30 PM"', model.Compare("<", model.TimeOfDay("9:30 PM"))),
        ('ColumnValues "a" = "25:30"', model.Compare("=", model.Text("25:30"))),
        ('ColumnValues "a" > (now() - 03 days)', model.Compare(">", model.Now("-", model.Duration(3, "days")))),
        ('ColumnValues "a" not matches "\\d"', model.Matches(model.Text("\\d"), negated=True)),
        ("FileSize between 5 and 1 KB", model.Between(number("5"), model.Size(1, "KB"))),
        ("FileMatch not in $x", None),
    ],
)
def test_the_tree_of_a_condition(text: str, tree: model.Condition | None) -> None:
    if tree is None:
        with pytest.raises(dqdl.DqdlError, match="not defined"):
            dqdl.parse_rule(text)
    else:
        assert condition(text) == tree


def test_and_binds_tighter_than_or_and_chains_are_flat() -> None:
    rule = dqdl.parse_rule("RowCount > 1 or RowCount > 2 and RowCount > 3 and (RowCount > 4 and RowCount > 5)")
    assert isinstance(rule, dqdl.Composite)
    assert rule.operator == "or"
    first, second = rule.rules
    assert isinstance(first, dqdl.Rule)
    assert isinstance(second, dqdl.Composite)
    assert (second.operator, len(second.rules)) == ("and", 4)


def test_labels_behind_parentheses_are_the_composites_and_others_the_last_rules() -> None:
    inner = dqdl.parse_rule('RowCount > 1 or RowCount > 2 labels=["k"="v"]')
    outer = dqdl.parse_rule('(RowCount > 1 or RowCount > 2) labels=["k"="v"]')
    assert isinstance(inner, dqdl.Composite)
    assert isinstance(outer, dqdl.Composite)
    assert (inner.labels, [rule.labels for rule in inner.rules]) == ((), [(), (("k", "v"),)])
    assert (outer.labels, [rule.labels for rule in outer.rules]) == ((("k", "v"),), [(), ()])


def test_an_and_without_parentheses_joins_parameters() -> None:
    rule = dqdl.parse_rule('IsUnique "a" and IsUnique "b"')
    assert isinstance(rule, dqdl.Rule)
    assert rule.columns == ("a", "IsUnique", "b")


def test_everything_knows_its_place() -> None:
    rules = "Rules = [\n  IsComplete $a, (RowCount > 1) or (Mean\n $b > 1)]"
    ruleset = dqdl.parse(f'a = "x"\n  b = "y"\n{rules}\nAnalyzers = [RowCount]')
    assert [(constant.line, constant.column) for constant in ruleset.constants] == [(1, 1), (2, 3)]
    assert [(rule.line, rule.column) for rule in ruleset.rules] == [(4, 3), (4, 19)]
    assert (ruleset.analyzers[0].line, ruleset.analyzers[0].column) == (6, 14)
    first = ruleset.rules[0]
    assert isinstance(first, dqdl.Rule)
    variable = first.parameters[0]
    assert isinstance(variable, model.Variable)
    assert (variable.line, variable.column) == (4, 14)
