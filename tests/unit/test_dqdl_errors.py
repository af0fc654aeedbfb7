"""What is rejected, where, and with which help."""

import pytest

from tools import dqdl
from tools.errors import AssayError


def refused(text: str, *, whole: bool = False) -> dqdl.DqdlError:
    with pytest.raises(dqdl.DqdlError) as caught:
        (dqdl.parse if whole else dqdl.parse_rule)(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ('IsCmplete "a"', 1, "Did you mean IsComplete?"),
        ('isComplete "a"', 1, "Did you mean IsComplete?"),
        ("RowCount betwen 1 and 2", 17, "Did you mean between?"),
        ('IsComplete "a" and IsComplete "b"', 16, "parentheses"),
        ('IsComplete "a" And RowCount > 1', 16, "one parameter"),
        ("RowCount == 3", 11, 'Write "="'),
        ("RowCount <> 3", 11, 'Write "!="'),
        ("IsComplete 'a'", 12, "double quotes"),
        ('IsComplete "a', 12, "no closing quote"),
        ('Completeness "a" > 95%', 22, "from 0 to 1"),
        ("RowCount > .5", 14, "written like 0.5"),
        ("RowCount > 1e5", 15, "written like 0.5"),
        ('RowCount > "5"', 10, "a number"),
        ("RowCount > 3 days", 10, "a number"),
        ("RowCount", 1, "needs a condition"),
        ('IsComplete "a" > 5', 16, "takes no condition"),
        ("IsComplete", 1, "one parameter"),
        ('RowCount "id" > 100', 10, "no parameters"),
        ('Completeness "a" = "1.0"', 18, "a number"),
        ('ColumnValues "a" in ["2024-01-01", "abc"]', 18, "one kind"),
        ('ColumnValues "a" in [1, "2"]', 18, "one kind"),
        ('ColumnValues "a" in []', 22, "expected"),
        ('ColumnValues "a" = $v', 18, "constant"),
        ('ColumnValues "a" > now() - 3 days', 18, "parentheses"),
        ('ColumnValues "a" > (now() - 3 days - 1 days)', 27, "now()"),
        ('ColumnNamesMatchPattern "a" where "b"', 29, "takes no where"),
        ("RowCount > 0 with threshold > 0.5", 19, "takes no threshold"),
        ('ColumnValues "a" > 0 with threshold > 0.5 with threshold > 0.6', 48, "one threshold"),
        ('ColumnValues "a" > 0 with threshold > "x"', 37, "share"),
        ('ColumnValues "a" > 0 with format > "x"', 27, "set with ="),
        ('IsComplete "a" where " "', 22, "empty"),
        ('IsComplete "2024-01-01"', 12, "date"),
        ('IsComplete "a" labels=["k"="v"] labels=["j"="v"]', 33, "one list"),
        ('IsComplete "a" labels=["k"="v", "k"="w"]', 33, "twice"),
        ('IsComplete "a" labels=[""="v"]', 24, "128"),
        ("IsComplete days", 12, "cannot stand here"),
        ("IsComplete $nowhere", 12, "not defined"),
        ("FileSize > 5.0", 10, "a size"),
        ("FileSize > 5MB", 15, "cannot stand here"),
        ("FileSize > 5000000000 MB", 12, "too large"),
        ('DataFreshness "a" > NULL', 19, "duration"),
        ('DataFreshness "a" > 24', 19, "duration"),
        ('AllStatistics "a"', 1, "an analyzer"),
        ('RowCount > avg("a")', 16, "numbers"),
        ('RowCount > 1 + "a"', 16, "numbers"),
        ("RowCount between 1 or 5", 20, "and"),
        ("RowCount > 1 RowCount < 3", 14, "cannot stand here"),
        ("RowCount > 1,", 13, "cannot stand here"),
        ("", 1, "a name"),
        ('DataFreshness "a" <= 1 day', 24, "Did you mean days?"),
        ('DataFreshness "a" <= 24hours', 29, "Write 24 hours."),
        ("FileSize > 5 mb", 14, "Did you mean MB?"),
        ('ColumnValues "a" matchs "x"', 18, "Did you mean matches?"),
        ('ColumnValues "a" Between 1 and 2', 26, "Did you mean between?"),
        ('IsComplete "a" lables=["a"="b"]', 23, "Did you mean labels?"),
        ("RowCount > 5 wiht threshold > 1", 14, "Did you mean with?"),
        ('ColumnValues "a" = True', 24, 'A text stands in double quotes: "True".'),
        ('ColumnValues "a" in ["x" "y"]', 26, "A comma is missing"),
        ("IsUnique a, b", 11, "not between parameters"),
        ("RowCount in [1,,2]", 16, "A value is missing"),
        ("RowCount >= 1 && RowCount < 5", 15, 'Write "and".'),
        ("IsComplete “a”", 12, "straight"),
        ("RowCount ≥ 5", 10, 'Write ">=".'),
        ("RowCount >\r5", 11, "line feed"),
        ("RowCount > \x1b5", 12, "U+001B"),
        ('FileFreshness > now() with timeZone = "Europe/Berln"', 28, "Did you mean"),
        ('FileMatch "a" "b" = "c"', 19, "FileMatch of 2 parameters takes no condition"),
        ('ColumnValues "a" > "x"', 18, "no order"),
        ('ColumnValues "a" > ("x")', 21, "Parentheses hold numbers"),
    ],
)
def test_the_error_of_a_rule_says_where_and_what_would_be_right(text: str, column: int, says: str) -> None:
    error = refused(text)
    assert (error.line, error.column) == (1, column)
    assert says in str(error)


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("Rules = []", (1, 10), "no rules"),
        ("Rule = [ RowCount > 1 ]", (1, 10), "Did you mean Rules?"),
        ("Rules = [RowCount > 1] garbage", (1, 24), "end of the text"),
        ("Rules = [RowCount > 1]\nRules = [RowCount > 2]", (2, 1), "second Rules"),
        ("Rules = [RowCount > 1", (1, 22), '"]"'),
        ('Rules = [\n  IsComplete "a",\n  IsUniqe "b"\n]', (3, 3), "Did you mean IsUnique?"),
        ('key = "a"\nRules = [\n  IsComplete\n  $keey\n]', (4, 3), "Did you mean $key?"),
        ('key = ["a", "b"]\nRules = [IsComplete $key]', (2, 21), "one text"),
        ('a = "x"\na = "y"\nRules = [RowCount > 1]', (2, 1), "defined twice"),
        ('_a = "x"\nRules = [RowCount > 1]', (1, 1), "begins with"),
        ('a = "$b"\nRules = [RowCount > 1]', (1, 1), "another constant"),
        ("a = 5\nRules = [RowCount > 1]", (1, 5), "double quotes"),
        ('Metadata = {"Author": "me"}\nRules = [RowCount > 1]', (1, 13), "Version"),
        ('DataSources = {"Main": "me"}\nRules = [RowCount > 1]', (1, 16), "Primary"),
        ('DataSources = {"Primary": "a", "Primary": "b"}\nRules = [RowCount > 1]', (1, 32), "twice"),
        ("Analyzers = [IsComplete]", (1, 14), "not an analyzer"),
        ("RowCount > 1", (1, 10), "A document is Rules"),
        ("Rules = [\n RowCount > 1\n IsComplete a\n]", (3, 2), "A comma is missing"),
        ("Rules = [RowCount > 1]\nAnalyzer = [RowCount]", (2, 1), "Did you mean Analyzers?"),
        ('metadata = {"Version":"1"}\nRules=[RowCount>1]', (1, 12), "Did you mean Metadata?"),
        ("Analyzers = [RowCount, bins = 3]", (1, 24), "no settings"),
        ('Rules = [(RowCount > 1) labels=["a"="b"],' + "(" * 65 + "]", (1, 107), "cannot stand here"),
        ("Analyzers = [Mean]", (1, 14), "one parameter"),
        ("Analyzers = [Meen]", (1, 14), "Did you mean Mean?"),
        ("Rules = [RowCount > 1]\nAnalyzers = [RowCount > 1]", (2, 23), "cannot stand here"),
        ("Rules = [RowCount > 1]\x00", (1, 23), "cannot stand here"),
    ],
)
def test_the_error_of_a_document_says_where_and_what_would_be_right(
    text: str, place: tuple[int, int], says: str
) -> None:
    error = refused(text, whole=True)
    assert (error.line, error.column) == place
    assert says in str(error)


def test_default_labels_count_towards_the_ten_labels_of_a_rule() -> None:
    defaults = ", ".join(f'"d{i}"="v"' for i in range(6))
    labels = ", ".join(f'"k{i}"="v"' for i in range(5))
    error = refused(f"DefaultLabels = [{defaults}]\nRules = [\nRowCount > 1 labels=[{labels}]]", whole=True)
    assert error.line == 3


def test_the_excerpt_has_a_caret_below_the_place() -> None:
    error = refused('Rules = [\n  IsComplete "a",\n  IsUniqe "b"\n]', whole=True)
    assert error.excerpt == '  IsUniqe "b"\n  ^'


def test_the_excerpt_of_a_long_line_is_cut_around_the_place() -> None:
    error = refused("RowCount > " + "1 + " * 200 + "'")
    line, caret = error.excerpt.split("\n")
    assert len(line) <= 100
    assert line[caret.index("^")] == "'"


def test_expected_names_are_words_for_people() -> None:
    assert "a text in double quotes" in refused("IsComplete 'a'").expected
    assert "IsComplete" in refused("IsCmplete").expected
    assert isinstance(refused(""), AssayError)


@pytest.mark.parametrize("text", ["(" * 10_000, "RowCount > " + "(" * 10_000, "RowCount > " + "f(" * 10_000])
def test_deep_nesting_is_an_error_and_not_a_crash(text: str) -> None:
    assert "inside each other" in str(refused(text))


def test_parentheses_that_change_nothing_are_fine() -> None:
    assert dqdl.parse_rule("(" * 150 + "RowCount > 1" + ")" * 150) == dqdl.parse_rule("RowCount > 1")


@pytest.mark.parametrize(
    "deep", ["RowCount > " + "f(" * 70 + "1" + ")" * 70, "(RowCount > 1 and (RowCount > 2 or " * 40]
)
def test_a_tree_has_a_depth_of_64_at_most(deep: str) -> None:
    closed = deep if deep.endswith(")") else f"{deep}RowCount > 3{'))' * 40}"
    error = refused(f"(RowCount > 0) or {closed}")
    assert "a depth of 64" in str(error)
    assert (error.line, error.column) == (1, 2)
