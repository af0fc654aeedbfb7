"""What a rule may know before any query: the primary table's columns, the other tables, the constants, the time."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from sqlglot import exp

from tools.dqdl import lowering
from tools.dqdl.history.points import History
from tools.dqdl.language.model import Constant, Rule, Text, Variable, Word
from tools.dqdl.plans import sql
from tools.dqdl.plans.nested import nested
from tools.dqdl.plans.plan import RuleError, RuleFailed
from tools.dqdl.rules.guard import GuardError, guard_where
from tools.sources.table import Field, Table


def no_column(name: str, known: Iterable[str], where: str = "") -> str:
    """Says that a column does not exist, and which name is near; ``where`` is like " in customers"."""
    by_lower = {other.lower(): other for other in known}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1)
    return f"There is no column {name}{where}" + (f"; did you mean {by_lower[near[0]]}?" if near else ".")


@dataclass(frozen=True)
class Context:
    """One evaluation."""

    tables: Mapping[str, Table]
    constants: Mapping[str, Constant]
    now: datetime
    """UTC, truncated to the minute."""
    history: History = field(default_factory=History)
    """What earlier evaluations measured."""
    file_roots: tuple[str, ...] | None = None
    """Folders and s3:// prefixes that file rules may name; None for any."""
    by_row: bool = False
    """Whether composites join the answers of their members row by row: see composites.py."""

    @property
    def primary(self) -> Table:
        """The table that the rules are about."""
        return self.tables["primary"]

    @property
    def named_tables(self) -> Collection[str] | None:
        """The tables that SQL may name; None for any."""
        return self.tables

    def parameter(self, rule: Rule, index: int = 0) -> Text:
        """A parameter as text, constants replaced."""
        found = rule.parameters[index]
        if isinstance(found, Text):
            return found
        constant = self.constants.get(found.name)
        if constant is None or not isinstance(constant.value, Text):
            raise RuleError(f"The constant ${found.name} must be defined, as one text.")
        return constant.value

    def items(self, variable: Variable) -> tuple[Word, ...]:
        """The items of a constant after ``in``."""
        constant = self.constants.get(variable.name)
        if constant is None:
            raise RuleError(f"The constant ${variable.name} is not defined.")
        return constant.words

    def column(self, rule: Rule, index: int = 0) -> Field:
        """The column that a parameter names. Raises RuleFailed with the nearest name when there is none."""
        parameter = self.parameter(rule, index)
        for name in (parameter.value, parameter.raw):
            found = self.find(name)
            if found:
                return found
        raise RuleFailed(self.missing(parameter.value))

    def columns(self, rule: Rule) -> tuple[Field, ...]:
        """The columns that all parameters name."""
        return tuple(self.column(rule, index) for index in range(len(rule.parameters)))

    def find(self, name: str) -> Field | None:
        """The column of a name: exactly, else without case, else without back-ticks, else the field of a struct."""
        found = self._exact.get(name) or self._folded.get(name.lower())
        if found is None and len(name) > 2 and name[0] == name[-1] == "`":
            return self.find(name[1:-1].replace("``", "`"))
        return found or nested(self.primary.fields, name, self.primary.dialect)

    @cached_property
    def _exact(self) -> dict[str, Field]:
        return {field.name: field for field in reversed(self.primary.fields)}

    @cached_property
    def _folded(self) -> dict[str, Field]:
        return {field.name.lower(): field for field in reversed(self.primary.fields)}

    def missing(self, name: str) -> str:
        """Says that a column does not exist, and which name is near."""
        return no_column(name, (field.name for field in self.primary.fields))

    def where(self, rule: Rule) -> exp.Expr | None:
        """The rule's filter, guarded. Raises RuleError, and RuleFailed where it names a column that is not there."""
        if rule.where is None:
            return None
        try:
            condition = guard_where(rule.where.pattern, dialect=self.primary.dialect)
        except GuardError as error:
            raise RuleError(f"The filter cannot be used: {error}") from None
        for column in condition.find_all(exp.Column):
            name = ".".join(part.name for part in column.parts)
            found = self.find(name)
            if found is None or (column.table and found.name.lower() != name.lower()):
                raise RuleFailed(f"The filter cannot be used: {self.missing(name)}")
            for part in ("table", "db", "catalog"):
                column.set(part, None)
            column.set("this", exp.to_identifier(found.name, quoted=True))
        lowering.check(condition, self.primary.dialect)
        return sql.certain(condition)
