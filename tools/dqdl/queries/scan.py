"""Runs the needs of many plans in the fewest queries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from sqlglot import exp

from tools.dqdl.plans import sql
from tools.dqdl.plans.plan import Aggregate, Grouped, Need, RuleError, Statement
from tools.dqdl.plans.wide import plain_query, slices, values
from tools.dqdl.queries import known
from tools.dqdl.queries.asking import Desk, Refused, aliased
from tools.dqdl.queries.schedule import Schedule, grouped_query, if_unique, schedule
from tools.sources.table import Table

ROWS = Aggregate(sql.count())
"""The one need of every evaluation: where even this cannot be had, the source is at fault and not a rule."""
MAX_ATTEMPTS = 1_000
"""Queries that look for the expressions that an engine refuses; one broken among thousands takes about twenty."""

N = TypeVar("N", Aggregate, Grouped)


@dataclass
class Scan:
    """Collects needs, runs them, and answers each. Equal needs are computed once."""

    desk: Desk
    answers: dict[Need, Any] = field(default_factory=dict)
    errors: dict[Need, str] = field(default_factory=dict)
    _attempts: int = 0

    @property
    def primary(self) -> Table:
        """The table that the rules are about."""
        return self.desk.tables["primary"]

    def run(self, needs: Iterable[Need]) -> None:
        """Computes all needs. What an engine refuses is kept as that need's error, alone. Raises SourceError."""
        plan = schedule([ROWS, *needs], self.primary)
        self.answers.update(plan.known)
        self._plain(list(plan.plain))
        for keys, wanted in plan.groups.items():
            if not self._settled(plan, keys):
                self._select(list(wanted), partial(grouped_query, keys, primary=self.primary))
        for statement in plan.statements:
            self._statement(statement)

    def value(self, need: Need) -> Any:
        """The answer to a need. Raises RuleError where the engine refused it."""
        if need in self.errors:
            raise RuleError(self.errors[need])
        return self.answers[need]

    def _plain(self, needs: Sequence[Aggregate]) -> None:
        for part in slices(needs, self.primary.dialect):
            self._select(part, self._plain_query)

    def _plain_query(self, needs: Sequence[Aggregate]) -> exp.Select:
        return plain_query(needs, aliased(self.primary, sql.ROWS), self.primary.dialect)

    def _settled(self, plan: Schedule, keys: tuple[str, ...]) -> bool:
        """Answers all needs of a key set that the plain scan found unique."""
        counted = plan.counted.get(keys)
        if counted is None or self.answers.get(counted.distinct) != self.answers[counted.values]:
            return False
        values, rows = int(self.answers[counted.values]), int(self.value(ROWS))
        try:
            self.answers.update({need: if_unique(need, values, rows) for need in plan.groups[keys]})
        except known.Unknown:
            return False
        return True

    def _select(self, needs: Sequence[N], query: Callable[[Sequence[N]], exp.Select]) -> None:
        """Halves the list when the engine refuses it, so that one bad expression spoils nothing else."""
        if not needs:
            return
        try:
            answer = self.desk.ask(query(needs))
        except Refused as refusal:
            self._refused(needs, query, refusal)
            return
        self.answers.update(zip(needs, values(answer, needs, self.primary.dialect), strict=True))

    def _refused(self, needs: Sequence[N], query: Callable[[Sequence[N]], exp.Select], refusal: Refused) -> None:
        self._attempts += 1
        if len(needs) == 1 and needs[0] == ROWS:
            raise refusal.as_source_error()
        if len(needs) > 1 and not refusal.took_too_long and self._attempts < MAX_ATTEMPTS:
            middle = len(needs) // 2
            self._select(needs[:middle], query)
            self._select(needs[middle:], query)
            return
        # Halving what takes too long would take the time limit over and over; only the rows are counted again.
        self.errors.update({need: f"The engine could not compute it: {refusal}" for need in needs if need != ROWS})
        if ROWS in needs:
            self._select([ROWS], self._plain_query)

    def _statement(self, statement: Statement) -> None:
        try:
            self.answers[statement] = self.desk.ask(statement.query.copy(), own_sql=statement.own_sql)
        except Refused as refusal:
            self.errors[statement] = f"The engine could not run the SQL: {refusal}"
