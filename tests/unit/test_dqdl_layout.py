"""Formatting: canonical form, and no comment lost."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools import dqdl
from tools.dqdl.language.layout import formatted
from tools.dqdl.language.outline import TOKEN, outline

WRITTEN = """// licence
Metadata = {"Version": "1.0"} # version
# states
states = ["new", # fresh
  "paid"]   # all of them
Analyzers = [ # collected
  RowCount, // rows
  Distribution "a" with bins = 3, # three
    rebin = true
]

# what must hold
Rules
 = [
  # first
  #second
  IsComplete "a", # never empty
  RowCount > # how many
     5 , # more than five

  ColumnValues "s" in $states where "a = '#' or b = '//'" # known
  # that is all
] # done
# the end"""

CANONICAL = """# licence
Metadata = {"Version": "1.0"} # version
# states
# fresh
states = ["new", "paid"] # all of them

# what must hold
Rules = [
    # first
    #second
    IsComplete "a", # never empty
    # how many
    RowCount > 5, # more than five
    ColumnValues "s" in $states where "a = '#' or b = '//'" # known
    # that is all
] # done

Analyzers = [ # collected
    RowCount, # rows
    # three
    Distribution "a" with bins = 3, rebin = true
]

# the end
"""


def test_comments_stay_before_and_behind_what_they_are_about() -> None:
    assert formatted(WRITTEN) == CANONICAL
    assert formatted(CANONICAL) == CANONICAL
    assert dqdl.parse(CANONICAL) == dqdl.parse(WRITTEN)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# a\nRules=[RowCount>1]", "# a\nRules = [\n    RowCount > 1\n]\n"),
        ("Rules=[RowCount>1]]# a", "Rules = [\n    RowCount > 1\n] # a\n"),
        ("Rules=[RowCount>1\n#a\n#b\n,#c\n]", "Rules = [\n    RowCount > 1\n    #a\n    #b\n    #c\n]\n"),
        ("Rules=[#a\n]#b\nAnalyzers=[RowCount]#c", "#a\n#b\nAnalyzers = [\n    RowCount\n] #c\n"),
        ("Rules=[RowCount>1]Analyzers=[#a\n]#b", "Rules = [\n    RowCount > 1\n]\n\n#a\n#b\n"),
        ("Rules=[RowCount>1, #a  \r\nRowCount>2]", "Rules = [\n    RowCount > 1, #a\n    RowCount > 2\n]\n"),
        ('Rules=[IsComplete "a\n#b"#c\n]', 'Rules = [\n    IsComplete "a\n#b" #c\n]\n'),
    ],
)
def test_where_comments_go(text: str, expected: str) -> None:
    assert formatted(text) == expected
    assert formatted(expected) == expected


def test_without_comments_it_is_the_canonical_text() -> None:
    text = 'Rules=[IsComplete"a//b",RowCount>1,]'
    assert formatted(text) == str(dqdl.parse(text))


def test_what_is_not_a_ruleset_is_refused() -> None:
    with pytest.raises(dqdl.DqdlError, match="Line 2"):
        formatted("# why\nRules = [Foo]")


BASE = (
    'Metadata = {"Version": "1"} DataSources = {"Primary": "p", "AdditionalDataSources": ["q", "r"]} a = "x" '
    'b = ["y", "z#"] DefaultLabels = ["k"="v"] Rules = [ IsComplete $a , (RowCount > 1) or (IsUnique "//" "u") '
    'labels=["l"="w"] , ColumnValues "c" in $b with threshold > (0.5 + 0.1) ] Analyzers = [ RowCount , Mean "m" , ] ]'
)
ENDS = [found.end() for found in TOKEN.finditer(BASE)]


@given(st.lists(st.tuples(st.sampled_from([0, *ENDS]), st.sampled_from(["#", "//"]), st.booleans()), max_size=8))
def test_comments_anywhere_are_all_kept(comments: list[tuple[int, str, bool]]) -> None:
    text = BASE
    for number, (at, sign, own_line) in enumerate(sorted(comments, reverse=True)):
        breaks = "\n" if own_line else " "
        text = f"{text[:at]}{breaks}{sign} c{number};\n{text[at:]}"
    result = formatted(text)
    assert dqdl.parse(result) == dqdl.parse(text)
    assert formatted(result) == result
    assert sorted(re.findall(r"# c\d+;", result)) == sorted(f"# c{number};" for number in range(len(comments)))
    assert [result[span.start] for span in outline(result).comments] == ["#"] * len(comments)
