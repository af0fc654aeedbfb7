"""Names in a ruleset that look like slips: constants, tags, swallowed rules and columns."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from tools.dqdl.language import model
from tools.dqdl.language.header import everything, operands, uses
from tools.dqdl.language.lint_meaning import Remark
from tools.dqdl.language.signatures import SIGNATURES
from tools.dqdl.language.words import nearest

UNQUOTED = re.compile(r"\d{4} - \d\d? - \d\d?")
TAGS = (
    *("threshold", "ignoreCase", "format", "hashAlgorithm", "dataFrame", "recentFiles", "matchFileName", "timeZone"),
    *("failFast", "uriRegex", "filterOrder"),
)


def remarks(ruleset: model.Ruleset) -> Iterator[Remark]:
    """One remark for each odd name."""
    yield from _constants(ruleset)
    spellings: dict[str, str] = {}
    for rule in everything(ruleset.rules):
        if isinstance(rule, model.Rule):
            yield from _tags(rule)
            yield from _formulas(rule)
            yield from _parameters(rule)
            yield from _spellings(rule, spellings)


def _constants(ruleset: model.Ruleset) -> Iterator[Remark]:
    used = {variable.name for item in (*ruleset.rules, *ruleset.analyzers) for variable, _ in uses(item)}
    for constant in ruleset.constants:
        place = constant.line, constant.column
        if constant.name not in used:
            yield Remark("unused-constant", *place, f"The constant {constant.name} is not used.")
        if isinstance(constant.value, tuple) and model.Keyword("NULL") in constant.value:
            message = (
                'NULL in the list of a constant is the text "NULL", as in Glue; in a rule\'s own list it is no value.'
            )
            yield Remark("null-in-constant", *place, message)


def _tags(rule: model.Rule) -> Iterator[Remark]:
    seen: set[str] = set()
    for tag in rule.tags:
        name = tag.name.lower()
        if name in seen:
            yield _remark(rule, "repeated-tag", f"{tag.name} is set twice; the first one counts.")
        elif name != "threshold" and tag.name not in TAGS:
            yield _remark(rule, "unknown-tag", f"{tag.name} is not the name of a tag.{_guess(tag.name, TAGS)}")
        seen.add(name)


def _formulas(rule: model.Rule) -> Iterator[Remark]:
    waiting: list[Any] = [
        operand for found in (rule.condition, *(tag.condition for tag in rule.tags)) for operand in operands(found)
    ]
    while waiting:
        node = waiting.pop()
        if isinstance(node, model.Call):
            waiting += node.arguments
            if node.function.lower() == "now":
                message = f"{node} is a function of that name; the time is written now(), with nothing between."
                yield _remark(rule, "function-now", message)
        elif isinstance(node, model.Arithmetic):
            if UNQUOTED.fullmatch(str(node)):
                yield _remark(rule, "unquoted-day", f"{node} is a calculation; a day stands in double quotes.")
            waiting += [node.first, *(operand for _, operand in node.rest)]


def _parameters(rule: model.Rule) -> Iterator[Remark]:
    given = [parameter.value for parameter in rule.parameters if isinstance(parameter, model.Text)]
    swallowed = next((name for name in given[1:] if name in SIGNATURES), None)
    if swallowed and rule.type != "DetectAnomalies":
        message = f"{swallowed} is read as a parameter of {rule.type}; to join two rules put each in parentheses."
        yield _remark(rule, "swallowed-rule", message)


def _spellings(rule: model.Rule, seen: dict[str, str]) -> Iterator[Remark]:
    for column in rule.columns:
        first = seen.setdefault(column.lower(), column)
        if first != column:
            message = (
                f'The column "{column}" is "{first}" elsewhere; on an engine that minds case one of them is missing.'
            )
            yield _remark(rule, "column-case", message)


def _remark(rule: model.Rule, code: str, message: str) -> Remark:
    return Remark(code, rule.line, rule.column, message)


def _guess(word: str, names: Collection[str]) -> str:
    guess = nearest(word, names)
    return f" Did you mean {guess}?" if guess else ""
