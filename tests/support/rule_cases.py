"""Tables of rules with what they must give on the same data; all rules of a table are evaluated as one ruleset."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pytest

from tools import dqdl
from tools.dqdl.plans.result import RuleResult

NOW = dt.datetime(2024, 1, 2, 12, 0, 30, tzinfo=dt.UTC)
Expected = tuple[Any, ...]
"""The outcome, with "!" when it is vacuous; the failed rows; and all metrics, ``c:Mean`` for ``Column.c.Mean``."""


@dataclass(frozen=True)
class Cases:
    """Rules and what is expected of each."""

    tables: Mapping[str, Any]
    expected: Mapping[str, Expected]

    @cached_property
    def results(self) -> dict[str, RuleResult]:
        """What the rules gave."""
        text = f"Rules = [{', '.join(self.expected)}]"
        rules = dqdl.evaluate(text, self.tables, now=NOW).rules
        return dict(zip(self.expected, rules, strict=True))

    def check(self, rule: str) -> None:
        """Asserts that a rule gave what is expected of it."""
        result, (outcome, *rest) = self.results[rule], self.expected[rule]
        assert (result.outcome + "!" * result.vacuous) == outcome, result.reason
        assert result.reason.endswith((".", "…", "?"))
        if rest:
            assert result.failed_rows == rest[0], result.reason
        if len(rest) > 1:
            assert result.metrics == pytest.approx({_key(key): value for key, value in rest[1].items()}, rel=1e-9)


def _key(short: str) -> str:
    column, colon, metric = short.rpartition(":")
    return f"Column.{column}.{metric}" if colon else short
