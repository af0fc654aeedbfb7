"""Runs the needs of many plans in the fewest queries."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from sqlglot import exp

from tools.dqdl import sql
from tools.dqdl.plan import Aggregate, Grouped, Need, RuleError, Statement
from tools.errors import AssayError
from tools.sources.table import QueryError, SourceError, Table

ROWS = Aggregate(sql.count())
"""The one need of every evaluation: where even this cannot be had, the source is at fault and not a rule."""
MAX_WIDTH = 500
"""Aggregates in one SELECT; engines limit the columns of a result (Postgres: 1,664)."""
SCAN_SECONDS = 300.0
"""The longest that a query over the whole table may take; ``ASSAY_QUERY_SECONDS`` takes its place."""
OWN_SQL_SECONDS = 60.0
"""The longest that the SQL of a CustomSql may take; ``ASSAY_QUERY_SECONDS`` takes its place."""


@dataclass
class Scan:
    """Collects needs, runs them, and answers each. Equal needs are computed once."""

    tables: Mapping[str, Table]
    queries: int = 0
    answers: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def run(self, needs: Iterable[Need]) -> None:
        """Computes all needs. An expression that the engine refuses is kept as that need's error, alone."""
        aggregates: dict[str, exp.Expr] = {}
        groups: dict[tuple[str, ...], dict[str, Grouped]] = {}
        statements: dict[str, Statement] = {}
        for need in needs:
            if isinstance(need, Aggregate):
                aggregates[key(need)] = need.expression
            elif isinstance(need, Grouped):
                groups.setdefault(need.keys, {})[key(need)] = need
            else:
                statements[key(need)] = need
        source = self.primary_rows()
        items = list(aggregates.items())
        for start in range(0, len(items), MAX_WIDTH):
            self._select(items[start : start + MAX_WIDTH], source)
        for keys, wanted in groups.items():
            self._grouped(keys, wanted)
        for name, statement in statements.items():
            self._statement(name, statement)

    def value(self, need: Need) -> Any:
        """The answer to a need. Raises RuleError where the engine refused it."""
        name = key(need)
        if name in self.errors:
            raise RuleError(self.errors[name])
        return self.answers[name]

    def query(self, select: exp.Query, table: Table | None = None, *, own_sql: bool = False) -> pa.Table:
        """Runs one query under its time limit, and counts it."""
        self.queries += 1
        return (table or self.tables["primary"]).query(select, timeout_seconds=time_limit(own_sql=own_sql))

    def primary_rows(self) -> exp.Table:
        """The primary table under the alias that predicates may use."""
        return aliased(self.tables["primary"], sql.ROWS)

    def _select(self, items: list[tuple[str, exp.Expr]], source: exp.Expr) -> None:
        """Halves the list when the engine refuses it, so that one bad expression spoils nothing else."""
        projections = [exp.alias_(expression.copy(), f"m{i}") for i, (_, expression) in enumerate(items)]
        try:
            answer = self.query(exp.select(*projections).from_(source.copy()))
        except SourceError as error:
            if len(items) == 1 and items[0][0] == key(ROWS):
                raise
            if len(items) == 1:
                self.errors[items[0][0]] = f"The engine could not compute it: {problem(error)}"
                return
            if took_too_long(error):
                self._give_up(items, source, error)
                return
            middle = len(items) // 2
            self._select(items[:middle], source)
            self._select(items[middle:], source)
            return
        for i, (name, _) in enumerate(items):
            self.answers[name] = answer.column(i)[0].as_py()

    def _give_up(self, items: list[tuple[str, exp.Expr]], source: exp.Expr, error: SourceError) -> None:
        """Halving would take the time limit over and over; only the number of rows is asked for again."""
        for name, _ in items:
            if name != key(ROWS):
                self.errors[name] = f"The engine could not compute it: {problem(error)}"
        if any(name == key(ROWS) for name, _ in items):
            self._select([(key(ROWS), ROWS.expression)], source)

    def _grouped(self, keys: tuple[str, ...], wanted: Mapping[str, Grouped]) -> None:
        """One pass over the groups of a key; each filter has its own count of rows in a group."""
        filters = {_filter_key(need): need.where for need in wanted.values()}
        counts = {name: f"{sql.COUNT}{i}" for i, name in enumerate(filters)}
        inner = exp.select(
            *(exp.alias_(sql.column(name), f"assay_k{i}") for i, name in enumerate(keys)),
            *(exp.alias_(sql.count(where), counts[name]) for name, where in filters.items()),
        ).from_(self.primary_rows())
        inner = inner.group_by(*(sql.column(name) for name in keys))
        items = [(name, _renamed(need.expression, counts[_filter_key(need)])) for name, need in wanted.items()]
        self._select(items, inner.subquery("assay_groups"))

    def _statement(self, name: str, statement: Statement) -> None:
        used = [self.tables[alias] for alias in dict.fromkeys(statement.tables or ("primary",))]
        engines = sorted({table.dialect for table in used})
        if len(used) > 1 and engines != ["duckdb"]:
            self.errors[name] = f"Tables of {' and '.join(engines)} cannot be joined yet."
            return
        try:
            self.answers[name] = self.query(statement.query.copy(), used[0], own_sql=statement.own_sql)
        except SourceError as error:
            self.errors[name] = f"The engine could not run the SQL: {problem(error, own_sql=statement.own_sql)}"


def key(need: Need) -> str:
    """What makes two needs the same."""
    if isinstance(need, Aggregate):
        return need.expression.sql()
    if isinstance(need, Grouped):
        return f"{need.keys} {_filter_key(need)} {need.expression.sql()}"
    return need.query.sql()


def aliased(table: Table, alias: str) -> exp.Table:
    """A table's relation under an alias."""
    relation = table.relation()
    relation.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
    return relation


def problem(error: SourceError, *, own_sql: bool = False) -> str:
    """What the engine could not do, without any value of the data."""
    if took_too_long(error):
        return f"it took longer than {time_limit(own_sql=own_sql):g} s."
    return error.sentence if isinstance(error, QueryError) else error.message


def took_too_long(error: SourceError) -> bool:
    """Whether the time limit ended the query."""
    return isinstance(error, QueryError) and error.cause == "time"


def time_limit(*, own_sql: bool = False) -> float:
    """Seconds. Raises AssayError for an ``ASSAY_QUERY_SECONDS`` that is no positive number."""
    said = os.environ.get("ASSAY_QUERY_SECONDS", "").strip()
    if not said:
        return OWN_SQL_SECONDS if own_sql else SCAN_SECONDS
    try:
        seconds = float(said)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1e6:
        raise AssayError(f"ASSAY_QUERY_SECONDS is {said!r}.", hint="Give a number of seconds above 0, such as 120.")
    return seconds


def _filter_key(need: Grouped) -> str:
    return need.where.sql() if need.where is not None else ""


def _renamed(expression: exp.Expr, count: str) -> exp.Expr:
    copy = expression.copy()
    for column in copy.find_all(exp.Column):
        if column.name == sql.COUNT:
            column.set("this", exp.to_identifier(count))
    return copy
