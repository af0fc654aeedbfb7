"""Every rule type with every clause: parameters, kind of condition, where, threshold and use as an analyzer.

The table is written out from the language's description, not from the code that it tests.
"""

import pytest

from tools import dqdl

ALL = ("number", "text", "date", "duration", "size")
CONDITIONS = {
    "number": (
        *("> 1", ">= 1", "< 1.5", "<= -1", "= 1", "!= 1", "! = 1", "between 1 and 2", "not between 1 AND 2"),
        *("in [1, 2]", "not in [1.5]", "> avg(last(5))", "between 0.9 * avg(last(3)) and (1 + 2) * 3", "> last()"),
        *("= NULL", "!= null", "in [NULL]", "in [NULL, 1]", "> now( )"),
    ),
    "text": (
        *('= "x"', '!= "x"', 'in ["x"]', 'not in ["x", "y"]', 'matches "x"', 'not matches "x"', "= EMPTY", "!= empty"),
        *("= WHITESPACES_ONLY", "in [whitespaces_only]", 'in [NULL, "x"]', 'in ["x", EMPTY, null]'),
    ),
    "date": (
        *('> "2024-01-31"', '>= "2020-13-45"', "< now()", "<= (now() - 3 days)", "= (now() + 90 minutes)"),
        *('!= "21:30"', 'between "9:30 AM" and "9:30 PM"', 'not between "2024-01-01" and now()'),
        *('in ["2024-01-01", now()]', 'not in ["2024-01-01"]', 'in [NULL, "2020-01-01"]'),
    ),
    "duration": ("> 1 days", "<= 24 hours", "= 5 minutes", "between 1 hours and 2 days", "not in [1 days, 3 hours]"),
    "size": (
        *("> 1 B", ">= 2 KB", "= 3 MB", "< 1 TB", "between 1 MB and 2 GB", "in [1 KB, 2 KB]", "between 5 and 1 KB"),
        *("not in [1, 2 KB]",),
    ),
}
WRONG = {
    "number": ('= "x"', '> "2024-01-31"', "> 3 days", "> 5 MB", "= EMPTY", 'matches "x"', "> now()", '= "5"'),
    "text": ("> 1", "= NULL", "in [NULL]", '> "x"', 'between "x" and "y"', "> EMPTY", '= "2024-01-31"', "= 3 days"),
    "date": ("> 1", '= "x"', "= NULL", "in [NULL]", "> 3 days", "> 5 MB", "> now( )", '> "25:30"', "> ($x)"),
    "duration": ("> 1", '= "x"', "= NULL", "> 1.5 hours", "> 1 hour", "> -1 days", "> 24hours", '> "2024-01-01"'),
    "size": ("> 5.5", '= "x"', "= NULL", "> 1 mb", "> 1 + 1", "> last()", "> 5MB", "> 3 days", "between -5 and 1 KB"),
}
NONE: tuple[str, ...] = ()
NUMBER = ("number",)
MANY = 12

# least, most, kinds, condition optional, where, threshold, analyzer
TABLE: dict[str, tuple[int, int, tuple[str, ...], bool, bool, bool, bool]] = {
    "RowCount": (0, 0, NUMBER, False, True, False, True),
    "RowCountMatch": (1, 1, NUMBER, False, False, False, True),
    "ColumnCount": (0, 0, NUMBER, False, False, False, True),
    "Completeness": (1, 1, NUMBER, False, True, False, True),
    "IsComplete": (1, 1, NONE, True, True, False, False),
    "ColumnDataType": (1, 1, ("text",), False, True, True, True),
    "ColumnNamesMatchPattern": (1, 1, NONE, True, False, False, False),
    "ColumnExists": (1, 1, NONE, True, False, False, False),
    "ColumnCorrelation": (2, 2, NUMBER, False, True, False, True),
    "Uniqueness": (1, MANY, NUMBER, False, True, False, True),
    "IsUnique": (1, MANY, NONE, True, True, False, False),
    "IsPrimaryKey": (1, MANY, NONE, True, True, False, False),
    "Mean": (1, 1, NUMBER, False, True, False, True),
    "Sum": (1, 1, NUMBER, False, True, False, True),
    "StandardDeviation": (1, 1, NUMBER, False, True, False, True),
    "Variance": (1, 1, NUMBER, False, True, False, True),
    "Entropy": (1, 1, NUMBER, False, True, False, True),
    "DistinctValuesCount": (1, 1, NUMBER, False, True, False, True),
    "UniqueValueRatio": (1, 1, NUMBER, False, True, False, True),
    "ColumnLength": (1, 1, NUMBER, False, True, False, True),
    "ColumnValues": (1, 1, ("number", "text", "date"), False, True, True, True),
    "DataFreshness": (1, 1, ("duration",), False, True, False, True),
    "CustomSql": (1, 1, NUMBER, True, False, True, True),
    "ReferentialIntegrity": (2, 2, NUMBER, False, False, False, True),
    "DatasetMatch": (2, 3, NUMBER, False, False, False, True),
    "SchemaMatch": (1, 1, NUMBER, False, False, False, True),
    "AggregateMatch": (2, 2, NUMBER, False, False, False, True),
    "DetectAnomalies": (1, MANY, NONE, True, False, False, False),
    "FileUniqueness": (0, 1, NUMBER, False, False, False, True),
    "FileFreshness": (0, 1, ("date",), False, False, True, True),
    "FileSize": (0, 1, ("size",), False, False, True, True),
    "Range": (1, 1, NUMBER, False, True, False, True),
    "DuplicateRowCount": (0, MANY, NUMBER, False, True, False, True),
    "ZerosCount": (1, 1, NUMBER, False, True, False, True),
    "Skewness": (1, 1, NUMBER, False, True, False, True),
    "Kurtosis": (1, 1, NUMBER, False, True, False, True),
    "InterquartileRange": (1, 1, NUMBER, False, True, False, True),
}
ROWS = pytest.mark.parametrize("name", TABLE)


def parameters(count: int) -> str:
    return "".join(f' "p{i}"' for i in range(count))


def good_condition(name: str) -> str:
    kinds = TABLE[name][2]
    return f" {CONDITIONS[kinds[0]][0]}" if kinds else ""


def accepted(text: str) -> bool:
    try:
        rule = dqdl.parse_rule(text)
    except dqdl.DqdlError:
        return False
    assert dqdl.parse_rule(str(rule)) == rule
    return True


def test_the_table_has_all_rule_types_but_two_with_a_form_of_their_own() -> None:
    from tools.dqdl.language.signatures import SIGNATURES

    assert set(SIGNATURES) == {*TABLE, "FileMatch", "AllStatistics", "Distribution"}


def test_every_rule_type_can_be_evaluated() -> None:
    from tools.dqdl.rules.registry import PLANNERS

    assert set(PLANNERS) == {*TABLE, "FileMatch"}


@ROWS
@pytest.mark.parametrize("count", [*range(5), MANY])
def test_the_number_of_parameters(name: str, count: int) -> None:
    least, most, *_ = TABLE[name]
    assert accepted(f"{name}{parameters(count)}{good_condition(name)}") == (least <= count <= most)


@ROWS
@pytest.mark.parametrize("kind", ALL)
def test_the_kinds_of_condition(name: str, kind: str) -> None:
    least, _, kinds, *_ = TABLE[name]
    plain_size = name == "FileSize" and kind == "number"
    for condition in CONDITIONS[kind]:
        if not plain_size:
            assert accepted(f"{name}{parameters(least)} {condition}") == (kind in kinds), condition


@ROWS
def test_wrong_conditions(name: str) -> None:
    least, _, kinds, *_ = TABLE[name]
    for condition in WRONG[kinds[0]] if len(kinds) == 1 else ():
        assert not accepted(f"{name}{parameters(least)} {condition}"), condition


@ROWS
def test_a_condition_stands_once_and_where_it_must(name: str) -> None:
    least, _, kinds, optional, *_ = TABLE[name]
    assert accepted(name + parameters(least)) == (optional or not kinds)
    assert not accepted(f"{name}{parameters(least)}{good_condition(name)} > 1")


@ROWS
def test_clauses(name: str) -> None:
    least, _, _, _, where, threshold, _ = TABLE[name]
    rule = name + parameters(least) + good_condition(name)
    assert accepted(f'{rule} where "a > 1"') == where
    assert not accepted(f'{rule} where ""')
    assert not accepted(f"{rule} where $x")
    for bound in ("> 0.5", "between 0.5 and 0.9", "in [0.5, 1]", "= 1.0", "not in [0]"):
        assert accepted(f"{rule} with threshold {bound}") == threshold, bound
    assert accepted(f"{rule} with THRESHOLD >= 0.5") == threshold
    assert not accepted(f'{rule} with threshold > "x"')
    assert accepted(f'{rule} labels=["k"="v"] with failFast = "true" with other = 3')
    assert accepted(f'{rule} where "a" labels = ["k" = "v"]') == where


@ROWS
def test_analyzers(name: str) -> None:
    least, most, *_, analyzer = TABLE[name]
    for count in range(4):
        text = f"Analyzers = [{name}{parameters(count)}]"
        if analyzer and least <= count <= most:
            assert dqdl.parse(str(dqdl.parse(text))).analyzers[0].type == name
        else:
            with pytest.raises(dqdl.DqdlError):
                dqdl.parse(text)
    with pytest.raises(dqdl.DqdlError):
        dqdl.parse(f"Analyzers = [{name}{parameters(least)}{good_condition(name) or ' > 1'}]")


@pytest.mark.parametrize("size", ["> 5", "= 0", "between 1 and 2", "in [1, 2]", "not in [5]", "!= 5", "> -5"])
def test_a_bare_whole_number_is_a_size(size: str) -> None:
    assert accepted(f"FileSize {size}")


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ('FileMatch in ["a", "b"]', True),
        ('FileMatch "p" in ["a"] with hashAlgorithm = "MD5"', True),
        ('FileMatch "p" = "abc"', True),
        ('FileMatch "p" "q"', True),
        ("FileMatch", False),
        ('FileMatch "p"', False),
        ('FileMatch "p" "q" in ["a"]', False),
        ('FileMatch "p" "q" "r"', False),
        ('FileMatch "p" > 1', False),
        ('FileMatch "p" in ["a"] with threshold > 0.5', False),
        ('AllStatistics "a"', False),
        ('AllStatistics "a" > 1', False),
        ("AllStatistics", False),
        ('Distribution "a"', False),
    ],
)
def test_rule_types_with_a_form_of_their_own(text: str, fine: bool) -> None:
    assert accepted(text) == fine


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ('AllStatistics "AllColumns"', True),
        ("AllStatistics", False),
        ('AllStatistics "a" "b"', False),
        ('FileMatch, FileMatch "a", FileMatch "a" "b"', True),
        ("Distribution AllColumns", True),
        ('Distribution "a" with bins = 10', True),
        ('Distribution "a" with bins = 10, rebin = false, RowCount', True),
        ('Distribution "a" with bins = 10 with rebin = true', True),
        ('Distribution "a" with bins = 0', False),
        ('Distribution "a" with bins = 21', False),
        ('Distribution "a" with bins = many', False),
        ('Distribution "a" with rebin = 1', False),
        ('Distribution "a" with bins = 5, bins = 6', False),
        ('Distribution "a" with size = 5', False),
        ("RowCount, bins = 5", False),
        ("bins = 5", False),
        ('Mean "a" with threshold > 0.5', False),
        ('Mean "a" where "b"', False),
        ('Mean "a" labels=["k"="v"]', False),
        ("RowCount,, RowCount", False),
        ("(RowCount)", False),
        ("RowCount and ColumnCount", False),
    ],
)
def test_analyzers_with_a_form_of_their_own(text: str, fine: bool) -> None:
    whole = f"Analyzers = [{text}]"
    if fine:
        ruleset = dqdl.parse(whole)
        assert dqdl.parse(str(ruleset)) == ruleset
    else:
        with pytest.raises(dqdl.DqdlError):
            dqdl.parse(whole)
