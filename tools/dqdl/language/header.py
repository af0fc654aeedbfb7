"""The checks of what stands around the rules: labels, constants, metadata, and how deep it all is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from tools.dqdl.language import model
from tools.dqdl.language.check import error
from tools.dqdl.language.errors import DqdlError
from tools.dqdl.language.words import nearest

if TYPE_CHECKING:
    from lark import Token

MAX_LABELS, MAX_KEY, MAX_VALUE = 10, 128, 256
MAX_DEPTH = 64
"""Composites and formulas inside each other: far above any real rule, far below Python's recursion limit."""
USE = re.compile(r"\$(?!\d+(?![A-Za-z0-9_.]))[A-Za-z0-9_.]")


def labels(pairs: Iterable[tuple[Token, Token]]) -> model.Labels:
    """Sizes, and no key twice."""
    found: dict[str, str] = {}
    for key, value in pairs:
        if not 1 <= len(key.value) - 2 <= MAX_KEY:
            raise error(f"A label's key has 1 to {MAX_KEY} characters.", key)
        if len(value.value) - 2 > MAX_VALUE:
            raise error(f"A label's value has at most {MAX_VALUE} characters.", value)
        if len(found) >= MAX_LABELS:
            raise error(f"A rule has at most {MAX_LABELS} labels.", key)
        if key.value in found:
            raise error(f"The label {key.value} is given twice.", key)
        found[key.value] = value.value[1:-1]
    return tuple((key[1:-1], value) for key, value in found.items())


def metadata(pairs: dict[Token, Any]) -> str:
    """The version."""
    version = ""
    for key, value in pairs.items():
        if key.value[1:-1] != "Version" or isinstance(value, tuple):
            raise error("Metadata holds only a Version.", key, expected=('"Version"',))
        version = value.value[1:-1]
    return version


def data_sources(pairs: dict[Token, Any]) -> model.DataSources:
    """The primary source and the additional ones."""
    primary: str | None = None
    additional: tuple[str, ...] = ()
    for key, value in pairs.items():
        name = key.value[1:-1]
        if name == "Primary" and not isinstance(value, tuple):
            primary = value.value[1:-1]
        elif name == "AdditionalDataSources" and isinstance(value, tuple):
            additional = tuple(source.value[1:-1] for source in value)
        else:
            message = "DataSources holds Primary (a text) and AdditionalDataSources (a list)."
            raise error(message, key, expected=('"Primary"', '"AdditionalDataSources"'))
    return model.DataSources(primary, additional)


def constant(found: model.Constant, earlier: dict[str, model.Constant], name: Token) -> None:
    """A name that can be used and is new, and a value without another constant in it."""
    if found.name[0] in "._":
        raise error("A constant's name begins with a letter or a digit.", name)
    if found.name in earlier:
        raise error(f"The constant {found.name} is defined twice.", name)
    words = found.value if isinstance(found.value, tuple) else (found.value,)
    if any(isinstance(word, model.Text) and USE.search(word.raw) for word in words):
        raise error("A constant cannot be made of another constant.", name)


def document(ruleset: model.Ruleset) -> None:
    """Known constants, not too many labels, not too deep."""
    defaults = len(ruleset.default_labels)
    for rule in everything(ruleset.rules) if defaults else ():
        if defaults + len(rule.labels) > MAX_LABELS:
            message = f"With the default labels the rule has more than {MAX_LABELS} labels."
            raise DqdlError(message, line=rule.line, column=rule.column)
    for item in (*ruleset.rules, *ruleset.analyzers):
        alone(item, {constant.name: constant for constant in ruleset.constants})


def alone(item: model.TopRule | model.Analyzer, constants: dict[str, model.Constant]) -> None:
    """One rule: not too deep, and each constant that it uses is defined and has the form that its place needs."""
    level: list[Any] = [item]
    for _ in range(MAX_DEPTH):
        level = [inner for node in level for inner in _inside(node)]
    if level:
        raise DqdlError(
            f"Rules and formulas are nested to a depth of {MAX_DEPTH} at most.", line=item.line, column=item.column
        )
    for variable, in_list in uses(item):
        _defined(variable, in_list, constants)


def _inside(node: Any) -> Iterable[Any]:
    if isinstance(node, model.Composite):
        return node.rules
    if isinstance(node, model.Rule):
        conditions = [node.condition, *(tag.condition for tag in node.tags)]
        return (operand for condition in conditions for operand in operands(condition))
    if isinstance(node, model.Arithmetic):
        return (node.first, *(operand for _, operand in node.rest))
    return node.arguments if isinstance(node, model.Call) else ()


def operands(condition: model.Condition | None) -> Iterable[Any]:
    """The values in a condition."""
    if isinstance(condition, model.Compare):
        return (condition.operand,)
    if isinstance(condition, model.Between):
        return condition.low, condition.high
    return condition.items if isinstance(condition, model.Member) and isinstance(condition.items, tuple) else ()


def _defined(variable: model.Variable, in_list: bool, constants: dict[str, model.Constant]) -> None:
    name, line, column = variable.name, variable.line or 1, variable.column or 1
    found = constants.get(name)
    if found is None:
        guess = nearest(name, constants)
        hint = f"Did you mean ${guess}?" if guess else 'Define it before Rules: name = "value".'
        raise DqdlError(f"The constant ${name} is not defined.", line=line, column=column, hint=hint)
    if not in_list and not isinstance(found.value, model.Text):
        raise DqdlError(f"The parameter ${name} must be one text.", line=line, column=column)


def everything(rules: Iterable[model.TopRule]) -> Iterator[model.TopRule]:
    """Rules and composites, outer ones first."""
    for rule in rules:
        yield rule
        if isinstance(rule, model.Composite):
            yield from everything(rule.rules)


def uses(item: model.TopRule | model.Analyzer) -> Iterator[tuple[model.Variable, bool]]:
    """The constants used in a rule, and whether as a list after ``in``."""
    for rule in item.leaves() if isinstance(item, model.Composite) else (item,):
        yield from ((parameter, False) for parameter in rule.parameters if isinstance(parameter, model.Variable))
        condition = rule.condition if isinstance(rule, model.Rule) else None
        if isinstance(condition, model.Member) and isinstance(condition.items, model.Variable):
            yield condition.items, True
