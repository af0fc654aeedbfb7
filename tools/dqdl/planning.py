"""From rules to plans. Nothing runs here: row-level results and explanations start from the same plans."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlglot.errors import SqlglotError

from tools.dqdl.language.model import Analyzer, Composite, Rule, Ruleset, TopRule
from tools.dqdl.language.signatures import SIGNATURES
from tools.dqdl.plans.plan import Need, Plan, RuleError, RuleFailed, Verdict
from tools.dqdl.rules import conditions
from tools.dqdl.rules.analyzers import expanded
from tools.dqdl.rules.composites import by_row
from tools.dqdl.rules.context import Context
from tools.dqdl.rules.judge import as_written
from tools.dqdl.rules.registry import ANALYZERS, PLANNERS

Resolve = Callable[[Rule], Rule]
"""Puts numbers in the place of what a rule takes from elsewhere, such as the metric history. Raises RuleError."""


@dataclass(frozen=True)
class Planned:
    """A rule as far as it is known before any query.

    A rule that cannot be planned has its verdict at once. A composite has its members, which decide it; where it has a
    plan of its own, that decides instead, and the members are not run.
    """

    rule: TopRule
    """As written."""
    columns: tuple[str, ...]
    """The columns that it names, as the table spells them."""
    plan: Plan | None = None
    verdict: Verdict | None = None
    members: tuple[Planned, ...] = ()

    def deciding(self) -> Iterator[Planned]:
        """Itself or, where its members decide, the plain rules below it."""
        if self.plan or self.verdict or not self.members:
            yield self
            return
        for member in self.members:
            yield from member.deciding()


@dataclass(frozen=True)
class Prepared:
    """A ruleset that is ready to run."""

    ruleset: Ruleset
    rules: tuple[Planned, ...]
    analyzers: tuple[tuple[Analyzer, Plan | Verdict], ...] = ()
    """Each with the plan whose metrics are its statistics, or with the reason why there is none."""

    def needs(self) -> Iterator[Need]:
        """What must be asked of the tables."""
        for planned in self.rules:
            for part in planned.deciding():
                yield from part.plan.needs.values() if part.plan else ()
        for _, plan in self.analyzers:
            yield from plan.needs.values() if isinstance(plan, Plan) else ()


def prepare(ruleset: Ruleset, context: Context, resolve: Resolve = lambda rule: rule) -> Prepared:
    """Plans all rules and analyzers. A broken one is marked as such and spoils no other."""
    rules = tuple(_top(rule, context, resolve) for rule in ruleset.rules)
    parts = [part for analyzer in ruleset.analyzers for part in expanded(analyzer, context)]
    analyzers = tuple((part, _analysis(part, context)) for part in parts)
    return Prepared(ruleset, rules, analyzers)


def _top(top: TopRule, context: Context, resolve: Resolve) -> Planned:
    columns = tuple(_real_name(name, context) for name in top.columns)
    if isinstance(top, Composite) and context.by_row:
        plan = _attempted(lambda: by_row(top, lambda rule: _plain(rule, context, resolve), context))
        return Planned(top, columns, plan) if isinstance(plan, Plan) else Planned(top, columns, verdict=plan)
    if isinstance(top, Composite):
        return Planned(top, columns, members=tuple(_top(member, context, resolve) for member in top.rules))
    planned = _plain(top, context, resolve)
    return Planned(top, columns, planned) if isinstance(planned, Plan) else Planned(top, columns, verdict=planned)


def _plain(rule: Rule, context: Context, resolve: Resolve) -> Plan | Verdict:
    return _attempted(lambda: as_written(_planned(resolve(rule), context), _spellings(rule, context)))


def _planned(rule: Rule, context: Context) -> Plan:
    conditions.check(rule)
    return PLANNERS[rule.type](rule, context)


def _spellings(rule: Rule, context: Context) -> list[tuple[str, str]]:
    """The columns that a rule names, each with how it is written there but for back-ticks."""
    if not SIGNATURES[rule.type].columns:
        return []
    written = [context.parameter(rule, index).value.strip("`") for index in range(len(rule.parameters))]
    return [(_real_name(name, context), name) for name in written]


def _analysis(analyzer: Analyzer, context: Context) -> Plan | Verdict:
    return _attempted(lambda: ANALYZERS[analyzer.type](analyzer, context))


def _attempted(plan: Callable[[], Plan]) -> Plan | Verdict:
    """A plan, or the verdict on a rule that cannot have one."""
    try:
        return plan()
    except RuleFailed as failed:
        return Verdict("Failed", str(failed))
    except RuleError as error:
        return Verdict("Error", str(error))
    except ZeroDivisionError:
        return Verdict("Error", "The rule divides by zero.")
    except ArithmeticError:
        return Verdict("Error", "A number of the rule is too large to calculate with.")
    except RecursionError:
        return Verdict("Error", "The rule is nested too deeply.")
    except SqlglotError as error:
        return Verdict("Error", f"The rule cannot be written as SQL: {str(error).splitlines()[0]}")


def _real_name(name: str, context: Context) -> str:
    if name.startswith("$") and name[1:] in context.constants:
        name = getattr(context.constants[name[1:]].value, "value", name)
    field = context.find(name)
    return field.name if field else name
