"""What a rule needs from the data, and how it judges what comes back.

A rule type is a function from a rule to a :class:`Plan`. It runs nothing: all plans of a ruleset are collected first,
so that they share scans (see scan.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from tools.dqdl.plans.result import Outcome


@dataclass(frozen=True)
class Aggregate:
    """One number over the rows of the primary table."""

    expression: exp.Expr


@dataclass(frozen=True)
class Grouped:
    """One number over the groups of a key: its expression sees ``assay_n``, and the keys as ``assay_k0`` …"""

    keys: tuple[str, ...]
    where: exp.Expr | None
    expression: exp.Expr


@dataclass(frozen=True)
class Statement:
    """A query of its own over the tables of these aliases; the answer is an Arrow table."""

    query: exp.Query
    tables: tuple[str, ...]
    own_sql: bool = False
    """A person wrote it, so that it may be of any cost: it gets less time."""


Need = Aggregate | Grouped | Statement


@dataclass(frozen=True)
class Bad:
    """Which rows break a rule: those of a predicate, or those whose key occurs again among the rows that have one."""

    predicate: exp.Expr | None = None
    """True in a row that breaks the rule, the rule's filter included."""
    keys: tuple[str, ...] = ()
    where: exp.Expr | None = None
    """The rows that the rule is about, that is its filter; the others are passed over. None for all."""
    keyed: exp.Expr | None = None
    """Among these, the rows that have a key at all. None for all."""


@dataclass(frozen=True)
class Verdict:
    """What a rule says about the data."""

    outcome: Outcome
    reason: str
    metrics: dict[str, float] = field(default_factory=dict)
    failed_rows: int | None = None
    vacuous: bool = False


@dataclass(frozen=True)
class Plan:
    """The needs of a rule by a name of its own, its judgement over the values, and how to find its failing rows."""

    needs: Mapping[str, Need]
    judge: Callable[[Mapping[str, Any]], Verdict]
    bad: Bad | None = None


class RuleError(Exception):
    """The rule cannot be evaluated at all: outcome Error."""


class RuleFailed(Exception):
    """The data does not fit the rule, for example a missing column: outcome Failed, as Glue has it."""


def passed_or_failed(holds: bool) -> Outcome:
    """The outcome of a condition."""
    return "Passed" if holds else "Failed"
