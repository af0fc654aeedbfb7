"""The language claim by claim: what is a rule or a document, and what is not. All that is accepted reads back."""

from pathlib import Path

import pytest

from tests.support.together import each
from tools import dqdl

SUPPORT = Path(__file__).parents[1] / "support"
MARKS = str.maketrans("⏎␍␉␌⍽⍰◦", "\n\r\t\f\u00a0\ufeff ")


def cases(name: str, sign: str) -> list[str]:
    lines = (SUPPORT / f"dqdl_{name}.txt").read_text(encoding="utf-8").split("\n")
    return [line[2:].translate(MARKS) for line in lines if line[:1] == sign]


LONG_RULES = [
    f"RowCount > {'9' * 5000}",
    f"RowCount > 0.{'1' * 400}",
    f"RowCount > -{'1' * 400}.5",
    f"IsComplete {'a' * 5000}",
    f'IsComplete "a" labels=["{"k" * 128}"="{"v" * 256}"]',
]
LONG_NO_RULES = [
    f'DataFreshness "a" > {"9" * 5000} days',
    f"FileSize > {'9' * 5000} MB",
    f'IsComplete "a" labels=["{"k" * 129}"="v"]',
    f'IsComplete "a" labels=["k"="{"v" * 257}"]',
    f"{'a' * 5000} > 1",
    f"RowCount > {'9' * 5000}x",
]


def test_rules() -> None:
    each([*cases("rules", "+"), *LONG_RULES], reads_as_a_rule)


def reads_as_a_rule(text: str) -> None:
    rule = dqdl.parse_rule(text)
    assert dqdl.parse_rule(str(rule)) == rule
    (within,) = dqdl.parse(f"Rules = [{text}\n]").rules
    assert within == rule


def test_no_rules() -> None:
    each([*cases("rules", "-"), *LONG_NO_RULES], is_no_rule)


def is_no_rule(text: str) -> None:
    with pytest.raises(dqdl.DqdlError) as caught:
        dqdl.parse_rule(text)
    source, caret = caught.value.excerpt.split("\n")
    assert caret.strip() == "^"
    assert len(caret) <= len(source) + 1
    with pytest.raises(dqdl.DqdlError):
        dqdl.parse(f"Rules = [{text}\n]")


def test_documents() -> None:
    each(cases("documents", "+"), reads_as_a_document)


def reads_as_a_document(text: str) -> None:
    ruleset = dqdl.parse(text)
    assert dqdl.parse(str(ruleset)) == ruleset
    assert str(dqdl.parse(str(ruleset))) == str(ruleset)


def test_no_documents() -> None:
    each(cases("documents", "-"), is_no_document)


def is_no_document(text: str) -> None:
    with pytest.raises(dqdl.DqdlError) as caught:
        dqdl.parse(text)
    assert 1 <= caught.value.line <= text.count("\n") + 1
