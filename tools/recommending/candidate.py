"""A recommended rule, and the small parts that every heuristic builds one from."""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from sqlglot import exp
from sqlglot.dialects.spark import Spark

from tools.dqdl.language.model import Condition, Number, Rule, Text
from tools.dqdl.plans.result import Dimension
from tools.profiling.model import ColumnProfile

Fact = int | float | str | list[str]
Evidence = dict[str, Fact]
"""Names like ``rows`` and ``column.email.nulls`` to what the profile says, or to what was computed from it."""

DIMENSIONS: dict[str, Dimension] = {
    "RowCount": "completeness",
    "IsComplete": "completeness",
    "Completeness": "completeness",
    "IsPrimaryKey": "uniqueness",
    "IsUnique": "uniqueness",
    "Uniqueness": "uniqueness",
    "DistinctValuesCount": "uniqueness",
    "DataFreshness": "timeliness",
    "Mean": "accuracy",
    "StandardDeviation": "accuracy",
    "Sum": "accuracy",
    "CustomSql": "consistency",
}
"""Everything that is missing here is about validity."""

DATE_SHAPED = re.compile(r"\d{4}-\d{2}-\d{2}|(0?[1-9]|1[0-2]):[0-5]\d [AP]M|([01]?\d|2[0-3]):[0-5]\d")
"""Texts that DQDL reads as a date or a time wherever they stand, so they cannot name a column or be a list's text."""

TINY = 1e-12
"""Numbers nearer to zero make no better bounds than zero."""


@dataclass(frozen=True)
class Candidate:
    """One rule that the profile speaks for. Every number in the reasoning is in the evidence."""

    rule: str
    """DQDL."""
    rule_type: str
    columns: tuple[str, ...]
    dimension: Dimension
    reasoning: str
    """One or two sentences for a data steward. Never quotes a value of a column that holds personal data."""
    evidence: Evidence
    confidence: float
    """0 to 1: how sure the heuristic is that the rule holds for good data, also tomorrow's."""
    suspects: bool = False
    """True where the rule is meant to fail today: it shows rows that look wrong."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-able values."""
        return {**asdict(self), "columns": list(self.columns)}


def build(
    rule: Rule,
    reasoning: str,
    evidence: Evidence,
    confidence: float,
    *,
    suspects: bool = False,
    columns: tuple[str, ...] = (),
) -> Candidate:
    """A candidate from the tree of its rule; columns are needed only where the rule does not name them."""
    dimension = DIMENSIONS.get(rule.type, "validity")
    named = columns or rule.columns
    return Candidate(str(rule), rule.type, named, dimension, reasoning, evidence, round(confidence, 2), suspects)


def on(kind: str, column: ColumnProfile, condition: Condition | None = None, *, guard: bool = False) -> Rule:
    """A rule on one column. ``guard`` leaves out rows without a value, which would fail most conditions."""
    where = Text(quoted(f"{sql_name(column.name)} is not null")) if guard and column.nulls else None
    return Rule(kind, (Text(quoted(column.name)),), condition, where)


def expressible(name: str) -> bool:
    """Whether DQDL can name the column: a text that looks like a date or a time cannot be a name. A backslash or
    back-tick cannot be carried through filters and SQL unchanged, and such columns are too rare to treat apart.
    """
    return bool(name) and not DATE_SHAPED.fullmatch(name) and not re.search(r"[\\`\x00-\x1f]", name)


def quoted(text: str) -> str:
    """A text as it stands between the double quotes of DQDL."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def sql_name(name: str) -> str:
    """A column as DQDL's SQL dialect (Spark) writes it: in back-ticks unless it is a plain word of no other meaning."""
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) and name.upper() not in Spark.Tokenizer.KEYWORDS
    return exp.to_identifier(name, quoted=not plain).sql(dialect="spark")


def number(value: float) -> Number:
    """A number for a rule, without the noise of binary digits: ten significant ones are kept."""
    return Number(Decimal(f"{value:.10g}"))


def shown(value: float) -> str:
    """A number for a sentence: four significant digits, or all of a whole number."""
    return str(int(value)) if float(value).is_integer() else f"{float(f'{value:.4g}'):.12g}"


def fact(value: float) -> int | float:
    """The number that :func:`shown` writes, for the evidence."""
    text = shown(value)
    return float(text) if "." in text or "e" in text else int(text)


def nice(value: float, *, up: bool) -> float:
    """The next number up or down with two significant digits: 1734 becomes 1800 or 1700."""
    if abs(value) < TINY:
        return TINY * (up and value > 0) - TINY * (not up and value < 0)
    step = 10.0 ** (math.floor(math.log10(abs(value))) - 1)
    steps = value / step
    return float(f"{(math.ceil(steps - 1e-9) if up else math.floor(steps + 1e-9)) * step:.10g}")
