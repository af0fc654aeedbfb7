"""Rules that are active in the store though no decision approves their text: they are refused, and it is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from tools.dqdl.plans.result import Dimension, Evaluation, RuleResult

if TYPE_CHECKING:
    from memory.model import Rule


def sound(rules: Sequence[Rule]) -> list[str]:
    """The texts of the rules that may be evaluated."""
    return [rule.rule_expression for rule in rules if rule.problem is None]


def with_refused(evaluation: Evaluation, rules: Sequence[Rule]) -> Evaluation:
    """The evaluation of the sound rules with an error for each of the others, all in the order of ``rules``."""
    results = iter(evaluation.rules)
    return replace(evaluation, rules=[_refused(rule) if rule.problem else next(results) for rule in rules])


def _refused(rule: Rule) -> RuleResult:
    return RuleResult(
        rule=rule.rule_expression,
        rule_type=rule.rule_type,
        columns=rule.columns,
        outcome="Error",
        reason=f"Rule {rule.number} was not evaluated: {rule.problem} Disable it, and approve the rule anew.",
        dimension=cast(Dimension, rule.dimension),
    )
