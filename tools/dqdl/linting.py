"""Lint: what is wrong or odd in a text, and the rules that would be Errors whatever the data.

The latter are planned as an evaluation plans them, over a table of which nothing is known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Literal, NoReturn

from sqlglot import exp

from tools.dqdl.history.points import History, Point
from tools.dqdl.language.errors import excerpt
from tools.dqdl.language.lint import Finding
from tools.dqdl.language.lint import lint as read
from tools.dqdl.language.model import Constant, Rule, Ruleset, TopRule
from tools.dqdl.planning import Prepared, prepare
from tools.dqdl.plans.plan import RuleFailed, Verdict
from tools.dqdl.rules.context import Context
from tools.dqdl.rules.dynamic import resolve
from tools.sources.table import DatasetName, Field, Table

if TYPE_CHECKING:
    import pyarrow as pa

DIALECTS = ("duckdb", "postgres", "mysql", "spark")
"""A rule is certain to be an Error when it is one on each of these."""
POINTS = 100_000
"""Of a history so long and so uneven that only a rule itself can be at fault."""
Level = Literal["error", "warning"]


def lint(text: str) -> list[Finding]:
    """Errors and warnings in the order of the text. After an error in a rule it goes on with the next rule."""
    found, ruleset = read(text)
    if ruleset:
        for rule, problem in _certain_errors(ruleset):
            found.append(_finding(text, "error", "unusable", rule.line, rule.column, problem))
        for analyzer, verdict in _prepared(ruleset, DIALECTS[0]).analyzers:
            if isinstance(verdict, Verdict) and verdict.outcome == "Error":
                found.append(_finding(text, "warning", "no-statistic", analyzer.line, analyzer.column, verdict.reason))
    return sorted(found, key=lambda finding: (finding.line, finding.column))


def _certain_errors(ruleset: Ruleset) -> Iterator[tuple[TopRule, str]]:
    """Plain rules, also inside of composites, with what is wrong."""
    suspects = _errors(_prepared(ruleset, DIALECTS[0]))
    for dialect in DIALECTS[1:]:
        again = _prepared(replace(ruleset, rules=tuple(rule for rule, _ in suspects), analyzers=()), dialect)
        refused = {id(rule) for rule, _ in _errors(again)}
        suspects = [(rule, problem) for rule, problem in suspects if id(rule) in refused]
    yield from suspects


def _errors(prepared: Prepared) -> list[tuple[TopRule, str]]:
    parts = [part for planned in prepared.rules for part in planned.deciding()]
    verdicts = [(part.rule, part.verdict) for part in parts if part.verdict]
    return [(rule, verdict.reason) for rule, verdict in verdicts if verdict.outcome == "Error"]


def _prepared(ruleset: Ruleset, dialect: str) -> Prepared:
    context = _Unknown({constant.name: constant for constant in ruleset.constants}, dialect)
    return prepare(ruleset, context, lambda rule: resolve(rule, context))


def _finding(text: str, level: Level, code: str, line: int, column: int, message: str) -> Finding:
    return Finding(level, line, column, message, code, (), excerpt(text, line, column))


class _Unknown(Context):
    """Every column may be there and of any type, every table may be given, and there is a history."""

    def __init__(self, constants: Mapping[str, Constant], dialect: str) -> None:
        super().__init__({"primary": _Nothing(dialect)}, constants, datetime.now(UTC), _Past())

    @property
    def named_tables(self) -> Collection[str] | None:
        return None

    def find(self, name: str) -> Field:
        """A column without a type, which fits every rule."""
        return Field(name.strip("`"), "NULL", "other")


class _Past(History):
    def points(self, rule: Rule, key: str) -> tuple[Point, ...]:
        """The same for every metric."""
        return _points()


@cache
def _points() -> tuple[Point, ...]:
    return tuple(Point(1 + (number * 0.6180339887) % 1) for number in range(POINTS))


class _Nothing(Table):
    """A table that has no data."""

    uri = engine = "lint"
    dataset = DatasetName("lint", "lint")
    fields = ()
    version = ""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect

    def relation(self) -> exp.Table:
        return exp.table_("primary", quoted=True)

    def query(self, select: exp.Query, *, timeout_seconds: float | None = None) -> pa.Table:
        self._refuse()

    def stream(self, select: exp.Query, *, timeout_seconds: float | None = None) -> Iterator[pa.RecordBatch]:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise RuleFailed("There is no data.")

    def close(self) -> None:
        pass
