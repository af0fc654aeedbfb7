"""The pages about DQDL tell the truth."""

import re
from pathlib import Path

import pytest

from tools import dqdl
from tools.dqdl import linting
from tools.dqdl.language import lint_meaning, lint_names
from tools.dqdl.language.signatures import ANY, SIGNATURES
from tools.dqdl.rules.registry import PLANNERS

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "dqdl.md").read_text()
LANGUAGE = (DOCS / "dqdl-language.md").read_text()
KINDS = {"number": "numbers", "text": "texts", "date": "dates", "duration": "durations", "size": "sizes"}


@pytest.mark.parametrize("page", [PAGE, LANGUAGE])
def test_the_examples_are_canonical(page: str) -> None:
    examples = re.findall(r"```dqdl\n(.*?)```", page, re.DOTALL)
    assert examples
    for example in examples:
        assert str(dqdl.parse(example)) == example


def test_the_rule_types_that_run_are_all_named() -> None:
    named = PAGE.partition("also evaluated:")[2].partition("composites")[0]
    assert set(re.findall(r"[A-Z]\w+", named)) == set(PLANNERS)


def test_what_is_called_not_dqdl_is_refused() -> None:
    refused = re.findall(r"```text\n(.*?)```", LANGUAGE, re.DOTALL)[0].splitlines()
    assert len(refused) > 10
    for text in refused:
        with pytest.raises(dqdl.DqdlError):
            dqdl.parse_rule(text)


def test_the_table_of_rule_types_is_the_one_that_the_parser_uses() -> None:
    rows = re.findall(
        r"^\| ([A-Z]\w+(?:, [A-Z]\w+)*) \| ([^|]*) \| ([^|]*) \| ([^|]*)\| ([^|]*)\|$", LANGUAGE, re.MULTILINE
    )
    seen = set()
    for names, parameters, condition, where, threshold in rows:
        for name in names.split(", "):
            form = SIGNATURES.get(name)
            if form is None:
                continue
            seen.add(name)
            assert (form.where, form.threshold) == (where.strip() == "yes", threshold.strip() == "yes"), name
            if name != "FileMatch":
                assert parameters == amount(form.least, form.most), name
                assert condition == kinds(form.kinds, optional=form.optional), name
    assert seen == {name for name, form in SIGNATURES.items() if form.rule}
    for name, form in SIGNATURES.items():
        assert form.analyzer != (name in LANGUAGE.partition("are analyzers only.")[2].partition("are no analyzers")[0])


def amount(least: int, most: int) -> str:
    if most == ANY:
        return "1 or more" if least else "any number"
    return str(least or "none") if least == most else f"{least} or {most}"


def kinds(found: tuple[str, ...], *, optional: bool) -> str:
    names = [KINDS[kind] for kind in found]
    if optional:
        return f"{names[0]}, or none"
    return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else (names or ["none"])[0]


def test_every_finding_of_lint_is_in_the_table() -> None:
    sources = "".join(Path(module.__file__ or "").read_text() for module in (lint_meaning, lint_names))
    sources += (Path(lint_names.__file__ or "").parent / "lint.py").read_text()
    codes = set(re.findall(r'[Rr]emark\((?:rule, )?"([a-z-]+)"', sources))
    codes |= set(re.findall(r'"warning", "([a-z-]+)"', Path(linting.__file__ or "").read_text()))
    table = LANGUAGE.partition("| Finding |")[2].partition("\n\n")[0]
    documented = {code for line in table.split("\n") for code in re.findall(r"`([a-z-]+)`", line[: line.find(" | ")])}
    assert len(codes) > 12
    assert codes == documented
