"""Rules taken out of their document: what the header said about them goes into each rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tools.dqdl.language.model import Composite, Condition, Constant, Labels, Member, Ruleset, Text, TopRule, Variable


def standalone(ruleset: Ruleset) -> tuple[TopRule, ...]:
    """The rules with constants substituted and default labels merged: ``str(rule)`` of each parses by itself.

    A rule's own label wins over a default one with the same key. Raises KeyError for a constant that is not defined,
    which a parsed ruleset does not have.
    """
    constants = {constant.name: constant for constant in ruleset.constants}
    return tuple(_labelled(_substituted(rule, constants), ruleset.default_labels) for rule in ruleset.rules)


def _substituted(rule: TopRule, constants: Mapping[str, Constant]) -> TopRule:
    if isinstance(rule, Composite):
        return replace(rule, rules=tuple(_substituted(member, constants) for member in rule.rules))
    parameters = tuple(_text(parameter, constants) for parameter in rule.parameters)
    tags = tuple(replace(tag, condition=_condition(tag.condition, constants)) for tag in rule.tags)
    condition = _condition(rule.condition, constants) if rule.condition else None
    return replace(rule, parameters=parameters, condition=condition, tags=tags)


def _text(parameter: Text | Variable, constants: Mapping[str, Constant]) -> Text:
    value = constants[parameter.name].value if isinstance(parameter, Variable) else parameter
    if not isinstance(value, Text):
        raise KeyError(str(parameter))
    return value


def _condition(condition: Condition, constants: Mapping[str, Constant]) -> Condition:
    if not isinstance(condition, Member) or not isinstance(condition.items, Variable):
        return condition
    return replace(condition, items=constants[condition.items.name].words)


def _labelled(rule: TopRule, defaults: Labels) -> TopRule:
    return replace(rule, labels=tuple({**dict(defaults), **dict(rule.labels)}.items()))
