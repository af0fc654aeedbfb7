"""When two rules are the same rule, and when they are the same idea with another bound."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tools.dqdl.language import model
from tools.dqdl.language.model import Composite, Rule, TopRule


def fingerprint(rule: TopRule) -> str:
    """A digest of what a rule checks: formatting, labels, the case of columns and the order of lists do not count."""
    return hashlib.sha256(str(_normal(rule)).encode()).hexdigest()[:32]


def shape(rule: TopRule) -> tuple[str, tuple[str, ...]]:
    """Rule type and lower-cased columns. A CustomSql is told apart by its statement, white space aside."""
    if isinstance(rule, Rule) and rule.type == "CustomSql":
        return rule.type, (" ".join(_parameter(rule.parameters[0]).lower().split()),)
    return rule.type, tuple(column.lower() for column in rule.columns)


def _normal(rule: TopRule) -> TopRule:
    if isinstance(rule, Composite):
        members = sorted(map(_normal, rule.rules), key=str)
        return members[0] if len(members) == 1 else Composite(rule.operator, tuple(members))
    keeps_case = rule.type in ("CustomSql", "ColumnNamesMatchPattern")
    parameters = tuple(p if keeps_case else _lower(p) for p in rule.parameters)
    condition = _normal_condition(rule.condition) if rule.condition else None
    tags = tuple(sorted((model.Tag(tag.name.lower(), _normal_condition(tag.condition)) for tag in rule.tags), key=str))
    return replace(rule, parameters=parameters, condition=condition, labels=(), tags=tags)


def _normal_condition(condition: model.Condition) -> model.Condition:
    if isinstance(condition, model.Compare):
        return replace(condition, operand=_normal_operand(condition.operand))
    if isinstance(condition, model.Between):
        return replace(condition, low=_normal_operand(condition.low), high=_normal_operand(condition.high))
    if isinstance(condition, model.Member) and isinstance(condition.items, tuple):
        return replace(condition, items=tuple(sorted(map(_normal_operand, condition.items), key=str)))
    return condition


def _normal_operand(operand: Any) -> Any:
    if not isinstance(operand, model.Number):
        return operand
    digits = f"{operand.value:f}".lstrip("-")
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return model.Number(Decimal(digits).copy_sign(operand.value) if digits.strip("0") else Decimal(0))


def _lower(parameter: model.Text | model.Variable) -> model.Text | model.Variable:
    return model.Text(parameter.raw.lower()) if isinstance(parameter, model.Text) else parameter


def _parameter(parameter: model.Text | model.Variable) -> str:
    return parameter.pattern if isinstance(parameter, model.Text) else str(parameter)
