"""What an evaluation returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Outcome = Literal["Passed", "Failed", "Error"]
Dimension = Literal["completeness", "uniqueness", "validity", "accuracy", "consistency", "timeliness"]


@dataclass(frozen=True)
class RuleResult:
    """The verdict on one rule."""

    rule: str
    """The rule as DQDL prints it."""
    rule_type: str
    columns: tuple[str, ...]
    outcome: Outcome
    reason: str
    """One sentence for a person: the metric's value, the bound, how many rows failed."""
    dimension: Dimension
    metrics: dict[str, float] = field(default_factory=dict)
    """Keys as Glue writes them: ``Column.email.Completeness``, ``Dataset.*.RowCount``."""
    failed_rows: int | None = None
    """Rows that break the rule; None where the rule is not about rows."""
    examples: list[dict[str, Any]] = field(default_factory=list)
    """A few failing rows, column to value, JSON-able."""
    vacuous: bool = False
    """True when it passed only because there was nothing to check."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-able values."""
        return {**self.__dict__, "columns": list(self.columns)}


@dataclass(frozen=True)
class Evaluation:
    """The verdicts on a ruleset, in the order of its rules."""

    rules: list[RuleResult]
    rows: int
    """Rows of the primary table."""
    queries: int
    """How many queries the engine ran."""
    statistics: dict[str, float] = field(default_factory=dict)
    """The metrics of the analyzers."""
    problems: list[str] = field(default_factory=list)
    """Analyzers without a metric, each with the reason."""
    points: dict[str, float] = field(default_factory=dict)
    """All that was measured, by the key under which the next evaluation looks for it in its history."""

    @property
    def passed(self) -> bool:
        """True when every rule passed."""
        return all(rule.outcome == "Passed" for rule in self.rules)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-able values."""
        return {
            "rows": self.rows,
            "queries": self.queries,
            "passed": self.passed,
            "rules": [r.to_dict() for r in self.rules],
            "statistics": self.statistics,
            "problems": self.problems,
            "points": self.points,
        }
